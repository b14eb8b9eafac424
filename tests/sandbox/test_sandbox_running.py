"""Starting and ending a sandbox: in a thread, in a process, with a store, and without a lifespan."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import httpx
import pytest

from fixtures.sandbox import __main__ as entry
from fixtures.sandbox.app import create_app
from fixtures.sandbox.server import SandboxProcess, SandboxThread, serve
from fixtures.sandbox.settings import Settings, SettingsError
from fixtures.sandbox.store import StoreError


def answers(url):
    try:
        return httpx.get(f"{url}/v1/profile", trust_env=False, verify=False).status_code == 401
    except httpx.TransportError:
        return False


def await_silence(url):
    deadline = time.monotonic() + 10
    while answers(url):
        assert time.monotonic() < deadline, "the sandbox is still there"
        time.sleep(0.02)


def buy(sandbox):
    headers = {"x-api-key": sandbox.owner_key}
    url = f"{sandbox.url}/v1/purchases"
    response = httpx.post(url, headers=headers, json={"country_code": "US"}, trust_env=False, verify=False)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize("runner", [SandboxThread, SandboxProcess])
def test_a_sandbox_lives_as_long_as_its_context(runner):
    settings = Settings(seed=4)
    with runner(settings) as sandbox:
        assert sandbox.url.startswith("http://127.0.0.1:")
        assert sandbox.settings is settings
        assert (sandbox.owner_key, sandbox.other_key) == (settings.owner_key, settings.other_key)
        assert sandbox.admin_key == settings.admin_key
        assert answers(sandbox.url)
    await_silence(sandbox.url)


@pytest.mark.parametrize("runner", [SandboxThread, SandboxProcess])
def test_a_sandbox_ends_when_its_context_fails(runner):
    with pytest.raises(KeyError), runner(Settings()) as sandbox:
        raise KeyError
    await_silence(sandbox.url)


@pytest.mark.parametrize("runner", [SandboxThread, SandboxProcess])
def test_a_sandbox_does_not_wait_for_idle_connections(runner):
    with httpx.Client(trust_env=False, verify=False) as client:
        with runner(Settings()) as sandbox:
            client.get(f"{sandbox.url}/v1/profile")
            started = time.perf_counter()
        assert time.perf_counter() - started < 3


def test_a_process_takes_every_setting(tmp_path):
    settings = Settings(
        profile="2026-05",
        seed=-3,
        store=tmp_path / "with space.db",
        latency_s=0.001,
        failure_rate=0.25,
        pending_rate=0.5,
        rate_limit=1000.5,
        first_id=77,
        balance="12.5",
        null_password=True,
        owner_key="a-key-of-my-own",
    )
    with SandboxProcess(settings) as sandbox:
        purchase = buy(sandbox)
    assert (purchase["id"], purchase["purchase_source"]) == (77, "API")


def test_a_process_is_told_what_the_command_line_says():
    options = entry._parser().parse_args(
        [
            "--profile=2026-05",
            "--seed=-3",
            "--latency=0.5",
            "--failure-rate=0.25",
            "--rate-limit=2",
            "--balance=5",
            "--null-password",
        ]
    )
    assert entry._settings(options) == Settings(
        profile="2026-05",
        seed=-3,
        latency_s=0.5,
        failure_rate=0.25,
        rate_limit=2.0,
        balance="5",
        null_password=True,
    )


def test_a_process_takes_seeded_defects():
    with SandboxProcess(Settings(), ["noop"]) as sandbox:
        buy(sandbox)


def test_keys_are_not_on_the_command_line_of_a_process():
    with SandboxProcess(Settings(owner_key="a-key-of-my-own")) as sandbox:
        arguments = [part for part in sandbox._child.args if isinstance(part, str)]
        buy(sandbox)
    for key in (sandbox.owner_key, sandbox.other_key, sandbox.admin_key):
        assert not any(key in part for part in arguments)


def test_a_process_that_cannot_start_says_so(tmp_path, capfd):
    no_store = tmp_path / "text"
    no_store.write_text("this is no database, however long the text may be" * 100)
    process = SandboxProcess(Settings(store=no_store))
    with pytest.raises(RuntimeError, match="ended with status 2 before it was ready"):
        process.__enter__()
    assert capfd.readouterr().err.startswith("sandbox: cannot use the store ")


PARENT = """
import sys, time
from fixtures.sandbox.server import SandboxProcess
from fixtures.sandbox.settings import Settings
with SandboxProcess(Settings()) as sandbox:
    print(sandbox.url, flush=True)
    time.sleep(60)
