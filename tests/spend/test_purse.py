"""The purse of a load run against a shop whose prices move and whose answers are lost, refused, or lie."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from contracts.budget import Budget, BudgetSpentError, Reservation
from load.call import CLOSED, Reply
from load.drive.purse import Purse

SHOWN = {"US": Decimal("0.40"), "GB": Decimal("0.90")}
COUNTRIES = st.sampled_from(sorted(SHOWN))
CENTS = st.decimals("0.01", "3", places=2)


def body(country: str) -> bytes:
    return b'{"country_code":"%s"}' % country.encode()


def reply(status: int) -> Reply:
    return Reply(status, (), b"", None if status else CLOSED, b"", 0.0, 0.0, 0.0)


def told(country: str, amount: object) -> dict[str, Any]:
    return {"country_code": country, "price": {"amount": amount, "currency_code": "USD"}}


class PurseMachine(RuleBasedStateMachine):
    """Creates leave while prices rise and fall; ``surprise`` is what they cost beyond what was expected of them."""

    sold = Bundle("sold")
    refused = Bundle("refused")

    @initialize(purchases=st.none() | st.integers(0, 8), spend=st.none() | st.decimals("0.10", "6", places=2))
    def open(self, purchases: int | None, spend: Decimal | None) -> None:
        self.budget = Budget(purchases, spend)
        self.purse = Purse(self.budget, SHOWN)
        self.price = dict(SHOWN)
        self.count, self.taken, self.surprise, self.untold = 0, Decimal(0), Decimal(0), Decimal(0)

    @rule(country=COUNTRIES, price=CENTS)
    def change_a_price(self, country: str, price: Decimal) -> None:
        self.price[country] = price

    @rule(target=sold, country=COUNTRIES, number=st.integers(1, 3))
    def sell(self, country: str, number: int) -> Any:
        """A request of one or several purchases leaves, and all of them are sold."""
        try:
            held = self.purse.reserve(body(country), number)
        except BudgetSpentError:
            assert self.purse.spent, "which cap it was is kept"
            return multiple()
        cost = self.price[country] * number
        self.count, self.taken = self.count + number, self.taken + cost
        more = max(cost - held.price, Decimal(0))
        self.surprise += more
        self.untold += more
        return held, country, self.price[country]

    @rule(target=refused, country=COUNTRIES)
    def refuse(self, country: str) -> Any:
        try:
            return self.purse.reserve(body(country))
        except BudgetSpentError:
            return multiple()

    @rule(sale=consumes(sold))
    def tell(self, sale: tuple[Reservation, str, Decimal]) -> None:
        held, country, price = sale
        self.purse.settle(held, reply(200), told(country, str(price)))
        self.untold -= max(price * held.count - held.price, Decimal(0))
        try:
            again = self.purse.reserve(body(country))
        except BudgetSpentError:
            return
        assert again.price >= price, "a price that rose is expected from then on"
        self.purse.settle(again, reply(422))

    @rule(sale=consumes(sold), amount=st.sampled_from(["0.01", "0.00", "-5.00", "NaN", None, 1]), other=COUNTRIES)
    def tell_a_lie(self, sale: tuple[Reservation, str, Decimal], amount: object, other: str) -> None:
        self.purse.settle(sale[0], reply(200), told(other, amount))

    @rule(sale=consumes(sold), status=st.sampled_from([0, 408, 500, 502]))
    def lose_the_answer(self, sale: tuple[Reservation, str, Decimal], status: int) -> None:
        self.purse.settle(sale[0], reply(status))

    @rule(held=consumes(refused), status=st.sampled_from([302, 400, 402, 409, 422, 429]))
    def give_back(self, held: Reservation, status: int) -> None:
        self.purse.settle(held, reply(status))

    @invariant()
    def the_caps_hold_but_for_what_nobody_could_expect(self) -> None:
        most, money = self.budget.max_purchases, self.budget.max_spend
        assert most is None or self.count <= most
        assert money is None or self.taken - self.surprise <= money

    @invariant()
    def nothing_that_was_told_is_forgotten(self) -> None:
        assert self.budget.purchases >= self.count
        assert self.budget.max_spend is None or self.budget.spend >= self.taken - self.untold


TestPurseMachine = PurseMachine.TestCase
TestPurseMachine.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)


def test_a_dearer_answer_of_another_country_is_expected_of_all() -> None:
    purse = Purse(Budget(max_spend=Decimal(9)), SHOWN)
    purse.settle(purse.reserve(body("US")), reply(200), told("ZZ", "4.00"))
    assert purse.reserve(body("US")).price == Decimal(4)


def test_a_dearer_answer_of_the_country_is_expected_of_that_one_alone() -> None:
    purse = Purse(Budget(max_spend=Decimal(9)), SHOWN)
    purse.settle(purse.reserve(body("US")), reply(200), told("US", "0.80"))
    assert [purse.reserve(body(country)).price for country in ("US", "GB")] == [Decimal("0.80"), Decimal("0.90")]


@pytest.mark.parametrize("sent", [b"", b"[]", b'{"country_code":"US","x":"GB"}', b'{"country_code":"us"}'])
def test_of_a_create_that_is_not_plain_the_dearest_price_is_expected(sent: bytes) -> None:
    assert Purse(Budget(), SHOWN).reserve(sent).price == Decimal("0.90")


def test_without_a_cap_on_spend_a_price_that_fell_is_counted_as_told() -> None:
    budget = Budget(5)
    purse = Purse(budget, SHOWN)
    purse.settle(purse.reserve(body("US")), reply(200), told("US", "0.10"))
    assert budget.spend == Decimal("0.10")
