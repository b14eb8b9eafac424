"""The search, on models that have nothing to do with purchases."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.history import Outcome
from contracts.linear.model import Call
from contracts.linear.search import MAX_STEPS, Decision, decide
from tests.linear.models import Counting, Drifting, Register, RegisterCall, can_be_ordered, read, swap, write

UNKNOWN, FAIL = Outcome.UNKNOWN, Outcome.FAIL

TWINS: dict[str, tuple[list[RegisterCall], list[RegisterCall]]] = {
    "a read after a write sees it": (
        [write(1, 0, 1), read(1, 2, 3)],
        [write(1, 0, 1), read(0, 2, 3)],
    ),
    "an overlapping read sees either value, and then does not go back": (
        [write(1, 0, 9), read(0, 1, 2), read(1, 3, 4)],
        [write(1, 0, 9), read(1, 1, 2), read(0, 3, 4)],
    ),
    "intervals that touch overlap": (
        [write(1, 0, 1), read(0, 1, 2)],
        [write(1, 0, 1), read(0, 1.001, 2)],
    ),
    "two overlapping writes come in one order for all readers": (
        [write(1, 0, 5), write(2, 0, 5), read(1, 6, 7), read(1, 8, 9)],
        [write(1, 0, 5), write(2, 0, 5), read(1, 6, 7), read(2, 8, 9)],
    ),
    "a write of unknown outcome may come late, and not before it was sent": (
        [write(1, 0, 1, UNKNOWN), read(0, 2, 3), read(1, 4, 5)],
        [read(1, 0, 1), write(1, 2, 3, UNKNOWN)],
    ),
    "a write of unknown outcome takes effect once": (
        [write(1, 0, 1, UNKNOWN), read(1, 2, 3), read(1, 4, 5)],
        [write(1, 0, 1, UNKNOWN), read(1, 2, 3), read(0, 4, 5)],
    ),
    "a write of unknown outcome may never come": (
        [write(1, 0, 1, UNKNOWN), read(0, 2, 3)],
        [write(1, 0, 1), read(0, 2, 3)],
    ),
    "of two swaps of the same value one succeeds": (
        [swap(0, 1, 0, 5), swap(0, 2, 0, 5, FAIL)],
        [swap(0, 1, 0, 5), swap(0, 2, 0, 5)],
    ),
    "a write that changes nothing now may be needed later": (
        [write(0, 0, 9), write(2, 0, 1), read(0, 2, 3)],
        [write(0, 0, 1), write(2, 0, 1), read(0, 2, 3), read(2, 4, 5)],
    ),
}


@pytest.mark.parametrize("name", TWINS)
def test_a_lawful_history_is_accepted_and_its_twin_refused(name: str) -> None:
    lawful, unlawful = TWINS[name]
    assert (decide(Register(), lawful), decide(Register(), unlawful)) == (Decision.OK, Decision.ILLEGAL)


def test_no_calls_are_in_order() -> None:
    assert decide(Register(), []) is Decision.OK


@pytest.mark.parametrize(("total", "decision"), [(2, Decision.OK), (4, Decision.OK), (5, Decision.ILLEGAL)])
def test_every_state_a_call_may_leave_is_looked_into(total: int, decision: Decision) -> None:
    add: RegisterCall = Call(0, 5, ("add",), None)
    assert decide(Drifting(), [add, add, read(total, 6, 7)]) is decision


def test_the_sequence_in_which_calls_are_given_does_not_matter() -> None:
    lawful, unlawful = TWINS["two overlapping writes come in one order for all readers"]
    assert decide(Register(), lawful[::-1]) is Decision.OK
    assert decide(Register(), unlawful[::-1]) is Decision.ILLEGAL


def test_a_search_that_is_too_long_says_unknown() -> None:
    """Sixty overlapping writes have more sets than can be looked into, and none of them explains the read."""
    model = Counting()
    calls = [write(value, 0, 5) for value in range(60)] + [read(-1, 6, 7)]
    assert decide(model, calls) is Decision.UNKNOWN
    assert model.steps == MAX_STEPS


def test_a_bound_is_kept_to_the_step() -> None:
    assert decide(Register(), [write(1, 0, 1), read(1, 2, 3)], max_steps=2) is Decision.OK
    assert decide(Register(), [write(1, 0, 1), read(1, 2, 3)], max_steps=1) is Decision.UNKNOWN


def test_what_was_looked_into_is_not_looked_into_again() -> None:
    """Of ten overlapping calls there are 3,628,800 orders and 1,024 sets."""
    model = Counting()
    calls = [write(value % 2, 0, 5) for value in range(10)] + [read(7, 6, 7)]
    assert decide(model, calls) is Decision.ILLEGAL
    assert model.steps <= 2 * 1024 * 11


@st.composite
def register_histories(draw: st.DrawFn) -> list[RegisterCall]:
    """Any calls at all on a register of few values, at few moments, so that much of it collides."""
    calls = []
    for _ in range(draw(st.integers(0, 6))):
        begin = draw(st.integers(0, 8))
        end = begin + draw(st.integers(0, 5))
        value, other = draw(st.integers(0, 2)), draw(st.integers(0, 2))
        kinds: list[Any] = [
            write(value, begin, end),
            write(value, begin, end, UNKNOWN),
            read(value, begin, end),
            swap(value, other, begin, end),
            swap(value, other, begin, end, FAIL),
            swap(value, other, begin, end, UNKNOWN),
        ]
        calls.append(draw(st.sampled_from(kinds)))
    return calls


@settings(deadline=None)
@given(register_histories())
def test_the_search_agrees_with_trying_everything(calls: list[RegisterCall]) -> None:
    expected = Decision.OK if can_be_ordered(Register(), calls) else Decision.ILLEGAL
    assert decide(Register(), calls) is expected
