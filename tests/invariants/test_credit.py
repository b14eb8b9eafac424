"""MONEY-1 by refunds and strangers: what moves a balance is what the answers say, and no more."""

from __future__ import annotations

from tests.invariants.build import Finding, History, error

OLD = 1300.0
HIGH, LOW = error("MONEY-1", "balance-too-high"), error("MONEY-1", "balance-too-low")


def money(history: History) -> set[Finding]:
    """Return the findings on the balance."""
    return {found for found in history.findings() if found[1].startswith("balance")}


def refunded(after: str, **refund: object) -> History:
    """Return a history of a purchase of 1.50, refunded between two looks at the balance."""
    history = History()
    history.create(0, 1)
    history.profile_look(2, 3, "8.50")
    history.refund(OLD, OLD + 1, **refund)
    history.profile_look(OLD + 2, OLD + 3, after)
    return history


def test_a_refund_moves_the_balance_by_what_it_says() -> None:
    assert money(refunded("9.50", amount="1.00")) == set()
    assert money(refunded("9.51", amount="1.00")) == {HIGH}
    assert money(refunded("9.49", amount="1.00")) == {LOW}


def test_a_refund_that_says_no_sum_moves_it_by_the_price() -> None:
    assert money(refunded("10.00", amount="all of it")) == set()
    assert money(refunded("9.50", amount="all of it")) == {LOW}


def test_a_refund_of_which_no_sum_is_known_leaves_nothing_to_judge() -> None:
    history = History()
    history.create(0, 1, view={"price": None})
    history.profile_look(2, 3, "8.50")
    history.refund(OLD, OLD + 1, amount="all of it", view={"price": None})
    history.profile_look(OLD + 2, OLD + 3, "999.00")
    assert money(history) == set()


def test_refunds_on_both_sides_of_a_look_that_one_overlaps_are_counted_together() -> None:
    history = History()
    history.create(0, 1, 1)
    history.create(2, 3, 2)
    history.profile_look(4, 5, "7.00")
    history.refund(OLD, OLD + 1, 1)
    history.profile_look(OLD + 2, OLD + 5, "8.50")
    history.refund(OLD + 3, OLD + 6, 2)
    history.profile_look(OLD + 7, OLD + 8, "10.00")
    found, exercised = history.verdict()
    assert found == set()
    assert exercised["MONEY-1"] == 1


def test_a_create_without_a_key_that_was_served_may_cost_its_price_and_no_more() -> None:
    for after, found in (("10.00", set()), ("8.50", set()), ("8.49", {LOW}), ("11.51", {HIGH})):
        history = History()
        history.profile_look(0, 1, "10.00")
        history.create(2, 3, principal="stranger:no key")
        history.profile_look(4, 5, after)
        assert money(history) == found, after


def failed(*balances: str, shown: str = "ERROR") -> History:
    """Return a history of a purchase of 1.50 that fails, and looks at the balance after it."""
    history = History()
    history.profile_look(0, 1, "10.00")
    history.create(2, 3)
    history.retrieve(4, 5, shown="ERROR")
    for number, balance in enumerate(balances):
        history.profile_look(10 + 2 * number, 11 + 2 * number, balance)
    history.retrieve(100, 101, shown=shown)
    return history


def test_what_failed_is_credited_at_any_time_and_once() -> None:
    assert money(failed("8.50", "8.50", "10.00")) == set()
    assert money(failed("10.00", "10.00")) == set()
    assert money(failed("8.50", "9.00", "10.00")) == set()
    assert money(failed("8.50", "10.00", "11.50")) == {HIGH}
    assert money(failed("10.00", "10.01")) == {HIGH}


def test_what_failed_and_was_refunded_by_an_administrator_may_be_credited_for_both() -> None:
    assert money(failed("8.50", "10.00", "11.50", shown="REFUND")) == set()
    assert money(failed("8.50", "10.00", "11.50", "11.51", shown="REFUND")) == {HIGH}
