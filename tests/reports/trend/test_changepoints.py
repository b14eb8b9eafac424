"""Changes of level are found where they were planted, and quiet nights have none."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.trend.changepoints import SHORTEST, ChangePoint, change_points, difference
from reports.trend.ranktest import Floats
from tests.reports.trend import made

LEAST = float(np.log(1.05))


def found(values: Floats, seed: int = 0) -> list[ChangePoint]:
    return change_points(np.log(values), least=LEAST, seed=seed)


@pytest.mark.parametrize(("factor", "off"), [(1.1, 12), (1.2, 3), (1.4, 1), (1 / 1.2, 3)])
def test_a_planted_step_is_found_at_its_night(factor: float, off: int) -> None:
    for seed in range(5):
        (point,) = found(made.stepped(made.noise(seed, 90), 50, factor))
        assert abs(point.index - 50) <= off
        assert point.size == pytest.approx(np.log(factor), abs=0.05)


def test_quiet_nights_have_no_change() -> None:
    series = [
        made.noise(seed, 120, alike=alike, wild=wild) for seed in range(10) for alike, wild in ((0, 0.04), (0.3, 0))
    ]
    assert sum(len(found(values)) for values in series) == 0


def test_wild_nights_are_no_change() -> None:
    values = made.noise(1, 80)
    values[[20, 21, 50]] *= 5
    assert found(values) == []


def test_a_loss_and_its_repair_are_two_changes() -> None:
    values = made.stepped(made.stepped(made.noise(2, 120), 40, 1.4), 80, 1 / 1.4)
    points = found(values)
    assert [round(point.index / 10) for point in points] == [4, 8]
    assert [np.sign(point.size) for point in points] == [1, -1]


def test_a_change_smaller_than_the_least_that_counts_is_none() -> None:
    values = made.stepped(made.noise(3, 100, spread=0.002), 50, 1.03)
    assert found(values) == []
    assert len(change_points(np.log(values), least=0.01, seed=0)) == 1


def test_values_that_never_differ_have_no_change() -> None:
    assert change_points(np.zeros(100), least=0.0, seed=0) == []


def test_a_level_lasts_a_week_at_least() -> None:
    assert found(made.stepped(made.noise(4, 60), 60 - SHORTEST + 1, 1.4)) == []
    assert found(made.noise(4, 2 * SHORTEST - 1)) == []


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 80), st.floats(1.0, 2.0))
def test_levels_are_in_order_long_enough_and_told_apart_by_the_least(seed: int, at: int, factor: float) -> None:
    values = np.log(made.stepped(made.noise(seed, 80), at, factor))
    points = change_points(values, least=LEAST, seed=seed)
    bounds = [0, *(point.index for point in points), values.size]
    assert all(end - start >= SHORTEST for start, end in pairwise(bounds))
    assert all(abs(point.size) >= LEAST for point in points)
    for point, start, end in zip(points, bounds, bounds[2:], strict=False):
        assert point.size == difference(values[start : point.index], values[point.index : end])


def test_the_seed_decides() -> None:
    values = made.stepped(made.noise(7, 90), 45, 1.07)
    assert found(values, seed=3) == found(values, seed=3)
