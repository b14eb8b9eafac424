"""The fixture ``assay`` in a service's own suite."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.gate.serving import serve_app
from contracts.gate.watching import Watch
from fixtures.defects.catalogue import wrap
from fixtures.sandbox.app import create_app
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from tests.test_cli import ROOT

MEASURED = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
"""What a process must inherit to be measured with the others, where they are."""

SUITE = """
import httpx
import pytest
from fixtures.defects.catalogue import wrap
from fixtures.sandbox.app import create_app
from fixtures.sandbox.settings import Settings

SETTINGS = Settings(seed=3)


@pytest.mark.parametrize("defect", ["noop", "phone-with-newline"])
def test_buying(assay, defect):
    app = wrap(create_app(SETTINGS), [defect])
    with assay.serve(app) as url, httpx.Client(base_url=url, headers={"x-api-key": SETTINGS.owner_key}) as client:
        assay.watch(client)
        bought = client.post("/v1/purchases", json={"country_code": "US"}).json()
        assert client.get(f"/v1/purchases/{bought['id']}").json()["country_code"] == "US"
    assert assay.watched.exercised()["SHAPE-6"] >= 1
"""


@contextlib.contextmanager
def client_of(app: ASGIApp, key: str = "") -> Iterator[httpx.Client]:
    headers = {"x-api-key": key} if key else {}
    with serve_app(app) as url, httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
        yield client


def buy(client: httpx.Client) -> dict[str, object]:
    bought = client.post("/v1/purchases", json={"country_code": "US"}).json()
    return dict(client.get(f"/v1/purchases/{bought['id']}").json())


def test_a_suite_has_its_clients_judged(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(SUITE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "contracts.gate.plugin", "-p", "no:cacheprovider", "-rA"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin", "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **MEASURED},
        capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert "PASSED test_shop.py::test_buying[noop]" in done.stdout
    assert "ERROR test_shop.py::test_buying[phone-with-newline]" in done.stdout
    assert "SHAPE-6" in done.stdout
    assert Settings(seed=3).owner_key not in done.stdout


def test_a_watched_client_is_judged_across_calls() -> None:
    settings = Settings(seed=5)
    watch = Watch({})
    with client_of(create_app(settings), settings.owner_key) as client:
        watch.attach(client)
        bought = buy(client)
        client.post(f"/v1/purchases/{bought['id']}/request-code")
        for _ in range(3):
            client.get(f"/v1/purchases/{bought['id']}")
    assert watch.calls == 6
    assert watch.errors() == []
    assert watch.exercised()["LIFE-3"] > 0


def test_an_answer_that_breaks_a_promise_is_an_error_with_its_phone_masked() -> None:
    settings = Settings(seed=5)
    watch = Watch({"owner": settings.owner_key})
    with client_of(wrap(create_app(settings), ["phone-with-newline"]), settings.owner_key) as c:
        phone = str(buy(watch.attach(c))["phone_number"])
    errors = watch.errors()
    assert "SHAPE-6" in {error.clause for error in errors}
    assert phone.strip() not in watch.tell(errors)


@pytest.mark.anyio
async def test_a_client_that_is_asynchronous_is_judged_as_well() -> None:
    settings = Settings(seed=5)
    watch = Watch({})
    with SandboxThread(settings, lambda app: wrap(app, ["phone-with-newline"])) as sandbox:
        async with httpx.AsyncClient(base_url=sandbox.url, headers={"x-api-key": settings.owner_key}) as client:
            watch.attach(client)
            bought = (await client.post("/v1/purchases", json={"country_code": "US"})).json()
            await client.get(f"/v1/purchases/{bought['id']}")
    assert "SHAPE-6" in {error.clause for error in watch.errors()}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_a_key_of_which_nobody_said_whose_it_is_is_not_judged() -> None:
    settings = Settings(seed=5)
    watch = Watch({"owner": settings.owner_key})
    with client_of(create_app(settings)) as client:
        watch.attach(client)
        client.get("/v1/profile", headers={"x-api-key": settings.other_key})
        client.get("/v1/profile")
    assert (watch.calls, watch.unknown) == (1, 1)


def test_a_principal_is_owner_or_other() -> None:
    with httpx.Client() as client, pytest.raises(ValueError, match="'admin' is neither 'owner' nor 'other'"):
        Watch({}).attach(client, "admin")


def test_an_application_is_served_until_the_context_ends() -> None:
    with serve_app(create_app(Settings())) as url:
        assert httpx.get(f"{url}/openapi.json", trust_env=False).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/openapi.json", trust_env=False)


def test_an_application_that_does_not_start_is_told() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": f"{scope['type']}.startup.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match="did not start"), serve_app(app):
        pass
