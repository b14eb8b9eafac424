"""The figures of a stretch of a run, as objectives ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from load.measure.answers import Answers
from load.measure.histogram import Histogram

ALL: Final = "all"
"""Stands for the sum of the operations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was counted over a stretch of measured time.

    Attributes:
        seconds: how much time it was.
        asked: journeys that the schedule asked for in it; None in the closed model.
        arrivals: journeys that came due.
        dropped: those of them that never began.
        findings: violations seen.
        operations: by name; ``ALL`` is their sum.
        lag: times from when a request was due to when it was sent.
        growth: of response times from the beginning to the end, as a share; None where it was not looked at.
    """

    seconds: float
    asked: float | None = None
    arrivals: int = 0
    dropped: int = 0
    findings: int = 0
    operations: Mapping[str, Answers] = field(default_factory=dict)
    lag: Histogram = field(default_factory=Histogram)
    growth: float | None = None

    @property
    def achieved_rate(self) -> float | None:
        """Journeys begun per second; None without time."""
        return (self.arrivals - self.dropped) / self.seconds if self.seconds > 0 else None

    @property
    def achieved_share(self) -> float | None:
        """Journeys begun as a share of those the schedule asked for; None where it asked for none."""
        return (self.arrivals - self.dropped) / self.asked if self.asked else None

    @property
    def dropped_share(self) -> float:
        """Dropped journeys as a share of those that came due; 0 where none did."""
        return self.dropped / self.arrivals if self.arrivals else 0.0

    def answers(self, operation: str) -> Answers | None:
        """Return an operation's counts, None when it was never called."""
        found = self.operations.get(operation)
        return found if found is not None and found.requests else None

    def request_rate(self, operation: str) -> float | None:
        """Return an operation's requests per second; None without time."""
        found = self.operations.get(operation)
        return (found.requests if found is not None else 0) / self.seconds if self.seconds > 0 else None
