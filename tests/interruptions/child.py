"""Commands as processes of their own, to be asked to end, killed, or left without anybody who reads them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import psutil

ROOT: Final = Path(__file__).resolve().parents[2]
KEYS: Final = ("ASSAY_API_KEY", "ASSAY_OTHER_API_KEY", "ASSAY_ADMIN_KEY")
PATIENCE: Final = 100.0
"""Seconds that anything may take on a machine that is busy; nothing is concluded from how long it took."""

GATE: Final = ("gate", "--depth", "quick", "--out", "run")


def environment(**more: str) -> dict[str, str]:
    """Return an environment without anybody's keys."""
    kept = {name: value for name, value in os.environ.items() if name not in KEYS}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


@contextlib.contextmanager
def started(
    arguments: Sequence[str], cwd: Path, module: str = "assay", **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command in a directory; end it, and whatever it started, when the context is left.

    Args:
        arguments: of the command line.
        cwd: where it runs.
        module: what is run.
        options: of ``subprocess.Popen``.
    """
    how: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL} | options
    how.setdefault("env", environment())
    child = subprocess.Popen[bytes]([sys.executable, "-m", module, *arguments], cwd=cwd, **how)
    family = psutil.Process(child.pid)
    known: set[psutil.Process] = set()
    try:
        yield child
        known = family_of(family)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            known |= family_of(family)
        for process in known:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        child.kill()
        child.wait()
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()


def family_of(process: psutil.Process) -> set[psutil.Process]:
    """Return the processes that one has started, and those that they have."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return set(process.children(recursive=True))
    return set()


def wait_until(true: Callable[[], object]) -> None:
    """Wait for something that comes, however busy the machine is."""
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.01)


def gone(processes: set[psutil.Process]) -> bool:
    """Tell whether processes have all ended; one that nobody has waited for yet has."""
    return not [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def lines(run: Path) -> int:
    """Return how many whole lines a run's history has so far."""
    path = run / "history.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def result(run: Path) -> dict[str, Any]:
    """Return the ``run.json`` of a run."""
    document: dict[str, Any] = json.loads((run / "run.json").read_text("utf-8"))
    return document


def left_over(directory: Path) -> list[str]:
    """Return the names of temporary files below a directory."""
    return [path.name for path in directory.rglob("*") if path.name.endswith(".tmp")]
