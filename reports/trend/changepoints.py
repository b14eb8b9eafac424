"""When the level of a series changed: the splits that fit it best, each confirmed by a permutation test."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from reports.trend.ranktest import Floats, autocorrelation, midranks

SHORTEST: Final = 7
"""Nights that a level lasts at least; a week, so that weekdays and weekends are in both sides of a split."""

PERMUTATIONS: Final = 999
ALPHA: Final = 0.005

_NEVER: Final = 2.5
"""A largest score that luck exceeds more often than ``ALPHA``, whatever the length: not worth the permutations."""

_CAUTION: Final = 1.5
"""The widening that autocorrelation of 0.4 makes, more than nights usually have."""


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A night at which the level changed.

    Attributes:
        index: position of the first value of the new level.
        size: by how much it changed, new level less old, in the unit of the values (Hodges-Lehmann).
    """

    index: int
    size: float


@dataclass(frozen=True, slots=True)
class _Split:
    """A split with the two stretches that it parts, as positions in the series."""

    start: int
    at: int
    end: int


def change_points(values: Floats, *, least: float, seed: int) -> list[ChangePoint]:
    """Return where the level of a series changed, in order.

    The stretches are those that fit the ranks of the values best, at a price for each (optimal partitioning).
    A split then stands when the two stretches that it parts differ by the least size that matters, and when
    their largest standardised rank sum is more than one in two hundred random orders of the same values
    reach; the weakest that does not stand is dropped first. Ranks leave single wild nights no weight, and the
    rank sum is divided by the factor by which autocorrelation widens it.

    Args:
        values: in order of time, shape (n,), all finite.
        least: the smallest change that counts, in the unit of the values.
        seed: of the random orders.
    """
    if values.size < 2 * SHORTEST or values.min() == values.max():
        return []
    widening = _widening(values)
    inner = _partition(midranks(values), widening)
    confirmed: set[_Split] = set()
    while inner:
        splits = _splits(values, inner)
        scores = {split: _score(values[split.start : split.end], widening) for split in splits}
        # Each test starts from the same seed: whether a split stands does not hang on which were tried before.
        doubtful = [
            split
            for split in splits
            if split not in confirmed and not _stands(values, split, scores[split], least, np.random.default_rng(seed))
        ]
        if not doubtful:
            return [ChangePoint(split.at, _size(values, split)) for split in splits]
        confirmed |= set(splits) - set(doubtful)
        weakest = min(doubtful, key=lambda split: scores[split])
        inner = [split.at for split in splits if split is not weakest]
    return []


def difference(before: Floats, after: Floats) -> float:
    """Return the Hodges-Lehmann estimate of how much higher the later values lie."""
    return float(np.median(after[:, None] - before[None, :]))


def _partition(ranks: Floats, widening: float) -> list[int]:
    """Return the splits of the partition with the least sum of squares, each stretch at a price.

    The price is that of Schwarz's criterion for a level and its place, for noise of the variance that
    neighbours show.
    """
    count = ranks.size
    sums = np.concatenate([[0.0], np.cumsum(ranks)])
    squares = np.concatenate([[0.0], np.cumsum(ranks**2)])
    noise = float(np.mean(np.diff(ranks) ** 2)) / 2
    price = 2 * noise * widening**2 * np.log(count)
    costs = np.full(count + 1, np.inf)
    costs[0] = -price
    last = np.zeros(count + 1, dtype=np.int64)
    for end in range(SHORTEST, count + 1):
        starts = np.arange(end - SHORTEST + 1)
        within = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / (end - starts)
        totals = costs[starts] + within + price
        last[end] = np.argmin(totals)
        costs[end] = totals[last[end]]
    splits: list[int] = []
    end = count
    while last[end]:
        end = int(last[end])
        splits.append(end)
    return splits[::-1]


def _splits(values: Floats, inner: list[int]) -> list[_Split]:
    """Return the splits with what they part, each moved to where it fits the values best, from the oldest on.

    Ranks tell well that there is a change, and less well when: they do not know how far apart two levels are.
    So a split is put where the values are nearest to the medians of their sides.
    """
    bounds = [0, *inner, values.size]
    for place in range(1, len(bounds) - 1):
        start, end = bounds[place - 1], bounds[place + 1]
        stretch = values[start:end]
        options = range(SHORTEST, stretch.size - SHORTEST + 1)
        bounds[place] = start + min(options, key=lambda at: _distance(stretch[:at]) + _distance(stretch[at:]))
    return [_Split(*three) for three in zip(bounds, bounds[1:], bounds[2:], strict=False)]


def _distance(values: Floats) -> float:
    return float(np.abs(values - np.median(values)).sum())


def _size(values: Floats, split: _Split) -> float:
    return difference(values[split.start : split.at], values[split.at : split.end])


def _stands(values: Floats, split: _Split, score: float, least: float, rng: np.random.Generator) -> bool:
    """Tell whether two stretches are of different levels."""
    if score < _NEVER or abs(_size(values, split)) < least:
        return False
    ranks = midranks(values[split.start : split.end])
    orders = rng.permuted(np.broadcast_to(ranks, (PERMUTATIONS, ranks.size)), axis=1)
    by_luck = int((_scores(orders).max(axis=1) >= score).sum())
    return (1 + by_luck) / (1 + PERMUTATIONS) <= ALPHA


def _score(stretch: Floats, widening: float) -> float:
    return float(_scores(midranks(stretch)).max()) / widening


def _scores(ranks: Floats) -> Floats:
    """Return the standardised rank sum of the left side for each lawful split.

    Args:
        ranks: in any orders, shape (..., n).

    Returns:
        Absolute scores, shape (..., n - 2 * SHORTEST + 1).
    """
    count = ranks.shape[-1]
    centred = ranks - (count + 1) / 2
    size = np.arange(SHORTEST, count - SHORTEST + 1)
    sums = np.cumsum(centred, axis=-1)[..., size - 1]
    spread = np.maximum(np.var(centred, axis=-1, ddof=1), np.finfo(np.float64).tiny)
    scores: Floats = np.abs(sums) / np.sqrt(spread[..., None] * size * (count - size) / count)
    return scores


def _widening(values: Floats) -> float:
    """Return by how much autocorrelation of neighbours widens a sum of values, 1 where there is none.

    It is that of what remains when each stretch of a cautious partition has lost its median: a change of level
    that is left in makes every night look like the one before.
    """
    remains = values.copy()
    bounds = [0, *_partition(midranks(values), _CAUTION), values.size]
    for start, end in pairwise(bounds):
        remains[start:end] -= np.median(values[start:end])
    alike = autocorrelation(remains)
    return float(np.sqrt((1 + alike) / (1 - alike)))
