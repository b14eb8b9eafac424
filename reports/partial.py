"""What the history of a run tells that was killed before it could write its result."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HISTORY: Final = "history.jsonl"

_MAX_LINE: Final = 16 * 1024 * 1024
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
    with history.open("rb") as stream:
        while line := stream.readline(_MAX_LINE):
            if line.endswith(b"\n"):
                yield line


def _is_purchase(line: bytes) -> bool:
    try:
        operation = json.loads(line)
    except (ValueError, RecursionError):
        return False
    if not isinstance(operation, dict):
        return False
    return operation.get("operation") == "create_purchase" and operation.get("outcome") in {"ok", "unknown"}
