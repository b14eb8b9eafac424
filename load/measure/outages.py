"""Outages: stretches of a run in which most requests failed, and whether the target came back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from load.measure.timeline import Row

DOWN: Final = 0.5
"""Share of a second's requests that fail while a target counts as down."""

_TOLD: Final = 5


class Outage(NamedTuple):
    """A stretch of time in which the target was down.

    Attributes:
        start: seconds from the run's start.
        end: likewise; when requests were answered again, or the run was over.
        over: whether the target came back.
    """

    start: int
    end: int
    over: bool


def outages(rows: Sequence[Row]) -> list[Outage]:
    """Return when a target was down that was up before.

    Seconds without a request belong to what is around them: where none ends, all that are under way may be waiting.

    Args:
        rows: of a run's timeline.
    """
    found: list[Outage] = []
    since: int | None = None
    was_up = False
    end = 0
    for row in rows:
        if not row["requests"]:
            continue
        end = row["t"] + row["span_s"]
        down = row["failures"] >= DOWN * row["requests"]
        if down and since is None and was_up:
            since = row["t"]
        elif not down:
            if since is not None:
                found.append(Outage(since, row["t"], over=True))
                since = None
            was_up = True
    if since is not None:
        found.append(Outage(since, end, over=False))
    return found


def remark(found: Sequence[Outage]) -> str:
    """Return the outages in a sentence, nothing without any."""
    if not found:
        return ""
    told = [
        f"from {one.start} s to {one.end} s" if one.over else f"from {one.start} s to the end" for one in found[:_TOLD]
    ]
    more = "" if len(found) <= _TOLD else f" and {len(found) - _TOLD} times more"
    back = "" if not found[-1].over else " and came back" if len(found) == 1 else " and came back each time"
    return f"at least half of the requests failed {', '.join(told)}{more}: the target was down{back}"
