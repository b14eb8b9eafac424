"""The purse keeps the caps, over any number of workers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.budget import Budget, BudgetSpentError
from load.call import Reply
from load.drive.purse import Purse, portion, portion_of_spend


@given(cap=st.integers(0, 10_000), workers=st.integers(1, 50))
def test_the_parts_of_a_cap_add_up_to_it(cap: int, workers: int) -> None:
    assert sum(portion(cap, worker, workers) or 0 for worker in range(workers)) == cap


@given(cap=st.decimals("0", "10000", places=2), workers=st.integers(1, 50))
def test_the_parts_of_a_cap_on_spend_never_exceed_it(cap: Decimal, workers: int) -> None:
    assert (portion_of_spend(cap, workers) or Decimal(0)) * workers <= cap


def test_no_cap_has_no_parts() -> None:
    assert portion(None, 0, 3) is None
    assert portion_of_spend(None, 3) is None


def reply(status: int) -> Reply:
    return Reply(status, (), b"", None if status else "timeout", b"", 0.0, 0.0, 0.0)


BODY = b'{"country_code":"US"}'


@pytest.mark.parametrize(
    ("status", "purchases"), [(200, 1), (201, 1), (0, 1), (500, 1), (408, 1), (400, 0), (409, 0), (429, 0)]
)
def test_only_a_definite_refusal_is_given_back(status: int, purchases: int) -> None:
    purse = Purse(Budget(), {"US": Decimal("0.50")})
    purse.settle(purse.reserve(BODY), reply(status), None)
    assert purse.budget.purchases == purchases
    assert purse.budget.spend == Decimal("0.50") * purchases


def test_the_price_answered_counts() -> None:
    purse = Purse(Budget(), {"US": Decimal("0.50")})
    purse.settle(purse.reserve(BODY), reply(200), {"price": {"amount": "0.40"}})
    assert purse.budget.spend == Decimal("0.40")


@pytest.mark.parametrize("amount", ["NaN", "-1", "Infinity", "x", "1" * 50, "9E999999", None, 3])
def test_an_unreadable_price_counts_as_the_price_expected(amount: object) -> None:
    purse = Purse(Budget(), {"US": Decimal("0.50")})
    purse.settle(purse.reserve(BODY), reply(200), {"price": {"amount": amount}})
    assert purse.budget.spend == Decimal("0.50")


def test_a_country_of_unknown_price_is_held_at_the_dearest() -> None:
    purse = Purse(Budget(max_spend=Decimal("1.00")), {"US": Decimal("0.50"), "GB": Decimal("0.90")})
    purse.reserve(b'{"country_code":"FR"}')
    with pytest.raises(BudgetSpentError):
        purse.reserve(BODY)
