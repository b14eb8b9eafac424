"""Whole runs against a shop that counts what it sells, loses answers, and outlives its buyers: no cap is exceeded."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from tests.load.runs import await_, rows

ROOT = Path(__file__).resolve().parents[2]
PLAN = """
[plan]
rate = "30/s"
duration = "6s"
warmup = "1s"
[journeys]
buyer = 3
impatient = 1
"""


class Till:
    """Counts what a sandbox sells, for how much, and breaks every so many answers to a create after the sale.

    Args:
        every: of so many answers one breaks off; 0 for none.
        hidden: paths that begin so are answered with 404.
    """

    def __init__(self, every: int, hidden: str) -> None:
        self._hidden = hidden
        self.sold = 0
        self.taken = Decimal(0)
        self._every = every
        self._lock = threading.Lock()

    def __call__(self, app: ASGIApp) -> ASGIApp:
        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and self._hidden and scope["path"].startswith(self._hidden):
                await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
                await send({"type": "http.response.body"})
                return
            if scope["type"] != "http" or (scope["method"], scope["path"].rstrip("/")) != ("POST", "/v1/purchases"):
                await app(scope, receive, send)
                return
            start: Message = {}
            body = b""

            async def held(message: Message) -> None:
                nonlocal body
                if message["type"] == "http.response.start":
                    start.update(message)
                body += message.get("body", b"")

            await app(scope, receive, held)
            await send(start)
            if start["status"] == 200 and self._sell(body):
                # Less than was announced: the server closes the connection.
                await send({"type": "http.response.body", "body": body[:20], "more_body": True})
                return
            await send({"type": "http.response.body", "body": body})

        return served

    def _sell(self, body: bytes) -> bool:
        with self._lock:
            self.sold += 1
            self.taken += Decimal(json.loads(body)["price"]["amount"])
            return bool(self._every) and self.sold % self._every == 0


@contextlib.contextmanager
def shop(every: int = 3, hidden: str = "") -> Iterator[tuple[str, Till, dict[str, str]]]:
    till = Till(every, hidden)
    made = Settings(seed=7, failure_rate=0.1, balance="999999.00")
    keys = {"ASSAY_API_KEY": made.owner_key, "ASSAY_OTHER_API_KEY": made.other_key, "ASSAY_ADMIN_KEY": made.admin_key}
    with SandboxThread(made, till) as sandbox:
        yield sandbox.url, till, {**os.environ, "PYTHONPATH": str(ROOT), **keys}


def run(place: Path, environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay", *command],
        cwd=place, env=environment, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip


def document(place: Path, name: str = "run") -> dict[str, Any]:
    found = json.loads((place / name / "run.json").read_bytes())
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("cap", [1, 5, 17])
def test_a_gate_keeps_a_cap_on_purchases(cap: int, tmp_path: Path) -> None:
    with shop() as (url, till, environment):
        done = run(tmp_path, environment, "gate", "--url", url, "--depth", "quick", "--out", "run",
                   "--max-purchases", str(cap))  # fmt: skip
    assert done.returncode in {1, 3}, done.stderr
    assert 0 < till.sold <= document(tmp_path)["purchases"] <= cap


@pytest.mark.parametrize("cap", ["0.40", "3.00"])
def test_a_gate_keeps_a_cap_on_spend(cap: str, tmp_path: Path) -> None:
    with shop() as (url, till, environment):
        done = run(tmp_path, environment, "gate", "--url", url, "--depth", "quick", "--out", "run", "--max-spend", cap)
    assert done.returncode in {1, 3}, done.stderr
    assert till.taken <= Decimal(document(tmp_path)["spend"]) <= Decimal(cap)


@pytest.mark.parametrize("moment", [5, 60])
def test_a_gate_that_is_killed_has_not_exceeded_its_cap(moment: int, tmp_path: Path) -> None:
    program = (
        "import os, signal; from contracts.record.historyfile import HistoryWriter as W; w = W.write\n"
        f"def write(self, operation):\n    w(self, operation)\n    self.count < {moment} or "
        "os.kill(os.getpid(), signal.SIGKILL)\n"
        "W.write = write; import sys; sys.argv[0] = 'assay'; import assay; assay.main()"
    )
    with shop() as (url, till, environment):
        command = ["gate", "--url", url, "--depth", "quick", "--out", "run", "--max-purchases", "4"]
        done = subprocess.run(
            [sys.executable, "-c", program, *command], cwd=tmp_path, env=environment, timeout=200, check=False
        )
    assert done.returncode == -signal.SIGKILL
    assert till.sold <= 4


@pytest.mark.parametrize("cap", [("--max-purchases", "20"), ("--max-spend", "6.00")])
def test_a_load_run_of_two_processes_keeps_its_cap(cap: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN)
    with shop() as (url, till, environment):
        done = run(tmp_path, environment, "load", "plan.toml", "--url", url, "--processes", "2", "--out", "run", *cap)
    assert done.returncode in {1, 3}, done.stderr
    found = document(tmp_path)
    assert 0 < till.sold <= found["purchases"]
    assert till.taken <= Decimal(found["spend"])
    if cap[0] == "--max-purchases":
        assert found["purchases"] <= int(cap[1])
    else:
        assert Decimal(found["spend"]) <= Decimal(cap[1])


def test_a_load_run_refuses_a_cap_on_spend_where_no_price_is_shown(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN)
    with shop(every=0, hidden="/v1/accounts/") as (url, till, environment):
        done = run(tmp_path, environment, "load", "plan.toml", "--url", url, "--out", "run", "--max-spend", "5.00")
    assert done.returncode == 3, done.stderr
    assert any("shows no prices" in reason for reason in document(tmp_path)["reasons"])
    assert till.sold == 0


def test_a_load_run_whose_worker_is_killed_keeps_its_cap(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN.replace('"6s"', '"12s"'))
    with shop() as (url, till, environment):
        command = ["load", "plan.toml", "--url", url, "--processes", "3", "--out", "run", "--max-purchases", "150"]
        master = subprocess.Popen(
            [sys.executable, "-m", "assay", *command], cwd=tmp_path, env=environment, stderr=subprocess.PIPE
        )
        await_(lambda: rows(tmp_path / "run") >= 2, seconds=90)
        children = Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()
        worker = next(pid for pid in children if b"--worker" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(int(worker), signal.SIGKILL)
        _, complaint = master.communicate(timeout=200)
    assert master.returncode in {1, 3}, complaint
    found = document(tmp_path)
    assert "lost" in {worker["state"] for worker in found["load"]["generator"]["workers"]}
    assert 0 < till.sold <= 150


@pytest.mark.parametrize("user", ["FastHttpUser", "HttpUser"])
def test_a_users_own_locustfile_keeps_the_cap(user: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        f"import os\nfrom locust import {user}, task\n\n\nclass Buyer({user}):\n"
        "    max_retries = 3\n\n    @task\n    def buy(self):\n"
        "        self.client.post('/v1/purchases', json={'country_code': 'US'}, "
        "headers={'x-api-key': os.environ['ASSAY_API_KEY']})\n"
    )
    (tmp_path / "plan.toml").write_text('[plan]\nusers = 4\nduration = "4s"\n[journeys]\nbuyer = 1\n')
    with shop(every=2) as (url, till, environment):
        done = run(tmp_path, environment, "load", "plan.toml", "-f", "own.py", "--url", url, "--out", "run",
                   "--max-purchases", "12")  # fmt: skip
    assert done.returncode in {1, 3}, done.stderr
    assert 0 < till.sold <= document(tmp_path)["purchases"] <= 12


@pytest.mark.parametrize("user", ["FastHttpUser", "HttpUser"])
def test_a_users_own_locustfile_buys_nowhere_else(user: str, tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text('[plan]\nusers = 2\nduration = "3s"\n[journeys]\nbuyer = 1\n')
    with shop(every=0) as (url, till, environment), shop(every=0) as (other, elsewhere, _):
        (tmp_path / "own.py").write_text(
            f"import os\nfrom locust import {user}, task\n\n\nclass Buyer({user}):\n"
            f"    host = '{other}'\n\n    @task\n    def buy(self):\n"
            "        for place in ('', HERE, THERE):\n            try:\n"
            "                self.client.post(place + '/v1/purchases', json={'country_code': 'US'}, "
            "headers={'x-api-key': os.environ['ASSAY_API_KEY']})\n"
            "            except Exception:\n                pass\n\n\n"
            f"HERE, THERE = '{url}', '{other}'\n"
        )
        done = run(tmp_path, environment, "load", "plan.toml", "-f", "own.py", "--url", url, "--out", "run",
                   "--max-purchases", "12")  # fmt: skip
    assert done.returncode in {0, 1, 3}, done.stderr
    assert (0 < till.sold <= 12, elsewhere.sold) == (True, 0)


def test_a_replay_keeps_its_cap(tmp_path: Path) -> None:
    with shop(every=0) as (url, till, environment):
        # What is sold for nothing is a finding in front of this till, and its steps buy.
        done = run(tmp_path, environment, "gate", "--depth", "quick", "--defect", "create-answers-201", "--out", "run")
        assert done.returncode == 1, done.stderr
        finding = next(f["id"] for f in document(tmp_path)["findings"] if f["severity"] == "error")
        again = run(tmp_path, environment, "replay", "run", finding, "--url", url, "--out", "again",
                    "--max-purchases", "2", "--tries", "10")  # fmt: skip
    assert again.returncode in {0, 1, 3}, again.stderr
    assert till.sold <= document(tmp_path, "again")["purchases"] <= 2


def test_a_proof_keeps_one_cap_over_all_its_gates(tmp_path: Path) -> None:
    with shop(every=0) as (url, till, environment):
        done = run(tmp_path, environment, "prove", "--url", url, "--depth", "quick", "--max-purchases", "70", "--out",
                   "proof", "charged-a-cent-over", "code-answers-202", "list-answers-206")  # fmt: skip
    assert done.returncode in {0, 1, 3}, done.stderr
    assert 0 < till.sold <= 70


def test_a_verification_keeps_one_cap_over_gate_load_and_the_release_beside(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN)
    with shop(every=9) as (url, till, environment), shop(every=0) as (old, before, _):
        done = run(tmp_path, environment, "verify", "--url", url, "--against-url", old, "--depth", "quick", "--plan",
                   "plan.toml", "--skip", "drift", "--out", "run", "--max-purchases", "75")  # fmt: skip
    assert done.returncode in {1, 3}, done.stderr
    assert 0 < till.sold + before.sold <= document(tmp_path)["purchases"] <= 75
