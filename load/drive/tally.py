"""The tally of lives: arrivals, drops, and how each journey's lives ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from load.drive.life import End


class Tally:
    """Counts the lives of one process.

    Attributes:
        arrivals: lives that were due.
        dropped: those of them that never began.
    """

    def __init__(self) -> None:
        self.arrivals = 0
        self.dropped = 0
        self._counts: dict[str, dict[str, int]] = {}

    def begin(self, name: str) -> None:
        """Count a life that begins."""
        counts = self._counts.get(name)
        if counts is None:
            counts = self._counts[name] = {"started": 0, **{end.value: 0 for end in End}}
        counts["started"] += 1

    def end(self, name: str, how: End) -> None:
        """Count a life that is over."""
        self._counts[name][how.value] += 1

    def drop(self, number: int) -> None:
        """Count arrivals that never began."""
        self.dropped += number

    def as_data(self) -> dict[str, Any]:
        """Return the counts as plain data, totals since the start."""
        return {
            "arrivals": self.arrivals,
            "dropped": self.dropped,
            "journeys": {name: dict(counts) for name, counts in self._counts.items()},
        }


def total(tallies: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sum of what the processes counted.

    Args:
        tallies: by worker, what its ``as_data`` returned last.
    """
    journeys: dict[str, dict[str, int]] = {}
    for tally in tallies.values():
        for name, counts in tally["journeys"].items():
            mine = journeys.setdefault(name, {})
            for word, number in counts.items():
                mine[word] = mine.get(word, 0) + number
    return {
        "arrivals": sum(tally["arrivals"] for tally in tallies.values()),
        "dropped": sum(tally["dropped"] for tally in tallies.values()),
        "journeys": journeys,
    }
