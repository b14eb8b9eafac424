"""The allowance: the share of a run's money that one purpose may cost, so that the others have some left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Final

from contracts.budget import Budget

SHARE: Final = 3
"""One part in so many of what is left goes to one purpose at most."""


class Allowance:
    """Counts what is bought for one purpose.

    Args:
        budget: of the run.
        purchases: how many the purpose would like to make.

    Attributes:
        purchases: how many it may make.
        made: how many it has made, creates of unknown outcome included.
    """

    def __init__(self, budget: Budget, purchases: int) -> None:
        left = budget.left
        self.purchases = max(0, purchases if left is None else min(purchases, left // SHARE))
        self.made = 0
        self._budget = budget
        self._spent = Decimal(0)
        self._max_spend = None if budget.max_spend is None else (budget.max_spend - budget.spend) / SHARE

    @contextmanager
    def charged(self) -> Iterator[None]:
        """Charge what is bought within the context to this purpose."""
        purchases, spend = self._budget.purchases, self._budget.spend
        try:
            yield
        finally:
            self.made += self._budget.purchases - purchases
            self._spent += self._budget.spend - spend

    def affords(self, purchases: int = 1, part: float = 1.0) -> bool:
        """Tell whether so many more purchases fit into a part (0..1) of the allowance."""
        if purchases == 0:
            return True
        if self.made + purchases > self.purchases * part:
            return False
        return self._max_spend is None or self._spent < self._max_spend
