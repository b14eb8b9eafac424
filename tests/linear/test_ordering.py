"""The monitor: what it makes of the operations of a run, whole verdicts compared."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from contracts.finding import Violation
from contracts.history import OTHER, Aim, Demand, Operation
from contracts.invariants import ordering
from contracts.linear.search import decide
from contracts.monitor import violation
from tests.linear.scene import CODE, CREATE, LIST, READ, REFUND, Record, operation, purchase, record

PENDING, SUCCESS, REFUNDED = purchase("PENDING"), purchase("SUCCESS", "111"), purchase("REFUND")


def bought() -> list[Operation]:
    """Return a purchase and a first look at it."""
    return [operation(CREATE, -20, -15, PENDING), operation(READ, -14, -13, PENDING)]


def verdict(*operations: Operation) -> tuple[list[Violation], list[str]]:
    docket = record([*bought(), *operations])
    return docket.violations, docket.exercised


def found(clause: str, cause: str, title: str, expected: str, observed: str, *operations: Operation) -> Violation:
    """Return the violation that a history is expected to be."""
    marks = [each.mark for each in operations]
    told = f"purchase 7: {observed}: no order of these is lawful"
    return violation(clause, cause, title, *marks, expected=expected, observed=told)


def test_a_code_and_a_refund_that_were_both_granted_are_told_with_their_times() -> None:
    code, refund = operation(CODE, 0, 3.1, SUCCESS), operation(REFUND, 0.2, 2.9, REFUNDED)
    expected = found(
        "LIFE-10",
        "no-order-of-refund-and-code",
        "a purchase brought its code and its money back",
        "a refund needs PENDING and no code, and moves the purchase to REFUND",
        "0.0–3.1 request-code → SUCCESS; 0.2–2.9 refund → granted",
        code,
        refund,
    )
    assert verdict(code, refund, operation(READ, 5, 6, REFUNDED)) == ([expected], [])


def test_of_a_code_and_a_refund_one_may_be_granted() -> None:
    refused = operation(CODE, 0, 3.1, http=409)
    assert verdict(refused, operation(REFUND, 0.2, 2.9, REFUNDED), operation(READ, 1, 6, REFUNDED)) == ([], [])


def test_two_refunds_cannot_both_be_granted() -> None:
    once, again = operation(REFUND, 0, 3, REFUNDED), operation(REFUND, 1, 2, REFUNDED)
    expected = found(
        "LIFE-10",
        "no-order-of-refunds",
        "a purchase was refunded twice",
        "a refund needs PENDING and no code, and moves the purchase to REFUND",
        "0.0–3.0 refund → granted; 1.0–2.0 refund → granted",
        once,
        again,
    )
    assert verdict(once, again) == ([expected], [])


def test_a_refund_that_overlaps_a_read_must_have_found_the_purchase_pending() -> None:
    seen, refund = operation(READ, 0, 1, purchase("ERROR")), operation(REFUND, 0.5, 3, REFUNDED)
    expected = found(
        "LIFE-10",
        "no-order-of-refund",
        "a purchase was refunded that was not PENDING",
        "a refund needs PENDING and no code, and moves the purchase to REFUND",
        "0.0–1.0 retrieve → ERROR; 0.5–3.0 refund → granted",
        seen,
        refund,
    )
    assert verdict(seen, refund) == ([expected], [])


def test_two_sets_of_credentials_are_told_without_their_values() -> None:
    one, other = operation(CODE, 0, 3, SUCCESS), operation(CODE, 1, 4, purchase("SUCCESS", "222"))
    expected = found(
        "RACE-2",
        "no-order-of-credentials",
        "request-codes at once brought two sets of credentials",
        "one set of credentials is ever seen, in whatever order",
        "0.0–3.0 request-code → SUCCESS with code A; 1.0–4.0 request-code → SUCCESS with code B",
        one,
        other,
    )
    assert verdict(one, other) == ([expected], [])


def test_two_sets_of_a_race_stay_a_race_when_the_code_is_asked_for_once_more() -> None:
    race = [operation(CODE, 0, 3, SUCCESS), operation(CODE, 1, 4, purchase("SUCCESS", "222"))]
    violations, _ = verdict(*race, operation(CODE, 6, 7, SUCCESS))
    assert [(each.clause, each.cause) for each in violations] == [("RACE-2", "no-order-of-credentials")]


def test_credentials_that_change_without_a_race_are_no_race() -> None:
    code, early = operation(CODE, 0, 3, SUCCESS), operation(READ, 1, 2, PENDING)
    late = operation(READ, 5, 6, purchase("SUCCESS", "222"))
    violations, exercised = verdict(code, early, late)
    assert [(each.clause, each.marks) for each in violations] == [("LIFE-3", (code.mark, late.mark))]
    assert exercised == ["RACE-3"]


def test_overlapping_request_codes_may_bring_the_same_credentials() -> None:
    assert verdict(operation(CODE, 0, 3, SUCCESS), operation(CODE, 1, 4, SUCCESS)) == ([], [])


def test_a_read_after_the_acknowledgement_must_see_the_write() -> None:
    code = operation(CODE, 0, 5, SUCCESS)
    under_way, after = operation(READ, 1, 2, PENDING), operation(READ, 6, 7.25, PENDING)
    expected = found(
        "RACE-3",
        "no-order-of-reads",
        "a read shows a state that was over before it was sent",
        "a read sent after an answer arrived never shows a state from before that answer",
        "0.0–5.0 request-code → SUCCESS; 6.0–7.2 retrieve → PENDING",
        code,
        after,
    )
    assert verdict(code, under_way, after) == ([expected], ["RACE-3"])


def test_a_read_may_not_go_back_behind_another_while_the_write_is_under_way() -> None:
    ahead, behind = operation(READ, 1, 2, SUCCESS), operation(LIST, 3, 4, PENDING)
    violations, _ = verdict(ahead, behind, operation(CODE, 0, 5, SUCCESS))
    assert [(each.clause, each.cause, each.marks) for each in violations] == [
        ("RACE-3", "no-order-of-reads", (ahead.mark, behind.mark))
    ]


def test_reads_around_a_write_are_lawful_in_either_state_and_exercise_the_race() -> None:
    reads = [operation(READ, 1, 4, SUCCESS), operation(READ, 1, 4, PENDING), operation(LIST, 6, 7, SUCCESS)]
    assert verdict(operation(CODE, 0, 5, SUCCESS), *reads) == ([], ["RACE-3"])


def test_a_read_after_a_refund_that_shows_pending_is_stale() -> None:
    refund, early = operation(REFUND, 0, 3, REFUNDED), operation(READ, 1, 2, REFUNDED)
    late = operation(READ, 5, 6, PENDING)
    violations, exercised = verdict(refund, early, late)
    assert [(each.clause, each.marks) for each in violations] == [("RACE-3", (refund.mark, late.mark))]
    assert exercised == ["RACE-3"]


def test_a_write_that_answers_with_what_was_over_changed_a_final_status() -> None:
    ended, repeat = operation(CODE, 0, 3, purchase("ERROR")), operation(CODE, 4, 6, PENDING)
    expected = found(
        "LIFE-2",
        "no-order-of-statuses",
        "no order of the calls explains the statuses shown",
        "a terminal status never changes, unless into REFUND",
        "0.0–3.0 request-code → ERROR; 4.0–6.0 request-code → PENDING",
        ended,
        repeat,
    )
    assert verdict(operation(READ, 1, 2, PENDING), ended, repeat) == ([expected], [])


def test_ends_that_exclude_each_other_have_no_order() -> None:
    code, seen = operation(CODE, 0, 3, SUCCESS), operation(READ, 1, 2, purchase("ERROR"))
    violations, _ = verdict(code, seen)
    assert [(each.clause, each.cause, each.marks) for each in violations] == [
        ("LIFE-2", "no-order-of-statuses", (code.mark, seen.mark))
    ]


def test_a_number_that_is_taken_back_is_the_business_of_its_own_clause() -> None:
    code, gone = operation(CODE, 0, 3, SUCCESS), operation(READ, 1, 2, purchase("PENDING", phone=None))
    observed = "0.0–5.0 create → PENDING with number +12025550123; 21.0–22.0 retrieve → PENDING without a number"
    violations, _ = verdict(code, gone)
    assert [(each.clause, each.cause, each.observed) for each in violations] == [
        ("LIFE-5", "no-order-of-phone-numbers", f"purchase 7: {observed}: no order of these is lawful")
    ]


def test_credentials_of_a_purchase_that_its_owner_was_refunded_are_told() -> None:
    refund, seen = operation(REFUND, 0, 3, REFUNDED), operation(READ, 1, 2, purchase("REFUND", "111"))
    violations, _ = verdict(refund, seen)
    assert [(each.clause, each.cause, each.observed) for each in violations] == [
        (
            "LIFE-10",
            "no-order-of-refund-and-code",
            "purchase 7: 0.0–3.0 refund → granted; 1.0–2.0 retrieve → REFUND with code A: no order of these is lawful",
        )
    ]


LAWFUL: dict[str, Sequence[Operation]] = {
    "a provider that takes its time": [
        operation(CODE, 0, 3, PENDING),
        operation(CODE, 1, 4, http=409),
        operation(READ, 2, 6, PENDING),
        operation(CODE, 7, 9, SUCCESS),
        operation(READ, 8, 12, SUCCESS),
        operation(CODE, 13, 14, http=409),
    ],
    "a provider that gives up": [
        operation(CODE, 0, 3, PENDING),
        operation(READ, 1, 5, purchase("ERROR")),
        operation(READ, 2, 4, PENDING),
    ],
    "a code that nobody here asked for": [
        operation(CODE, 0, 3, http=409),
        operation(LIST, 4, 6, SUCCESS),
        operation(CODE, 5, 7, SUCCESS),
    ],
    "an answer that was lost": [
        operation(CODE, 0, 30, http=None),
        operation(READ, 5, 6, PENDING),
        operation(READ, 40, 41, SUCCESS),
        operation(CODE, 40, 42, SUCCESS),
    ],
    "a server error behind which the refund was done": [
        operation(REFUND, 0, 3, http=500),
        operation(CODE, 1, 2, PENDING),
        operation(READ, 1, 4, PENDING),
        operation(READ, 5, 6, REFUNDED),
    ],
    "a refund by an administrator that keeps the credentials": [
        operation(CODE, 0, 3, SUCCESS),
        operation(READ, 1, 5, purchase("REFUND", "111")),
        operation(READ, 2, 4, SUCCESS),
    ],
    "a refund by an administrator that hides the credentials": [
        operation(CODE, 0, 3, SUCCESS),
        operation(READ, 1, 5, REFUNDED),
        operation(READ, 6, 7, REFUNDED),
    ],
    "an expiry": [operation(CODE, 0, 3, http=422), operation(CODE, 0, 4, purchase("EXPIRED"))],
    "a list that masks the credentials": [
        operation(CODE, 0, 3, SUCCESS),
        operation(LIST, 1, 4, purchase("SUCCESS")),
        operation(LIST, 5, 6, purchase("SUCCESS")),
    ],
    "a refund whose answer has the status from before, as in the published sample": [
        operation(REFUND, 0, 3, SUCCESS),
        operation(READ, 1, 2, PENDING),
        operation(READ, 5, 6, REFUNDED),
    ],
    "a refund that will be done some day": [
        operation(REFUND, 0, 3, PENDING, http=202),
        operation(READ, 1, 2, PENDING),
        operation(READ, 5, 6, PENDING),
    ],
    "another owner's refund, whatever it was answered": [
        operation(CODE, 0, 3, SUCCESS),
        operation(REFUND, 1, 2, REFUNDED, principal=OTHER, aim=Aim("AUTH-5", "foreign", Demand.REFUSE)),
    ],
    "an answer that cannot be read": [
        operation(CODE, 0, 3, SUCCESS),
        operation(READ, 4, 5, body=b"{"),
        operation(READ, 4, 5, purchase("pending")),
        operation(READ, 4, 5, body=b'{"id": 7, "status": "SUCCESS", "status": "PENDING"}'),
        operation(READ, 4, 5, purchase("SUCCESS", "1" * 300)),
        operation(READ, 4, 5, purchase("SUCCESS", phone="")),
    ],
}


@pytest.mark.parametrize("name", LAWFUL)
def test_a_lawful_server_is_left_alone(name: str) -> None:
    assert verdict(*LAWFUL[name])[0] == []


def test_a_purchase_found_in_a_list_is_judged_from_there_on() -> None:
    found_there = [operation(LIST, 0, 1, PENDING), operation(REFUND, 2, 5, REFUNDED), operation(READ, 3, 4, PENDING)]
    assert record(found_there).violations == []
    docket = record([*found_there, operation(READ, 6, 7, PENDING)])
    assert [each.clause for each in docket.violations] == ["RACE-3"]


def test_a_number_may_come_while_a_code_is_under_way() -> None:
    history = [
        operation(CREATE, 0, 5, purchase("PENDING", phone=None)),
        operation(LIST, 2, 6, purchase("PENDING")),
        operation(CODE, 7, 12, SUCCESS),
        operation(READ, 8, 9, PENDING),
    ]
    assert record(history).violations == []


def test_calls_that_did_not_overlap_are_left_to_the_other_invariants() -> None:
    assert verdict(operation(CODE, 0, 3, SUCCESS), operation(READ, 4, 5, PENDING)) == ([], [])


def test_reads_that_overlapped_each_other_alone_are_left_to_the_other_invariants() -> None:
    assert verdict(operation(READ, 0, 3, SUCCESS), operation(READ, 1, 5, purchase("ERROR"))) == ([], [])


def test_an_id_that_was_given_twice_is_judged_elsewhere() -> None:
    history = [operation(CODE, 0, 3, SUCCESS), operation(READ, 1, 4, PENDING), operation(READ, 5, 6, PENDING)]
    assert verdict(*history)[0] != []
    assert verdict(*history, operation(CREATE, 7, 8, PENDING)) == ([], [])


def test_what_could_not_be_decided_is_neither_violation_nor_exercise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "decide", lambda model, calls: decide(model, calls, max_steps=1))
    code, early, late = operation(CODE, 0, 5, SUCCESS), operation(READ, 1, 2, PENDING), operation(READ, 6, 7, PENDING)
    assert verdict(code, early, late) == ([], [])


def test_histories_held_too_long_are_judged_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A purchase that is forgotten and seen again starts anew, with nothing known."""
    monkeypatch.setattr(ordering, "MAX_PURCHASES", 1)
    code, refund = operation(CODE, 0, 3, SUCCESS), operation(REFUND, 1, 2, REFUNDED)
    another = operation(READ, 4, 5, purchase("PENDING", id=8), number=8)
    docket = record([code, refund, another, operation(READ, 6, 7, PENDING)])
    assert [each.clause for each in docket.violations] == ["LIFE-10"]


def test_a_run_without_operations_says_nothing() -> None:
    docket: Record = record([])
    assert (docket.violations, docket.exercised) == ([], [])
