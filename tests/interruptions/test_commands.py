"""A gate that is killed, or whose terminal goes away: nothing collected is lost, and nothing lives on."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import termios
from pathlib import Path
from typing import Any

import psutil
from typer.testing import CliRunner

import assay
from contracts.config import Settings
from contracts.errors import UsageError
from contracts.record.recheck import recheck
from reports.rundocs import build, load_run
from tests.interruptions.child import (
    GATE,
    PATIENCE,
    environment,
    family_of,
    gone,
    left_over,
    lines,
    result,
    started,
    wait_until,
)

DOCUMENTS = {"run.json", "history.jsonl", "report.html", "report.md", "junit.xml", "findings.sarif", "exchanges.har"}
NARROW = 20
SOME = 40
"""Lines of a history after which something happens to the run."""


def test_kill_9_leaves_a_history_that_is_reported_and_no_process(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with started(GATE, tmp_path) as child:
        wait_until(lambda: lines(run) > SOME)
        sandbox = family_of(psutil.Process(child.pid))
        child.kill()
        child.wait(PATIENCE)
        wait_until(lambda: gone(sandbox))
    assert sandbox
    document = load_run(run)
    assert (document["partial"], document["verdict"]) == (True, "inconclusive")
    build(run)
    assert {path.name for path in run.iterdir()} == DOCUMENTS
    # The line that the kill has cut, if any, is no operation.
    assert recheck(run, document, Settings())["requests"] == lines(run) > SOME


def test_a_terminal_that_goes_away_ends_the_run_with_its_report(tmp_path: Path) -> None:
    run = tmp_path / "run"
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, NARROW, 0, 0))

    def be_led_by_the_terminal() -> None:
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)

    screen: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), terminal)
    plain = environment(TERM="xterm", PYTHONIOENCODING="", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", LC_ALL="C")
    with started(GATE, tmp_path, env=plain, preexec_fn=be_led_by_the_terminal, **screen) as child:
        os.close(terminal)
        wait_until(lambda: lines(run) > SOME)
        sandbox = family_of(psutil.Process(child.pid))
        shown = os.read(master, 65536)
        os.close(master)
        assert child.wait(PATIENCE) == 130
        wait_until(lambda: gone(sandbox))
    document = result(run)
    assert (document["exit_code"], document["partial"]) == (130, False)
    assert document["requests"] == lines(run) > SOME
    assert {path.name for path in run.iterdir()} == DOCUMENTS
    assert b"Traceback" not in shown
    assert shown.isascii()


def test_an_impatient_user_gets_the_whole_report(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with started((*GATE, "--quiet"), tmp_path) as child:
        wait_until(lambda: lines(run) > SOME)
        for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
            child.send_signal(number)
        wait_until(lambda: (run / "report.html").exists() or child.poll() is not None)
        child.send_signal(signal.SIGINT)
        shown, said = child.communicate(timeout=PATIENCE)
    assert (child.returncode, said) == (130, b"")
    assert b"interrupted" in shown
    assert result(run)["requests"] == lines(run) > SOME
    assert {path.name for path in run.iterdir()} == DOCUMENTS
    assert left_over(tmp_path) == []


def test_a_baseline_that_cannot_be_written_is_found_before_the_first_request(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "file" / "accepted.toml", tmp_path / "nowhere" / "accepted.toml"):
        options = ["gate", "--out", str(tmp_path / "run"), "--baseline", str(place), "--update-baseline"]
        refused = CliRunner().invoke(assay.app, options).exception
        assert isinstance(refused, UsageError), place
        assert str(place) in str(refused)
    assert [path.name for path in tmp_path.rglob("*")] == ["file"]


def test_a_place_that_cannot_be_written_is_found_before_the_first_request(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with started(("gate", "--out", "file/run"), tmp_path) as child:
        shown, told = child.communicate(timeout=PATIENCE)
    assert (child.returncode, shown) == (2, b"")
    assert told == b"assay: cannot create file/run: Not a directory\n"
    assert [path.name for path in tmp_path.rglob("*")] == ["file"]
