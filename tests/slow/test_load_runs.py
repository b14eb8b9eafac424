"""Load runs in several processes, and a user's own locustfile: slower than the tests of every day."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from tests.load.runs import assay, await_, result, rows

LOCUSTFILE = """
import os
from locust import FastHttpUser, HttpUser, task

KEY = {"x-api-key": os.environ["ASSAY_API_KEY"]}


class Fast(FastHttpUser):
    @task
    def buy(self):
        with self.client.post("/v1/purchases", json={"country_code": "US"}, headers=KEY) as answer:
            number = answer.json()["id"]
        self.client.get(f"/v1/purchases/{number}", headers=KEY, name="look")


class Plain(HttpUser):
    @task
    def look(self):
        self.client.get("/v1/purchases?page=1&page_size=5", headers=KEY, name="list")
"""


def test_two_processes_send_as_one(tmp_path: Path) -> None:
    done = assay("load", "--rate", "10/s", "--duration", "3s", "--warmup", "1s", "--processes", "2", "--json",
                 "--out", str(tmp_path / "r"))  # fmt: skip
    document = json.loads(done.stdout)
    load = document["load"]
    assert [worker["state"] for worker in load["generator"]["workers"]] == ["finished", "finished"]
    assert all(worker["requests"] for worker in load["generator"]["workers"])
    assert sum(journey["started"] for journey in load["journeys"]) == pytest.approx(35, abs=2)


def test_the_caps_hold_over_all_processes(tmp_path: Path) -> None:
    done = assay("load", "--rate", "20/s", "--duration", "8s", "--warmup", "1s", "--processes", "2",
                 "--max-purchases", "7", "--out", str(tmp_path / "r"), "--quiet")  # fmt: skip
    assert done.returncode == 3
    document = result(tmp_path / "r")
    assert document["purchases"] == 7
    assert any("cap of" in reason for reason in document["reasons"])


def test_a_worker_that_dies_is_named_and_what_it_told_stays(tmp_path: Path) -> None:
    out = tmp_path / "r"
    running = subprocess.Popen(
        [sys.executable, "-m", "assay", "load", "--rate", "10/s", "--duration", "60s", "--processes", "2", "--quiet",
         "--out", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        await_(lambda: rows(out) >= 2)
        workers = _children(running.pid, "--worker")
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        time.sleep(2.5)
        running.send_signal(signal.SIGINT)
        running.wait(40)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == 130
    document = result(out)
    states = sorted(worker["state"] for worker in document["load"]["generator"]["workers"])
    assert states == ["finished", "lost"]
    assert any("was lost: it ended with code -9" in reason for reason in document["reasons"])
    assert document["requests"] > 0
    assert not _children(os.getpid(), str(out)), "no process is left"


def test_a_worker_that_hangs_is_named_and_what_it_told_stays(tmp_path: Path) -> None:
    out = tmp_path / "r"
    running = subprocess.Popen(
        [sys.executable, "-m", "assay", "load", "--rate", "10/s", "--duration", "60s", "--processes", "2", "--quiet",
         "--out", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        await_(lambda: rows(out) >= 2, 120)
        workers = _children(running.pid, "--worker")
        os.kill(workers[0], signal.SIGSTOP)
        before = rows(out)
        await_(lambda: rows(out) >= before + 9, 120)
        running.send_signal(signal.SIGINT)
        running.wait(120)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == 130
    document = result(out)
    told = {worker["state"]: worker["requests"] for worker in document["load"]["generator"]["workers"]}
    assert told.keys() == {"finished", "lost"}
    assert told["lost"] > 0
    assert any("was lost: it was silent for" in reason for reason in document["reasons"])
    assert document["load"]["requests"] > told["finished"] * 0.5
    assert not _children(os.getpid(), str(out)), "no process is left, the one that hangs neither"
    assert all(not psutil.pid_exists(worker) for worker in workers)


OTHER_VERSION = """
from gevent import monkey
monkey.patch_all()
import os, sys
import load.worker
load.worker.own_version = lambda: "0.0.1"
raise SystemExit(load.worker.work("127.0.0.1", int(sys.argv[1]), os.environ))
"""


def test_a_worker_of_another_version_is_named_and_nothing_is_sent(tmp_path: Path) -> None:
    out, port = tmp_path / "r", _free_port()
    master = subprocess.Popen(
        [sys.executable, "-m", "assay", "load", "--master", f"127.0.0.1:{port}", "--expect-workers", "1", "--quiet",
         "--rate", "5/s", "--duration", "3s", "--out", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        await_(lambda: _listens(port))
        worker = subprocess.run(
            [sys.executable, "-c", OTHER_VERSION, str(port)],
            capture_output=True, text=True, timeout=90, check=False, env={**os.environ, "ASSAY_API_KEY": "a-key-0001"},
        )  # fmt: skip
        assert master.wait(60) == 3
    finally:
        master.kill()
        master.communicate()
    assert worker.returncode == 3
    assert "this worker 0.0.1" in worker.stderr
    document = result(out)
    assert document["requests"] == 0
    assert any("cannot take part: the master has version" in reason for reason in document["reasons"])


def test_a_users_own_locustfile_is_judged_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(LOCUSTFILE)
    with SandboxThread(Settings(seed=3)) as sandbox:
        done = assay(
            "load", "-f", str(file), "--users", "4", "--duration", "2s", "--warmup", "1s", "--url", sandbox.url,
            "--max-purchases", "20", "--out", str(tmp_path / "r"), "--quiet", ASSAY_API_KEY=sandbox.owner_key,
        )  # fmt: skip
    assert done.returncode in {0, 3}, done.stderr
    document = result(tmp_path / "r")
    assert document["purchases"] == 20, "the cap holds for users that are not ours"
    names = {operation["name"] for operation in document["load"]["operations"]}
    assert {"create_purchase", "list_purchases"} <= names
    exercised = {clause["id"]: clause["exercised"] for clause in document["clauses"]}
    assert exercised["SHAPE-6"] > 0
    assert exercised["LIST-4"] > 0


def test_a_locustfile_finds_the_sandboxs_key_where_it_finds_a_targets(tmp_path: Path) -> None:
    """It never looks at a single purchase, and is not held to how fast that would have been."""
    file = tmp_path / "mine.py"
    file.write_text(LOCUSTFILE.replace("/v1/purchases/{number}", "/v1/purchases?page=1&page_size=10"))
    done = assay("load", "-f", str(file), "--users", "2", "--duration", "4s", "--warmup", "1s",
                 "--max-purchases", "30", "--out", str(tmp_path / "r"), "--quiet")  # fmt: skip
    document = result(tmp_path / "r")
    assert document["purchases"] > 0, done.stdout
    assert {operation["name"] for operation in document["load"]["operations"]} >= {"create_purchase", "list_purchases"}
    assert not any("nothing was measured" in reason for reason in document["reasons"])


def _children(pid: int, word: str) -> list[int]:
    """Return the processes below one whose command line holds a word."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        try:
            if word in child.cmdline():
                found.append(child.pid)
        except psutil.Error:
            continue
    return found


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
