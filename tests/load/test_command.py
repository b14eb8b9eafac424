"""The command as users run it: exit codes, documents, signals, workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from reports.rundocs import load_run

QUICK = ["--users", "2", "--duration", "2s", "--warmup", "1s"]
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


def assay(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay", *arguments],
        capture_output=True, text=True, timeout=90, check=False,
        env={**os.environ, "ASSAY_API_KEY": "", **environment},
    )  # fmt: skip


def result(out: Path) -> dict[str, Any]:
    """Return a run's document, valid by its schema."""
    return load_run(out)


def test_a_lawful_target_is_kept_and_every_document_is_there(tmp_path: Path) -> None:
    done = assay("load", *QUICK, "--out", str(tmp_path / "r"), "--label", "abc123")
    # A busy machine makes the generator late; that is the truth, too.
    assert done.returncode in {0, 3}, done.stderr
    document = result(tmp_path / "r")
    load = document["load"]
    assert document["label"] == "abc123"
    assert load["requests"] > 0
    assert load["failures"] == 0
    assert not [finding for finding in document["findings"] if finding["severity"] == "error"]
    exercised = {clause["id"]: clause["exercised"] for clause in document["clauses"]}
    assert exercised["LOAD-1"] == document["requests"]
    names = {path.name for path in (tmp_path / "r").iterdir()}
    assert {"run.json", "timeline.csv", "seconds.jsonl", "latency.hlog", "junit.xml", "locust.html"} <= names
    assert "locust_stats.csv" in names
    rows = [line.split(",") for line in (tmp_path / "r" / "locust_stats.csv").read_text().splitlines()]
    total = next(row for row in rows if row[1] == "Aggregated")
    assert int(total[2]) == document["requests"], "locust counts what we count"
    assert sum(operation["requests"] for operation in load["operations"][1:]) == load["requests"]


@pytest.mark.parametrize(
    ("defect", "clause"), [("phone-with-newline", "SHAPE-6"), ("code-changes-after-two-readings", "LIFE-3")]
)
def test_a_broken_promise_is_found_at_speed(defect: str, clause: str, tmp_path: Path) -> None:
    done = assay("load", *QUICK, "--defect", defect, "--out", str(tmp_path / "r"), "--quiet")
    assert done.returncode == 1, done.stdout + done.stderr
    document = result(tmp_path / "r")
    found = {finding["clause"] for finding in document["findings"]}
    assert {clause, "LOAD-1"} <= found
    first = next(finding for finding in document["findings"] if finding["clause"] == clause)
    assert first["evidence"]
    assert first["curl"]


def test_an_objective_that_is_missed_is_broken_and_named(tmp_path: Path) -> None:
    plan = tmp_path / "p.toml"
    plan.write_text('objectives = ["p50 < 1ms", "requests >= 1"]\n[plan]\nrate = "20/s"\nduration = "2s"\n')
    done = assay("load", str(plan), "--defect", "slow-answers", "--out", str(tmp_path / "r"), "--quiet")
    assert done.returncode == 1, done.stdout + done.stderr
    document = result(tmp_path / "r")
    assert [finding["clause"] for finding in document["findings"] if finding["severity"] == "error"] == ["LOAD-2"]
    assert [objective["ok"] for objective in document["load"]["objectives"]] == [False, True]


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
        _await(lambda: (out / "timeline.csv").exists() and len((out / "timeline.csv").read_text().splitlines()) > 2)
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_gracefully_with_its_report(number: int, tmp_path: Path) -> None:
    out = tmp_path / "r"
    running = subprocess.Popen(
        [sys.executable, "-m", "assay", "load", "--rate", "10/s", "--duration", "60s", "--quiet", "--out", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A test runner in the background may ignore interrupts, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )  # fmt: skip
    try:
        _await(lambda: (out / "timeline.csv").exists() and len((out / "timeline.csv").read_text().splitlines()) > 1)
        running.send_signal(number)
        running.wait(30)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == 130
    document = result(out)
    assert document["load"]["timeline"]
    assert (out / "locust.html").exists()


def test_a_users_own_locustfile_is_judged_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(LOCUSTFILE)
    with _sandbox() as (url, key):
        done = assay("load", "-f", str(file), "--users", "4", "--duration", "2s", "--warmup", "1s", "--url", url,
                     "--max-purchases", "20", "--out", str(tmp_path / "r"), "--quiet", ASSAY_API_KEY=key)  # fmt: skip
    assert done.returncode in {0, 3}, done.stderr
    document = result(tmp_path / "r")
    assert document["purchases"] == 20, "the cap holds for users that are not ours"
    names = {operation["name"] for operation in document["load"]["operations"]}
    assert {"create_purchase", "list_purchases"} <= names
    exercised = {clause["id"]: clause["exercised"] for clause in document["clauses"]}
    assert exercised["SHAPE-6"] > 0
    assert exercised["LIST-4"] > 0


def test_a_target_that_is_not_there_is_inconclusive(tmp_path: Path) -> None:
    done = assay("load", "--url", "http://127.0.0.1:9", "--out", str(tmp_path / "r"), "--quiet", ASSAY_API_KEY="k" * 12)
    assert done.returncode == 3
    assert "does not answer" in result(tmp_path / "r")["reasons"][0]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--rate", "fast"], "'fast'"),
        (["--users", "0"], "0"),
        (["nihgtly"], "did you mean 'nightly'"),
        (["--url", "http://example.com"], "not a loopback address"),
        (["--defect", "no-such-defect"], "no-such-defect"),
        (["--worker", "nowhere"], "HOST:PORT"),
        (["--expect-workers", "2"], "--master"),
    ],
)
def test_bad_usage_is_one_line_and_exit_2(arguments: list[str], complaint: str, tmp_path: Path) -> None:
    done = assay("load", *arguments, "--out", str(tmp_path / "r"), ASSAY_API_KEY="k" * 12)
    assert done.returncode == 2, done.stdout
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def _await(ready: Any, seconds: float = 40.0) -> None:
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.05)


def _children(pid: int, word: str) -> list[int]:
    """Return the processes below one whose command line holds a word."""
    import psutil

    found = []
    for child in psutil.Process(pid).children(recursive=True):
        try:
            if word in child.cmdline():
                found.append(child.pid)
        except psutil.Error:
            continue
    return found


def _sandbox() -> Any:
    from contextlib import contextmanager

    from fixtures.sandbox.server import SandboxThread
    from fixtures.sandbox.settings import Settings

    @contextmanager
    def serve() -> Any:
        with SandboxThread(Settings(seed=3)) as sandbox:
            yield sandbox.url, sandbox.owner_key

    return serve()
