"""WIRE-2: an empty body labelled application/json, judged against other forms of the same call."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.checks.emptybody import EmptyBodyCheck
from contracts.history import Aim, Demand, Operation
from tests.checks.build import (
    Verdict,
    answer,
    code_answer,
    create,
    error,
    purchase,
    record,
    refund,
    refund_answer,
    refusal,
    request_code,
    retrieve,
)

LABEL = {"content-type": "application/json"}
OUTRIGHT = error("WIRE-2", "refused outright")
UNREADABLE = error("WIRE-2", "refused as unreadable")
PENDING = create(answer(purchase()))


def judged(*operations: Operation) -> tuple[set[Verdict], int]:
    """Return what the check alone reports, and how often it was put to the test."""
    docket = record(*operations, checks=[EmptyBodyCheck])
    return docket.verdicts, docket.exercised["WIRE-2"]


def labelled(given: Any, **more: Any) -> Operation:
    return request_code(given, body=b"", headers=LABEL, **more)


def labelled_refund(given: Any, **more: Any) -> Operation:
    return refund(given, headers=LABEL, **more)


def test_accepted_is_lawful() -> None:
    assert judged(PENDING, labelled(answer(code_answer()))) == (set(), 1)
    assert judged(PENDING, labelled_refund(answer(refund_answer()))) == (set(), 1)
    assert judged(PENDING, labelled(refusal(409)), labelled_refund(refusal(409))) == (set(), 2)


@pytest.mark.parametrize("status", [411, 415])
def test_refused_outright(status: int) -> None:
    assert judged(PENDING, labelled(refusal(status))) == (OUTRIGHT, 1)
    assert judged(PENDING, labelled_refund(refusal(status))) == (OUTRIGHT, 1)


@pytest.mark.parametrize("status", [401, 404, 405, 429, 501, 503])
def test_statuses_that_tell_nothing_of_the_body(status: int) -> None:
    assert judged(PENDING, labelled(refusal(status), at=1), request_code(answer(code_answer()), at=2)) == (set(), 0)


@pytest.mark.parametrize("status", [400, 422, 500])
def test_refused_as_unreadable(status: int) -> None:
    first = labelled(refusal(status), at=1)
    assert judged(PENDING, first) == (set(), 1)
    assert judged(PENDING, first, request_code(answer(code_answer()), at=2)) == (UNREADABLE, 1)
    assert judged(PENDING, first, request_code(answer(code_answer()), body=b"", at=2)) == (UNREADABLE, 1)
    assert judged(PENDING, first, labelled(answer(code_answer()), at=2)) == (set(), 2)
    assert judged(PENDING, first, request_code(refusal(409), at=2)) == (set(), 1)


def test_a_refusal_that_the_state_explains() -> None:
    taken = request_code(answer(code_answer()), at=1)
    assert judged(PENDING, taken, labelled(refusal(400), at=2), taken) == (set(), 1)
    lost = request_code(None, at=1)
    assert judged(PENDING, lost, labelled(refusal(400), at=2), request_code(answer(code_answer()), at=3)) == (set(), 1)
    failed = retrieve(answer(purchase(status="ERROR")))
    assert judged(failed, labelled(refusal(400), at=1), request_code(answer(code_answer()), at=2)) == (set(), 1)
    assert judged(labelled(refusal(400), at=1), request_code(answer(code_answer()), at=2)) == (set(), 1)


def test_calls_that_overlapped_cannot_be_compared() -> None:
    first = labelled(refusal(400), at=1.0, took=0.1)
    winner = request_code(answer(code_answer()), at=0.9, took=2.0)
    assert judged(PENDING, first, winner) == (set(), 1)


def test_another_purchase_or_owner_tells_nothing() -> None:
    theirs = Aim("AUTH-5", "another owner's purchase", Demand.REFUSE)
    unknown = Aim("INPUT-8", "an id nobody was given", Demand.REFUSE)
    later = request_code(answer(code_answer()), at=2)
    assert judged(PENDING, labelled(refusal(415), aim=theirs, at=1), later) == (set(), 0)
    assert judged(PENDING, labelled(refusal(415), aim=unknown, at=1), later) == (set(), 0)
    assert judged(PENDING, labelled(refusal(401), principal="stranger:no key"), later) == (set(), 0)


def test_two_refunds_of_one_purchase_in_one_state() -> None:
    first = labelled_refund(refusal(400), at=1)
    for other in (refund(refusal(409), at=2), refund(refusal(425), at=2, body=b"{}")):
        assert judged(PENDING, first, other) == (UNREADABLE, 1)
        assert judged(PENDING, other, labelled_refund(refusal(422), at=3)) == (UNREADABLE, 1)


def test_two_refunds_that_cannot_be_compared() -> None:
    first = labelled_refund(refusal(400), at=1)
    assert judged(PENDING, first, refund(refusal(400), at=2)) == (set(), 1)
    assert judged(PENDING, first, refund(refusal(422), at=2)) == (set(), 1)
    assert judged(PENDING, first, refund(refusal(404), at=2)) == (set(), 1)
    assert judged(PENDING, first, refund(answer(refund_answer()), at=2)) == (set(), 1)
    assert judged(PENDING, first, refund(refusal(409), at=30)) == (set(), 1)
    changed = retrieve(answer(purchase(status="ERROR")), at=1.5)
    assert judged(PENDING, first, changed, refund(refusal(409), at=2)) == (set(), 1)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.checks.emptybody.MAX_PURCHASES", 1)
    others = create(answer(purchase(id=2)))
    history = [PENDING, others, labelled(refusal(400), at=1), request_code(answer(code_answer()), at=2)]
    assert judged(*history) == (set(), 1)


@pytest.mark.parametrize(("call", "kind"), [(labelled, "request_code"), (labelled_refund, "refund_purchase")])
def test_an_outright_refusal_names_the_operation_and_the_status(call: Any, kind: str) -> None:
    (found,) = record(PENDING, call(refusal(415)), checks=[EmptyBodyCheck]).violations
    assert found.observed == f"{kind}: status 415 to an empty body labelled application/json"
