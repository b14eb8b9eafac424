"""Every mode against a target that gives every secret away: nothing that is shown, written or served shows one."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.sandbox.server import listen
from tests.canaries.stage import Gossip, Stage, gossiping, spelt

PLAN = """
objectives = ["p99 < 1ms", "findings <= 0"]
[plan]
rate = "8/s"
duration = "4s"
warmup = "1s"
[journeys]
buyer = 3
poller = 1
browser = 1
impatient = 1
"""
PAGES = ("/", "/stats/requests", "/stats/requests/csv", "/stats/requests_full_history/csv", "/stats/failures/csv",
         "/stats/report", "/exceptions", "/exceptions/csv", "/tasks", "/logs", "/worker-count", "/login",
         "/stats/report?download=1", "/assets/", "/nothing")  # fmt: skip

Scene = tuple[str, Gossip, Stage]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with gossiping(tmp_path) as found:
        yield found


def free_port() -> int:
    with listen("127.0.0.1", 0) as listener:
        assert isinstance(listener, socket.socket)
        return int(listener.getsockname()[1])


def test_doctor_and_drift(scene: Scene) -> None:
    url, target, stage = scene
    ran = [
        stage.assay("doctor", "--url", url),
        stage.assay("doctor", "--url", url, "--json"),
        stage.assay("drift", "2026-02", url, "--json"),
        stage.assay("drift", "2026-02", f"{url}/v1/profile"),
    ]
    assert ran[0].code in {0, 1, 3}, ran[0].err
    assert stage.leaks(target.told, *ran) == {}


@pytest.mark.parametrize("processes", ["1", "2"])
def test_load_with_its_web_pages_compare_trend_and_report(scene: Scene, processes: str) -> None:
    url, target, stage = scene
    (stage.cwd / "plan.toml").write_text(PLAN)
    web, metrics = free_port(), free_port()
    served: dict[str, bytes] = {}

    def visit() -> None:
        pages = [f"http://127.0.0.1:{web}{page}" for page in PAGES] + [f"http://127.0.0.1:{metrics}/metrics"]
        for page in pages:
            try:
                with opener.open(page, timeout=5) as answer:
                    served[page] = answer.read()
            except urllib.error.HTTPError as error:
                served[page] = error.read()
            except OSError:
                return

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    runs = [
        stage.run("-m", "assay", "load", "plan.toml", "--url", url, "--out", f"runs/{number}", "--processes", processes,
                  "--web", str(web), "--metrics", str(metrics), during=visit, PYTHONDEVMODE="1", PYTHONFAULTHANDLER="1")
        for number in range(2)
    ]  # fmt: skip
    assert runs[0].code in {1, 3}, runs[0].err
    document = json.loads((stage.cwd / "runs/0/run.json").read_bytes())
    assert "AUTH-3" in {finding["clause"] for finding in document["findings"]}, "the target did give keys away"
    assert len(served) > len(PAGES) / 2, "the pages were there"
    assert b"locust" in served[f"http://127.0.0.1:{web}/"].lower()
    runs += [
        stage.assay("compare", "runs/0", "runs/1"),
        stage.assay("compare", "runs/0", "runs/1", "--json"),
        stage.assay("trend", "runs", "--json"),
        stage.assay("report", "runs/0", "--json"),
    ]
    assert {page: found for page, content in served.items() if (found := spelt(content, target.told))} == {}
    assert stage.leaks(target.told, *runs) == {}


def test_load_by_a_users_own_file_that_fails(scene: Scene) -> None:
    url, target, stage = scene
    (stage.cwd / "own.py").write_text(
        "import os\nfrom locust import FastHttpUser, task\n\nKEY = {'x-api-key': os.environ['ASSAY_API_KEY']}\n\n\n"
        "class Buyer(FastHttpUser):\n    @task\n    def buy(self):\n"
        "        self.client.post('/v1/purchases', json={'country_code': 'US'}, headers=KEY)\n"
        "        self.client.get('/v1/purchases/999999', headers=KEY)\n\n"
        "    @task\n    def fail(self):\n        raise ValueError(f'the key is {KEY}')\n"
    )
    (stage.cwd / "plan.toml").write_text('[plan]\nusers = 2\nduration = "3s"\n[journeys]\nbuyer = 1\n')
    ran = stage.assay("load", "plan.toml", "-f", "own.py", "--url", url, "--out", "run", "--max-purchases", "20")
    assert ran.code in {1, 3}, ran.err
    assert b"ValueError" in b"".join(path.read_bytes() for path in (stage.cwd / "run").iterdir() if path.is_file())
    assert stage.leaks(target.told, ran) == {}


def test_gate_replay_and_explain(scene: Scene) -> None:
    url, target, stage = scene
    ran = [stage.assay("gate", "--url", url, "--depth", "quick", "--out", "run", "--har", "all", PYTHONDEVMODE="1")]
    assert ran[0].code == 1, ran[0].err
    document = json.loads((stage.cwd / "run/run.json").read_bytes())
    finding = next(f["id"] for f in document["findings"] if f["clause"] == "AUTH-3")
    ran.append(stage.assay("replay", "run", finding, "--url", url, "--tries", "1", "--steps-only", "--out", "again"))
    assert ran[1].code in {0, 1, 3}, ran[1].err
    ran.append(stage.assay("explain", finding, "run"))
    assert stage.leaks(target.told, *ran) == {}


def test_pytest_with_all_that_it_and_every_library_can_log(scene: Scene) -> None:
    url, target, stage = scene
    command = ("-m", "pytest", "--pyargs", "contracts.gate", "-rA", "-vv", "--showlocals", "--tb=long", "--full-trace",
               "--log-level=DEBUG", "-o", "log_cli=true", "-o", "log_cli_level=DEBUG", "--log-file=pytest.log",
               "--assay-url", url, "--assay-out", "run", "--junitxml=pytest.xml")  # fmt: skip
    ran = stage.run(*command, PYTHONASYNCIODEBUG="1", PYTHONFAULTHANDLER="1", HYPOTHESIS_VERBOSITY_LEVEL="debug")
    assert ran.code == 1, ran.err
    assert b"FAILED" in ran.out
    assert stage.leaks(target.told, ran) == {}


def test_prove_before_a_target(scene: Scene) -> None:
    url, target, stage = scene
    ran = [
        stage.assay("prove", "--url", url, "--depth", "quick", "--max-purchases", "60", "--out", "proof", name)
        for name in ("code-answers-202",)
    ]
    assert ran[0].code in {1, 3}, ran[0].err
    assert stage.leaks(target.told, *ran) == {}


def test_verify_beside_the_release_that_runs(scene: Scene) -> None:
    url, target, stage = scene
    (stage.cwd / "plan.toml").write_text(PLAN)
    ran = stage.assay("verify", "--url", url, "--against-url", url, "--depth", "quick", "--plan", "plan.toml", "--out",
                      "run", "--max-purchases", "400")  # fmt: skip
    assert ran.code in {1, 3}, ran.err
    assert stage.leaks(target.told, ran) == {}
