"""Load runs in several processes, and a user's own locustfile: slower than the tests of every day."""

from __future__ import annotations

import json
import os
import signal
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
