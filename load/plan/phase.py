"""The named parts of a load run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of a run.

    Attributes:
        name: as reports name it.
        start: when it begins, seconds from the run's start.
        end: when it ends, seconds; the next phase begins there.
        measured: False for a warm-up, whose numbers count nowhere but in the timeline.
        rate: the journey arrivals per second it is after, at its highest; None in the closed model.
        users: the users it is after, at their most; None in the open model.
    """

    name: str
    start: float
    end: float
    measured: bool
    rate: float | None = None
    users: float | None = None


def phase_at(phases: Sequence[Phase], t: float) -> int:
    """Return the index of the phase that a time lies in; of the one before, where it lies in none.

    Args:
        phases: in order.
        t: seconds from the run's start.
    """
    return max(bisect_right(phases, t, key=lambda phase: phase.start) - 1, 0)


def phase_of_second(phases: Sequence[Phase], t: int) -> Phase | None:
    """Return the phase that a second mostly lies in; None between two steps of a search, and after the end.

    Args:
        phases: in order; between two of them there may be a gap.
        t: which second.
    """
    phase = phases[phase_at(phases, t + 0.5)]
    return None if t >= phase.end else phase


def measured_seconds(phases: Sequence[Phase], until: float) -> float:
    """Return how much time was measured in a run that went on until a time.

    Args:
        phases: of the run.
        until: seconds from the run's start; a run that was stopped ends within a phase.
    """
    return sum(max(min(phase.end, until) - phase.start, 0.0) for phase in phases if phase.measured)
