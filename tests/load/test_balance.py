"""Whether a balance adds up over a run: every way in which it does not, and every lawful reason why it may seem so."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from load.balance import Look, add_up
from load.drive.books import Account

BEFORE = Look(Decimal("100.00"), "USD", 7, 3)
TEN = Account(
    asked=10,
    bought=10,
    spent=Decimal("15.00"),
    dearest=Decimal("1.50"),
    currencies=frozenset({"USD"}),
)
"""Ten creates of 1.50, all acknowledged and delivered."""


def after(amount: str, made: int | None = 10, ended: int | None = 0) -> Look:
    """Return a look at the end: the balance, and how many purchases were made and have ended since the first look."""
    return Look(
        Decimal(amount),
        "USD",
        None if made is None else 7 + made,
        None if ended is None else 3 + ended,
    )


def told(amount: str, books: Account = TEN, made: int | None = 10, ended: int | None = 0) -> tuple[str, str]:
    """Return the cause of a violation and the reason why nothing could be told, each empty where there is none."""
    found = add_up(BEFORE, after(amount, made, ended), books)
    return found.violation.cause if found.violation else "", found.reason


def test_what_adds_up_is_no_violation_and_exercises_the_clause() -> None:
    found = add_up(BEFORE, after("85.00"), TEN)
    assert (found.violation, found.reason, found.sure) == (None, "", True)


def test_a_create_charged_twice_leaves_too_little() -> None:
    found = add_up(BEFORE, after("83.50"), TEN)
    assert found.violation is not None
    assert (found.violation.clause, found.violation.cause) == ("MONEY-1", "balance-too-low")
    assert found.violation.observed == "100.00 USD before, 83.50 after, 10 creates of 15.00 in all between"
    assert found.violation.expected.endswith("at least 85.00 USD")


def test_a_charge_lost_where_creates_overlapped_leaves_too_much() -> None:
    assert told("86.50") == ("balance-too-high", "")


@pytest.mark.parametrize("amount", ["82.00", "83.50", "85.00"])
def test_creates_of_unknown_outcome_may_have_been_charged_or_not(amount: str) -> None:
    assert told(amount, replace(TEN, asked=12)) == ("", "")


def test_creates_of_unknown_outcome_cost_no_more_than_the_dearest() -> None:
    assert told("81.99", replace(TEN, asked=12))[0] == "balance-too-low"


def test_a_refused_create_may_not_have_been_charged() -> None:
    assert told("83.50", replace(TEN, asked=11, refused=1))[0] == "balance-too-low"


@pytest.mark.parametrize("amount", ["85.00", "86.50", "88.00"])
@pytest.mark.parametrize("back", [{"returned": Decimal(3), "ended": 2}, {"standing": Decimal(3), "open": 2}])
def test_what_ended_may_have_come_back_seen_or_unseen(amount: str, back: dict[str, Decimal]) -> None:
    books = replace(TEN, **back)  # type: ignore[arg-type] # of the fields' own types
    assert told(amount, books, ended=2) == ("", "")
    assert told("88.01", books, ended=2)[0] == "balance-too-high"


def test_who_else_buys_with_the_key_is_not_held_against_the_target() -> None:
    cause, reason = told("80.00", made=13)
    assert cause == ""
    assert reason.startswith(
        "the profile counts 13 purchases more than before, and 10 creates were acknowledged; others"
    )


@pytest.mark.parametrize("made", [None, 9])
def test_where_purchases_are_not_counted_as_we_do_a_low_balance_says_nothing(made: int | None) -> None:
    cause, reason = told("80.00", made=made)
    assert cause == ""
    assert reason.startswith("the profile ")


@pytest.mark.parametrize("ended", [None, 1])
def test_an_end_that_nobody_saw_may_have_brought_money_back(ended: int | None) -> None:
    cause, reason = told("86.50", ended=ended)
    assert cause == ""
    assert reason.endswith("ir price may have come back" if ended else "whose price may have come back")


def test_a_balance_too_high_is_told_though_others_may_have_bought() -> None:
    assert told("86.50", made=None)[0] == "balance-too-high"


def test_a_balance_too_low_is_told_though_others_may_have_been_refunded() -> None:
    assert told("83.50", ended=None)[0] == "balance-too-low"


def test_who_pays_in_more_than_all_creates_cost_breaks_nothing() -> None:
    assert told("185.00") == ("", "more was paid in meanwhile than was bought for")


@pytest.mark.parametrize(
    ("books", "reason"),
    [
        (Account(), "no create was acknowledged"),
        (replace(TEN, blind=2), "2 prices could not be read"),
        (replace(TEN, forgotten=1), "more purchases stayed open, or ended, than are remembered"),
        (replace(TEN, currencies=frozenset({"EUR"})), "prices are of two currencies"),
    ],
)
def test_where_sums_cannot_be_made_nothing_is_told_and_no_other_look_would_help(books: Account, reason: str) -> None:
    found = add_up(BEFORE, after("1.00"), books)
    assert (found.violation, found.reason, found.sure) == (None, reason, True)


def test_a_balance_that_is_off_or_a_count_that_lags_is_worth_another_look() -> None:
    assert not add_up(BEFORE, after("83.50"), TEN).sure
    assert not add_up(BEFORE, after("85.00", made=9), TEN).sure
    assert add_up(BEFORE, after("85.00", made=None), TEN).sure, "a profile without counts will not count later either"
