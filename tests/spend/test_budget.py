"""No schedule of creates goes over a cap: what a server may have sold is counted beside the budget."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from contracts.budget import Budget, BudgetSpentError, Reservation
from contracts.history import Outcome

CENTS = st.decimals("0", "5", places=2)


class Server:
    """What a server has sold, whatever its buyers believe."""

    def __init__(self) -> None:
        self.sold = 0
        self.taken = Decimal(0)

    def sell(self, price: Decimal) -> None:
        self.sold += 1
        self.taken += price


class BudgetMachine(RuleBasedStateMachine):
    """Requests are reserved, sent, served or refused, answered or not, settled or forgotten, in any order.

    ``surprise`` is by how much prices rose between the look at them and the sale: nobody can keep a cap against that,
    but what is told of it counts. ``untold`` is the part of it that no answer has told yet.
    """

    reserved = Bundle("reserved")
    served = Bundle("served")
    refused = Bundle("refused")

    @initialize(purchases=st.none() | st.integers(0, 6), spend=st.none() | st.decimals("0", "12", places=2))
    def open(self, purchases: int | None, spend: Decimal | None) -> None:
        self.budget = Budget(purchases, spend)
        self.server = Server()
        self.surprise = self.untold = Decimal(0)
        self.settled: list[Reservation] = []

    @rule(target=reserved, price=CENTS)
    def reserve(self, price: Decimal) -> Any:
        before = self.budget.purchases, self.budget.spend
        try:
            return self.budget.reserve(price), price
        except BudgetSpentError:
            assert (self.budget.purchases, self.budget.spend) == before, "what is refused holds nothing"
            assert self.full(before[0] + 1, before[1] + price), "nothing is refused that fits"
            return multiple()

    @rule(target=reserved)
    def reserve_at_a_price_that_nobody_knows(self) -> Any:
        try:
            held = self.budget.reserve(None)
        except BudgetSpentError:
            return multiple()
        return held, held.price

    @rule(target=reserved, price=CENTS, count=st.integers(2, 4))
    def reserve_several_in_one_request(self, price: Decimal, count: int) -> Any:
        try:
            return self.budget.reserve(price, count), price
        except BudgetSpentError:
            return multiple()

    @rule(target=reserved, price=CENTS, number=st.integers(2, 3))
    def reserve_a_volley(self, price: Decimal, number: int) -> Any:
        before = self.budget.purchases, self.budget.spend
        try:
            return multiple(*((held, price) for held in self.budget.reserve_all(price, number)))
        except BudgetSpentError:
            assert (self.budget.purchases, self.budget.spend) == before, "all of them or none"
            return multiple()

    @rule(held=consumes(reserved))
    def interrupt_before_it_leaves(self, held: tuple[Reservation, Decimal]) -> None:
        """Nobody knows that it never left: it stays counted, as the invariants below want."""

    @rule(held=consumes(reserved), target=served, rise=CENTS)
    def serve_at_a_price_that_rose_meanwhile(self, held: tuple[Reservation, Decimal], rise: Decimal) -> Any:
        price = held[1] + rise
        for _ in range(held[0].count):
            self.server.sell(price)
        more = max(price * held[0].count - held[0].price, Decimal(0))
        self.surprise += more
        self.untold += more
        return held[0], price * held[0].count

    @rule(held=consumes(reserved), target=served, part=st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(1)]))
    def serve(self, held: tuple[Reservation, Decimal], part: Decimal) -> Any:
        """The server sells all that was asked, at no more than was expected."""
        price = min((held[1] * part).quantize(Decimal("0.01")), held[1])
        for _ in range(held[0].count):
            self.server.sell(price)
        return held[0], price * held[0].count

    @rule(held=consumes(reserved), target=refused)
    def refuse(self, held: tuple[Reservation, Decimal]) -> Any:
        return held[0]

    @rule(sale=consumes(served), told=st.booleans())
    def answer(self, sale: tuple[Reservation, Decimal], told: bool) -> None:
        self.budget.settle(sale[0], Outcome.OK, sale[1] if told else None)
        self.settled.append(sale[0])
        if told:
            self.untold -= max(sale[1] - sale[0].price, Decimal(0))

    @precondition(lambda self: self.settled)
    @rule(outcome=st.sampled_from(Outcome))
    def settle_again(self, outcome: Outcome) -> None:
        before = self.budget.purchases, self.budget.spend
        with pytest.raises(ValueError, match="settled once"):
            self.budget.settle(self.settled[-1], outcome, Decimal(0))
        assert (self.budget.purchases, self.budget.spend) == before

    @rule(sale=consumes(served))
    def drop_the_answer(self, sale: tuple[Reservation, Decimal]) -> None:
        self.budget.settle(sale[0], Outcome.UNKNOWN)

    @rule(sale=consumes(served))
    def crash_before_the_answer_is_settled(self, sale: tuple[Reservation, Decimal]) -> None:
        """Nobody settles it; the next look at the budget must know of it all the same."""

    @rule(held=consumes(refused), known=st.booleans())
    def answer_with_a_refusal(self, held: Reservation, known: bool) -> None:
        self.budget.settle(held, Outcome.FAIL if known else Outcome.UNKNOWN)

    def full(self, purchases: int, spend: Decimal) -> bool:
        most, money = self.budget.max_purchases, self.budget.max_spend
        return (most is not None and purchases > most) or (money is not None and spend > money)

    @invariant()
    def the_caps_hold_on_the_server(self) -> None:
        assert not self.full(self.server.sold, self.server.taken - self.surprise)

    @invariant()
    def the_budget_counts_no_less_than_the_server(self) -> None:
        assert self.budget.purchases >= self.server.sold
        if self.budget.max_spend is not None:
            assert self.budget.spend >= self.server.taken - self.untold
            assert self.budget.spend <= self.budget.max_spend + self.surprise - self.untold
        assert self.budget.left is None or self.budget.left >= 0


TestBudgetMachine = BudgetMachine.TestCase
TestBudgetMachine.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty")
def test_threads_that_begin_together_never_go_over_a_cap() -> None:
    budget, server, lock = Budget(40, Decimal(30)), Server(), threading.Lock()
    start = threading.Barrier(16)
    refused: list[int] = []

    def buy(number: int) -> None:
        start.wait()
        for turn in range(30):
            try:
                held = budget.reserve(Decimal(1))
            except BudgetSpentError:
                refused.append(number)
                continue
            if (number + turn) % 5 == 0:
                budget.settle(held, Outcome.FAIL)
                continue
            with lock:
                server.sell(Decimal(1))
            if (number + turn) % 7:
                budget.settle(held, Outcome.UNKNOWN if turn % 2 else Outcome.OK, Decimal("1.00"))

    threads = [threading.Thread(target=buy, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused
    assert server.sold == budget.purchases == 30, "the lower of the two caps is reached to the last cent, and kept"
    assert server.taken == budget.spend == Decimal(30)


def test_a_create_of_unknown_outcome_counts_as_spent_and_a_refused_one_does_not() -> None:
    budget = Budget(2)
    budget.settle(budget.reserve(Decimal(1)), Outcome.FAIL)
    budget.settle(budget.reserve(Decimal(1)), Outcome.UNKNOWN)
    budget.settle(budget.reserve(Decimal(1)), Outcome.OK, Decimal("0.90"))
    assert (budget.purchases, budget.spend) == (2, Decimal("1.90"))
    with pytest.raises(BudgetSpentError, match="cap of 2 purchases"):
        budget.reserve(Decimal(1))


def test_what_is_under_way_counts_before_it_is_settled() -> None:
    budget = Budget(3, Decimal(9))
    held = budget.reserve(Decimal("2.50"))
    assert (budget.purchases, budget.spend, budget.left) == (1, Decimal("2.50"), 2)
    budget.settle(held, Outcome.FAIL)
    assert (budget.purchases, budget.spend, budget.left) == (0, Decimal(0), 3)


def test_a_reservation_cannot_be_given_back_twice() -> None:
    budget = Budget(1)
    held = budget.reserve(Decimal(1))
    budget.settle(held, Outcome.FAIL)
    with pytest.raises(ValueError, match="settled once"):
        budget.settle(held, Outcome.FAIL)
    with pytest.raises(ValueError, match="settled once"):
        budget.settle(Budget(1).reserve(Decimal(1)), Outcome.FAIL)
    assert budget.left == 1


@pytest.mark.parametrize("answered", ["-5.00", "NaN", "Infinity", "-Infinity"])
def test_an_amount_that_is_none_buys_nothing_back(answered: str) -> None:
    budget = Budget(max_spend=Decimal(3))
    budget.settle(budget.reserve(Decimal(2)), Outcome.OK, Decimal(answered))
    assert budget.spend == Decimal(2)
    with pytest.raises(BudgetSpentError):
        budget.reserve(Decimal(2))


def test_a_purchase_dearer_than_expected_is_counted_in_full_and_the_next_is_refused() -> None:
    budget = Budget(max_spend=Decimal(3))
    budget.settle(budget.reserve(Decimal(1)), Outcome.OK, Decimal(10))
    assert budget.spend == Decimal(10)
    with pytest.raises(BudgetSpentError):
        budget.reserve(Decimal(0))


def test_where_no_price_is_known_one_create_at_a_time_leaves_under_a_cap_on_spend() -> None:
    budget = Budget(max_spend=Decimal(3))
    first = budget.reserve(None)
    with pytest.raises(BudgetSpentError):
        budget.reserve(None)
    budget.settle(first, Outcome.OK, Decimal("0.50"))
    budget.settle(budget.reserve(Decimal("0.50")), Outcome.OK, Decimal("0.50"))
    budget.settle(budget.reserve(None), Outcome.UNKNOWN)
    assert budget.spend == Decimal(3), "it may have cost all that was left"
    with pytest.raises(BudgetSpentError):
        budget.reserve(None)


def test_without_a_cap_on_spend_a_price_need_not_be_known() -> None:
    budget = Budget(2)
    budget.reserve(None)
    budget.reserve(None)
    assert budget.left == 0


def test_creates_that_leave_together_are_all_held_or_none() -> None:
    budget = Budget(5, Decimal(4))
    with pytest.raises(BudgetSpentError):
        budget.reserve_all(Decimal(1), 5)
    assert (budget.purchases, budget.spend) == (0, Decimal(0))
    assert len(budget.reserve_all(Decimal(1), 4)) == 4
    assert budget.reserve_all(Decimal(1), 0) == []
