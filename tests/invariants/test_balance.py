"""MONEY-1, MONEY-2, INPUT-2 and AUTH-2 by the balance: each lawful history beside its unlawful twins."""

from __future__ import annotations

import pytest

from tests.invariants.build import History, error, purchase, warning

HIGH = error("MONEY-1", "balance-too-high")
LOW = error("MONEY-1", "balance-too-low")


def money(history: History) -> set[tuple[str, str, str]]:
    """Return the findings on the balance."""
    return {found for found in history.findings() if found[1].startswith(("balance", "refused-but"))}


def bought(after: str, **call: object) -> History:
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3, **call)
    history.profile_look(4, 5, after)
    history.retrieve(6, 7)
    return history


def test_a_purchase_is_charged():
    assert bought("8.50").verdict() == (set(), {"LIFE-1": 1, "LIFE-5": 1, "LIFE-6": 1, "MONEY-1": 1})


@pytest.mark.parametrize(("after", "found"), [("8.49", LOW), ("7.00", LOW), ("8.51", HIGH), ("10.00", HIGH)])
def test_a_purchase_is_charged_otherwise(after, found):
    assert bought(after).findings() == {found}


def test_a_balance_in_cents_is_exact():
    history = History()
    history.profile_look(0, 1, "0.30")
    history.create(2, 3, 1, view={"price": {"amount": "0.1", "currency_code": "USD"}})
    history.create(4, 5, 2, view={"price": {"amount": "0.2", "currency_code": "USD"}})
    history.profile_look(6, 7, "0.00")
    assert money(history) == set()


def test_a_purchase_that_may_have_ended_unseen_may_have_been_credited_and_no_more():
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3)
    history.profile_look(4, 5, "10.00")
    assert money(history) == set()
    history.profile_look(6, 7, "10.01")
    assert money(history) == {HIGH}


@pytest.mark.parametrize("status", ["ERROR", "EXPIRED", "REFUND"])
def test_a_purchase_that_ended_may_have_been_credited(status):
    for after in ("8.50", "10.00"):
        history = History(profile="2026-05")
        history.profile_look(0, 1, "10.00")
        history.create(2, 3)
        history.profile_look(4, 5, after)
        history.retrieve(6, 7, shown=status)
        assert money(history) == set()


def test_a_purchase_that_ended_is_not_credited_more_than_it_cost():
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3)
    history.retrieve(3.5, 3.6, shown="ERROR")
    history.profile_look(4, 5, "11.00")
    assert money(history) == {HIGH}


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("ERROR", "ERROR", {HIGH}),
        ("EXPIRED", "EXPIRED", {HIGH}),
        ("ERROR", "REFUND", set()),
        ("PENDING", "ERROR", set()),
        ("ERROR", None, set()),
    ],
)
def test_a_purchase_that_had_ended_before_the_run_is_not_credited_in_it(first, last, found):
    history = History(profile="2026-05")
    history.list(0, 1, [purchase(9, first)])
    history.profile_look(2, 3, "10.00")
    history.create(4, 5)
    history.profile_look(6, 7, "10.00")
    history.retrieve(8, 9)
    if last is not None:
        history.retrieve(10, 11, 9, shown=last)
    assert money(history) == found


def test_a_refund_seen_before_both_looks_was_credited_before():
    history = History()
    history.create(0, 1)
    history.retrieve(2, 3, shown="REFUND")
    history.profile_look(4, 5, "10.00")
    history.profile_look(6, 7, "11.50")
    assert money(history) == {HIGH}


@pytest.mark.parametrize(("after", "found"), [("11.50", set()), ("10.00", {LOW}), ("10.75", {LOW}), ("13.00", {HIGH})])
def test_a_refund_is_credited(after, found):
    history = History()
    history.create(0, 1)
    history.profile_look(1300, 1301, "10.00")
    history.refund(1302, 1303)
    history.profile_look(1304, 1305, after)
    assert money(history) == found


@pytest.mark.parametrize(("after", "found"), [("10.00", set()), ("8.50", set()), ("7.00", {LOW}), ("8.51", set())])
@pytest.mark.parametrize("status", [None, 500, 504])
def test_a_create_of_unknown_outcome_may_have_been_charged(after, found, status):
    history = History()
    history.account(-3, -2)
    history.profile_look(0, 1, "10.00")
    history.create(2, 3, status=status)
    history.profile_look(4, 5, after)
    assert money(history) == found


def test_a_create_of_unknown_outcome_and_price_blinds():
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3, status=None)
    history.profile_look(4, 5, "1.00")
    assert history.verdict() == (set(), {})


def test_a_create_of_unknown_outcome_may_be_charged_late():
    history = History()
    history.account(-3, -2)
    history.create(-1, 0, status=None)
    history.profile_look(2, 3, "10.00")
    history.profile_look(4, 5, "8.50")
    assert money(history) == set()
    history.profile_look(100, 101, "8.50")
    history.profile_look(102, 103, "7.00")
    assert money(history) == {LOW}


@pytest.mark.parametrize(("invoked", "returned"), [(3.5, 4.5), (4.5, 9), (0.5, 9)])
def test_a_look_that_a_create_overlaps_is_no_look(invoked, returned):
    for after in ("10.00", "8.50"):
        history = History()
        history.profile_look(0, 1, "10.00")
        history.create(invoked, returned)
        history.profile_look(4, 5, after)
        history.profile_look(10, 11, "8.50")
        history.retrieve(12, 13)
        assert money(history) == set()


