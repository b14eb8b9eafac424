"""The first and the last moments of a process: no signal makes it show a traceback or lose its verdict."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.record.line import dumps, to_line
from contracts.record.masking import Masker
from tests.interruptions.child import ROOT, environment
from tests.record import scene

NEXT = """
from contracts.starting import Starting
with Starting():
    print("it went on")
"""

EXEC = """
import os, signal, sys
from contracts.starting import Starting, hold_back
with Starting():
    pass
hold_back()
os.kill(os.getpid(), signal.{name})
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
"""


def run(script: str, *arguments: str) -> tuple[int, bytes, bytes]:
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_while_one_program_takes_the_place_of_another_is_heard_by_the_next(name: str) -> None:
    assert run(EXEC.format(name=name), NEXT) == (130, b"", b"")


def test_without_a_signal_the_next_program_goes_on_and_hears_those_that_come() -> None:
    script = EXEC.replace("os.kill(os.getpid(), signal.{name})", "")
    later = f"{NEXT}\nimport os, signal, sys\nsys.stdout.flush()\nos.kill(os.getpid(), signal.SIGTERM)"
    assert run(script, later) == (-signal.SIGTERM, b"it went on\n", b"")
    assert run(script, NEXT) == (0, b"it went on\n", b"")


def test_what_was_switched_off_stays_off_while_modules_are_read() -> None:
    script = f"import os, signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n{NEXT}"
    script = script.replace('print("it', 'os.kill(os.getpid(), signal.SIGHUP); print("it')
    assert run(script) == (0, b"it went on\n", b"")


def test_only_what_the_interpreter_has_read_is_read_before_signals_are_taken_over() -> None:
    # Every millisecond before is one in which a signal shows a traceback.
    script = "import sys, signal\nbefore = set(sys.modules)\nimport contracts.starting\n"
    _, shown, _ = run(f"{script}print(sorted(set(sys.modules) - before))")
    assert shown == b"['contracts', 'contracts.starting']\n"
    source = (ROOT / "assay.py").read_text("utf-8")
    assert next(line for line in source.splitlines() if "import" in line) == "from contracts.starting import Starting"


def test_an_installation_that_is_broken_is_no_broken_contract() -> None:
    script = "from contracts.starting import Starting\nwith Starting():\n    import no_such_module\n"
    said = b"assay: cannot start: ModuleNotFoundError: No module named 'no_such_module'; install assay again\n"
    assert run(script) == (3, b"", said)


def test_once_modules_are_read_an_exception_is_pythons_own_again() -> None:
    code, _, said = run(f"{NEXT}\nraise ValueError('x')")
    assert code == 1
    assert said.endswith(b"ValueError: x\n")


LOADED = """
import load.__main__
import os, signal, threading
import gevent
from contracts.interruption import interruption
from load.conduct import Stopping
from load.run import _signals
interruption.listen()
stopping = Stopping()
with interruption.shielded():
    with _signals(stopping):
        os.kill(os.getpid(), signal.SIGTERM)
        gevent.sleep(0.05)
    print("asked", stopping.asked.is_set())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(os.getpid(), number)
    print("the verdict")
interruption.listen()
gevent.spawn(lambda: os.kill(os.getpid(), signal.SIGINT))
try:
    gevent.sleep(30)
except KeyboardInterrupt:
    print("ended")
"""


def test_a_load_run_that_is_over_tells_its_verdict_and_the_event_loop_shows_no_traceback() -> None:
    assert run(LOADED) == (0, b"asked True\nthe verdict\nended\n", b"")


def test_a_reader_of_a_history_whose_judge_was_killed_ends_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    line = dumps(to_line(scene.operations()[0], Masker({})))
    path.write_bytes(line * 2_000)
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "contracts.record.readahead", str(path)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")
