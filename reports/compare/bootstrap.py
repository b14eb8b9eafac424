"""How sure a percentile, a share or a rate of one run is: the block bootstrap over its histograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.compare.seconds import Blocks

RESAMPLES: Final = 1000

_AT_ONCE: Final = 100
"""Resamples held in memory together: each is a whole histogram."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value measured in one run.

    Attributes:
        value: as measured.
        error: its standard error; on the logarithmic scale for percentiles and rates.
        freedom: degrees of freedom of that error, blocks less phases.
    """

    value: float
    error: float
    freedom: int


def weights(strata: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Return how often each block is drawn in each resample.

    Blocks are drawn with replacement, within their phase: a ramp is not resampled into a spike.

    Args:
        strata: phase of each block, shape (n,).
        seed: of the draws.

    Returns:
        Shape (RESAMPLES, n).
    """
    rng = np.random.default_rng(seed)
    drawn = np.zeros((RESAMPLES, strata.size))
    for phase in np.unique(strata):
        members = np.flatnonzero(strata == phase)
        drawn[:, members] = rng.multinomial(members.size, np.full(members.size, 1 / members.size), size=RESAMPLES)
    return drawn


def freedom(strata: NDArray[np.int64]) -> int:
    """Return the degrees of freedom that blocks leave: their number less that of their phases."""
    return int(strata.size - np.unique(strata).size)


def percentiles(
    blocks: Blocks, quantiles: NDArray[np.float64], drawn: NDArray[np.float64], left: int
) -> list[Estimate]:
    """Estimate percentiles of latency, in ms, with the standard error of their logarithms.

    The percentile q of n answers is the upper bound of the bucket that holds answer number ⌈q·n⌉.

    Args:
        blocks: of an operation that had an answer.
        quantiles: from 0 to 1, shape (k,).
        drawn: from ``weights``, shape (r, n).
        left: degrees of freedom.
    """
    values = _quantiles(blocks.counts.sum(axis=0)[None, :], blocks.edges, quantiles)[0]
    parts = [
        # Not "@": on a busy machine the threads of its library wait for each other far longer than they compute.
        _quantiles(np.einsum("rn,nm->rm", drawn[start : start + _AT_ONCE], blocks.counts), blocks.edges, quantiles)
        for start in range(0, drawn.shape[0], _AT_ONCE)
    ]
    errors = _spread(np.log(np.concatenate(parts)), drawn.shape[1], left)
    return [Estimate(float(value), float(error), left) for value, error in zip(values, errors, strict=True)]


def share(blocks: Blocks, drawn: NDArray[np.float64], left: int) -> Estimate:
    """Estimate the share of failures, 0 to 1, with its standard error.

    Blocks in which nothing failed know nothing of the failures that did not happen to occur, so that the
    error is at least that of independent failures, by Agresti and Coull's two added on either side.

    Args:
        blocks: of an operation that had a request.
        drawn: from ``weights``, shape (r, n).
        left: degrees of freedom.
    """
    requests, failures = float(blocks.requests.sum()), float(blocks.failures.sum())
    asked = drawn @ blocks.requests
    shares = np.divide(drawn @ blocks.failures, asked, out=np.zeros_like(asked), where=asked > 0)
    smoothed = (failures + 2) / (requests + 4)
    least = float(np.sqrt(smoothed * (1 - smoothed) / (requests + 4)))
    return Estimate(failures / requests, max(float(_spread(shares, drawn.shape[1], left)), least), left)


def rate(blocks: Blocks, seconds: NDArray[np.float64], drawn: NDArray[np.float64], left: int) -> Estimate:
    """Estimate requests a second with the standard error of its logarithm.

    Args:
        blocks: of an operation that had a request.
        seconds: measured seconds of each block, shape (n,).
        drawn: from ``weights``, shape (r, n).
        left: degrees of freedom.
    """
    rates = (drawn @ blocks.requests) / (drawn @ seconds)
    with np.errstate(divide="ignore"):
        logs = np.log(rates)
    error = float(_spread(logs[np.isfinite(logs)], drawn.shape[1], left))
    return Estimate(float(blocks.requests.sum() / seconds.sum()), error, left)


def _quantiles(
    counts: NDArray[np.float64], edges: NDArray[np.float64], quantiles: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return percentiles of histograms, shape (histograms, quantiles); NaN for an empty histogram."""
    sums = np.cumsum(counts, axis=1)
    total = sums[:, -1]
    found = np.full((counts.shape[0], quantiles.size), np.nan)
    for column, quantile in enumerate(quantiles):
        # A product such as 0.99 · 100 may come out a hair above its whole number.
        rank = np.maximum(np.ceil(quantile * total - 1e-9 * total), 1)
        found[:, column] = edges[np.argmax(sums >= rank[:, None], axis=1)]
    found[total == 0] = np.nan
    return found


def _spread(values: NDArray[np.float64], blocks: int, left: int) -> NDArray[np.float64]:
    """Return the standard error that resampled values show, shape of one of them.

    Resampling n blocks of p phases understates the variance by (n - p) / n, which is put right. Resamples
    without an answer have no percentile and are left out.
    """
    found: NDArray[np.float64] = np.nanstd(values, axis=0, ddof=1) * np.sqrt(blocks / max(left, 1))
    return found
