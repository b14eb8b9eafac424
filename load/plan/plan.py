"""A load plan: what is sent, how much of it, for how long, and what must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from load.plan.expression import Objective
from load.plan.shapes import (
    Part,
    Shape,
    Stage,
    put_together,
    ramp,
    soak,
    spike,
    staged,
    steady,
    stress,
    warm_up,
)

RATE: Final = "rate"
USERS: Final = "users"
MODELS: Final = (RATE, USERS)

BREAKPOINT: Final = "breakpoint"
STAGES: Final = "stages"
LEVEL: Final = ("steady", "soak")
"""Shapes that stay at one level."""

SHAPES: Final = ("steady", "ramp", "spike", "stress", "soak", BREAKPOINT, STAGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How a breakpoint is searched for.

    Attributes:
        start: the first rate tried, journeys per second.
        step: what is added for the next; None where ``factor`` is given.
        factor: what the rate is multiplied by for the next, above 1; None where ``step`` is given.
        precision: how close the rates that hold and fail must come, journeys per second; None where ``share`` is.
        share: the same as a share of the rate that holds.
        hold: how long each rate is held, seconds.
        highest: the highest rate tried.
    """

    start: float
    step: float | None
    factor: float | None
    precision: float | None
    share: float | None
    hold: float
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A load plan.

    Attributes:
        name: as reports name it.
        model: ``rate``: arrivals come on a schedule, however the target fares (open); ``users``: so many users, each
            waiting for the answer before going on (closed).
        shape: one of ``SHAPES``.
        level: journeys per second, or users, that the shape is after; of stages and breakpoint the highest.
        base: the lower level of ``ramp`` and ``spike``.
        duration: of the measured shape, seconds; 0 for a breakpoint, whose search decides.
        warmup: before it, seconds, not measured.
        arrival: ``constant`` or ``poisson``; of the open model.
        think: shortest and longest pause between two steps of a journey, seconds.
        patience: how long a buyer waits for the credentials, seconds.
        timeout: for one answer, seconds.
        max_in_flight: journeys under way at once; arrivals beyond them wait.
        max_wait: how long an arrival waits to begin before it is dropped, seconds.
        max_dropped: share of arrivals dropped above which the run failed.
        max_connections: of one process.
        seed: of every random choice, None for one drawn at the start.
        journeys: weight by name.
        countries: weight by code, empty for all in stock.
        stages: of the shape ``stages``.
        objectives: what must hold.
        standing: what must hold because the plan does not say otherwise; see ``load.plan.standing``.
        search: of the shape ``breakpoint``.
    """

    name: str
    model: str
    shape: str
    level: float
    base: float
    duration: float
    warmup: float
    arrival: str
    think: tuple[float, float]
    patience: float
    timeout: float
    max_in_flight: int
    max_wait: float
    max_dropped: float
    max_connections: int
    seed: int | None
    journeys: Mapping[str, float]
    countries: Mapping[str, float] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    objectives: tuple[Objective, ...] = ()
    standing: tuple[Objective, ...] = ()
    search: Search | None = None

    @property
    def open_model(self) -> bool:
        """Whether arrivals keep a schedule."""
        return self.model == RATE

    @property
    def asked(self) -> tuple[Objective, ...]:
        """Everything that must hold, the standing objectives last."""
        return (*self.objectives, *self.standing)

    def timetable(self) -> Shape:
        """Return the levels over the whole run, warm-up first.

        The warm-up climbs to the first level; where that is nothing, to a tenth of the first stage's end. A
        breakpoint's timetable is its warm-up alone, a second at least; the search adds its steps
        (``shapes.breakpoint_step``).
        """
        if self.search is not None:
            return put_together([warm_up(max(self.warmup, 1.0), self.search.start)])
        parts = self._parts()
        first = parts[0].first or parts[0].last / 10
        return put_together([warm_up(self.warmup, first), *parts], open_model=self.open_model)

    def _parts(self) -> list[Part]:
        match self.shape:
            case "steady":
                return steady(self.level, self.duration)
            case "ramp":
                return ramp(self.level, self.duration, self.base)
            case "spike":
                return spike(self.level, self.duration, self.base)
            case "stress":
                return stress(self.level, self.duration)
            case "soak":
                return soak(self.level, self.duration)
            case _:
                return staged(self.stages, 0.0)
