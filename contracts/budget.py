"""The budget: how many purchases and how much balance a run may cost, enforced where requests leave."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from decimal import Decimal

from contracts.history import Outcome


class BudgetSpentError(Exception):
    """A create would go over the purchase or spend cap; it was not sent."""


@dataclass(frozen=True, slots=True, eq=False)
class Reservation:
    """A request that may leave; each is settled once.

    Attributes:
        price: what it may cost, in the owner's currency.
        count: how many purchases it may make.
    """

    price: Decimal
    count: int = 1


class Budget:
    """Counts purchases and spend across threads, before they are made.

    Args:
        max_purchases: creates that may succeed or end unknown, None for no cap.
        max_spend: sum of their prices, None for no cap.

    Every create is reserved before it is sent and settled after: refused ones are given back, those whose
    outcome is unknown count as spent, and so do those that nobody ever settles.
    """

    def __init__(self, max_purchases: int | None = None, max_spend: Decimal | None = None) -> None:
        self.max_purchases = max_purchases
        self.max_spend = max_spend
        self._lock = threading.Lock()
        self._open: set[Reservation] = set()
        self._held = 0
        self._held_spend = Decimal(0)
        self._made = 0
        self._spent = Decimal(0)

    @property
    def purchases(self) -> int:
        """Purchases made so far, those under way and those of unknown outcome included."""
        with self._lock:
            return self._made + self._held

    @property
    def spend(self) -> Decimal:
        """What they cost, by the prices answered, else by the prices expected."""
        with self._lock:
            return self._spent + self._held_spend

    @property
    def left(self) -> int | None:
        """Purchases that may still be made, None without a cap on their number."""
        with self._lock:
            return None if self.max_purchases is None else self.max_purchases - self._made - self._held

    def reserve(self, price: Decimal | None, count: int = 1) -> Reservation:
        """Hold what one request may buy.

        Args:
            price: the highest price that one purchase may have, as far as known. None when nothing is known: under a
                cap on spend such a request may cost all that is left, so that one at a time leaves.
            count: how many purchases it may make.

        Raises:
            BudgetSpentError: a cap would be exceeded.
        """
        with self._lock:
            if self.max_purchases is not None and self._made + self._held + count > self.max_purchases:
                raise BudgetSpentError(f"the cap of {self.max_purchases} purchases is reached")
            held = Reservation(self._cost(price, count), count)
            self._open.add(held)
            self._held += held.count
            self._held_spend += held.price
        return held

    def settle(self, held: Reservation, outcome: Outcome, price: Decimal | None = None) -> None:
        """Turn a reservation into a purchase or give it back.

        Args:
            held: what ``reserve`` returned.
            outcome: FAIL gives it back; OK and UNKNOWN count.
            price: what it has cost, None when the answer did not tell. A negative amount buys nothing back.

        Raises:
            ValueError: it was settled before, or is another budget's.
        """
        with self._lock:
            if held not in self._open:
                raise ValueError("a reservation is settled once, with the budget that gave it")
            self._open.remove(held)
            self._held -= held.count
            self._held_spend -= held.price
            if outcome is not Outcome.FAIL:
                self._made += held.count
                self._spent += price if price is not None and price.is_finite() and price >= 0 else held.price

    def reserve_all(self, price: Decimal | None, number: int) -> list[Reservation]:
        """Hold so many creates that leave together, all of them or none.

        Args:
            price: as for ``reserve``.
            number: how many.

        Raises:
            BudgetSpentError: a cap would be exceeded; nothing is held.
        """
        held: list[Reservation] = []
        try:
            while len(held) < number:
                held.append(self.reserve(price))
        except BudgetSpentError:
            for one in held:
                self.settle(one, Outcome.FAIL)
            raise
        return held

    def _cost(self, price: Decimal | None, count: int) -> Decimal:
        """Return what a request may cost, which the caps allow.

        Raises:
            BudgetSpentError: they do not.
        """
        if self.max_spend is None:
            return (price or Decimal(0)) * count
        left = self.max_spend - self._spent - self._held_spend
        cost = left if price is None else price * count
        if cost > left or (price is None and left <= 0):
            raise BudgetSpentError(f"the cap of {self.max_spend} on spend would be exceeded")
        return cost
