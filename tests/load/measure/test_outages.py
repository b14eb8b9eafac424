"""A target that was up, down and up again is said to have been, and when."""

from __future__ import annotations

import pytest

from load.measure.outages import Outage, outages, remark
from load.measure.timeline import Row


def rows(*failures: int | None) -> list[Row]:
    """One row a second of ten requests, so many of which failed; None for a second without any."""
    return [
        {"t": t, "span_s": 1, "requests": 0 if failed is None else 10, "failures": failed or 0}
        for t, failed in enumerate(failures)
    ]


@pytest.mark.parametrize(
    ("failures", "found"),
    [
        ((0, 0, 0), []),
        ((0, 4, 0), []),
        ((0, 5, 10, 0), [Outage(1, 3, True)]),
        ((0, 10, None, 0), [Outage(1, 3, True)]),
        ((0, 10, 0, 10, 10), [Outage(1, 2, True), Outage(3, 5, False)]),
        ((10, 10, 10), []),
        ((10, 0, 10, 0), [Outage(2, 3, True)]),
        ((), []),
    ],
)
def test_outages_begin_and_end(failures: tuple[int | None, ...], found: list[Outage]) -> None:
    assert outages(rows(*failures)) == found


def test_the_remark_says_when_and_whether_it_came_back() -> None:
    assert remark([]) == ""
    assert remark([Outage(3, 5, True)]).endswith("failed from 3 s to 5 s: the target was down and came back")
    assert remark([Outage(3, 5, True), Outage(8, 9, False)]).endswith(
        "from 3 s to 5 s, from 8 s to the end: the target was down"
    )
    often = remark([Outage(t, t + 1, True) for t in range(7)])
    assert often.endswith(" and 2 times more: the target was down and came back each time")
