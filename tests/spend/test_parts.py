"""Parts that share a cap: gate after load, workers beside each other, gate after gate of a proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.budget import Budget, BudgetSpentError, Reservation
from contracts.errors import UsageError
from contracts.history import Outcome
from contracts.prove.staging import Purse
from load import interleave as module
from load.drive.purse import portion, portion_of_spend
from load.interleave import Interleaving, interleave
from tests.reports.compare.made import load_run
from verify.caps import Caps

CENTS = st.decimals("0.01", "3", places=2)

# Caps that a few creates reach, and prices of which a few fill them to the cent.
PURCHASES = st.integers(1, 4)
SPEND = st.sampled_from([None, Decimal("0.05"), Decimal("0.10"), Decimal("0.20")])
PRICES = st.sampled_from([Decimal("0.01"), Decimal("0.02"), Decimal("0.05")])


class Hand:
    """One process that buys, with its part of the caps and what it last told of it."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.state = "running"
        self.told = (0, Decimal(0))
        self.open: list[tuple[Reservation, Decimal, bool]] = []

    def tell(self) -> None:
        self.told = (self.budget.purchases, self.budget.spend)


class Parts(RuleBasedStateMachine):
    """A verification: gates and load runs one after the other, each cut short or not, all under the caps of one."""

    @initialize(purchases=PURCHASES, spend=SPEND)
    def verify(self, purchases: int, spend: Decimal | None) -> None:
        self.begin(purchases, spend)

    def begin(self, purchases: int, spend: Decimal | None) -> None:
        self.given = Caps(purchases, spend)
        self.left: Caps | None = self.given
        self.hands: list[Hand] = []
        self.sold, self.taken = 0, Decimal(0)
        self.start_a_part(2)

    def start_a_part(self, workers: int) -> None:
        self.hands = []
        if self.left is None or self.left.spent:
            return
        purchases, spend = self.left.purchases, self.left.spend
        self.hands = [
            Hand(Budget(portion(purchases, number, workers), portion_of_spend(spend, workers)))
            for number in range(workers)
        ]

    @precondition(lambda self: self.hands)
    @rule(
        which=st.integers(0, 3),
        prices=st.lists(PRICES, min_size=1, max_size=6),
        refused=st.sampled_from([False, False, True]),
    )
    def send_creates(self, which: int, prices: list[Decimal], refused: bool) -> None:
        hand = self.hands[which % len(self.hands)]
        for price in prices:
            try:
                held = hand.budget.reserve(price)
            except BudgetSpentError:
                return
            if not refused:
                self.sold, self.taken = self.sold + 1, self.taken + price
            hand.open.append((held, price, not refused))

    @precondition(lambda self: self.hands)
    @rule(which=st.integers(0, 3), arrives=st.booleans())
    def end_a_create(self, which: int, arrives: bool) -> None:
        hand = self.hands[which % len(self.hands)]
        if hand.open:
            held, price, sold = hand.open.pop(0)
            came = (Outcome.OK if sold else Outcome.FAIL) if arrives else Outcome.UNKNOWN
            hand.budget.settle(held, came, price if came is Outcome.OK else None)

    @precondition(lambda self: self.hands)
    @rule(which=st.integers(0, 3))
    def tell_what_was_bought(self, which: int) -> None:
        self.hands[which % len(self.hands)].tell()

    @precondition(lambda self: self.hands)
    @rule(
        lost=st.sampled_from([(), (0,), (1,), (0, 1), (0, 1, 2, 3)]),
        killed=st.sampled_from([False, False, True]),
        workers=st.integers(1, 4),
    )
    def end_the_part_and_start_the_next(self, lost: tuple[int, ...], killed: bool, workers: int) -> None:
        """Workers are killed; the process that leads them is, too, or writes down what they told."""
        for number, hand in enumerate(self.hands):
            hand.state = "lost" if number in lost else "finished"
            if hand.state == "finished" and not killed:
                hand.tell()
        document: dict[str, Any] = {
            "partial": killed,
            "purchases": sum(hand.told[0] for hand in self.hands),
            "spend": str(sum((hand.told[1] for hand in self.hands), Decimal(0))),
            "load": {"generator": {"workers": [{"name": "w", "state": hand.state} for hand in self.hands]}},
        }
        assert self.left is not None
        self.left = self.left.after(document)
        self.start_a_part(workers)

    @precondition(lambda self: not self.hands)
    @rule(purchases=PURCHASES, spend=SPEND)
    def verify_again(self, purchases: int, spend: Decimal | None) -> None:
        self.begin(purchases, spend)

    @invariant()
    def the_server_has_not_sold_more_than_was_allowed(self) -> None:
        assert self.given.purchases is None or self.sold <= self.given.purchases
        assert self.given.spend is None or self.taken <= self.given.spend


