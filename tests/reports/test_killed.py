"""``kill -9`` at any moment leaves a directory of which ``assay report`` makes a true report, marked as partial."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml

from contracts.config import Settings
from contracts.record.recheck import recheck, recheck_run
from reports.command import make_report
from reports.partial import recorded
from reports.rundocs import load_run
from tests.record import scene
from tests.reports import doorway, runs
from tests.reports.published import check_har, check_sarif

ROOT = Path(__file__).parents[2]
STEP = 13
"""Lines between two moments; the moments then fall on every kind of line."""

app = typer.Typer()
app.command()(make_report(recheck_run))


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Directories of runs that were killed, one moment after the other; the last one was not."""
    root = tmp_path_factory.mktemp("killed")
    command = [sys.executable, "-m", "tests.reports.killing", str(root), str(STEP)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    return sorted(root.iterdir())


def report(run: Path, *options: str) -> Any:
    return doorway.invoke(app, run, *options)


def test_runs_were_killed_at_many_moments(killed: list[Path]) -> None:
    assert len(killed) > 8
    seen = {(held.operations if (held := recorded(run)) else None) for run in killed}
    assert len(seen) >= 5
    assert load_run(killed[-1])["partial"] is False


def test_every_directory_makes_a_true_report_or_says_that_it_holds_none(killed: list[Path]) -> None:
    states = []
    for run in killed:
        result = report(run)
        if not (run / "run.json").exists():
            assert result.exit_code == 2
            assert result.stderr.startswith("assay: ")
            assert result.stderr.count("\n") == 1
            states.append("none")
            continue
        assert result.exit_code == 0, result.stderr
        document = load_run(run)
        assert document["partial"] is (document["verdict"] == "inconclusive")
        states.append("partial" if document["partial"] else "whole")
        if document["partial"]:
            assert "before its time" in result.stdout
            assert JUnitXml.fromfile(str(run / "junit.xml")).errors == 1
            log = check_sarif((run / "findings.sarif").read_bytes())
            assert log["runs"][0]["invocations"][0]["executionSuccessful"] is False
            assert check_har((run / "exchanges.har").read_bytes())["log"]["comment"].endswith("before its time")
        else:
            assert document["verdict"] == "broken"
    # No moment is left out, and none brings back what was there before.
    assert states == sorted(states, key=["none", "partial", "whole"].index)
    assert states.count("partial") > 5
    assert "whole" in states


def test_what_the_history_holds_can_be_judged_again(killed: list[Path]) -> None:
    counted = []
    for run in killed:
        if (run / "history.jsonl").exists():
            document = load_run(run)
            held = recorded(run)
            after = recheck(run, document, Settings())
            assert held is not None
            assert f"judged again from the history: {held.operations} operations" in after["notes"]
            if document["partial"]:
                assert (after["partial"], after["requests"]) == (True, held.operations)
                counted.append(held.operations)
    assert counted == sorted(counted)


def test_no_secret_is_left_behind(killed: list[Path]) -> None:
    for run in killed:
        for path in run.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            assert not [secret for secret in scene.SECRETS if secret.encode() in content], path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runs.partial(tmp_path_factory.mktemp("whole") / "run")


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(share=st.floats(0, 1))
def test_a_history_cut_at_any_byte_counts_its_whole_lines(share: float, whole: Path, tmp_path: Path) -> None:
    content = (whole / "history.jsonl").read_bytes()
    cut = content[: int(share * len(content))]
    (tmp_path / "history.jsonl").write_bytes(cut)
    (tmp_path / "run.json").write_bytes((whole / "run.json").read_bytes())
    after = recheck(tmp_path, load_run(tmp_path), Settings())
    # A line that lacks nothing but its end is whole.
    lacks_its_end = content[len(cut) : len(cut) + 1] == b"\n"
    assert after["requests"] == cut.count(b"\n") + lacks_its_end
    assert after["partial"] is True
    assert len(json.dumps(after)) > 0
