"""The power of `assay trend`, measured on thousands of synthetic nights by its benchmark."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "trend_power.py"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("noise", ["5 %", "10 %", "8 %, alike 0.3", "8 %, alike 0.2, wild 4 %"])
def test_a_thousand_quiet_nights_and_planted_steps_are_within_the_limits(noise: str) -> None:
    """Ten thousand quiet nights in all; the exit code tells whether the limits were kept."""
    command = [sys.executable, str(BENCHMARK), "--series", "25", "--quiet-nights", "100", "--only", noise]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
