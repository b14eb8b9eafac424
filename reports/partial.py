"""What a run left that was killed before it could write its result: its history, or its timeline."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reports.foreign import open_foreign
from reports.plaintext import counted

HISTORY: Final = "history.jsonl"
TIMELINE: Final = "timeline.csv"

MAX_LINE: Final = 8 * 1024 * 1024
"""Bytes of the longest line that is decoded; one with a megabyte of headers has seven million."""

_CREATE: Final = b'"create_purchase"'


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a history holds.

    Attributes:
        operations: requests recorded.
        purchases: creates among them that were served or whose outcome is unknown: both may cost money.
    """

    operations: int
    purchases: int

    @property
    def told(self) -> str:
        """The same as part of a sentence."""
        purchases = counted(self.purchases, "purchase")
        return f"its history holds {counted(self.operations, 'operation')}, {purchases} among them"


@dataclass(frozen=True, slots=True)
class Measured:
    """What the timeline of a load run holds.

    Attributes:
        seconds: seconds that were written down, the warm-up included.
        requests: requests answered or given up in them.
    """

    seconds: int
    requests: int

    @property
    def told(self) -> str:
        """The same as part of a sentence."""
        return f"its timeline holds {counted(self.seconds, 'second')} with {counted(self.requests, 'request')}"


Kept = Recorded | Measured


def kept(run_dir: Path) -> Kept | None:
    """Return what a run left: the timeline of a load run, whose history is but of findings, else its history.

    Args:
        run_dir: the run directory.
    """
    return measured(run_dir) or recorded(run_dir)


def measured(run_dir: Path) -> Measured | None:
    """Return what a run's timeline holds, None where there is none to read.

    A row that was cut when the run was killed is not counted.

    Args:
        run_dir: the run directory.
    """
    seconds = requests = 0
    try:
        rows = csv.DictReader(line.decode("ascii", "replace") for line in lines(run_dir / TIMELINE))
        for row in rows:
            if not (str(row.get("requests")).isdecimal() and str(row.get("span_s")).isdecimal()):
                return None
            seconds += int(row["span_s"])
            requests += int(row["requests"])
    except (OSError, ValueError, csv.Error):
        return None
    return Measured(seconds, requests)


def recorded(run_dir: Path) -> Recorded | None:
    """Return what a run's history holds, None where there is none to read.

    A line that was cut when the run was killed is not counted.

    Args:
        run_dir: the run directory.
    """
    operations = purchases = 0
    try:
        for line in lines(run_dir / HISTORY):
            operations += 1
            purchases += _CREATE in line and _is_purchase(line)
    except OSError:
        return None
    return Recorded(operations, purchases)


def lines(history: Path) -> Iterator[bytes]:
    """Yield the whole lines of a history; one that was cut when the run was killed is passed over.

    Args:
        history: a ``history.jsonl``.

    Raises:
        OSError: it cannot be read.
    """
    with open_foreign(history) as stream:
        while line := stream.readline(MAX_LINE):
            if line.endswith(b"\n"):
                yield line


def _is_purchase(line: bytes) -> bool:
    try:
        operation = json.loads(line)
    except (ValueError, RecursionError):
        return False
    if not isinstance(operation, dict):
        return False
    # A tuple: what a stranger wrote need not be hashable.
    return operation.get("operation") == "create_purchase" and operation.get("outcome") in ("ok", "unknown")
