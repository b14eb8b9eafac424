"""The gates that one pytest session runs against a URL buy no more together than its caps allow."""

from __future__ import annotations

from contextlib import ExitStack
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.budget import Budget, BudgetSpentError
from contracts.errors import UsageError
from contracts.gate.opening import GateRequest
from contracts.gate.plan import PLANS
from contracts.gate.run import GateOptions
from contracts.gate.sessioncaps import SessionCaps

URL = "http://127.0.0.1:1"


def request(purchases: int | None, spend: Decimal | None = None, url: str | None = URL) -> GateRequest:
    options = GateOptions(plan=PLANS["quick"], profile="2026-02", seed=0, max_purchases=purchases, max_spend=spend)
    return GateRequest(options=options, url=url)


def budget_of(granted: GateRequest) -> Budget:
    return Budget(granted.options.max_purchases, granted.options.max_spend)


def buy(budget: Budget, wish: int) -> int:
    """Buy so many for 1.00 each, as far as the budget goes; return how many."""
    for made in range(wish):
        try:
            budget.reserve(Decimal(1))
        except BudgetSpentError:
            return made
    return wish


def test_what_one_gate_bought_the_next_may_not_buy_again() -> None:
    caps = SessionCaps()
    with caps.shared(request(10), 10) as (granted, budgets):
        budgets.append(budget_of(granted))
        assert buy(budgets[0], 7) == 7
    with caps.shared(request(10), 10) as (granted, _):
        assert granted.options.max_purchases == 3


def test_a_gate_that_was_never_opened_has_bought_nothing() -> None:
    caps = SessionCaps()
    with pytest.raises(UsageError, match="no key"), caps.shared(request(10), 10):
        raise UsageError("no key")
    with caps.shared(request(10), 10) as (granted, _):
        assert granted.options.max_purchases == 10


def test_a_gate_that_still_runs_holds_all_that_it_was_given() -> None:
    caps = SessionCaps()
    with (
        caps.shared(request(10), 10),
        pytest.raises(UsageError, match="purchases is spent, or held"),
        caps.shared(request(10), 10),
    ):
        pytest.fail("a second gate was given the same purchases")


def test_a_gates_own_cap_lowers_what_it_gets_and_never_raises_it() -> None:
    caps = SessionCaps()
    with caps.shared(request(4), 10) as (granted, budgets):
        assert granted.options.max_purchases == 4
        budgets.append(budget_of(granted))
        buy(budgets[0], 4)
    with caps.shared(request(100), 10) as (granted, _):
        assert granted.options.max_purchases == 6


@pytest.mark.parametrize("given", [request(5, url=None), request(None)])
def test_an_embedded_target_and_a_session_without_caps_are_left_alone(given: GateRequest) -> None:
    caps = SessionCaps(processes=4)
    for _ in range(3):
        with caps.shared(given, given.options.max_purchases) as (granted, budgets):
            assert granted is given
            budgets.append(Budget(5))
            buy(budgets[0], 5)


def test_processes_of_one_session_do_not_each_get_the_whole_cap() -> None:
    with pytest.raises(UsageError, match="each of 2 pytest processes"), SessionCaps(2).shared(request(5), 5):
        pytest.fail("a gate was opened")


def test_a_cap_of_nothing_lets_a_gate_look_and_buy_nothing() -> None:
    with SessionCaps().shared(request(0), 0) as (granted, _):
        assert granted.options.max_purchases == 0


@given(
    st.none() | st.integers(0, 12),
    st.none() | st.integers(1, 12).map(Decimal),
    st.lists(st.tuples(st.none() | st.integers(0, 6), st.integers(0, 8), st.booleans()), max_size=6),
)
def test_no_order_of_gates_goes_over_the_caps(
    most: int | None, money: Decimal | None, gates: list[tuple[int | None, int, bool]]
) -> None:
    """Gates with caps of their own, some of which stay open to the end, as the suite's does."""
    caps, sold = SessionCaps(), 0
    with ExitStack() as session:
        for own, wish, stays in gates:
            with ExitStack() as test:
                asked = request(own if own is not None else most, money)
                try:
                    granted, budgets = (session if stays else test).enter_context(caps.shared(asked, most))
                except UsageError:
                    continue
                budgets.append(budget_of(granted))
                sold += buy(budgets[0], wish)
    assert most is None or sold <= most
    assert money is None or sold <= money
