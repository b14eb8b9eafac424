"""When the level of a series changed: splits that a permutation test confirms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from reports.trend.ranktest import Floats, autocorrelation, midranks

PERMUTATIONS: Final = 1999
SHORTEST: Final = 7
"""Nights that a level lasts at least; a week, so that weekdays and weekends are in both sides of a split."""

ALPHA: Final = 0.001

_NEVER: Final = 3.0
"""A largest score that luck exceeds more often than ``ALPHA``, whatever the length: not worth 1,999 permutations."""


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A night at which the level changed.

    Attributes:
        index: position of the first value of the new level.
        size: by how much it changed, new level less old, in the unit of the values (Hodges-Lehmann).
    """

    index: int
    size: float


def change_points(values: Floats, *, least: float, seed: int) -> list[ChangePoint]:
    """Return where the level of a series changed, in order.

    Binary segmentation: the split of a stretch is where the standardised rank sum of one side is most unlike
    chance, and it stands when fewer than one in a thousand random orders of the same values has a split as
    good, and the two sides differ by the least size that matters. Ranks leave single wild nights no weight;
    the score is divided by the factor by which autocorrelation of what remains within the levels widens it.
    At last every split is looked for again between its neighbours, and dropped where it no longer stands.

    Args:
        values: in order of time, shape (n,), all finite.
        least: the smallest change that counts, in the unit of the values.
        seed: of the random orders.
    """
    rng = np.random.default_rng(seed)
    bounds = [0, values.size]
    waiting = [(0, values.size)]
    while waiting:
        start, end = waiting.pop()
        split = _split(values[start:end], least, rng)
        if split is not None:
            bounds.append(start + split)
            waiting += [(start, start + split), (start + split, end)]
    bounds.sort()
    return _refined(values, bounds, least, rng)


def _refined(values: Floats, bounds: list[int], least: float, rng: np.random.Generator) -> list[ChangePoint]:
    """Look for every split again between its neighbours, from the oldest to the newest."""
    place = 1
    while place < len(bounds) - 1:
        start, end = bounds[place - 1], bounds[place + 1]
        split = _split(values[start:end], least, rng)
        if split is None:
            del bounds[place]
        else:
            bounds[place] = start + split
            place += 1
    return [
        ChangePoint(at, difference(values[start:at], values[at:end]))
        for start, at, end in zip(bounds, bounds[1:-1], bounds[2:], strict=False)
    ]


def difference(before: Floats, after: Floats) -> float:
    """Return the Hodges-Lehmann estimate of how much higher the later values lie."""
    return float(np.median(after[:, None] - before[None, :]))


def _split(values: Floats, least: float, rng: np.random.Generator) -> int | None:
    """Return where a stretch is best split in two, None when it is of one level."""
    count = values.size
    if count < 2 * SHORTEST:
        return None
    ranks = midranks(values) - (count + 1) / 2
    spread = float(ranks @ ranks) / (count - 1)
    if spread == 0.0:
        return None
    scores = _scores(ranks, spread)
    at = SHORTEST + int(np.argmax(scores))
    before, after = values[:at], values[at:]
    if abs(difference(before, after)) < least:
        return None
    alike = autocorrelation(np.concatenate([before - np.median(before), after - np.median(after)]))
    score = float(scores.max()) / np.sqrt((1 + alike) / (1 - alike))
    if score < _NEVER:
        return None
    orders = rng.permuted(np.broadcast_to(ranks, (PERMUTATIONS, count)), axis=1)
    by_luck = int((_scores(orders, spread).max(axis=1) >= score).sum())
    return at if (1 + by_luck) / (1 + PERMUTATIONS) <= ALPHA else None


def _scores(ranks: Floats, spread: float) -> Floats:
    """Return the standardised rank sum of the left side for each lawful split.

    Args:
        ranks: less their mean, shape (..., n).
        spread: their variance.

    Returns:
        Absolute scores, shape (..., n - 2 * SHORTEST + 1).
    """
    count = ranks.shape[-1]
    size = np.arange(SHORTEST, count - SHORTEST + 1)
    sums = np.cumsum(ranks, axis=-1)[..., size - 1]
    scores: Floats = np.abs(sums) / np.sqrt(spread * size * (count - size) / count)
    return scores
