"""Every hostile target met by every command, each as a process of its own: the whole table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.hostile.catalogue import HOSTILES
from fixtures.hostile.model import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = sorted({hostile.family for hostile in HOSTILES.values()})


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("family", [*FAMILIES, "our-clock-goes-back"])
def test_every_target_of_a_family_ends_as_designed(family: str, command: str) -> None:
    table = subprocess.run(
        [sys.executable, "benchmarks/hostile_table.py", "--only", family, "--modes", command, "--slack", "3"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    departed = [line for line in table.stdout.splitlines() if "as designed" not in line]
    assert (table.returncode, departed) == (0, []), table.stdout + table.stderr
