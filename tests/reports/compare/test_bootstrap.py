"""Percentiles are those of the answers, and their errors those of repeated runs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.compare.bootstrap import freedom, percentiles, rate, share, weights
from reports.compare.seconds import Blocks

HALF_AND_MORE = np.array([0.5, 0.9, 0.99])


def blocks(answers: list[list[float]], failures: list[int] | None = None) -> Blocks:
    """Blocks of answers given by their latencies."""
    edges = sorted({latency for block in answers for latency in block})
    counts = np.array([[block.count(edge) for edge in edges] for block in answers], dtype=float)
    failed = np.array(failures or [0] * len(answers), dtype=float)
    return Blocks(counts.sum(axis=1), failed, np.array(edges, dtype=float), counts)


@settings(deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([1.0, 2.0, 3.5, 8.0, 100.0]), min_size=1, max_size=40), min_size=2, max_size=6),
    st.sampled_from([0.01, 0.5, 0.9, 0.99, 0.999]),
)
def test_a_percentile_is_the_answer_of_its_rank(answers: list[list[float]], quantile: float) -> None:
    together = sorted(latency for block in answers for latency in block)
    drawn = weights(np.zeros(len(answers), dtype=np.int64), 1)[:20]
    (found,) = percentiles(blocks(answers), np.array([quantile]), drawn, len(answers) - 1)
    rank = next(rank for rank in range(1, len(together) + 1) if rank >= quantile * len(together) - 1e-9)
    assert found.value == together[rank - 1]


def test_blocks_that_are_all_alike_leave_no_doubt() -> None:
    found = percentiles(blocks([[1.0, 2.0, 3.0]] * 20), HALF_AND_MORE, weights(np.zeros(20, dtype=np.int64), 1), 19)
    assert [each.value for each in found] == [2.0, 3.0, 3.0]
    assert [each.error for each in found] == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)


def test_draws_stay_within_their_phase() -> None:
    strata = np.array([0, 0, 0, 1, 1, 2])
    drawn = weights(strata, 7)
    for phase, size in ((0, 3), (1, 2), (2, 1)):
        assert (drawn[:, strata == phase].sum(axis=1) == size).all()
    assert freedom(strata) == 3
    assert np.array_equal(drawn, weights(strata, 7))
    assert not np.array_equal(drawn, weights(strata, 8))


def test_the_error_of_a_median_is_that_of_repeated_runs() -> None:
    """Of independent lognormal answers the median's logarithm has the error s √(π / 2n), s the spread."""
    rng = np.random.default_rng(3)
    errors = []
    for seed in range(5):
        made = [np.exp(np.round(rng.normal(0, 0.3, 100), 3)).tolist() for _ in range(40)]
        (found,) = percentiles(blocks(made), np.array([0.5]), weights(np.zeros(40, dtype=np.int64), seed), 39)
        errors.append(found.error)
    assert np.mean(errors) == pytest.approx(0.3 * math.sqrt(math.pi / 2 / 4000), rel=0.2)


def test_seconds_that_resemble_each_other_make_an_error_larger() -> None:
    """The level of each block is its own: forty blocks of a hundred answers know little more than forty answers."""
    rng = np.random.default_rng(4)
    made = [np.exp(np.round(rng.normal(0, 0.2) + rng.normal(0, 0.05, 100), 3)).tolist() for _ in range(40)]
    (found,) = percentiles(blocks(made), np.array([0.5]), weights(np.zeros(40, dtype=np.int64), 1), 39)
    assert found.error == pytest.approx(0.2 * math.sqrt(math.pi / 2 / 40), rel=0.4)


def test_the_error_of_a_share_is_never_below_that_of_independent_failures() -> None:
    quiet = share(blocks([[1.0] * 50] * 20), weights(np.zeros(20, dtype=np.int64), 1), 19)
    assert quiet.value == 0.0
    assert quiet.error == pytest.approx(math.sqrt(2 / 1004 * (1 - 2 / 1004) / 1004))
    burst = share(blocks([[1.0] * 50] * 20, [50, *([0] * 19)]), weights(np.zeros(20, dtype=np.int64), 1), 19)
    assert burst.value == pytest.approx(0.05)
    assert burst.error == pytest.approx(0.05, rel=0.15)


def test_a_rate_counts_every_measured_second() -> None:
    answers = blocks([[1.0] * 100] * 10)
    found = rate(answers, np.full(10, 5.0), weights(np.zeros(10, dtype=np.int64), 1), 9)
    assert found.value == 20.0
    assert found.error == pytest.approx(0.0, abs=1e-12)
