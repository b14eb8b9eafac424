"""Running the command as users do, and reading what it left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reports.rundocs import load_run


def assay(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay", *arguments],
        capture_output=True, text=True, timeout=90, check=False,
        env={**os.environ, "ASSAY_API_KEY": "", **environment},
    )  # fmt: skip


def result(out: Path) -> dict[str, Any]:
    """Return a run's document, valid by its schema."""
    return load_run(out)


def await_(ready: Callable[[], bool], seconds: float = 40.0) -> None:
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.05)


def rows(out: Path) -> int:
    """Return how many seconds a run has written so far."""
    file = out / "timeline.csv"
    return len(file.read_text().splitlines()) - 1 if file.exists() else 0
