"""No schedule of creates goes over a cap."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.budget import Budget, BudgetSpentError, Reservation
from contracts.history import Outcome

PRICES = st.decimals("0", "5", places=2)


class BudgetMachine(RuleBasedStateMachine):
    """Creates leave and end in any order; the caps hold at every moment."""

    def __init__(self) -> None:
        super().__init__()
        self.budget = Budget(5, Decimal("12.00"))
        self.held: list[Reservation] = []
        self.counted = 0
        self.cost = Decimal(0)

    @rule(price=PRICES)
    def reserve(self, price: Decimal) -> None:
        fits = self.counted + len(self.held) < 5
        fits = fits and self.cost + sum((held.price for held in self.held), price) <= Decimal("12.00")
        if fits:
            self.held.append(self.budget.reserve(price))
        else:
            with pytest.raises(BudgetSpentError):
                self.budget.reserve(price)

    @precondition(lambda self: self.held)
    @rule(outcome=st.sampled_from(Outcome), told=st.booleans())
    def settle(self, outcome: Outcome, told: bool) -> None:
        held = self.held.pop(0)
        self.budget.settle(held, outcome, held.price if told else None)
        if outcome is not Outcome.FAIL:
            self.counted += 1
            self.cost += held.price

    @invariant()
    def counts_agree(self) -> None:
        assert (self.budget.purchases, self.budget.spend) == (self.counted, self.cost)
        assert self.budget.left == 5 - self.counted - len(self.held)
        assert self.budget.purchases <= 5
        assert self.budget.spend <= Decimal("12.00")


TestBudgetMachine = BudgetMachine.TestCase
TestBudgetMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_threads_never_go_over_the_cap_together() -> None:
    budget = Budget(50)
    made: list[Reservation] = []

    def buy() -> None:
        for _ in range(40):
            try:
                held = budget.reserve(Decimal(1))
            except BudgetSpentError:
                return
            made.append(held)
            budget.settle(held, Outcome.UNKNOWN)

    threads = [threading.Thread(target=buy) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), budget.purchases, budget.spend) == (50, 50, Decimal(50))


def test_a_create_of_unknown_outcome_counts_as_spent_and_a_refused_one_does_not() -> None:
    budget = Budget(2)
    budget.settle(budget.reserve(Decimal(1)), Outcome.FAIL)
    budget.settle(budget.reserve(Decimal(1)), Outcome.UNKNOWN)
    budget.settle(budget.reserve(Decimal(1)), Outcome.OK, Decimal("0.90"))
    assert (budget.purchases, budget.spend) == (2, Decimal("1.90"))
    with pytest.raises(BudgetSpentError, match="cap of 2 purchases"):
        budget.reserve(Decimal(1))
