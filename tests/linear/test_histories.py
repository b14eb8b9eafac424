"""Whole histories: what a true shop answers is accepted, and a planted contradiction is refused."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.history import ApiOperation, Mark, Outcome
from contracts.linear.lifecycle import LATER, NOTHING, PurchaseLifecycle, Shown, Step
from contracts.linear.search import Decision, decide
from contracts.linear.thin import Thinned
from tests.linear.models import can_be_ordered
from tests.linear.scene import CODE, LIST, READ, REFUND, call
from tests.linear.shop import planted, sequential


@settings(max_examples=300, deadline=None)
@given(sequential())
def test_what_a_true_shop_answers_can_be_ordered(history: list[Step]) -> None:
    assert decide(PurchaseLifecycle(), history) is Decision.OK


@settings(max_examples=300, deadline=None)
@given(planted())
def test_a_planted_contradiction_cannot_be_ordered(history: list[Step]) -> None:
    assert decide(PurchaseLifecycle(), history) is Decision.ILLEGAL


@settings(max_examples=200, deadline=None)
@given(sequential(), st.data())
def test_every_part_of_a_lawful_history_is_lawful(history: list[Step], data: st.DataObject) -> None:
    part = [step for step in history if data.draw(st.booleans())]
    assert decide(PurchaseLifecycle(), part) is Decision.OK


@st.composite
def anything(draw: st.DrawFn, most: int) -> list[Step]:
    """Any answers at all, at few moments, so that much of it contradicts itself."""
    steps = []
    for _ in range(draw(st.integers(0, most))):
        begin = draw(st.integers(0, 8))
        kind = draw(st.sampled_from([READ, LIST, CODE, REFUND]))
        end = begin + draw(st.integers(0, 6))
        outcome = draw(st.sampled_from([*[Outcome.OK] * 6, Outcome.FAIL, Outcome.UNKNOWN]))
        status = draw(st.sampled_from(sorted(LATER))) if kind is not REFUND and outcome is Outcome.OK else None
        code = draw(st.sampled_from([None, None, "1", "2"])) if status in {"SUCCESS", "REFUND"} else None
        phone = draw(st.sampled_from([None, NOTHING, "+1"]))
        steps.append(call(kind, begin, end, status, phone=phone, code=code, outcome=outcome))
    return steps


@settings(max_examples=200, deadline=None)
@given(anything(most=6))
def test_the_search_agrees_with_trying_everything(history: list[Step]) -> None:
    expected = Decision.OK if can_be_ordered(PurchaseLifecycle(), history) else Decision.ILLEGAL
    assert decide(PurchaseLifecycle(), history) is expected


def thinned(history: list[Step]) -> list[Step]:
    """Return what is left of the answered calls of a history."""
    kept: Thinned[tuple[ApiOperation, Shown], Mark, Shown | None] = Thinned()
    for step in history:
        if step.outcome is Outcome.OK:
            kept.add(None if step.output is None else (step.input.api_operation, step.output), step)
    return kept.calls


def alike(history: list[Step]) -> list[Step]:
    """Return a history with fewer different answers, so that more of them are equal."""
    return [step for step in history if step.output is None or step.output.phone is None]


@settings(max_examples=300, deadline=None)
@given(anything(most=14).map(alike))
def test_a_history_is_as_lawful_as_what_is_left_of_it(history: list[Step]) -> None:
    assert decide(PurchaseLifecycle(), thinned(history)) is decide(PurchaseLifecycle(), history)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=50))
def test_two_calls_are_left_of_equal_ones(intervals: list[tuple[int, int]]) -> None:
    history = [call(READ, begin, begin + took, "PENDING") for begin, took in intervals]
    left = thinned(history)
    assert len(left) <= 2
    assert min(step.returned for step in left) == min(step.returned for step in history)
    assert max(step.invoked for step in left) == max(step.invoked for step in history)
