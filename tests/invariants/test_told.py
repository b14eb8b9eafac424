"""What a finding shows: the offending value, and the operations that contradict each other."""

from __future__ import annotations

import pytest

from contracts.finding import Finding
from contracts.history import OWNER, ApiOperation, Mark
from contracts.invariants.telling import course, other_lane
from tests.invariants.build import CODE, FOREIGN_ACT, OTHER_CODE, History

OLD = 1300.0


def only(history: History, clause: str) -> Finding:
    """Return the one finding under a clause."""
    (found,) = [finding for finding in history.judged().findings if finding.clause == clause]
    return found


@pytest.mark.parametrize(
    ("status", "title"), [("ERROR", "that is ERROR"), ("EXPIRED", "that is EXPIRED"), ("SUCCESS", "that is SUCCESS")]
)
def test_a_refund_that_is_granted_in_the_end_names_the_end(status: str, title: str) -> None:
    history = History(profile="2026-05")
    history.create(0, 1)
    if status == "SUCCESS":
        history.code(2, 3)
    else:
        history.retrieve(2, 3, shown=status)
    history.refund(OLD, OLD + 1)
    assert title in only(history, "LIFE-10").title


def test_an_id_given_twice_shows_both_creates() -> None:
    history = History()
    history.create(0, 1, 7)
    history.retrieve(2, 3, 7)
    history.create(4, 5, 7)
    found = only(history, "LIFE-7")
    assert [(mark.api_operation, mark.invoked) for mark in found.marks] == [
        (ApiOperation.CREATE, 0),
        (ApiOperation.CREATE, 4),
    ]
    assert found.observed == "id 7, first in create, again in create"


def mark(kind: ApiOperation, invoked: float, returned: float) -> Mark:
    return Mark(int(invoked), OWNER, kind, invoked, returned, "")


def test_two_views_are_told_in_order_of_time() -> None:
    asked, listed = mark(ApiOperation.REQUEST_CODE, 0, 1), mark(ApiOperation.LIST, 2, 3)
    story = "request-code answered SUCCESS, a later list shows PENDING"
    assert course(asked, "SUCCESS", listed, "PENDING") == story
    assert course(listed, "PENDING", asked, "SUCCESS") == story


def test_two_views_at_once_are_told_as_they_are_given() -> None:
    asked, looked = mark(ApiOperation.REQUEST_CODE, 0, 2), mark(ApiOperation.RETRIEVE, 1, 3)
    assert (
        course(looked, "PENDING", asked, "ERROR") == "retrieve showed PENDING, an overlapping request-code shows ERROR"
    )


def test_a_walk_that_lost_a_purchase_tells_how_many_there_are() -> None:
    history = History()
    for number in (1, 2, 3):
        history.create(number / 10, number / 10 + 0.05, number)
    history.list(10, 11, [3, 1], walk="w", total=1)
    (found,) = [one for one in history.judged().findings if one.clause == "LIST-1"]
    assert found.observed == "1 missing of 3, the first: purchase 2"


def test_a_moment_that_is_no_text_is_no_other_moment() -> None:
    history = History()
    history.create(0, 1)
    for at, moment in ((2, 5), (4, 6)):
        history.retrieve(at, at + 1, shown="SUCCESS", view={"verification": CODE | {"received_at": moment}})
    assert {cause for _, cause, _ in history.findings()} == set()


def test_a_price_that_changes_is_told_with_both_prices() -> None:
    history = History()
    history.create(0, 1)
    history.retrieve(2, 3, view={"price": {"amount": "1.60", "currency_code": "USD"}})
    observed = only(history, "LIFE-5").observed
    assert "1.50" in observed
    assert "1.60" in observed


@pytest.mark.parametrize(
    ("status", "principal", "clause", "who"),
    [(400, "owner", "INPUT-2", "that was refused"), (401, "stranger:no key", "AUTH-2", "without a valid key")],
)
def test_a_purchase_that_appears_after_a_refusal_names_who_was_refused(
    status: int, principal: str, clause: str, who: str
) -> None:
    history = History()
    history.list(0, 1, [])
    history.create(2, 3, status=status, principal=principal)
    history.list(4, 5, [9])
    assert only(history, clause).title == f"a purchase appears after a request {who}"


def test_a_balance_that_falls_after_a_400_is_blamed_on_it() -> None:
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3, status=400)
    history.profile_look(4, 5, "8.50")
    assert only(history, "MONEY-2").cause == "refused-but-charged"


@pytest.mark.parametrize(
    ("one", "other", "yes"), [("a", "b", True), ("a", "a", False), ("", "b", False), ("a", "", False), ("", "", False)]
)
def test_lanes_differ_only_where_both_are_known(one: str, other: str, *, yes: bool) -> None:
    first, second = (Mark(1, OWNER, ApiOperation.LIST, 0, 1, lane) for lane in (one, other))
    assert other_lane(first, second) is yes


@pytest.mark.parametrize(
    ("status", "principal", "clause", "who"),
    [(422, "owner", "INPUT-2", "that was refused"), (401, "stranger:no key", "AUTH-2", "without a valid key")],
)
def test_a_balance_that_falls_after_a_refusal_names_who_was_refused(
    status: int, principal: str, clause: str, who: str
) -> None:
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3, status=status, principal=principal)
    history.profile_look(4, 5, "8.50")
    assert only(history, clause).title == f"the balance falls after a request {who}"


@pytest.mark.parametrize(
    ("principal", "clause", "who"),
    [("other", "AUTH-5", "another owner"), ("stranger:no key", "AUTH-2", "somebody without a key")],
)
def test_an_attempt_that_took_effect_names_whose_it_was(principal: str, clause: str, who: str) -> None:
    history = History()
    history.create(0, 1)
    history.code(2, 3, status=403, principal=principal, aim=FOREIGN_ACT if principal == "other" else None)
    history.retrieve(4, 5, shown="SUCCESS")
    title = f"{who} was refused a request-code, and the purchase is SUCCESS afterwards"
    assert only(history, clause).title == title


@pytest.mark.parametrize(
    ("status", "told"), [("SUCCESS", "SUCCESS"), ("REFUND", "REFUND"), ("DONE", "status unreadable")]
)
def test_credentials_that_vanish_are_told_with_the_status_shown(status: str, told: str) -> None:
    history = History()
    history.create(0, 1)
    history.code(2, 3)
    history.retrieve(4, 5, shown=status, view={"verification": None})
    course = "request-code answered credentials, a later retrieve shows verification null"
    assert only(history, "LIFE-3").observed == f"purchase 1, {told}: {course}"


def test_a_repeat_tells_everything_that_it_changed() -> None:
    history = History()
    history.create(0, 1)
    history.code(2, 3)
    history.code(4, 5, view={"verification": OTHER_CODE})
    assert only(history, "LIFE-4").observed == "purchase 1: 200, another code, password, received_at"
