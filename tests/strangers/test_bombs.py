"""Documents that are small and ask for much: read in bounded memory and time, in a process that has no more."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.strangers.bombs import BOMBS, COMPARABLE, SLOW, M
from tests.strangers.readers import READERS, attempt

ROOT = Path(__file__).resolve().parents[2]
MEMORY_MB = 700
"""Address space of the child; numpy and the interpreter take some two hundred of it."""

SECONDS = 60
"""Processor time of the child for all of its documents."""

_CHILD = textwrap.dedent(
    """
    import json, resource, sys
    from tests.strangers.bombs import BOMBS
    from tests.strangers.readers import READERS, attempt
    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    for name in sys.argv[3:]:
        reader, make = BOMBS[name]
        try:
            came = str(attempt(READERS[reader], make()))
        except BaseException as error:
            came = f"CRASH {type(error).__name__}: {error}"
        print(json.dumps([name, came[:300]]), flush=True)
    """
)


def explode(names: Sequence[str]) -> dict[str, str]:
    """Return what a child without much memory and time makes of each document; those that ended it are not there."""
    command = [sys.executable, "-c", _CHILD, str(MEMORY_MB * M), str(SECONDS), *names]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=115, check=False)
    return dict(json.loads(line) for line in ended.stdout.splitlines())


QUICK = [name for name in BOMBS if name not in SLOW]


@pytest.fixture(scope="module")
def came() -> dict[str, str]:
    return explode(QUICK)


@pytest.mark.parametrize("name", QUICK)
def test_a_small_document_that_asks_for_much_is_refused_in_bounds(name: str, came: dict[str, str]) -> None:
    assert name in came, f"the reader was ended by it, or by one before: {sorted(came)}"
    assert not came[name].startswith("CRASH"), came[name]
    assert (came[name] == "None") is (name in COMPARABLE)


def test_numbers_that_no_float_holds_are_refused_by_their_setting() -> None:
    huge = b"0x" + b"f" * 5000
    for reader, content in (
        ("settings", b"seed = " + huge),
        ("settings", b"[tolerance]\nVALUE-5 = { clock_skew_s = " + huge + b" }"),
        ("plan", b"[plan]\nrate = " + huge),
        ("plan", b'[plan]\nrate = "1/s"\ncountries = { US = ' + huge + b" }"),
        ("plan", b'objectives = [{ metric = "p99", limit = ' + huge + b' }]\n[plan]\nrate = "1/s"'),
    ):
        refusal = attempt(READERS[reader], content)
        assert refusal is not None
        assert "expected" in str(refusal)
