"""The budget: how many purchases and how much balance a run may cost, enforced where requests leave."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from decimal import Decimal

from contracts.history import Outcome


class BudgetSpentError(Exception):
    """A create would go over the purchase or spend cap; it was not sent."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A create that may leave.

    Attributes:
        price: what it is expected to cost, in the owner's currency.
    """

    price: Decimal


class Budget:
    """Counts purchases and spend across threads, before they are made.

    Args:
        max_purchases: creates that may succeed or end unknown, None for no cap.
        max_spend: sum of their prices, None for no cap.

    Every create is reserved before it is sent and settled after: refused ones are given back, those whose
    outcome is unknown count as spent.
    """

    def __init__(self, max_purchases: int | None = None, max_spend: Decimal | None = None) -> None:
        self.max_purchases = max_purchases
        self.max_spend = max_spend
        self._lock = threading.Lock()
        self._held = 0
        self._held_spend = Decimal(0)
        self._made = 0
        self._spent = Decimal(0)

    @property
    def purchases(self) -> int:
        """Purchases made so far, creates of unknown outcome included."""
        return self._made

    @property
    def spend(self) -> Decimal:
        """What they cost, by the prices answered, else by the prices expected."""
        return self._spent

    @property
    def left(self) -> int | None:
        """Purchases that may still be made, None without a cap on their number."""
        with self._lock:
            return None if self.max_purchases is None else self.max_purchases - self._made - self._held

    def reserve(self, price: Decimal) -> Reservation:
        """Hold one purchase.

        Args:
            price: the highest price it may have, as far as known; zero when nothing is known.

        Raises:
            BudgetSpentError: a cap would be exceeded.
        """
        with self._lock:
            if self.max_purchases is not None and self._made + self._held >= self.max_purchases:
                raise BudgetSpentError(f"the cap of {self.max_purchases} purchases is reached")
            total = self._spent + self._held_spend + price
            if self.max_spend is not None and total > self.max_spend:
                raise BudgetSpentError(f"the cap of {self.max_spend} on spend would be exceeded")
            self._held += 1
            self._held_spend += price
        return Reservation(price)

    def settle(self, held: Reservation, outcome: Outcome, price: Decimal | None = None) -> None:
        """Turn a reservation into a purchase or give it back.

        Args:
            held: what ``reserve`` returned.
            outcome: FAIL gives it back; OK and UNKNOWN count.
            price: the price answered, None when the answer told none.
        """
        with self._lock:
            self._held -= 1
            self._held_spend -= held.price
            if outcome is not Outcome.FAIL:
                self._made += 1
                self._spent += held.price if price is None else price
