"""A whole gate against a target that gives every secret away: no output and no file of any command shows one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from tests.canaries.stage import Gossip
from tests.gate.stand import falsified
from tests.reports.canaries import leaking, leaks

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def gossip() -> Iterator[tuple[str, Gossip, dict[str, str]]]:
    settings = Settings(seed=5, failure_rate=0.1)
    keys = (settings.owner_key, settings.other_key, settings.admin_key)
    target = Gossip(keys)
    names = ("ASSAY_API_KEY", "ASSAY_OTHER_API_KEY", "ASSAY_ADMIN_KEY")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **dict(zip(names, keys, strict=True))}
    with SandboxThread(settings, falsified(target)) as sandbox:
        yield sandbox.url, target, environment


def run(directory: Path, environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, *command], cwd=directory, env=environment, capture_output=True, timeout=100, check=False
    )


def shown_of(gossip: Gossip, result: subprocess.CompletedProcess[bytes], directory: Path) -> object:
    # Sandbox codes of five digits stand in times and ids by chance; those of the last purchases tell enough.
    secrets = [secret for secret in gossip.secrets if len(secret) > 5]
    return leaks(result.stdout, secrets), leaks(result.stderr, secrets), leaking(directory, secrets)


def test_the_gate_and_its_reports(gossip: tuple[str, Gossip, dict[str, str]], tmp_path: Path) -> None:
    url, target, environment = gossip
    gate = ("-m", "assay", "gate", "--url", url, "--depth", "quick", "--out", "run", "--har", "all")
    result = run(tmp_path, environment, *gate)
    assert result.returncode == 1, result.stderr
    document = json.loads((tmp_path / "run" / "run.json").read_bytes())
    assert {"AUTH-3", "INPUT-6"} & {finding["clause"] for finding in document["findings"]}
    assert shown_of(target, result, tmp_path) == ([], [], {})
    for options in (["--json"], ["--recheck"], ["--allure", "allure"]):
        again = run(tmp_path, environment, "-m", "assay", "report", "run", *options)
        assert again.returncode in {0, 1}, again.stderr
        assert shown_of(target, again, tmp_path) == ([], [], {})


def test_pytest_with_everything_that_it_can_show(gossip: tuple[str, Gossip, dict[str, str]], tmp_path: Path) -> None:
    url, target, environment = gossip
    command = ("-m", "pytest", "--pyargs", "contracts.gate", "-p", "no:cacheprovider", "-rA", "-vv", "--showlocals")
    result = run(tmp_path, environment, *command, "--tb=long", "--assay-url", url, "--assay-out", str(tmp_path / "run"))
    assert result.returncode == 1, result.stderr
    assert b"FAILED" in result.stdout
    assert shown_of(target, result, tmp_path) == ([], [], {})


@pytest.mark.parametrize("operations", [1, 60, 400])
def test_a_gate_that_is_killed(gossip: tuple[str, Gossip, dict[str, str]], tmp_path: Path, operations: int) -> None:
    url, target, environment = gossip
    program = (
        "import os, signal, sys; from contracts.record.historyfile import HistoryWriter as W; w = W.write\n"
        f"def write(self, operation):\n    w(self, operation)\n    self.count < {operations} or "
        "os.kill(os.getpid(), signal.SIGKILL)\n"
        "W.write = write; sys.argv[0] = 'assay'; import assay; assay.main()"
    )
    result = run(tmp_path, environment, "-c", program, "gate", "--url", url, "--depth", "quick", "--out", "run")
    assert result.returncode == -signal.SIGKILL
    assert (tmp_path / "run" / "history.jsonl").read_bytes().count(b"\n") == operations
    report = run(tmp_path, environment, "-m", "assay", "report", "run")
    assert report.returncode == 0, report.stderr
    assert f"its history holds {operations} operation".encode() in b" ".join(report.stdout.split())
    again = run(tmp_path, environment, "-m", "assay", "report", "run", "--recheck", "--json")
    assert json.loads(again.stdout)["partial"] is True
    assert again.returncode in {1, 3}
    assert shown_of(target, report, tmp_path) == ([], [], {})
