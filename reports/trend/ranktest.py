"""Whether the newest values lie above those before: a rank test that allows for nights like their neighbours."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import mannwhitneyu

Floats = NDArray[np.float64]

_MOST_ALIKE: Final = 0.9
"""Autocorrelation beyond which the estimate from a few weeks says nothing more."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the newest values lie from those before.

    Attributes:
        size: the Hodges-Lehmann estimate, in the unit of the values: the median of all differences between a
            newest value and an earlier one. A single wild night does not move it.
        p_above: chance of ranks at least as high by luck alone.
        p_below: chance of ranks at least as low by luck alone.
        autocorrelation: of the earlier values, by which both chances were corrected; 0 where none is evident.
    """

    size: float
    p_above: float
    p_below: float
    autocorrelation: float


def shift(before: Floats, newest: Floats) -> Shift:
    """Judge the newest values by those before, by the Mann-Whitney test.

    The test takes every night for independent of the last. A host that is slow on Monday is often still slow
    on Tuesday, and then the test cries wolf; so its normal score is divided by the factor by which the
    autocorrelation of the earlier values widens the difference of two means.

    Args:
        before: the earlier values in order of time, shape (n,), n at least 2, all finite.
        newest: those to judge, shape (k,), k at least 1, all finite.
    """
    ties = np.unique(np.concatenate([before, newest])).size < before.size + newest.size
    alike = autocorrelation(before)
    wider = float(np.sqrt(_inflation(alike, newest.size, before.size)))
    chances: list[float] = []
    with warnings.catch_warnings():
        # Values that are all the same have no variance: the chance of that is 1, which is what comes out below.
        warnings.simplefilter("ignore", RuntimeWarning)
        for alternative in ("greater", "less"):
            found = mannwhitneyu(newest, before, alternative=alternative, method="asymptotic" if ties else "exact")
            chances.append(_widened(float(found.pvalue), wider))
    size = float(np.median(newest[:, None] - before[None, :]))
    return Shift(size, chances[0], chances[1], alike)


def autocorrelation(values: Floats) -> float:
    """Return how alike neighbouring values are, by their ranks: 0 (not evidently) to 0.9.

    The estimate from independent values scatters around 0 by 1/√n; half of that is taken off, so that luck
    alone seldom weakens the test.

    Args:
        values: in order of time, shape (n,).
    """
    count = values.size
    ranks = midranks(values) - (count + 1) / 2
    spread = float(ranks @ ranks)
    if count < 3 or spread == 0.0:
        return 0.0
    lag_one = float(ranks[1:] @ ranks[:-1]) / spread
    return float(np.clip(lag_one - 0.5 / np.sqrt(count), 0.0, _MOST_ALIKE))


def midranks(values: Floats) -> Floats:
    """Return the rank of each value from 1, equal values sharing the mean of theirs; shape as given."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Floats = (last - (counts - 1) / 2)[inverse]
    return ranks


def _inflation(alike: float, newest: int, before: int) -> float:
    """Return by how much autocorrelation widens the variance of the difference of two means."""
    plain = 1 / newest + 1 / before
    return (_mean_variance(alike, newest) / newest + _mean_variance(alike, before) / before) / plain


def _mean_variance(alike: float, count: int) -> float:
    """Return the variance of the mean of a first-order autoregressive series, relative to independent values."""
    lag = np.arange(1, count)
    return float(1 + 2 * np.sum((1 - lag / count) * alike**lag))


def _widened(chance: float, factor: float) -> float:
    """Return a one-sided chance after its normal score was divided by a factor; a chance over a half stays."""
    if not np.isfinite(chance):
        return 1.0
    return float(ndtr(ndtri(chance) / factor)) if chance < 0.5 else chance
