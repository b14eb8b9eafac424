"""The rank test is that of Mann and Whitney, widened where nights resemble their neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import mannwhitneyu, rankdata

from reports.trend.ranktest import Floats, autocorrelation, midranks, shift
from tests.reports.trend import made

numbers = st.integers(-1000, 1000).map(float)
before_nights = arrays(np.float64, st.integers(3, 30), elements=numbers)
newest_nights = arrays(np.float64, st.integers(2, 8), elements=numbers)


@settings(deadline=None)
@given(before_nights)
def test_equal_values_share_their_rank(values: Floats) -> None:
    assert midranks(values).tolist() == rankdata(values).tolist()


@settings(deadline=None)
@given(before_nights, newest_nights)
def test_above_and_below_change_places_when_the_values_are_turned_over(before: Floats, newest: Floats) -> None:
    found, turned = shift(before, newest), shift(-before, -newest)
    assert (found.p_above, found.p_below) == pytest.approx((turned.p_below, turned.p_above))
    assert found.size == pytest.approx(-turned.size)
    assert found.autocorrelation == pytest.approx(turned.autocorrelation)


@settings(deadline=None)
@given(before_nights, newest_nights, st.integers(-500, 500))
def test_only_the_difference_counts_not_the_level(before: Floats, newest: Floats, level: int) -> None:
    assert shift(before + level, newest + level) == shift(before, newest)


@settings(deadline=None)
@given(before_nights, newest_nights)
def test_chances_are_chances(before: Floats, newest: Floats) -> None:
    found = shift(before, newest)
    assert 0 <= found.p_above <= 1
    assert 0 <= found.p_below <= 1
    assert 0 <= found.autocorrelation <= 0.9


def test_independent_nights_get_the_exact_chance() -> None:
    before, newest = np.array([5.0, 1.0, 6.0, 2.0, 7.0, 3.0, 8.0, 4.0]), np.array([9.0, 10.0, 7.5])
    found = shift(before, newest)
    assert found.autocorrelation == 0.0
    assert found.p_above == pytest.approx(mannwhitneyu(newest, before, alternative="greater", method="exact").pvalue)
    # The one rank order that is better than these 10 + 11 + 8, and these themselves: 2 of C(11, 3) = 165.
    assert found.p_above == pytest.approx(2 / 165)


def test_nights_that_are_all_the_same_tell_nothing() -> None:
    found = shift(np.zeros(30), np.zeros(7))
    assert (found.size, found.p_above, found.p_below) == (0.0, 1.0, 1.0)


def test_one_wild_night_does_not_move_the_size() -> None:
    quiet = made.noise(1, 67)
    wild = quiet.copy()
    wild[-1] *= 50
    assert abs(shift(quiet[:60], wild[60:]).size - shift(quiet[:60], quiet[60:]).size) < 3.0


def test_nights_that_resemble_their_neighbours_make_the_test_more_careful() -> None:
    alike = np.log(made.noise(5, 400, alike=0.6))
    assert autocorrelation(alike) == pytest.approx(0.6, abs=0.12)
    newest = np.log(made.noise(6, 7)) + 0.15
    shuffled = np.random.default_rng(0).permutation(alike)
    assert shift(alike, newest).p_above > 5 * shift(shuffled, newest).p_above


def test_independent_nights_seldom_look_alike() -> None:
    found = [autocorrelation(made.noise(seed, 60)) for seed in range(200)]
    assert np.mean(found) < 0.05
