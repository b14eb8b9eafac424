"""Which connection carried a call: read from a run's history, for its result does not tell."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

from reports.foreign import open_foreign
from reports.partial import HISTORY, MAX_LINE

_INDEX: Final = re.compile(rb'^\{"index": ?(\d{1,18}),')
_MAX_BYTES: Final = 512 * 1024 * 1024
"""Bytes of a history that are looked through; a lane that stands beyond is not shown."""


def lanes_of(run_dir: Path, wanted: Collection[int]) -> dict[int, str]:
    """Return the lane of some calls; those that the history does not tell are left out.

    Args:
        run_dir: the run directory.
        wanted: positions in the history.
    """
    missing = set(wanted)
    found: dict[int, str] = {}
    seen = 0
    try:
        with open_foreign(run_dir / HISTORY) as stream:
            while missing and seen < _MAX_BYTES and (line := stream.readline(MAX_LINE)):
                seen += len(line)
                match = _INDEX.match(line)
                if match is not None and (index := int(match[1])) in missing:
                    missing.remove(index)
                    if lane := _lane(line):
                        found[index] = lane
    except OSError:
        return found
    return found


def _lane(line: bytes) -> str | None:
    try:
        lane = json.loads(line).get("lane")
    except (ValueError, RecursionError):
        return None
    return lane if isinstance(lane, str) else None
