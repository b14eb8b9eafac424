"""How much slower a run ends than it began: the growth of response times at one level of load."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from load.measure.timeline import Row

LEAST_ROWS: Final = 9
"""Rows with answers below which nothing is said: a third of fewer has no median that a single stall leaves alone."""

FLOOR_MS: Final = 100.0
"""What counts at least as the time at the beginning: a few milliseconds more than next to nothing are no growth."""


def growth(rows: Sequence[Row]) -> float | None:
    """Return by which share the 90th percentile of response times grew from the first third to the last.

    Each third stands for the median of its rows, so that stalls, and seconds in which the machine was busy with
    something else, do not pass for growth as long as they are the fewer.

    Args:
        rows: of a run's timeline; those not measured, or without an answer, are left out.

    Returns:
        The growth as a share of the time at the beginning, of which ``FLOOR_MS`` is the least: 1.0 where it doubled.
        Below 0 where the run became faster; None where too little was measured.
    """
    times = [row["p90"] for row in rows if row["measured"] and row["p90"] is not None]
    if len(times) < LEAST_ROWS:
        return None
    third = len(times) // 3
    first, last = median(times[:third]), median(times[-third:])
    return float((last - first) / max(first, FLOOR_MS))