"""


def test_a_process_dies_with_its_parent():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    try:
        url = parent.stdout.readline().strip()
        assert answers(url)
    finally:
        parent.kill()
        parent.communicate()
    await_silence(url)


@contextmanager
def foreground(*options):
    child = subprocess.Popen([sys.executable, "-m", "fixtures.sandbox", *options], stdout=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_a_process_cleanly(number, status):
    with foreground() as child:
        assert child.stdout.readline()
        os.kill(child.pid, number)
        assert child.wait(10) == status


def test_answers_under_way_are_finished_first():
    with SandboxThread(Settings(latency_s=0.4)) as sandbox:
        headers = {"x-api-key": sandbox.owner_key}
        url = f"{sandbox.url}/v1/purchases/{buy(sandbox)['id']}/request-code"
        caught = []
        asking = threading.Thread(
            target=lambda: caught.append(httpx.post(url, headers=headers, trust_env=False, verify=False))
        )
        asking.start()
        time.sleep(0.1)
    asking.join(5)
    assert caught[0].json()["purchase"]["status"] == "SUCCESS"


def test_a_store_goes_on_where_it_ended(tmp_path):
    settings = Settings(store=tmp_path / "kept.db", seed=2)
    with SandboxThread(settings) as sandbox:
        first = buy(sandbox)
        httpx.post(
            f"{sandbox.url}/admin/clock",
            json={"advance_s": 3600},
            headers={"x-admin-key": sandbox.admin_key},
            trust_env=False,
            verify=False,
        )
        second = buy(sandbox)
    with SandboxThread(settings) as sandbox:
        third = buy(sandbox)
        headers = {"x-api-key": sandbox.owner_key}
        page = httpx.get(
            f"{sandbox.url}/v1/purchases?page=1&page_size=5", headers=headers, trust_env=False, verify=False
        )
        profile = httpx.get(f"{sandbox.url}/v1/profile", headers=headers, trust_env=False, verify=False).json()
    assert page.json()["items"] == [third, second, first]
    assert profile["balance"]["amount"] == "995.50"
    assert [second["id"], third["id"]] == [first["id"] + 1, first["id"] + 2]
    assert third["created_at"] >= second["created_at"], "time goes on from the latest record"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.db"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": 3}, "the store was made with seed 2, not 3"),
        ({"profile": "2026-05"}, "the store was made with profile 2026-02, not 2026-05"),
        ({"first_id": 6}, "the store was made with first id 5, not 6"),
    ],
)
def test_a_store_made_under_other_settings_is_refused(tmp_path, changes, message):
    original = {"store": tmp_path / "kept.db", "seed": 2, "first_id": 5}
    with SandboxThread(Settings(**original)):
        pass
    with pytest.raises(SettingsError, match=message):
        SandboxThread(Settings(**{**original, **changes})).__enter__()
    with SandboxThread(Settings(**{**original, "first_id": None})) as sandbox:
        assert buy(sandbox)["id"] == 5


def test_a_store_serves_one_sandbox_at_a_time(tmp_path):
    settings = Settings(store=tmp_path / "kept.db")
    with SandboxThread(settings), pytest.raises(StoreError, match=r"cannot use the store .* locked"):
        create_app(settings)


def test_a_database_of_something_else_is_left_alone(tmp_path):
    import sqlite3

    path = tmp_path / "theirs.db"
    theirs = sqlite3.connect(path)
    theirs.execute("CREATE TABLE things (name TEXT)")
    theirs.close()
    with pytest.raises(StoreError, match="not made by this version of the sandbox"):
        create_app(Settings(store=path))


def test_a_port_in_use_is_told_at_once():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        serve(Settings(), host="127.0.0.1", port=taken.getsockname()[1], ready=print)


def test_a_wrapper_sees_requests_and_the_lifespan_passes_through():
    seen = []

    def wrap(app):
        async def wrapped(scope, receive, send):
            seen.append(scope["type"])
            await app(scope, receive, send)

        return wrapped

    with SandboxThread(Settings(), wrap=wrap) as sandbox:
        buy(sandbox)
    assert seen == ["lifespan", "http"]


def test_a_wrapper_that_fails_does_not_fail_the_server():
    def wrap(app):
        async def wrapped(scope, receive, send):
            if scope["type"] == "http" and scope["path"] == "/fail":
                raise ValueError("on purpose")
            await app(scope, receive, send)

        return wrapped

    with SandboxThread(Settings(), wrap=wrap) as sandbox:
        assert httpx.get(f"{sandbox.url}/fail", trust_env=False, verify=False).status_code == 500
        buy(sandbox)


def test_the_application_serves_without_a_server_or_a_lifespan():
    settings = Settings()

    async def call():
        transport = httpx.ASGITransport(create_app(settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return await client.get("/v1/profile", headers={"x-api-key": settings.owner_key})

    assert asyncio.run(call()).status_code == 200


def test_a_failure_of_the_sandbox_itself_is_hidden_from_the_caller(monkeypatch, caplog):
    from fixtures.sandbox.shop import Shop

    def fail(*_):
        raise ZeroDivisionError("a secret of the sandbox")

    monkeypatch.setattr(Shop, "account", fail)
    with SandboxThread(Settings()) as sandbox:
        headers = {"x-api-key": sandbox.owner_key}
        response = httpx.get(f"{sandbox.url}/v1/profile", headers=headers, trust_env=False, verify=False)
    assert response.status_code == 500
    assert response.json() == {"error": {"code": "internal", "message": "the sandbox failed"}}
    assert "a secret of the sandbox" in caplog.text
