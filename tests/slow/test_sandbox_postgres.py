"""A sandbox of two server processes on PostgreSQL keeps every promise that the gate and a load run hold it to."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from fixtures.sandbox.settings import Settings
from fixtures.sandbox.workers import serve_several
from tests.sandbox.database import fresh, running
from tests.sandbox.processes import apis

NAMES = itertools.count()
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def sandbox(server):
    """Two server processes behind one port: its URL, and the environment that holds its keys."""
    with fresh(server, "whole") as url:
        command = ["sandbox", "--port=0", "--workers=2", "--profile=2026-05", "--balance=100000.00", f"--store={url}"]
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "assay.py"), *command], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        try:
            text = ""
            while "GET    /admin/state" not in text:
                line = process.stdout.readline()
                assert line, "the sandbox did not start"
                text += line
            keys = dict(re.findall(r"^  (owner|other|admin)  (\S+)$", text, re.MULTILINE))
            names = {"owner": "ASSAY_API_KEY", "other": "ASSAY_OTHER_API_KEY", "admin": "ASSAY_ADMIN_KEY"}
            base = re.search(r"http://127\.0\.0\.1:\d+", text)[0]
            yield base, {names[who]: key for who, key in keys.items()}
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(30)
            process.stdout.close()
        assert status == 0


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL server."""
    with running() as url:
        yield url


@pytest.fixture
def database(server):
    """The URL of an empty database."""
    with fresh(server, f"test_{next(NAMES)}") as url:
        yield url


def run(sandbox, out, *arguments):
    base, keys = sandbox
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "assay.py"),
            *arguments,
            "--url",
            base,
            "--profile=2026-05",
            "--out",
            str(out),
            "--quiet",
        ],
        env={**os.environ, **keys},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return done, json.loads((out / "run.json").read_text())


def shares(sandbox):
    """Count the requests that each process served; a new connection may reach either."""
    base, keys = sandbox
    headers = {"x-admin-key": keys["ASSAY_ADMIN_KEY"]}
    return {
        httpx.get(f"{base}/admin/state", headers=headers, trust_env=False, verify=False).json()["requests"]
        for _ in range(60)
    }


@pytest.mark.timeout(600)
def test_the_gate_finds_every_promise_kept(sandbox, tmp_path):
    done, document = run(sandbox, tmp_path / "gate", "gate", "--depth", "quick", "--time", "200s")
    assert [finding["title"] for finding in document["findings"]] == []
    assert (done.returncode, document["verdict"]) == (0, "kept"), done.stdout + done.stderr
    exercised = {clause["id"]: clause["exercised"] for clause in document["clauses"]}
    assert all(exercised[clause] for clause in ("RACE-1", "RACE-2", "RACE-3", "MONEY-1", "LIFE-10", "LIST-1"))


@pytest.mark.timeout(600)
def test_a_load_run_finds_every_promise_kept(sandbox, tmp_path):
    _, document = run(sandbox, tmp_path / "load", "load", "--rate", "10/s", "--duration", "8s", "--warmup", "1s")
    assert [finding["title"] for finding in document["findings"]] == []
    assert document["verdict"] in {"kept", "inconclusive"}, "a busy machine may leave the figures undecided"
    assert document["purchases"] > 40
    served = shares(sandbox)
    assert len(served) == 2, "both processes answer"
    assert min(served) > 0, "each of them served a share"


def test_processes_share_what_an_administrator_does(database):
    with ExitStack() as stack:
        one, other = apis(database, stack)
        one.do("scenario", out_of_stock=True)
        assert other.owner.post("/v1/purchases", json={"country_code": "US"}).status_code == 400
        assert other.admin.delete("/admin/scenario").json()["out_of_stock"] is False
        bought = one.buy()
        one.script("pending", "failure", purchase_id=bought["id"])
        assert other.code(bought["id"]).json()["code_request"]["status"] == "pending"
        assert one.code(bought["id"]).json()["code_request"]["status"] == "failed"
        one.owner.post(f"/v1/purchases/{one.buy()['id']}/request-code", json={"callback_url": "urn:far"})
        assert other.admin.get("/admin/webhooks").json()["deliveries"][0]["outcome"].startswith("not delivered")
        before = one.do("clock", advance_s=0)["now"]
        assert other.do("clock", advance_s=3600)["now"] > before
        assert one.do("clock", advance_s=0)["now"][:13] > before[:13]
        later = other.buy()
        assert later["created_at"] > bought["created_at"]


def test_processes_go_on_where_the_last_ones_ended(database):
    with ExitStack() as stack:
        (one,) = apis(database, stack, count=1)
        bought = one.buy()
    with ExitStack() as stack:
        (other,) = apis(database, stack, count=1)
        assert other.show(bought["id"]) == bought
        assert other.buy()["id"] == bought["id"] + 1


def test_workers_answer_on_one_port_and_end_together(database):
    class ReadyError(Exception):
        pass

    values = Settings(profile="2026-05", store=database)
    headers = {"x-admin-key": values.admin_key}
    told = []

    def ready(url):
        answer = httpx.get(f"{url}/admin/state", headers=headers, trust_env=False, verify=False)
        workers = [child.pid for child in psutil.Process().children() if "fixtures.sandbox" in child.cmdline()]
        told.append((answer.status_code, workers))
        raise ReadyError

    with pytest.raises(ReadyError):
        serve_several(values, host="127.0.0.1", port=0, count=2, ready=ready)
    ((status, workers),) = told
    assert (status, len(workers)) == (200, 2)
    assert not any(psutil.pid_exists(pid) for pid in workers)


def test_a_worker_that_ends_takes_the_others_with_it(database):
    workers = []

    def ready(url):
        workers.extend(child for child in psutil.Process().children() if "fixtures.sandbox" in child.cmdline())
        workers[0].kill()

    with pytest.raises(RuntimeError, match="a server process ended with status -9"):
        serve_several(Settings(store=database), host="127.0.0.1", port=0, count=2, ready=ready)
    assert len(workers) == 2
    assert not any(psutil.pid_exists(worker.pid) for worker in workers)
