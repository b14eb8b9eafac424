"""Signals and kills at many moments, and runs beside each other: nothing is lost, left behind or mixed up."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

import assay
from reports.rundocs import load_run
from tests.interruptions.child import (
    GATE,
    PATIENCE,
    environment,
    family_of,
    gone,
    left_over,
    lines,
    started,
    wait_until,
)

LONGEST = 12.0
"""Seconds after which a quick gate is mostly over."""

MOMENTS = tuple(random.Random(7).uniform(0, LONGEST) for _ in range(30))
LOAD = ("load", "--rate", "40/s", "--duration", "4s", "--warmup", "1s", "--quiet", "--out", "run")
PROVE = ("prove", "--depth", "quick", "--jobs", "2", "--out", "run")
VERIFY = ("verify", "--quiet", "--out", "run")

pytestmark = pytest.mark.timeout(600)


def after(seconds: float, child: subprocess.Popen[bytes]) -> set[psutil.Process]:
    """Wait, and return the processes that a child has started by then."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(seconds)
    with contextlib.suppress(psutil.NoSuchProcess):
        return family_of(psutil.Process(child.pid))
    return set()


def report(run: Path) -> Any:
    return CliRunner().invoke(assay.app, ["report", str(run), "--quiet"])


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_gate_killed_at_any_moment_is_reported_as_partial_and_leaves_no_process(
    moment: float, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with started(GATE, tmp_path) as child:
        family = after(moment, child)
        child.kill()
        child.wait()
        wait_until(lambda: gone(family))
    if not (run / "run.json").exists():
        # What was never begun is no run: there is a line, and no traceback.
        assert report(run).exit_code == 2
        return
    document = load_run(run)
    assert document["partial"] is (document["verdict"] == "inconclusive")
    assert report(run).exit_code == 0
    assert {"report.html", "report.md", "junit.xml", "findings.sarif", "exchanges.har"} <= {
        path.name for path in run.iterdir()
    }
    whole = (run / "history.jsonl").read_bytes().splitlines(keepends=True) if (run / "history.jsonl").exists() else []
    assert all(json.loads(line) for line in whole if line.endswith(b"\n"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", MOMENTS[:6])
@pytest.mark.parametrize("command", [GATE, LOAD], ids=["gate", "load"])
def test_a_run_asked_to_end_at_any_moment_ends_with_its_report(
    command: tuple[str, ...], moment: float, number: signal.Signals, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with started(command, tmp_path) as child:
        family = after(moment, child)
        for _ in range(2):
            if child.poll() is None:
                child.send_signal(number)
                time.sleep(0.02)
        _, said = child.communicate(timeout=PATIENCE)
        wait_until(lambda: gone(family))
    assert b"Traceback" not in said
    assert left_over(tmp_path) == []
    if not run.exists():
        # Before Python has read the first of our modules, a signal is its own.
        assert child.returncode in {130, -number}
        return
    document = load_run(run)
    assert document["exit_code"] == child.returncode
    assert document["partial"] is False
    assert (run / "report.html").exists()
    if command is GATE:
        assert document["requests"] == lines(run)


@pytest.mark.parametrize("command", [LOAD, (*LOAD, "--processes", "2"), PROVE, VERIFY], ids=" ".join)
@pytest.mark.parametrize("moment", [2.0, 5.0, 9.0])
def test_nothing_lives_on_after_a_parent_that_was_killed(
    command: tuple[str, ...], moment: float, tmp_path: Path
) -> None:
    with started(command, tmp_path) as child:
        family = after(moment, child)
        child.kill()
        child.wait()
        wait_until(lambda: gone(family))


def test_a_proof_whose_worker_is_killed_says_so_and_keeps_what_was_shown(tmp_path: Path) -> None:
    with started(PROVE, tmp_path) as child:
        run = tmp_path / "run"
        wait_until(lambda: (run / "proof.jsonl").exists() or child.poll() is not None)
        workers = [one for one in family_of(psutil.Process(child.pid)) if "spawn_main" in " ".join(one.cmdline())]
        workers[0].kill()
        _, said = child.communicate(timeout=PATIENCE)
    document = json.loads((run / "proof.json").read_text("utf-8"))
    assert b"Traceback" not in said
    assert child.returncode == document["exit_code"]
    assert document["verdict"] == "inconclusive"
    assert any("a worker process was killed" in case["note"] for case in document["cases"])
    assert document["summary"]["not_shown"] < len(document["cases"])


def test_two_gates_and_a_load_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    gate, load = ("gate", "--depth", "quick", "--time", "400s", "--quiet"), LOAD[:-2]
    plain = environment(HOME=str(tmp_path / "home"), XDG_CACHE_HOME=str(tmp_path / "home"))
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(started(command, tmp_path, env=plain)) for command in (gate, gate, load)]
        said = [child.communicate(timeout=5 * PATIENCE) for child in children]
    runs = sorted((tmp_path / "reports" / "runs").iterdir())
    assert len(runs) == 3
    documents = [load_run(run) for run in runs]
    assert len({document["target"] for document in documents}) == 3
    assert [child.returncode for child in children[:2]] == [0, 0], said
    for run, document in zip(runs, documents, strict=True):
        # A generator that is starved of its processor says so, which is not to be disturbed.
        assert document["verdict"] == "kept" or (document["command"] == "load" and document["verdict"] != "broken")
        if document["command"] == "gate":
            assert document["requests"] == lines(run)
    assert not [text for text in said if b"Traceback" in text[1]]
    assert left_over(tmp_path) == []
