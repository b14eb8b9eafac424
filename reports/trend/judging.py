"""The newest nights judged by those before them, series by series and all together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.stats import false_discovery_control

from reports.compare.change import Change, overall
from reports.compare.numbers import grouped
from reports.plaintext import counted
from reports.trend.changepoints import ChangePoint, change_points
from reports.trend.measures import ALL, MEASURES, Key, Measure
from reports.trend.nights import Night, Nights
from reports.trend.ranktest import Floats, Shift, shift


@dataclass(frozen=True, slots=True)
class Rules:
    """By what a trend judges.

    Attributes:
        newest: nights that are judged, the newest.
        before: nights before them that they are judged by, at most.
        least_before: nights before them without which nothing is said.
        min_effect: smallest change of a latency or rate that counts, as a share: 0.1 is 10 %.
        min_share: smallest change of a share of failures that counts: 0.001 is 0.1 percentage points.
        alpha: chance of a false alarm in one night of independent values, over all series together.
        seed: of the random orders by which change points are confirmed.
    """

    newest: int = 7
    before: int = 60
    least_before: int = 14
    min_effect: float = 0.1
    min_share: float = 0.001
    alpha: float = 0.0015
    seed: int = 0


DEFAULT: Final = Rules()
"""Tuned on synthetic series by ``benchmarks/trend_power.py``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One measure over the nights.

    Attributes:
        key: operation and measure.
        values: one a night, oldest first, in the measure's own unit, None where it was not measured.
        change: what became of it.
        before: the median of the nights it was judged by, None when it was not judged.
        nights_before: how many these were.
        newest: the median of the newest nights, None when it was not judged.
        effect: the change, as a share for a ratio (0.2 is 20 % more), as a difference for a share.
        chance: of such ranks by luck, corrected for neighbouring nights and for the number of series.
        autocorrelation: of the nights before.
        points: where its level changed, positions in ``values``; sizes as ``effect``.
    """

    key: Key
    values: tuple[float | None, ...]
    change: Change = Change.CANNOT_TELL
    before: float | None = None
    nights_before: int = 0
    newest: float | None = None
    effect: float | None = None
    chance: float | None = None
    autocorrelation: float | None = None
    points: tuple[ChangePoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Trend:
    """The judgement on a directory of nights.

    Attributes:
        change: of all series together.
        reasons: why, in sentences.
        series: worst first.
        found: the nights.
        rules: by what they were judged.
    """

    change: Change
    reasons: tuple[str, ...]
    series: tuple[Series, ...]
    found: Nights
    rules: Rules


@dataclass(frozen=True, slots=True)
class _Test:
    series: Series
    shift: Shift


def judge(found: Nights, rules: Rules = DEFAULT) -> Trend:
    """Judge the newest nights by those before.

    Each series is judged by a rank test together with a minimum effect. A directory of ten operations holds
    dozens of series, so the chances are adjusted by Benjamini and Hochberg's procedure: while nothing has
    changed the whole directory raises about as many false alarms as one series, and a change that moves all
    of them is not made harder to see.

    Args:
        found: the nights, oldest first.
        rules: by what to judge.
    """
    nights = found.nights
    least = rules.newest + rules.least_before
    series = [_described(key, nights, rules) for key in sorted({key for night in nights for key in night.values})]
    if len(nights) < least:
        held = f"{counted(len(nights), 'night')} that can be set beside each other; a trend needs {least}"
        return Trend(Change.CANNOT_TELL, (held,), tuple(series), found, rules)
    tests = [test for each in series if (test := _tested(each, rules)) is not None]
    judged = {test.series.key: test.series for test in _decided(tests, rules)}
    series = [judged.get(each.key, each) for each in series]
    series.sort(key=_worst_first)
    change, reasons = _verdict(series, found, rules)
    return Trend(change, reasons, tuple(series), found, rules)


def scaled(values: Sequence[float], measure: Measure) -> Floats:
    """Return values on the scale they are judged on: logarithms where ratios count, and more is worse.

    Args:
        values: in the measure's own unit, positive where ratios count.
        measure: how they are judged.
    """
    raw = np.asarray(values, dtype=np.float64)
    judged: Floats = np.log(raw) if measure.ratio else raw
    return judged if measure.worse_up else -judged


def unscaled(size: float, measure: Measure) -> float:
    """Return a change on that scale as a share of the old value, or as a difference of shares."""
    plain = size if measure.worse_up else -size
    return float(np.expm1(plain)) if measure.ratio else plain


def least_size(measure: Measure, rules: Rules) -> float:
    """Return the smallest change that counts, on the scale that values are judged on."""
    if not measure.ratio:
        return rules.min_share
    return float(np.log1p(rules.min_effect) if measure.worse_up else -np.log1p(-rules.min_effect))


def established(series: Series, rules: Rules) -> list[float]:
    """Return the earlier values that the newest are judged by, oldest first.

    They are of the last level that held for ``least_before`` nights before the newest: after an improvement the
    old level is no excuse for a relapse, a loss is worse than the level before it for as long as it is no
    established level itself, and is reported no more when it is.

    Args:
        series: with its change points.
        rules: by what to judge.
    """
    cut = len(series.values) - rules.newest
    before = [(night, value) for night, value in enumerate(series.values[: max(cut, 0)]) if value is not None]
    before = before[-rules.before :]
    bounds = [0, *(point.index for point in series.points), len(series.values)]
    for start, end in reversed(list(pairwise(bounds))):
        held = [value for night, value in before if start <= night < end]
        if len(held) >= rules.least_before:
            return held
    return [value for _, value in before]


def _described(key: Key, nights: Sequence[Night], rules: Rules) -> Series:
    """Return a series with its change points, not yet judged."""
    measure = MEASURES[key.measure]
    values = tuple(night.values.get(key) for night in nights)
    places = [place for place, value in enumerate(values) if value is not None]
    known = scaled([value for value in values if value is not None], measure)
    found = change_points(known, least=least_size(measure, rules), seed=rules.seed)
    points = tuple(ChangePoint(places[point.index], unscaled(point.size, measure)) for point in found)
    return Series(key=key, values=values, points=points)


def _tested(series: Series, rules: Rules) -> _Test | None:
    """Return a series with its rank test, None when it has too few nights for one."""
    measure = MEASURES[series.key.measure]
    newest = [value for value in series.values[-rules.newest :] if value is not None]
    before = established(series, rules)
    if 2 * len(newest) < rules.newest or len(before) < rules.least_before:
        return None
    found = shift(scaled(before, measure), scaled(newest, measure))
    described = replace(
        series,
        before=float(np.median(before)),
        nights_before=len(before),
        newest=float(np.median(newest)),
        effect=unscaled(found.size, measure),
        autocorrelation=found.autocorrelation,
    )
    return _Test(described, found)


def _decided(tests: Sequence[_Test], rules: Rules) -> list[_Test]:
    """Give each tested series its word."""
    if not tests:
        return []
    above = false_discovery_control([test.shift.p_above for test in tests])
    below = false_discovery_control([test.shift.p_below for test in tests])
    decided: list[_Test] = []
    for test, worse, better in zip(tests, above, below, strict=True):
        least = least_size(MEASURES[test.series.key.measure], rules)
        change = Change.SAME
        if worse <= rules.alpha and test.shift.size >= least:
            change = Change.WORSE
        elif better <= rules.alpha and test.shift.size <= -least:
            change = Change.BETTER
        decided.append(replace(test, series=replace(test.series, change=change, chance=float(min(worse, better)))))
    return decided


def _verdict(series: Sequence[Series], found: Nights, rules: Rules) -> tuple[Change, tuple[str, ...]]:
    """Return the word on all series, and why."""
    judged = [each for each in series if each.before is not None]
    unjudged = [each for each in series if each.before is None]
    gone = [each for each in unjudged if _known_before(each, rules)]
    reasons: list[str] = []
    changes = [each.change for each in judged]
    for change in (Change.WORSE, Change.BETTER):
        those = [each for each in judged if each.change is change]
        if those:
            reasons.append(f"{change}: {_names(those)}")
    if gone:
        changes.append(Change.CANNOT_TELL)
        reasons.append(f"measured before, and not in most of the newest nights: {_names(gone)}")
    if len(gone) < len(unjudged):
        few = [each for each in unjudged if each not in gone]
        reasons.append(f"measured in too few nights to be judged: {_names(few)}")
    if all(each.key.operation != ALL or each.key.measure == "rate" for each in judged):
        changes.append(Change.CANNOT_TELL)
        reasons.append("the latency and the failures of all operations together could not be judged")
    missed = found.missed_newest
    if missed is not None:
        changes.append(Change.CANNOT_TELL)
        reasons.append(f"the newest run, {missed.path.name}, was left out: {missed.reason}")
    if not reasons:
        reasons.append(f"all of {len(judged)} series within what was usual before")
    return overall(changes), tuple(reasons)


def _known_before(series: Series, rules: Rules) -> bool:
    """Tell whether a series had enough nights before the newest ones to judge these by."""
    before = [value for value in series.values[: -rules.newest] if value is not None]
    return len(before) >= rules.least_before


def _names(series: Sequence[Series]) -> str:
    return grouped((each.key.operation, each.key.measure) for each in series)


def _worst_first(series: Series) -> tuple[int, bool, Key]:
    order = (Change.WORSE, Change.BETTER, Change.CANNOT_TELL, Change.SAME)
    return order.index(series.change), series.key.operation != ALL, series.key
