"""Load shapes: levels as piecewise-linear functions of time, with their areas and the inverse of these."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Final

from load.plan.phase import Phase


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time over which a level changes evenly.

    Attributes:
        start: seconds from the run's start.
        end: seconds; above ``start``.
        first: level at its start: journeys per second, or users.
        last: level at its end.
    """

    start: float
    end: float
    first: float
    last: float

    @property
    def area(self) -> float:
        """Arrivals over the whole segment, where the level is a rate."""
        return (self.end - self.start) * (self.first + self.last) / 2

    def area_to(self, t: float) -> float:
        """Return the arrivals from its start to a time within it."""
        gone = t - self.start
        slope = (self.last - self.first) / (self.end - self.start)
        return gone * (self.first + slope * gone / 2)

    def time_of(self, area: float) -> float:
        """Return when its area since the start reaches a value within it."""
        slope = (self.last - self.first) / (self.end - self.start)
        # The root of slope/2 · x² + first · x = area in the form that loses no digits when the slope is small.
        root = math.sqrt(max(self.first * self.first + 2 * slope * area, 0.0))
        below = self.first + root
        gone = 2 * area / below if below > 0 else 0.0
        return min(self.start + gone, self.end)


@dataclass(frozen=True)
class Shape:
    """A level over time, in phases.

    Between the segments the level may jump; after the last it is 0.

    Attributes:
        segments: in order, each beginning where the one before ends.
        phases: in order, the same way.
    """

    segments: tuple[Segment, ...]
    phases: tuple[Phase, ...]
    _starts: tuple[float, ...] = field(init=False, repr=False)
    _areas: tuple[float, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.segments or not self.phases:
            raise ValueError("a shape needs a segment and a phase")
        for before, after in pairwise(self.segments):
            if before.end != after.start:
                raise ValueError(f"segment ends at {before.end} s, the next begins at {after.start} s")
        for segment in self.segments:
            if not segment.start < segment.end or segment.first < 0 or segment.last < 0:
                raise ValueError(f"{segment} goes back in time or below zero")
        object.__setattr__(self, "_starts", tuple(segment.start for segment in self.segments))
        areas = accumulate((segment.area for segment in self.segments), initial=0.0)
        object.__setattr__(self, "_areas", tuple(areas))

    @property
    def start(self) -> float:
        """When it begins, seconds from the run's start."""
        return self.segments[0].start

    @property
    def end(self) -> float:
        """When it ends, seconds."""
        return self.segments[-1].end

    @property
    def total(self) -> float:
        """Arrivals asked for over the whole of it, where the level is a rate."""
        return self._areas[-1]

    @property
    def highest(self) -> float:
        """The highest level."""
        return max(max(segment.first, segment.last) for segment in self.segments)

    def level(self, t: float) -> float:
        """Return the level at a time; the later one's where it jumps, 0 outside."""
        if not self.start <= t < self.end:
            return 0.0
        segment = self.segments[bisect_right(self._starts, t) - 1]
        return segment.first + (segment.last - segment.first) * (t - segment.start) / (segment.end - segment.start)

    def area(self, t: float) -> float:
        """Return Λ(t): arrivals asked for from the start to a time."""
        if t <= self.start:
            return 0.0
        if t >= self.end:
            return self.total
        index = bisect_right(self._starts, t) - 1
        return self._areas[index] + self.segments[index].area_to(t)

    def asked(self, start: float, end: float) -> float:
        """Return the arrivals asked for between two times."""
        return self.area(end) - self.area(start)

    def when(self, area: float) -> float | None:
        """Return Λ⁻¹: the first time at which Λ reaches a value; None when it never does.

        Args:
            area: above 0.
        """
        if area > self.total:
            return None
        index = max(bisect_left(self._areas, area) - 1, 0)
        return self.segments[index].time_of(area - self._areas[index])


@dataclass(frozen=True, slots=True)
class Part:
    """A phase as a plan describes it, before it has a place in time.

    Attributes:
        name: as reports name it.
        seconds: how long it lasts.
        first: level at its start.
        last: level at its end.
        measured: whether its numbers count.
    """

    name: str
    seconds: float
    first: float
    last: float
    measured: bool = True


def put_together(parts: Iterable[Part], *, start: float = 0.0, open_model: bool = True) -> Shape:
    """Return the shape of parts that follow each other.

    Args:
        parts: those without length are left out.
        start: when the first begins, seconds from the run's start.
        open_model: whether levels are rates; else they are users.
    """
    segments: list[Segment] = []
    phases: list[Phase] = []
    for part in parts:
        if part.seconds <= 0:
            continue
        end = start + part.seconds
        top = max(part.first, part.last)
        level = {"rate": top} if open_model else {"users": top}
        segments.append(Segment(start, end, part.first, part.last))
        phases.append(Phase(part.name, start, end, part.measured, **level))
        start = end
    return Shape(tuple(segments), tuple(phases))


WARM_UP: Final = "warm-up"


def warm_up(seconds: float, level: float) -> Part:
    """Return a warm-up: it climbs evenly from nothing to the first level, so that connections open spread out."""
    return Part(WARM_UP, seconds, 0.0, level, measured=False)


def steady(level: float, duration: float) -> list[Part]:
    """Return one level held."""
    return [Part("steady", duration, level, level)]


def ramp(level: float, duration: float, base: float) -> list[Part]:
    """Return an even climb from ``base`` over two thirds of the time, then the level held."""
    climb = duration * 2 / 3
    return [Part("climb", climb, base, level), Part("top", duration - climb, level, level)]


def spike(level: float, duration: float, base: float) -> list[Part]:
    """Return ``base``, a sudden jump to the level for a fifth of the time in its middle, and ``base`` again."""
    side = duration * 2 / 5
    return [
        Part("before", side, base, base),
        Part("spike", duration - 2 * side, level, level),
        Part("after", side, base, base),
    ]


STRESS_LEVELS: Final = (0.5, 0.75, 1.0, 1.25, 1.5)
"""Of the level, which a stress run goes beyond on purpose."""


def stress(level: float, duration: float) -> list[Part]:
    """Return steps to one and a half times the level, then half of it: does the target come back?"""
    each = duration / (len(STRESS_LEVELS) + 1)
    steps = [Part(f"{share:.0%}", each, share * level, share * level) for share in STRESS_LEVELS]
    rest = STRESS_LEVELS[0] * level
    return [*steps, Part("recovery", duration - each * len(steps), rest, rest)]


SOAK_PARTS: Final = 4


def soak(level: float, duration: float) -> list[Part]:
    """Return one level held for long, in quarters, so that the last can be held against the first."""
    each = duration / SOAK_PARTS
    lengths = [*[each] * (SOAK_PARTS - 1), duration - each * (SOAK_PARTS - 1)]
    return [Part(f"quarter {number}", length, level, level) for number, length in enumerate(lengths, 1)]


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a plan's own shape.

    Attributes:
        name: as reports name it.
        seconds: how long it lasts.
        level: at its end.
        hold: whether the level is jumped to and held, rather than climbed to.
        measured: whether its numbers count.
    """

    name: str
    seconds: float
    level: float
    hold: bool = False
    measured: bool = True


def staged(stages: Sequence[Stage], first: float) -> list[Part]:
    """Return stages as parts: each climbs from where the one before ended, or jumps and holds.

    Args:
        stages: in order.
        first: the level before the first of them.
    """
    parts = []
    for stage in stages:
        start = stage.level if stage.hold else first
        parts.append(Part(stage.name, stage.seconds, start, stage.level, stage.measured))
        first = stage.level
    return parts


def breakpoint_step(number: int, rate: float, hold: float, *, start: float, before: float = 0.0) -> Shape:
    """Return one step of a breakpoint search.

    Its first fifth, three seconds at most, climbs from the rate before and is not measured: a queue that the
    step before left behind is not this step's.

    Args:
        number: which step it is, from 1.
        rate: journeys per second to try.
        hold: how long it is held, seconds, the climb not included.
        start: when it begins, seconds from the run's start.
        before: rate of the step before.
    """
    settle = min(hold / 5, 3.0)
    name = f"step {number}"
    return put_together(
        [Part(f"{name} settling", settle, min(before, rate), rate, measured=False), Part(name, hold, rate, rate)],
        start=start,
    )
