"""The books of a run: what creates were to cost, and what of that may have come back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contracts.history import Outcome
from load.drive.books import Account, Books, together


def purchase(number: int = 1, status: str = "PENDING", amount: Any = "1.50", currency: Any = "USD") -> dict[str, Any]:
    return {"id": number, "status": status, "price": {"amount": amount, "currency_code": currency}}


def bought(*numbers: int) -> Books:
    books = Books(asked=len(numbers))
    for number in numbers:
        books.create(Outcome.OK, purchase(number))
    return books


def test_acknowledged_creates_are_spent_and_may_come_back_until_they_are_delivered() -> None:
    books = bought(1, 2)
    books.view(purchase(1, "SUCCESS"))
    books.view({"purchase": purchase(2), "code_request": {}})
    found = books.account()
    assert (found.bought, found.spent, found.dearest) == (2, Decimal("3.00"), Decimal("1.50"))
    assert (found.standing, found.open, found.returned, found.ended) == (Decimal("1.50"), 1, Decimal(0), 0)
    assert found.currencies == {"USD"}


@pytest.mark.parametrize("status", ["ERROR", "REFUND", "EXPIRED"])
def test_the_price_of_what_ended_may_have_come_back_once(status: str) -> None:
    books = bought(1)
    books.view(purchase(1, "SUCCESS"))
    books.view(purchase(1, status))
    books.view({"purchase": purchase(1, status)})
    found = books.account()
    assert (found.returned, found.ended, found.standing) == (Decimal("1.50"), 1, Decimal(0))


@pytest.mark.parametrize(("status", "kept"), [("PENDING", 0), ("PENDING", 1), ("PENDING", 2), ("ERROR", 1)])
def test_what_there_is_no_room_for_is_counted(status: str, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("load.drive.books.MAX_KEPT", kept)
    books = Books(asked=2)
    for number in (1, 2):
        books.create(Outcome.OK, purchase(number, status if status == "PENDING" else "SUCCESS"))
        books.view(purchase(number, status))
        books.view(purchase(number, status))
    found = books.account()
    assert found.forgotten == (2 - kept if status == "PENDING" else 2), "each view of the second is one too many"
    assert (found.open if status == "PENDING" else found.ended) == kept


def test_what_is_neither_acknowledged_nor_refused_is_of_unknown_outcome() -> None:
    books = Books(asked=4)
    books.create(Outcome.OK, purchase())
    books.create(Outcome.FAIL, {"message": "no"})
    books.create(Outcome.UNKNOWN, None)
    assert books.account().unknown == 2, "one without an answer, one under way"


@pytest.mark.parametrize(
    "answer",
    [None, {}, purchase(amount=1.5), purchase(amount="NaN"), purchase(amount="9E999999"), purchase(currency=None),
     purchase() | {"id": "1"}, purchase() | {"price": "1.50"}],
)  # fmt: skip
def test_an_acknowledged_create_whose_price_cannot_be_read_makes_the_books_blind(answer: Any) -> None:
    books = Books(asked=1)
    books.create(Outcome.OK, answer)
    assert (books.account().blind, books.account().spent) == (1, Decimal(0))


@pytest.mark.parametrize("view", [{"purchase": []}, {"id": [1], "status": "SUCCESS"}, {"id": 1, "status": ["ERROR"]}])
def test_a_view_that_is_none_moves_nothing(view: dict[str, Any]) -> None:
    books = bought(1)
    before = books.account()
    books.view(view)
    assert books.account() == before


def test_books_travel_as_plain_data_and_add_up_over_processes() -> None:
    one, two = bought(1, 2).account(), bought(3).account()
    assert Account.from_plain(one.plain()) == one
    whole = together([one, two])
    assert (whole.asked, whole.bought, whole.spent, whole.dearest) == (3, 3, Decimal("4.50"), Decimal("1.50"))
    assert together([]) == Account()


@pytest.mark.parametrize("broken", [{"spent": "NaN"}, {"bought": "many"}, {"currencies": None}])
def test_what_are_no_books_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Account.from_plain(Account().plain() | broken)