def test_a_first_look_that_a_create_overlaps_is_no_look():
    for before in ("10.00", "8.50"):
        history = History()
        history.profile_look(0, 1, before)
        history.create(0.5, 2.5)
        history.profile_look(4, 5, "8.50")
        history.retrieve(12, 13)
        assert money(history) == set()


def test_a_create_that_overlapped_a_look_is_counted_between_those_around():
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(3, 6)
    history.profile_look(4, 5, "8.50")
    history.profile_look(8, 9, "7.00")
    assert money(history) == {LOW}


def test_looks_at_once_are_one_look():
    history = History()
    history.profile_look(0, 3, "10.00")
    history.profile_look(1, 2, "11.00")
    history.profile_look(4, 5, "11.00")
    assert money(history) == set()


def test_creates_at_once_are_charged_once_each():
    for after, found in [("7.00", set()), ("8.50", {"balance-too-high"}), ("5.50", {"balance-too-low"})]:
        history = History()
        history.profile_look(0, 1, "10.00")
        history.create(2, 4, 1)
        history.create(3, 5, 2)
        history.profile_look(6, 7, after)
        history.list(8, 9, [2, 1])
        assert money(history) == {error(clause, cause) for cause in found for clause in ("MONEY-1", "RACE-1")}


def test_a_fee_for_a_code():
    history = bought("8.50")
    history.code(8, 9)
    history.profile_look(10, 11, "8.40")
    assert history.findings() == {LOW}


def test_a_refused_create_that_costs():
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3, status=422)
    history.profile_look(4, 5, "8.50")
    assert history.verdict() == (
        {LOW, error("INPUT-2", "balance-fell"), warning("MONEY-2", "refused-but-charged")},
        {"INPUT-2": 1, "MONEY-2": 1},
    )


def test_a_keyless_create_that_costs():
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3, status=401, principal="stranger:no key")
    history.profile_look(4, 5, "8.50")
    assert history.findings() == {LOW, error("AUTH-2", "balance-fell")}


def test_refusals_that_cost_nothing():
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3, status=422)
    history.create(2, 3, status=401, principal="stranger:no key")
    history.profile_look(4, 5, "10.00")
    assert history.verdict() == (set(), {"INPUT-2": 1, "AUTH-2": 1, "MONEY-2": 1})


def test_with_something_bought_a_refusal_is_not_blamed():
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3)
    history.create(2, 3, status=422)
    history.profile_look(4, 5, "7.00")
    assert history.findings() == {LOW}


def test_a_keyless_create_that_was_served_may_cost():
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3, principal="stranger:lower case")
    history.profile_look(4, 5, "8.50")
    assert money(history) == set()


def test_anothers_refund_that_was_served_may_credit():
    history = History()
    history.create(0, 1)
    history.profile_look(2, 3, "10.00")
    history.refund(4, 5, principal="other")
    history.profile_look(6, 7, "11.50")
    assert money(history) == set()


def test_owners_pay_for_themselves():
    history = History()
    history.profile_look(0, 1, "10.00")
    history.profile_look(0, 1, "20.00", principal="other")
    history.create(2, 3)
    history.profile_look(4, 5, "10.00")
    history.profile_look(4, 5, "18.50", principal="other")
    history.retrieve(6, 7)
    assert history.findings() == {HIGH, LOW}


@pytest.mark.parametrize(
    ("price", "balance"),
    [("free", "8.50"), ("1.50", "lots"), ("1.50", None)],
)
def test_unreadable_sums_blind(price, balance):
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3, view={"price": {"amount": price, "currency_code": "USD"}})
    history.profile_look(4, 5, balance)
    assert money(history) == set()


def test_a_charge_in_another_currency_is_not_judged():
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3, view={"price": {"amount": "1.50", "currency_code": "EUR"}})
    history.profile_look(4, 5, "8.00")
    assert money(history) == set()


def test_many_looks_are_judged_as_they_come():
    history = History()
    for number in range(1100):
        history.profile_look(number, number + 0.5, "10.00" if number < 3 else "9.00")
    assert money(history) == {LOW}


def test_a_purchase_that_answers_error_costs_its_price_or_nothing():
    for after, found in [("10.00", set()), ("8.50", set()), ("8.00", {LOW}), ("10.50", {HIGH})]:
        history = History()
        history.profile_look(0, 1, "10.00")
        history.create(2, 3, view={"status": "ERROR"})
        history.profile_look(4, 5, after)
        found_now, exercised = history.verdict()
        assert found_now == found
        assert exercised["MONEY-2"] == 1
    assert purchase(1)["price"] == {"amount": "1.50", "currency_code": "USD"}


def test_a_purchase_that_failed_is_counted_whatever_is_bought_after_it():
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3, 1, view={"status": "ERROR"})
    history.create(4, 5, 2)
    history.profile_look(6, 7, "7.00")
    found, exercised = history.verdict()
    assert found == set()
    assert exercised["MONEY-2"] == 1


@pytest.mark.parametrize(("after", "found"), [("7.00", set()), ("7.30", set()), ("6.99", {LOW})])
def test_a_create_of_unknown_outcome_may_cost_the_price_without_the_discount(after, found):
    history = History()
    history.account(-3, -2, price="2.70", base="3.00", percent=10)
    history.profile_look(0, 1, "10.00")
    history.create(2, 3, status=None)
    history.profile_look(4, 5, after)
    assert money(history) == found


def test_a_refusal_is_not_blamed_for_what_was_bought_before_a_look_that_it_overlapped():
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3)
    history.profile_look(4, 5, "8.50")
    history.create(4.5, 6, status=422)
    history.profile_look(8, 9, "7.00")
    assert money(history) == {LOW}
