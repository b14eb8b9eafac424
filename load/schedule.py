"""The schedule of a run as it stands: the plan's timetable, and the steps that a search has added."""

from __future__ import annotations

import math
from typing import Final

from load.plan.phase import Phase
from load.plan.plan import Plan
from load.plan.shapes import Shape, breakpoint_step

RECENT: Final = 60
"""Seconds kept whole for those who look back."""


class Schedule:
    """Shapes that follow each other.

    Args:
        plan: whose timetable comes first.

    Attributes:
        phases: of all shapes, in order; those who hold the list see it grow.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._shapes = [plan.timetable()]
        self.phases: list[Phase] = list(self._shapes[0].phases)

    @property
    def recent(self) -> int:
        """Seconds to be kept whole: a search's step is judged by all of its own."""
        search = self._plan.search
        return RECENT if search is None else max(RECENT, math.ceil(search.hold) + 5)

    @property
    def end(self) -> float:
        """When the last shape ends, seconds from the run's start."""
        return self._shapes[-1].end

    def step(self, number: int, rate: float, start: float, before: float) -> Shape:
        """Add a step of a breakpoint search and return it.

        Args:
            number: from 1.
            rate: journeys per second.
            start: when it begins, seconds from the run's start.
            before: rate of the step before.
        """
        assert self._plan.search is not None
        shape = breakpoint_step(number, rate, self._plan.search.hold, start=start, before=before)
        self._shapes.append(shape)
        self.phases += shape.phases
        return shape

    def asked(self, start: float, end: float) -> float | None:
        """Return the journeys asked for between two times; None in the closed model."""
        return sum(shape.asked(start, end) for shape in self._shapes) if self._plan.open_model else None

    def asked_rate(self, until: float) -> float | None:
        """Return the mean rate asked for over the measured phases before a time; None in the closed model."""
        if not self._plan.open_model:
            return None
        spans = [(p.start, min(p.end, until)) for p in self.phases if p.measured and p.start < until]
        seconds = sum(end - start for start, end in spans)
        return sum(self.asked(start, end) or 0.0 for start, end in spans) / seconds if seconds else 0.0
