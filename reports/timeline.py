"""Timed calls laid out on one axis, in real time, long waits between them cut out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_IDLE: Final = 4.0
"""A wait is cut out when it is longer than this many times all calls together: they would be invisible."""

_BREAK: Final = 6.0
_BREAKS: Final = 40.0
"""Percent of the width for one break, and for all of them at most."""

_LEAST: Final = 1e-9
"""Seconds of all calls together below which none has a length that could be drawn."""

_TICKS: Final = 6
_TICK_ROOM: Final = 11.0
"""Percent of the width that the label of a tick needs."""


@dataclass(frozen=True, slots=True)
class Span:
    """One call.

    Attributes:
        lane: who made it or over which connection.
        start: seconds.
        end: seconds, not before the start.
    """

    lane: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a call stands: its row, and its left edge and width in percent of the axis."""

    row: int
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on the axis: a moment, or a wait that was cut out.

    Attributes:
        left: percent of the axis; of a break its middle.
        seconds: since the first call began; of a break the length of the wait.
        width: of a break its percent of the axis, else 0.
    """

    left: float
    seconds: float
    width: float = 0.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Calls on an axis.

    Attributes:
        rows: the lane of each row; calls of a lane that overlap take further rows.
        bars: one a call, in the order given.
        ticks: moments, from left to right.
        breaks: waits that were cut out; everything else is to one scale.
    """

    rows: tuple[str, ...]
    bars: tuple[Bar, ...]
    ticks: tuple[Mark, ...]
    breaks: tuple[Mark, ...]


def lay_out(spans: Sequence[Span]) -> Layout:
    """Lay calls out on an axis of 100 percent.

    Args:
        spans: calls in any order.
    """
    if not spans:
        return Layout((), (), (), ())
    axis = _Axis(_clusters(spans))
    rows, places = _rows(spans)
    bars = tuple(
        Bar(row, axis.at(span.start), axis.at(span.end) - axis.at(span.start))
        for span, row in zip(spans, places, strict=True)
    )
    return Layout(rows, bars, tuple(axis.ticks()), tuple(axis.breaks()))


def _clusters(spans: Sequence[Span]) -> list[tuple[float, float]]:
    """Return when something was going on; waits short enough to be shown belong to it."""
    busy: list[tuple[float, float]] = []
    for span in sorted(spans, key=lambda span: span.start):
        end = max(span.end, span.start)
        if busy and span.start <= busy[-1][1]:
            busy[-1] = (busy[-1][0], max(busy[-1][1], end))
        else:
            busy.append((span.start, end))
    longest = _IDLE * sum(end - start for start, end in busy)
    joined = busy[:1]
    for start, end in busy[1:]:
        if start - joined[-1][1] <= longest:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


class _Axis:
    """Seconds to percent, piece by piece."""

    def __init__(self, clusters: Sequence[tuple[float, float]]) -> None:
        self._clusters = clusters
        self._gap = min(_BREAK, _BREAKS / max(1, len(clusters) - 1))
        room = 100.0 - self._gap * (len(clusters) - 1)
        self._total = sum(end - start for start, end in clusters)
        self._scale = room / self._total if self._total >= _LEAST else 0.0
        self._lefts: list[float] = []
        left = 0.0
        for start, end in clusters:
            self._lefts.append(left)
            # Calls without a length (all of them, then) still keep apart.
            left += (end - start) * self._scale if self._scale else room / len(clusters)
            left += self._gap

    def at(self, seconds: float) -> float:
        number = max(index for index, (start, _) in enumerate(self._clusters) if start <= seconds or index == 0)
        return self._lefts[number] + (seconds - self._clusters[number][0]) * self._scale

    def breaks(self) -> list[Mark]:
        return [
            Mark(left - self._gap / 2, after[0] - before[1], self._gap)
            for before, after, left in zip(self._clusters, self._clusters[1:], self._lefts[1:], strict=False)
        ]

    def ticks(self) -> list[Mark]:
        began = self._clusters[0][0]
        step = _step(self._total / _TICKS) if self._scale else 0.0
        marks: list[Mark] = []
        for (start, end), left in zip(self._clusters, self._lefts, strict=True):
            # After a break, when it goes on tells more than a round moment shortly before.
            while len(marks) > 1 and marks[-1].left > left - _TICK_ROOM and marks[-1].left not in self._lefts:
                marks.pop()
            if not marks or left - marks[-1].left >= _TICK_ROOM:
                marks.append(Mark(left, start - began))
            if step <= 0:
                continue
            for number in range(math.ceil((start - began) / step), math.floor((end - began) / step) + 1):
                here = self.at(began + number * step)
                if here - marks[-1].left >= _TICK_ROOM and here <= 100.0 - _TICK_ROOM / 2:
                    marks.append(Mark(here, number * step))
        return marks


def _rows(spans: Sequence[Span]) -> tuple[tuple[str, ...], list[int]]:
    """Return the lane of each row, and the row of each call: a lane gets as many rows as it has calls at once."""
    free: dict[str, list[float]] = {}
    places: list[tuple[str, int]] = [("", 0)] * len(spans)
    for index, span in sorted(enumerate(spans), key=lambda pair: pair[1].start):
        ends = free.setdefault(span.lane, [])
        row = next((row for row, end in enumerate(ends) if end <= span.start), len(ends))
        if row == len(ends):
            ends.append(span.end)
        else:
            ends[row] = span.end
        places[index] = (span.lane, row)
    names: list[str] = []
    first: dict[str, int] = {}
    for lane, ends in free.items():
        first[lane] = len(names)
        names += [lane] * len(ends)
    return tuple(names), [first[lane] + row for lane, row in places]


def _step(raw: float) -> float:
    """Return the round number (1, 2 or 5 times a power of ten) that is not below a number."""
    power = 10.0 ** math.floor(math.log10(raw))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * (1 - 1e-9))
