"""The gate looks twice, with a rest between, before it lays what nobody bought to the target."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.gate.company import TROUBLE, WAIT_S, look_for_company, trouble
from contracts.gate.session import Session
from contracts.history import OWNER, Answer, Input, Operation
from contracts.invariants.book import book_of
from tests.gate.test_session import JSON, PURCHASE, FakeWire, open_session

BUY = b'{"country_code": "US"}'
YOUNGER = {"created_at": "2026-01-01T00:00:09Z"}


class Account:
    """A target with one account, on which whatever a test says is shown."""

    def __init__(self, *others: dict[str, Any], balances: tuple[str, ...] = ("10.00",)) -> None:
        self.items = [{**PURCHASE, **other} for other in others]
        self.balances = list(balances)
        self.bought = 0

    def __call__(self, sent: Input) -> Answer:
        """Answer a request."""
        if sent.method == "POST":
            self.bought += 1
            told: Any = {**PURCHASE, "id": 6 + self.bought}
            self.items.insert(0, told)
        elif sent.path == "/v1/profile":
            amount = self.balances.pop(0) if len(self.balances) > 1 else self.balances[0]
            told = {"id": "1", "balance": {"amount": amount, "currency_code": "USD"}}
        else:
            told = {"items": self.items, "pagination": {"current_page": 1, "total_pages": 1, "has_next": False}}
        return Answer(200, (JSON,), json.dumps(told).encode())


def run(account: Account) -> tuple[Session, FakeWire, list[str], list[float]]:
    """Look at the balance, buy, look at both, and then for company; tell what that sent, and how long it waited."""
    session, wire = open_session(account)
    kept: list[Operation] = [
        session.call("GET", "/v1/profile"),
        session.call("POST", "/v1/purchases", body=BUY),
        session.call("GET", "/v1/purchases", query=[("page", "1"), ("page_size", "50")]),
        session.call("GET", "/v1/profile"),
    ]
    before, waits = len(wire.sent), list[float]()
    look_for_company(session, kept, waits.append)
    return session, wire, [sent.path for sent in wire.sent[before:]], waits


@pytest.mark.parametrize("others", [(), ({"id": 3, "created_at": "2025-12-31T00:00:00Z"},)])
def test_an_account_that_shows_what_was_bought_is_left_alone(others: tuple[dict[str, Any], ...]) -> None:
    assert run(Account(*others, balances=("10.00", "8.50")))[2:] == ([], [])


def test_a_purchase_that_nothing_bought_is_looked_at_again() -> None:
    account = Account({"id": 9, **YOUNGER}, balances=("10.00", "8.50"))
    assert run(account)[2:] == (["/v1/purchases", "/v1/purchases"], [WAIT_S])


def test_a_balance_that_fell_too_far_is_looked_at_again() -> None:
    assert run(Account(balances=("10.00", "8.49")))[2:] == (["/v1/profile"] * 3, [WAIT_S])


def test_only_an_account_that_moved_at_rest_is_trouble() -> None:
    session, _, _, _ = run(Account())
    assert trouble(session) == ""
    book_of(session.oracle).shared.add(OWNER)
    assert trouble(session) == TROUBLE
