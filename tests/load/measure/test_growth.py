"""Growth of response times: seen where it goes on, not where a stall or a busy second looks like it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from load.measure.growth import FLOOR_MS, LEAST_ROWS, growth
from load.measure.timeline import Row


def rows(times: Sequence[float | None], *, measured: bool = True) -> list[Row]:
    return [{"t": t, "measured": measured, "p90": time} for t, time in enumerate(times)]


@pytest.mark.parametrize(
    ("times", "grown"),
    [
        ([200.0] * 15, 0.0),
        ([200.0] * 5 + [300.0] * 5 + [500.0] * 5, 1.5),
        ([2.0] * 10 + [202.0] * 5, 2.0),
        ([2.0] * 10 + [12.0] * 5, 0.1),
        ([500.0] * 5 + [250.0] * 10, -0.5),
    ],
)
def test_the_last_third_is_held_against_the_first(times: list[float], grown: float) -> None:
    assert growth(rows(times)) == pytest.approx(grown)


def test_one_stall_in_each_third_is_no_growth() -> None:
    assert growth(rows([5, 5, 5, 5, 5, 5, 5, 5, 900, 5, 5, 900, 900, 5, 5])) == 0


def test_seconds_without_answers_or_not_measured_are_left_out() -> None:
    warm = rows([3000.0] * 10, measured=False)
    assert growth(warm + rows([None, 100, None, 100, 100, 100, 100, 100, 100, 200, 200, None, 200])) == 1


def test_too_little_says_nothing() -> None:
    assert growth(rows([100.0] * (LEAST_ROWS - 1))) is None
    assert growth(rows([None] * 50)) is None


@given(st.lists(st.floats(0, 1e5), min_size=LEAST_ROWS, max_size=60))
def test_growth_is_bounded_by_what_was_seen(times: list[float]) -> None:
    grown = growth(rows(times))
    assert grown is not None
    assert -1 <= grown <= max(times) / FLOOR_MS
