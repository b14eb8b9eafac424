"""The lifecycle of a purchase: lawful histories, and beside each the twin that cannot be ordered."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from contracts.history import Mark, Outcome
from contracts.linear.lifecycle import LATER, NOTHING, PurchaseLifecycle, Shown, State, Step
from contracts.linear.search import Decision, decide
from contracts.linear.thin import Thinned
from tests.linear.scene import CODE, CREATE, LIST, PHONE, READ, REFUND, call

UNKNOWN, FAIL = Outcome.UNKNOWN, Outcome.FAIL


def decided(calls: Sequence[Step]) -> Decision:
    return decide(PurchaseLifecycle(), calls)


TWINS: dict[str, tuple[list[Step], list[Step]]] = {
    "of an overlapping code and refund one is granted": (
        [call(CODE, 0, 9, outcome=FAIL), call(REFUND, 1, 8), call(READ, 10, 11, "REFUND")],
        [call(CODE, 0, 9, "SUCCESS", code="1"), call(REFUND, 1, 8), call(READ, 10, 11, "REFUND")],
    ),
    "an administrator may refund what has its code, its owner may not": (
        [call(CODE, 0, 9, "SUCCESS", code="1"), call(READ, 1, 8, "REFUND", code="1")],
        [call(CODE, 0, 9, "SUCCESS", code="1"), call(REFUND, 1, 8)],
    ),
    "a refund is granted once": (
        [call(REFUND, 0, 9), call(REFUND, 0, 9, outcome=FAIL)],
        [call(REFUND, 0, 9), call(REFUND, 0, 9)],
    ),
    "what was refunded brings no code any more": (
        [call(REFUND, 0, 9), call(READ, 10, 11, "REFUND")],
        [call(REFUND, 0, 9), call(READ, 10, 11, "REFUND", code="1")],
    ),
    "a refund is granted while PENDING": (
        [call(READ, 0, 3, "PENDING"), call(REFUND, 2, 8), call(READ, 4, 9, "REFUND")],
        [call(READ, 0, 1, "ERROR"), call(REFUND, 2, 8), call(READ, 4, 9, "REFUND")],
    ),
    "a refund is granted while there is no code": (
        [call(READ, 0, 1, "PENDING"), call(REFUND, 2, 8)],
        [call(READ, 0, 1, "PENDING", code="1"), call(REFUND, 2, 8)],
    ),
    "a refund is seen by every later read": (
        [call(REFUND, 0, 9), call(READ, 10, 11, "REFUND")],
        [call(REFUND, 0, 9), call(READ, 10, 11, "PENDING")],
    ),
    "overlapping request-codes bring one set of credentials": (
        [call(CODE, 0, 9, "SUCCESS", code="1", password="p"), call(CODE, 1, 8, "SUCCESS", code="1", password="p")],
        [call(CODE, 0, 9, "SUCCESS", code="1", password="p"), call(CODE, 1, 8, "SUCCESS", code="2", password="p")],
    ),
    "a password belongs to its code": (
        [call(CODE, 0, 9, "SUCCESS", code="1", password="p"), call(READ, 1, 8, "SUCCESS", code="1")],
        [call(CODE, 0, 9, "SUCCESS", code="1", password="p"), call(READ, 1, 8, "SUCCESS", code="1", password="q")],
    ),
    "a code may end in SUCCESS or in ERROR, not in both": (
        [call(CODE, 0, 9, "PENDING"), call(CODE, 0, 9, "ERROR"), call(LIST, 0, 9, "ERROR")],
        [call(CODE, 0, 9, "SUCCESS", code="1"), call(CODE, 0, 9, "ERROR"), call(LIST, 0, 9, "ERROR")],
    ),
    "a request-code that is left PENDING may bring the code later": (
        [call(CODE, 0, 2, "PENDING"), call(READ, 1, 4, "PENDING"), call(CODE, 5, 6, "SUCCESS", code="1")],
        [call(CODE, 0, 2, "SUCCESS", code="1"), call(READ, 1, 4, "PENDING"), call(CODE, 5, 6, "PENDING")],
    ),
    "a provider delivers, fails or gives up when it likes": (
        [call(CODE, 0, 2, "PENDING"), call(READ, 1, 3, "PENDING"), call(READ, 4, 5, "EXPIRED")],
        [call(CODE, 0, 2, "PENDING"), call(READ, 1, 3, "EXPIRED"), call(READ, 4, 5, "SUCCESS", code="1")],
    ),
    "a read sent after an acknowledged write sees it": (
        [call(CODE, 0, 5, "SUCCESS", code="1"), call(READ, 4, 8, "PENDING"), call(READ, 6, 9, "SUCCESS", code="1")],
        [call(CODE, 0, 5, "SUCCESS", code="1"), call(READ, 4, 8, "SUCCESS", code="1"), call(READ, 6, 9, "PENDING")],
    ),
    "once a read saw the write that is under way, no later one goes back": (
        [call(CODE, 0, 9, "SUCCESS", code="1"), call(READ, 1, 2, "PENDING"), call(READ, 3, 4, "SUCCESS", code="1")],
        [call(CODE, 0, 9, "SUCCESS", code="1"), call(READ, 1, 2, "SUCCESS", code="1"), call(READ, 3, 4, "PENDING")],
    ),
    "a list and a retrieve see one purchase": (
        [call(CODE, 0, 9, "SUCCESS", code="1"), call(LIST, 1, 3, "SUCCESS"), call(READ, 2, 4, "PENDING")],
        [call(CODE, 0, 9, "SUCCESS", code="1"), call(LIST, 1, 3, "SUCCESS"), call(READ, 4, 5, "PENDING")],
    ),
    "a number is assigned once, at any time": (
        [
            call(CREATE, 0, 2, "PENDING", phone=NOTHING),
            call(LIST, 1, 3, "PENDING", phone=NOTHING),
            call(READ, 4, 5, "PENDING", phone=PHONE),
        ],
        [
            call(CREATE, 0, 2, "PENDING", phone=PHONE),
            call(LIST, 1, 3, "PENDING", phone=PHONE),
            call(READ, 4, 5, "PENDING", phone=NOTHING),
        ],
    ),
    "a refund leaves the number": (
        [
            call(READ, 0, 1, "PENDING", phone=PHONE),
            call(REFUND, 2, 3, "REFUND", phone=PHONE),
            call(READ, 4, 5, "REFUND", phone=PHONE),
        ],
        [
            call(READ, 0, 1, "PENDING", phone=PHONE),
            call(REFUND, 2, 3),
            call(READ, 4, 5, "REFUND", phone=NOTHING),
        ],
    ),
    "status and number change together or one by one, in the same order for all": (
        [
            call(CODE, 0, 9, "SUCCESS", phone=PHONE),
            call(READ, 0, 9, "PENDING", phone=PHONE),
            call(LIST, 0, 9, "PENDING", phone=NOTHING),
        ],
        [
            call(CODE, 0, 9, "SUCCESS", phone=PHONE),
            call(READ, 0, 9, "PENDING", phone=PHONE),
            call(LIST, 0, 9, "SUCCESS", phone=NOTHING),
        ],
    ),
    "a create may be seen further on before it is answered": (
        [call(CREATE, 0, 9, "PENDING"), call(LIST, 1, 2, "PENDING"), call(LIST, 3, 4, "ERROR")],
        [call(CREATE, 0, 9, "PENDING"), call(LIST, 1, 2, "ERROR"), call(LIST, 3, 4, "PENDING")],
    ),
    "a create may be answered with SUCCESS, and not with what was over": (
        [call(CREATE, 0, 9, "SUCCESS", code="1"), call(LIST, 1, 2, "PENDING"), call(LIST, 3, 4, "SUCCESS", code="1")],
        [call(CREATE, 0, 9, "SUCCESS", code="1"), call(LIST, 1, 2, "SUCCESS"), call(LIST, 3, 4, "PENDING")],
    ),
    "the credentials of a refunded purchase stay, go, or come back, and are the same": (
        [call(READ, 0, 2, "REFUND", code="1"), call(LIST, 1, 3, "REFUND"), call(READ, 4, 5, "REFUND", code="1")],
        [call(READ, 0, 2, "REFUND", code="1"), call(LIST, 1, 3, "REFUND"), call(READ, 4, 5, "REFUND", code="2")],
    ),
    "a code of unknown outcome may or may not have come": (
        [call(CODE, 0, 3, outcome=UNKNOWN), call(REFUND, 1, 4), call(READ, 5, 6, "REFUND")],
        [call(CODE, 0, 3, outcome=UNKNOWN), call(REFUND, 1, 4), call(READ, 5, 6, "SUCCESS", code="1")],
    ),
    "a refund of unknown outcome may come late, or never": (
        [call(REFUND, 0, 3, outcome=UNKNOWN), call(CODE, 1, 4, "SUCCESS", code="1"), call(READ, 5, 6, "SUCCESS")],
        [call(REFUND, 0, 3, outcome=UNKNOWN), call(READ, 1, 4, "REFUND"), call(CODE, 5, 6, "SUCCESS", code="1")],
    ),
    "a refused request-code tells nothing of the state": (
        [call(CODE, 0, 9, "SUCCESS", code="1"), call(CODE, 1, 2, outcome=FAIL), call(READ, 3, 4, "PENDING")],
        [call(CODE, 0, 9, "SUCCESS", code="1"), call(READ, 1, 2, "SUCCESS"), call(READ, 3, 4, "PENDING")],
    ),
    "a history may begin in the middle": (
        [call(LIST, 0, 1, "SUCCESS", code="1"), call(READ, 0, 3, "REFUND"), call(READ, 4, 5, "REFUND")],
        [call(LIST, 0, 1, "REFUND"), call(READ, 0, 3, "REFUND"), call(READ, 4, 5, "EXPIRED")],
    ),
}


@pytest.mark.parametrize("name", TWINS)
def test_a_lawful_history_is_accepted_and_its_twin_refused(name: str) -> None:
    lawful, unlawful = TWINS[name]
    assert (decided(lawful), decided(unlawful)) == (Decision.OK, Decision.ILLEGAL)


@pytest.mark.parametrize("before", LATER)
@pytest.mark.parametrize("after", LATER)
def test_a_status_moves_along_the_arrows_of_the_contract(before: str, after: str) -> None:
    """LIFE-1, in the words of the contract: PENDING becomes anything, the terminal ones REFUND, REFUND nothing."""
    lawful = before in {after, "PENDING"} or (after == "REFUND")
    history = [call(READ, 0, 1, before), call(READ, 2, 3, after)]
    assert decided(history) is (Decision.OK if lawful else Decision.ILLEGAL)


def test_a_code_is_known_to_be_none_only_after_a_refund_by_the_owner() -> None:
    model = PurchaseLifecycle()
    by_owner = tuple(model.step(State("PENDING"), call(REFUND, 0, 1)))
    by_admin = tuple(model.step(State("PENDING"), call(READ, 0, 1, "REFUND")))
    assert by_owner == (State("REFUND", None, NOTHING, NOTHING),)
    assert by_admin == (State("REFUND", None, None, None),)


def sixty(last: str) -> list[Step]:
    """Return 59 calls that all overlap, and one after them."""
    reads = [call(READ, 0, 9, ("PENDING", "SUCCESS")[number % 2]) for number in range(58)]
    return [*reads, call(CODE, 0, 9, "SUCCESS", code="1"), call(READ, 10, 11, last)]


def test_sixty_overlapping_calls_are_accepted_in_few_steps() -> None:
    """They have 2^59 sets, which a model without a way back need not look into."""
    assert decide(PurchaseLifecycle(), sixty("SUCCESS"), max_steps=4_000) is Decision.OK


def test_sixty_overlapping_calls_without_an_order_are_no_pass() -> None:
    assert decide(PurchaseLifecycle(), sixty("PENDING")) in {Decision.ILLEGAL, Decision.UNKNOWN}


def test_sixty_overlapping_calls_without_an_order_are_refused_once_thinned() -> None:
    thinned: Thinned[tuple[object, ...], Mark, Shown | None] = Thinned()
    for step in sixty("PENDING"):
        thinned.add((step.input.api_operation, step.output), step)
    assert decide(PurchaseLifecycle(), thinned.calls, max_steps=100) is Decision.ILLEGAL
