"""Edges of the invariants: what lies on a limit, comes twice, or was under way at the very moment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contracts.history import ApiOperation
from contracts.invariants import trespass
from contracts.invariants.values import Proof, credentials_of, decimal_of, money_of
from tests.invariants.build import CODE, FOREIGN_ACT, FOREIGN_READ, UNKNOWN_ID, History, error, purchase, warning

HIGH = error("MONEY-1", "balance-too-high")
LOW = error("MONEY-1", "balance-too-low")


def money(history: History) -> set[tuple[str, str, str]]:
    """Return the findings on the balance."""
    return {found for found in history.findings() if found[1].startswith("balance")}


# ---- balance


def test_a_look_sent_the_moment_a_purchase_was_answered_may_have_been_answered_before_it() -> None:
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3)
    history.profile_look(3, 4, "10.00")
    history.retrieve(6, 7)
    assert money(history) == set()


@pytest.mark.parametrize(("after", "found"), [("13.00", set()), ("13.01", {HIGH}), ("10.00", set()), ("9.99", {LOW})])
def test_what_strangers_were_refunded_may_have_been_credited_to_anybody(after: str, found: set[Any]) -> None:
    history = History()
    history.create(0, 1, 1)
    history.create(0, 1, 2)
    history.profile_look(2, 3, "10.00")
    for number in (1, 2):
        history.refund(4, 5, number, principal="other", aim=FOREIGN_ACT)
    history.profile_look(6, 7, after)
    # Seen standing afterwards, they were not credited of the shop's own accord.
    history.retrieve(8, 9, 1)
    history.retrieve(8, 9, 2)
    assert money(history) == found


@pytest.mark.parametrize(("after", "found"), [("8.50", set()), ("8.51", {HIGH}), ("8.49", {LOW})])
def test_a_request_code_of_unknown_outcome_moves_no_balance(after: str, found: set[Any]) -> None:
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3)
    history.code(4, 5, status=None)
    history.profile_look(6, 7, after)
    history.retrieve(8, 9)
    assert money(history) == found


@pytest.mark.parametrize("prices", [("3.00", "1.50"), ("1.50", "3.00")])
@pytest.mark.parametrize(("after", "found"), [("7.00", set()), ("6.99", {LOW})])
def test_a_create_of_unknown_outcome_may_have_cost_the_highest_price_that_was_shown(
    prices: tuple[str, str], after: str, found: set[Any]
) -> None:
    history = History()
    for at, price in enumerate(prices):
        history.account(2 * at, 2 * at + 1, price=price, base=price)
    history.profile_look(4, 5, "10.00")
    history.create(6, 7, status=None)
    history.profile_look(8, 9, after)
    assert money(history) == found


@pytest.mark.parametrize(("after", "found"), [("10.00", set()), ("11.50", set()), ("11.51", {HIGH})])
def test_a_refund_answered_for_a_purchase_that_was_refunded_before_may_credit_nothing(
    after: str, found: set[Any]
) -> None:
    history = History()
    history.create(0, 1)
    history.retrieve(2, 3, shown="REFUND")
    history.profile_look(1300, 1301, "10.00")
    history.refund(1302, 1303)
    history.profile_look(1304, 1305, after)
    assert money(history) == found


def test_what_was_bought_and_refunded_between_two_looks_is_told_with_its_sums() -> None:
    history = History()
    history.create(0, 1, 8)
    history.create(0, 1, 9)
    history.profile_look(1300, 1301, "10.00")
    history.create(1302, 1303, 1)
    history.refund(1302, 1303, 9)
    # The second create overlaps this look, which therefore is none.
    history.profile_look(1304, 1305, "1.00")
    history.refund(1306, 1307, 8)
    history.create(1304.5, 1308, 2)
    history.profile_look(1309, 1310, "1.00")
    (found,) = [finding for finding in history.judged().findings if finding.clause == "MONEY-1"]
    assert found.observed == (
        "10.00 USD before, 1.00 USD after, 2 creates of 3.00 and 2 refunds of 3.00 in all between"
    )
    assert found.expected.endswith(": 10.00 USD")


# ---- what others do


@pytest.mark.parametrize("status", [200, None])
@pytest.mark.parametrize("principal", ["other", "stranger:no key"])
def test_only_a_refused_request_of_somebody_else_is_held_to_have_no_effect(status: int | None, principal: str) -> None:
    history = History()
    history.create(0, 1)
    history.code(2, 3, principal=principal, status=status, aim=FOREIGN_ACT if principal == "other" else None)
    history.retrieve(4, 5, shown="SUCCESS")
    assert not {cause for _, cause, _ in history.findings() if cause.endswith("took-effect")}


def test_attempts_on_a_purchase_that_is_known_are_remembered_when_no_other_purchase_has_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trespass, "MAX_HELD", 1)
    history = History()
    for number in (1, 2):
        history.create(0, 1, number)
    history.refund(2, 3, 1, principal="other", status=403, aim=FOREIGN_ACT)
    history.code(4, 5, 1, principal="other", status=403, aim=FOREIGN_ACT)
    history.code(4, 5, 2, principal="other", status=403, aim=FOREIGN_ACT)
    history.retrieve(6, 7, 1, shown="SUCCESS")
    history.retrieve(6, 7, 2, shown="SUCCESS")
    (found,) = [finding for finding in history.judged().findings if finding.cause == "request-code-took-effect"]
    assert found.observed.startswith("purchase 1: SUCCESS")
    assert found.count == 1


@pytest.mark.parametrize(
    ("foreign", "unknown", "found"),
    [
        (404, 404, set()),
        (403, 404, {warning("AUTH-4", "foreign-ids-told-apart")}),
        (400, 404, {warning("AUTH-4", "foreign-ids-told-apart"), warning("AUTH-4", "foreign-read-refused-400")}),
        (403, 400, {warning("AUTH-4", "foreign-ids-told-apart")}),
        (499, 404, {warning("AUTH-4", "foreign-ids-told-apart"), warning("AUTH-4", "foreign-read-refused-499")}),
        (405, 404, set()),
        (500, 404, {error("AUTH-4", "foreign-read-answered-500")}),
        (403, 500, set()),
        (429, 404, set()),
        (403, 429, set()),
    ],
)
def test_refusals_tell_ids_apart_and_nothing_else_does(foreign: int, unknown: int, found: set[Any]) -> None:
    history = History()
    history.create(0, 1)
    history.retrieve(2, 3, principal="other", status=foreign, aim=FOREIGN_READ)
    history.retrieve(4, 5, 999, principal="other", status=unknown, aim=UNKNOWN_ID)
    assert {one for one in history.findings() if one[0] == "AUTH-4"} == found


def test_an_action_of_another_owner_is_told_with_the_first_answer_that_showed_whose_the_purchase_is() -> None:
    history = History()
    history.list(0, 1, [1])
    history.list(2, 3, [1])
    history.refund(4, 5, 1, principal="other", aim=FOREIGN_ACT)
    (found,) = [one for one in history.judged().findings if one.cause == "foreign-refund-served"]
    assert [mark.invoked for mark in found.marks] == [0, 4]


def test_a_list_that_showed_a_purchase_before_its_owner_bought_it_is_told_with_its_id() -> None:
    history = History()
    history.list(0, 5, [7], principal="other")
    history.create(1, 6, 7)
    (found,) = [one for one in history.judged().findings if one.clause == "AUTH-6"]
    assert found.observed == "purchase 7, shown to other and to owner"
    assert [mark.invoked for mark in found.marks] == [0, 1]


# ---- pages


@pytest.mark.parametrize(
    "asked",
    [
        [("page", "x"), ("page_size", "2")],
        [("page", "0"), ("page_size", "2")],
        [("page", ""), ("page_size", "2")],
        [("page", "1"), ("page_size", "x")],
        [("page", "1"), ("page_size", "0")],
        [("page", "1"), ("page_size", "2"), ("sort", "by_date")],
        [("page", "1"), ("page_size", "2"), ("status", "DONE")],
        [("page", "1"), ("page_size", "2"), ("page", "2")],
    ],
)
def test_a_page_asked_for_unlawfully_is_held_to_nothing(asked: list[tuple[str, str]]) -> None:
    history = History()
    history.list(0, 1, [1, 2, 3, 3], query=asked, total=7, current=9)
    assert {one for one in history.findings() if one[0].startswith("LIST")} == set()


@pytest.mark.parametrize("told", ["current_page", "total_pages", "has_next"])
def test_a_page_is_held_to_any_number_that_it_tells(told: str) -> None:
    whole = {"current_page": 1, "total_pages": 1, "has_next": False}
    answer = {"items": [purchase(1)], "pagination": {told: whole[told]}}
    history = History()
    history.call(ApiOperation.LIST, 0, 1, answer, query=[("page", "1"), ("page_size", "50")])
    assert history.judged().exercised["LIST-4"] == 1


# ---- credentials


def test_credentials_that_lost_their_password_are_told_by_the_view_that_first_showed_it() -> None:
    history = History(profile="2026-05")
    bare = {"verification": CODE | {"password": None}}
    history.create(0, 1)
    history.retrieve(2, 3, shown="SUCCESS", view=bare)
    history.retrieve(4, 5, shown="SUCCESS")
    history.list(6, 7, [purchase(1, "SUCCESS", **bare)])
    (found,) = [one for one in history.judged().findings if one.cause == "changed-password" and one.clause == "LIFE-3"]
    assert [mark.invoked for mark in found.marks] == [4, 6]


@pytest.mark.parametrize(
    ("value", "proof", "password", "passwordless", "received"),
    [
        (CODE, Proof.SHOWN, "secret-7", False, CODE["received_at"]),
        (CODE | {"password": None}, Proof.SHOWN, None, True, CODE["received_at"]),
        ({"code": "1"}, Proof.SHOWN, None, False, None),
        ({"code": "1", "password": 5, "received_at": 7}, Proof.SHOWN, None, False, None),
        ({"code": "", "password": ""}, Proof.UNREADABLE, "", False, None),
        ({"code": 5}, Proof.UNREADABLE, None, False, None),
    ],
)
def test_credentials_are_read_as_far_as_they_are_well_formed(
    value: Any, proof: Proof, password: str | None, passwordless: bool, received: str | None
) -> None:
    said, shown = credentials_of({"verification": value})
    assert said is proof
    assert shown is not None
    assert (shown.password, shown.passwordless, shown.received_at) == (password, passwordless, received)


@pytest.mark.parametrize(
    ("data", "proof"),
    [({}, Proof.UNREADABLE), ({"verification": None}, Proof.NULL), ({"verification": 0}, Proof.UNREADABLE)],
)
def test_what_is_no_object_shows_no_credentials(data: dict[str, Any], proof: Proof) -> None:
    assert credentials_of(data) == (proof, None)


# ---- numbers


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("1.5", "1.5"),
        ("-999999999999999.9999", "-999999999999999.9999"),
        ("1000000000000000", None),
        ("1.00000", None),
        ("1e3", None),
        ("1\n", None),
        ("٣", None),
        (7, "7"),
        (0.1, "0.1"),
        (999999999999999, "999999999999999"),
        (1e15, None),
        (-1e15, None),
        (float("nan"), None),
        (True, None),
        (None, None),
        ([], None),
    ],
)
def test_a_number_is_read_exactly_or_not_at_all(value: object, read: str | None) -> None:
    assert decimal_of(value) == (None if read is None else Decimal(read))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"amount": "1.50", "currency_code": "USD"}, "1.50 USD"),
        ({"amount": "1.50", "currency_code": "ABCDEFGH"}, "1.50 ABCDEFGH"),
        ({"amount": "1.50", "currency_code": "ABCDEFGHI"}, None),
        ({"amount": 1.5, "currency_code": "USD"}, None),
        ({"amount": "1.50"}, None),
        ({"amount": "a lot", "currency_code": "USD"}, None),
        ("1.50 USD", None),
    ],
)
def test_money_is_read_with_its_currency_or_not_at_all(value: object, read: str | None) -> None:
    assert str(money_of(value)) == str(read)


# ---- prices, refunds and walks


@pytest.mark.parametrize(
    ("sent", "found"), [(4.5, set()), (5, set()), (5.5, {error("VALUE-6", "charge-is-not-the-quote")})]
)
def test_a_charge_that_no_quote_explains_may_be_explained_by_what_was_under_way_until_the_next_quote(
    sent: float, found: set[Any]
) -> None:
    history = History()
    history.create(-3, -2, 9)
    history.account(0, 1)
    history.create(2, 3, view={"price": {"amount": "1.40", "currency_code": "USD"}})
    history.account(4, 5)
    history.code(sent, 6, 9, shown="PENDING")
    assert {one for one in history.findings() if one[0] == "VALUE-6"} == found


@pytest.mark.parametrize(
    ("sent", "found"), [(1300, set()), (1301, set()), (1302, {error("LIFE-10", "due-refund-refused-409")})]
)
def test_a_refund_refused_while_an_earlier_request_was_under_way_was_not_due(sent: float, found: set[Any]) -> None:
    history = History()
    history.create(0, 1, 1)
    history.create(0, 1, 9)
    history.refund(1.1, 1.2, 9, status=422)
    history.code(1299, 1301, shown="PENDING")
    history.refund(sent, 1303, status=409)
    history.retrieve(1304, 1305)
    assert {one for one in history.findings() if one[0] == "LIFE-10"} == found


@pytest.mark.parametrize(("sent", "exercised"), [(1700, 1), (1790, 1), (1810, 0)])
def test_by_our_clock_alone_a_purchase_is_as_old_as_the_time_since_its_create(sent: float, exercised: int) -> None:
    history = History()
    history.create(600, 601, dated=False)
    history.refund(sent, sent + 1, status=422, dated=False)
    history.retrieve(sent + 2, sent + 3, dated=False, shown="REFUND")
    assert history.judged().exercised["LIFE-10"] == exercised


@pytest.mark.parametrize("pages", [[[1], [2]], [[3, 1], [2]], [[1], [2, 1]]])
def test_items_of_two_pages_in_the_wrong_order_are_told_by_their_ids(pages: list[list[int]]) -> None:
    history = History()
    size = max(map(len, pages))
    for at, items in enumerate(pages):
        history.list(2 * at, 2 * at + 1, items, page=at + 1, size=size, total=2, walk="w")
    (found,) = [one for one in history.judged().findings if one.clause == "LIST-3"]
    assert found.observed == "purchase 1 stands before purchase 2"


def test_a_name_that_was_not_shown_at_first_is_held_to_its_first_value() -> None:
    history = History()
    history.create(0, 1, view={"display_name": {"en": "United States"}})
    history.retrieve(2, 3, view={"display_name": {"ru": "США", "en": "United States"}})
    history.retrieve(4, 5, view={"display_name": {"ru": "Канада", "en": "United States"}})
    (found,) = [one for one in history.judged().findings if one.clause == "LIFE-5"]
    assert (found.cause, found.count) == ("display_name.ru-changed", 1)
