"""Runs `assay load` as `python -m load` does and writes down when its clock began, for logs of others to be read by.

    python benchmarks/stage/begun.py FILE [options of assay load]

FILE then holds the CLOCK_MONOTONIC time, in seconds, from which the run counts its due times.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

# Imports nothing but the time, so that gevent still comes first in what follows.
from load.clock import Clock


def main() -> None:
    """Run it."""
    file = Path(sys.argv.pop(1))
    begin = Clock.begin

    def noted(clock: Clock) -> None:
        begin(clock)
        file.write_text(repr(clock.epoch))

    Clock.begin = noted  # type: ignore[method-assign, assignment]
    runpy.run_module("load", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
