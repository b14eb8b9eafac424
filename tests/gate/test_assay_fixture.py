"""What the fixture `assay` hands to the gate, and how it tells of a gate that did not keep."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from contracts.budget import Budget
from contracts.gate import fixture
from contracts.gate.fixture import Assay, make_assay
from contracts.gate.opening import GateRequest
from fixtures.defects.catalogue import wrap
from fixtures.sandbox.app import create_app
from fixtures.sandbox.settings import Settings

ENVIRONMENT = {"ASSAY_API_KEY": "owner-of-the-environment", "ASSAY_ADMIN_KEY": "admin-of-the-environment"}
KEPT: dict[str, Any] = {"verdict": "kept", "reasons": [], "findings": []}
BROKEN: dict[str, Any] = {
    "verdict": "broken",
    "reasons": ["1 finding of severity error: LIFE-3"],
    "findings": [
        {"clause": "LIFE-3", "severity": "error", "count": 4, "title": "A code changed", "observed": "'1', then '2'"},
        {"clause": "LIST-9", "severity": "warning", "count": 1, "title": "An odd page", "observed": "none"},
    ],
}


class Gates:
    """Stands for the gate: keeps what was asked of it, and whether the target answered meanwhile."""

    def __init__(self) -> None:
        self.document = KEPT
        self.requests: list[GateRequest] = []
        self.answers: list[int] = []

    @contextlib.contextmanager
    def open(self, request: GateRequest) -> Iterator[Any]:
        self.requests.append(request)

        def run() -> None:
            if request.url is not None and request.url.startswith("http://127.0.0.1"):
                self.answers.append(httpx.get(f"{request.url}/openapi.json", trust_env=False).status_code)

        yield SimpleNamespace(
            gate=SimpleNamespace(run=run, session=SimpleNamespace(budget=Budget())),
            document=self.document,
            directory=SimpleNamespace(path=Path("runs/1")),
        )


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gates:
    made = Gates()
    monkeypatch.setattr(fixture, "open_gate", made.open)
    monkeypatch.chdir(tmp_path)
    for name in ("ASSAY_OTHER_API_KEY", *ENVIRONMENT):
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return made


def make(**options: Any) -> Assay:
    given = {name.replace("_", "-"): value for name, value in options.items()}
    return Assay(given.get)


def test_a_gate_that_keeps_returns_its_document(gates: Gates) -> None:
    assert make().gate("https://127.0.0.1:1") is KEPT


def test_a_gate_that_does_not_keep_fails_the_test_and_names_the_errors_alone(gates: Gates) -> None:
    gates.document = BROKEN
    with pytest.raises(pytest.fail.Exception) as failed:
        make().gate("https://127.0.0.1:1")
    assert str(failed.value).splitlines() == [
        "1 finding of severity error: LIFE-3",
        "LIFE-3 (4×): A code changed",
        "  observed: '1', then '2'",
        "see runs/1",
    ]


def test_an_application_is_served_for_as_long_as_its_gate_runs(gates: Gates) -> None:
    make().gate(create_app(Settings(seed=3)))
    [request] = gates.requests
    assert gates.answers == [200]
    assert request.url is not None
    with pytest.raises(httpx.ConnectError):
        httpx.get(request.url, trust_env=False)


def test_a_key_that_is_given_goes_before_that_of_the_environment_role_by_role(gates: Gates) -> None:
    make().gate("https://127.0.0.1:1", key="owner-of-the-test", other_key="other-of-the-test")
    [request] = gates.requests
    found = {name: request.environment[name] for name in (*ENVIRONMENT, "ASSAY_OTHER_API_KEY")}
    assert found == {
        "ASSAY_API_KEY": "owner-of-the-test",
        "ASSAY_ADMIN_KEY": "admin-of-the-environment",
        "ASSAY_OTHER_API_KEY": "other-of-the-test",
    }


def test_what_the_test_says_goes_before_the_options_and_those_before_the_defaults(gates: Gates, tmp_path: Path) -> None:
    make(max_purchases=50, depth="full", seed=4).gate("https://127.0.0.1:1", max_purchases=7, out=tmp_path / "mine")
    make(max_purchases=50, url="https://127.0.0.1:2", out=tmp_path / "theirs").gate()
    first, second = gates.requests
    assert (first.options.plan.name, first.options.seed) == ("full", 4)
    assert (first.options.max_purchases, second.options.max_purchases) == (7, 50)
    assert (first.out, second.out) == (tmp_path / "mine", tmp_path / "theirs")
    assert (second.options.plan.name, second.url) == ("quick", "https://127.0.0.1:2")


def test_a_cap_of_no_purchase_at_all_is_none_that_was_left_out(gates: Gates) -> None:
    make(max_purchases=50).gate("https://127.0.0.1:1", max_purchases=0)
    [request] = gates.requests
    assert request.options.max_purchases == 0


def test_a_target_that_is_not_there_fails_the_test_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(pytest.fail.Exception) as failed:
            make().gate(url, key="key-of-the-owner-1")
    assert url in str(failed.value)
    assert "key-of-the-owner-1" not in str(failed.value)
    assert len(list(tmp_path.rglob("run.json"))) == 1


def test_clients_are_judged_by_the_keys_of_the_environment_and_the_test_fails_for_a_broken_promise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings(seed=3)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSAY_API_KEY", settings.owner_key)
    mine, headers = make(profile="auto"), {"x-api-key": settings.owner_key}
    mine.check()
    with (
        mine.serve(wrap(create_app(settings), ["phone-with-newline"])) as url,
        httpx.Client(base_url=url, headers=headers, trust_env=False) as client,
    ):
        mine.watch(client)
        client.get("/v1/profile")
        mine.check()
        bought = client.post("/v1/purchases", json={"country_code": "US"}).json()
        client.get(f"/v1/purchases/{bought['id']}")
    with pytest.raises(pytest.fail.Exception, match="SHAPE-6"):
        mine.check()


def test_a_settings_file_that_is_none_ends_the_session_as_bad_usage(tmp_path: Path) -> None:
    file = tmp_path / "assay.toml"
    file.write_text("sede = 3\n")
    with pytest.raises(pytest.exit.Exception, match="assay: .*sede") as ended:
        make_assay({"config": file}.get)
    assert ended.value.returncode == 2