TestParts = Parts.TestCase
TestParts.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)


def test_a_load_run_that_lost_a_worker_leaves_nothing_that_is_known() -> None:
    workers = [{"name": "a", "state": "finished"}, {"name": "b", "state": "lost"}]
    document = {"partial": False, "purchases": 3, "spend": "3.00", "load": {"generator": {"workers": workers}}}
    assert Caps(10).after(document) is None
    assert Caps().after(document) == Caps(), "without a cap there is nothing to keep"
    workers[1]["state"] = "finished"
    assert Caps(10).after(document) == Caps(7)


@drawn(st.integers(0, 30), st.lists(st.tuples(st.integers(0, 12), CENTS), max_size=6), st.decimals(0, 20, places=2))
def test_gates_of_a_proof_never_buy_more_together_than_one_may(
    cap: int, wishes: list[tuple[int, Decimal]], spend: Decimal
) -> None:
    purse = Purse(cap, spend)
    sold, taken = 0, Decimal(0)
    for wish, price in wishes:
        if purse.empty:
            break
        budget = Budget(*purse.caps(10))
        for _ in range(wish):
            try:
                budget.reserve(price)
            except BudgetSpentError:
                break
            sold, taken = sold + 1, taken + price
        purse.charge(budget.purchases, budget.spend)
    assert sold <= cap
    assert taken <= spend
    assert (purse.made, purse.spent) == (sold, taken), "a gate that was cut short has bought as well"


@pytest.mark.parametrize(
    ("purchases", "spend", "each"),
    [
        (10, None, ["--max-purchases", "2"]),
        (None, Decimal(10), ["--max-spend", "2.50"]),
        (7, Decimal("1.99"), ["--max-purchases", "1", "--max-spend", "0.49"]),
        (None, None, []),
    ],
)
def test_runs_in_turn_share_the_caps_of_one(
    purchases: int | None, spend: Decimal | None, each: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[list[str]] = []

    def run(arguments: Sequence[str], url: str, place: Path, environment: Mapping[str, str]) -> None:
        given.append(list(arguments))
        load_run(place, seed=len(given))

    monkeypatch.setattr(module, "_run", run)
    monkeypatch.setattr(module, "calibrate", lambda: 1000.0)
    arguments = ["nightly", "--max-purchases", "10", "--max-spend=10"]
    asked = Interleaving(
        baseline="http://127.0.0.1:1", candidate="http://127.0.0.1:2", rounds=2, out=tmp_path, arguments=arguments,
        seed=1, max_purchases=purchases, max_spend=spend,
    )  # fmt: skip
    interleave(asked, {}, quiet=True, as_json=False)
    assert given == [["nightly", *each]] * 4


@pytest.mark.parametrize(("purchases", "spend"), [(3, None), (None, Decimal("0.03"))])
def test_caps_that_leave_nothing_for_each_run_in_turn_are_refused(
    purchases: int | None, spend: Decimal | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "calibrate", lambda: 1000.0)
    asked = Interleaving(
        baseline="http://127.0.0.1:1", candidate="http://127.0.0.1:2", rounds=2, out=tmp_path, arguments=[], seed=1,
        max_purchases=purchases, max_spend=spend,
    )  # fmt: skip
    with pytest.raises(UsageError, match="leaves nothing for each of 4 runs"):
        interleave(asked, {}, quiet=True, as_json=False)
