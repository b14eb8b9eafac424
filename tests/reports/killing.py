"""Writes a run again and again, each time in a process that kills itself one moment later than the last.

Run as ``python -m tests.reports.killing DIRECTORY STEP``; a moment is a line executed by the code that writes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any, Final

from contracts.record.rundir import RunDirectory
from reports.rundocs import build
from tests.record import scene

WRITERS: Final = ("contracts/record/rundir.py", "contracts/record/historyfile.py", "reports/writing.py")


def live(directory: Path) -> None:
    """Write a whole run, as a gate does."""
    made = RunDirectory.create("gate", directory, scene.STARTED)
    started = {"notes": (), "requests": 0, "purchases": 0, "spend": Decimal(0), "spend_currency": None}
    made.write_started(scene.facts(**started))
    with made.history(scene.masker()) as history:
        for operation in scene.operations():
            history.write(operation)
    made.write_result(scene.document(requests=7))
    build(made.path)


def kill_after(lines: int) -> Callable[[FrameType, str, Any], Any]:
    """Return a trace function that kills this process after so many lines of the code that writes."""
    left = lines

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.endswith(WRITERS):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def main(root: Path, step: int) -> None:
    """Kill a run at every ``step``-th moment, until one lives to its end."""
    moment = 1
    while True:
        pid = os.fork()
        if pid == 0:
            sys.settrace(kill_after(moment))
            live(root / f"{moment:04d}")
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(os.waitstatus_to_exitcode(status))
        moment += step


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
