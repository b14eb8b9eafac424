"""What two runs measured of each operation, beside each other, with how sure the difference is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.special import stdtrit

from reports.compare.bootstrap import Estimate, freedom, percentiles, rate, share, weights
from reports.compare.change import Change
from reports.compare.seconds import ALL, Measured
from reports.plaintext import counted

CONFIDENCE: Final = 0.99
"""Of each interval. A comparison holds dozens of them, and 95 % would be wrong in one of twenty."""

PERCENTILES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
FAILURES: Final = "failures"
RATE: Final = "rate"
UNITS: Final = {**dict.fromkeys(PERCENTILES, "ms"), FAILURES: "%", RATE: "/s"}

LEAST_FREEDOM: Final = 7
"""Blocks beyond the first of each phase without which the spread between blocks is itself a guess."""

_LEAST_REQUESTS: Final = {"p50": 100, "p90": 100, "p99": 1000, FAILURES: 100, RATE: 100}
"""Ten answers at least beyond a percentile, in each run."""

_LARGEST_LOG: Final = 100.0
"""Of an interval's end, so that scatter without bound remains a number."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What difference does not matter.

    Attributes:
        ratio: of a latency or a rate: 0.05 is 5 %.
        share: of a share of failures: 0.001 is 0.1 percentage points.
    """

    ratio: float
    share: float


DEFAULT: Final = Tolerance(0.05, 0.001)

SCATTER: Final = "too much scatter"
"""The reason where there were answers enough, and they differ too much among themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One measure of one operation in two runs.

    Attributes:
        operation: its name, or ``all``.
        measure: ``p50``, ``p90``, ``p99`` (ms), ``failures`` (a share from 0 to 1), ``rate`` (requests a second).
        baseline: as measured there, None where it was not.
        candidate: the same of the other run.
        effect: the difference: of a share a difference, else a ratio less 1 (0.2 is 20 % more).
        low: lower end of the interval of the effect, None where there is none.
        high: its upper end.
        change: what became of it.
        reason: why that cannot be told, or what the word leaves open, else empty.
        counts: whether the whole comparison depends on it.
    """

    operation: str
    measure: str
    baseline: float | None = None
    candidate: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    change: Change = Change.CANNOT_TELL
    reason: str = ""
    counts: bool = True


def cells(baseline: Measured, candidate: Measured, tolerance: Tolerance, seed: int) -> list[Cell]:
    """Set every operation of two runs beside each other, all operations together first.

    Args:
        baseline: the run before.
        candidate: the run after.
        tolerance: what difference does not matter.
        seed: of the resampling.
    """
    before, after = _Side(baseline, seed), _Side(candidate, seed + 1)
    names = sorted({*baseline.operations, *candidate.operations}, key=lambda name: (name != ALL, name))
    return [cell for name in names for cell in _operation(name, before, after, tolerance)]


def word(low: float, high: float, tolerance: float) -> Change:
    """Return what an interval says of a quantity of which more is worse.

    Worse: even the lower end is beyond the tolerance. Better: even the upper end is below it on the other
    side. Same: no loss beyond the tolerance is left possible, and no gain is shown. Else nobody can tell.

    Args:
        low: lower end of the difference, on a scale where 0 is no change.
        high: its upper end.
        tolerance: on that scale, 0 or more.
    """
    if low > tolerance:
        return Change.WORSE
    if high < -tolerance:
        return Change.BETTER
    return Change.SAME if high <= tolerance else Change.CANNOT_TELL


class _Side:
    """One run with its resamples."""

    def __init__(self, measured: Measured, seed: int) -> None:
        self.measured = measured
        self.left = freedom(measured.strata)
        self.drawn = weights(measured.strata, seed)

    def estimates(self, name: str) -> dict[str, Estimate]:
        """Return what there is of an operation: nothing where it had no request."""
        blocks = self.measured.operations.get(name)
        if blocks is None or not blocks.requests.sum() or not self.left:
            return {}
        found = {FAILURES: share(blocks, self.drawn, self.left)}
        if name == ALL:
            found[RATE] = rate(blocks, self.measured.seconds, self.drawn, self.left)
        if blocks.counts.sum():
            values = percentiles(blocks, np.array(list(PERCENTILES.values())), self.drawn, self.left)
            found |= dict(zip(PERCENTILES, values, strict=True))
        return found

    def requests(self, name: str, measure: str) -> float:
        """Return how many requests a measure of an operation rests on; percentiles rest on answers."""
        blocks = self.measured.operations.get(name)
        if blocks is None:
            return 0.0
        return float(blocks.counts.sum() if measure in PERCENTILES else blocks.requests.sum())


def _operation(name: str, before: _Side, after: _Side, tolerance: Tolerance) -> Iterator[Cell]:
    old, new = before.estimates(name), after.estimates(name)
    for measure in (*PERCENTILES, FAILURES, *([RATE] if name == ALL else [])):
        one, two = old.get(measure), new.get(measure)
        cell = Cell(
            operation=name,
            measure=measure,
            baseline=None if one is None else one.value,
            candidate=None if two is None else two.value,
        )
        counts = [side.requests(name, measure) for side in (before, after)]
        yield _judged(cell, one, two, counts, tolerance)


def _judged(cell: Cell, one: Estimate | None, two: Estimate | None, counts: list[float], tolerance: Tolerance) -> Cell:
    """Return a cell with its effect, interval and word."""
    if one is None or two is None:
        where = "both runs" if one is two else "the baseline" if one is None else "the candidate"
        return replace(cell, reason=f"not measured in {where}", counts=one is not two or cell.operation == ALL)
    share_of = cell.measure == FAILURES
    difference = _Difference.between(one, two, ratio=not share_of)
    cell = replace(cell, effect=difference.shown(0), low=difference.shown(-1), high=difference.shown(1))
    least = _LEAST_REQUESTS[cell.measure]
    if min(counts) < least:
        reason = f"{counted(int(min(counts)), 'answer')}, and {cell.measure} needs {least:,}"
        # What both runs did seldom is not what they were made for.
        return replace(cell, reason=reason, counts=max(counts) >= least or cell.operation == ALL)
    if min(one.freedom, two.freedom) < LEAST_FREEDOM:
        return replace(cell, reason="measured for too short a time")
    tolerance_of = tolerance.share if share_of else float(np.log1p(tolerance.ratio))
    change = difference.word(tolerance_of, up=cell.measure == RATE)
    if share_of and change is Change.CANNOT_TELL and two.value <= one.value:
        # Failures are rare: with none in either run an interval would still ask for thousands of requests.
        change = Change.SAME
    reason = ""
    if change is Change.CANNOT_TELL:
        reason = SCATTER
    elif change is Change.SAME and difference.maybe_better(tolerance_of, up=cell.measure == RATE):
        reason = "not worse, perhaps better"
    return replace(cell, change=change, reason=reason)


@dataclass(frozen=True, slots=True)
class _Difference:
    """Candidate less baseline with half the width of its interval, of logarithms where ratios count."""

    middle: float
    half: float
    ratio: bool

    @classmethod
    def between(cls, one: Estimate, two: Estimate, *, ratio: bool) -> _Difference:
        """Return the difference of two independent estimates, by Welch's interval."""
        error = float(np.hypot(one.error, two.error))
        middle = float(np.log(two.value / one.value)) if ratio else two.value - one.value
        if error == 0.0:
            return cls(middle, 0.0, ratio)
        left = error**4 / (one.error**4 / one.freedom + two.error**4 / two.freedom)
        return cls(middle, float(stdtrit(left, (1 + CONFIDENCE) / 2)) * error, ratio)

    def shown(self, side: int) -> float:
        """Return the lower end (-1), the middle (0) or the upper end (1), as a share or a difference of shares."""
        value = self.middle + side * self.half
        return float(np.expm1(min(value, _LARGEST_LOG))) if self.ratio else value

    def word(self, tolerance: float, *, up: bool) -> Change:
        """Return what became of it; ``up`` tells that more is better."""
        return word(*self._ends(up=up), tolerance)

    def maybe_better(self, tolerance: float, *, up: bool) -> bool:
        """Tell whether a gain beyond the tolerance is possible, and likelier than a loss."""
        low, high = self._ends(up=up)
        return low < -tolerance and low + high < -tolerance

    def _ends(self, *, up: bool) -> tuple[float, float]:
        middle = -self.middle if up else self.middle
        return middle - self.half, middle + self.half
