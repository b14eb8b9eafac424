"""Waiting when told to, and giving up when the wait does not fit."""

from __future__ import annotations

import pytest

from contracts.gate.pace import Pace, TimeSpentError, wait_hint
from contracts.history import Answer


class Clock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("0", 0.0),
        ("-4", 0.0),
        ("Mon, 01 Jan 2024 00:00:30 GMT", 30.0),
        ("Mon, 01 Jan 2024 00:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(value: str, seconds: float | None) -> None:
    assert wait_hint(Answer(429, (("Retry-After", value),)), 1704067200.0) == seconds


def test_an_answer_without_the_header_hints_nothing() -> None:
    assert wait_hint(Answer(429), 0.0) is None


def test_a_wait_that_fits_is_slept_and_counted() -> None:
    clock = Clock()
    pace = Pace(10.0, clock, clock.sleep)
    pace.wait(4.0)
    assert (pace.elapsed, pace.left, pace.waited) == (4.0, 6.0, 4.0)


def test_a_wait_beyond_the_budget_is_not_begun() -> None:
    clock = Clock()
    pace = Pace(10.0, clock, clock.sleep)
    with pytest.raises(TimeSpentError, match=r"10 s of this run"):
        pace.wait(31_536_000.0)
    assert pace.elapsed == 0.0


def test_the_pace_of_a_slow_target_decides_what_it_affords() -> None:
    clock = Clock()
    pace = Pace(60.0, clock, clock.sleep)
    for _ in range(20):
        pace.took(0.1)
    assert not pace.brisk
    assert pace.affords(299, 0.5)
    assert not pace.affords(301, 0.5)


def test_nothing_more_is_sent_once_the_budget_and_its_grace_are_spent() -> None:
    clock = Clock()
    pace = Pace(10.0, clock, clock.sleep)
    clock.now += 14.9
    pace.check_overrun()
    clock.now += 0.2
    with pytest.raises(TimeSpentError, match="the 10 s of this run are long over"):
        pace.check_overrun()


def test_what_is_left_with_the_grace_is_never_below_nothing() -> None:
    clock = Clock()
    pace = Pace(10.0, clock, clock.sleep)
    assert pace.rest == 15.0
    clock.now += 14.0
    assert (pace.left, pace.rest) == (0.0, 1.0)
    clock.now += 14.0
    assert pace.rest == 0.0
