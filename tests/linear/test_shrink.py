"""The shortest part of a history that cannot be ordered."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings

from contracts.linear.lifecycle import PurchaseLifecycle, Step
from contracts.linear.search import Decision, decide
from contracts.linear.shrink import shortest
from tests.linear.models import Stock, take
from tests.linear.scene import CODE, CREATE, READ, REFUND, call
from tests.linear.shop import planted


def test_what_the_contradiction_does_not_need_is_left_out() -> None:
    code, refund = call(CODE, 3, 9, "SUCCESS", code="1"), call(REFUND, 4, 8)
    history = [
        call(CREATE, 0, 1, "PENDING"),
        call(READ, 2, 5, "PENDING"),
        code,
        refund,
        call(READ, 10, 11, "REFUND"),
    ]
    assert shortest(PurchaseLifecycle(), history) == (code, refund)


def test_of_two_contradictions_the_shorter_is_told() -> None:
    """Leaving out the last first ends with the three at the front; the two at the end say it sooner."""
    history = [take("plenty", moment) for moment in (0, 1, 2)] + [take("scarce", moment) for moment in (3, 4)]
    assert shortest(Stock(), history) == tuple(history[3:])
    assert shortest(Stock(), history, max_tries=0) == tuple(history[:3])


def test_of_equally_short_ones_the_earliest_is_told() -> None:
    early = (call(READ, 0, 1, "SUCCESS"), call(READ, 2, 3, "PENDING"))
    late = (call(READ, 4, 5, "SUCCESS"), call(READ, 6, 7, "PENDING"))
    assert shortest(PurchaseLifecycle(), [*late, *early]) == early


def test_without_tries_no_call_can_be_left_out_all_the_same() -> None:
    history = [call(READ, 0, 1, "SUCCESS"), call(READ, 2, 3, "PENDING"), call(READ, 4, 5, "ERROR")]
    part = shortest(PurchaseLifecycle(), history, max_tries=0)
    assert part == tuple(history[:2])


def test_a_part_that_cannot_be_decided_in_time_is_not_told() -> None:
    """Without steps nothing is shown illegal, so that nothing may be left out."""
    history = [call(READ, 0, 1, "SUCCESS"), call(READ, 2, 3, "PENDING"), call(READ, 4, 5, "PENDING")]
    assert shortest(PurchaseLifecycle(), history, max_steps=0) == tuple(history)
    assert len(shortest(PurchaseLifecycle(), history)) == 2


@settings(deadline=None)
@given(planted())
def test_the_part_is_illegal_and_each_part_of_it_lawful(history: Sequence[Step]) -> None:
    part = shortest(PurchaseLifecycle(), history)
    assert decide(PurchaseLifecycle(), part) is Decision.ILLEGAL
    for index in range(len(part)):
        assert decide(PurchaseLifecycle(), part[:index] + part[index + 1 :]) is Decision.OK
