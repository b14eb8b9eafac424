"""The allowance: the share of a run's money that one phase may spend, so that the later ones have some left."""

from __future__ import annotations

from typing import Final

from contracts.gate.budget import Budget

SHARE: Final = 3
"""One part in so many of what is left goes to a phase at most."""


class Allowance:
    """Counts what a phase spends from its first request on.

    Args:
        budget: of the run.
        purchases: how many the phase would like to make.
    """

    def __init__(self, budget: Budget, purchases: int) -> None:
        self._budget = budget
        self._purchases = budget.purchases
        self._spend = budget.spend
        left = budget.left
        self.purchases = max(0, purchases if left is None else min(purchases, left // SHARE))
        self._max_spend = None if budget.max_spend is None else (budget.max_spend - budget.spend) / SHARE

    @property
    def made(self) -> int:
        """Purchases made since, creates of unknown outcome included."""
        return self._budget.purchases - self._purchases

    def affords(self, purchases: int = 1, of: float = 1.0) -> bool:
        """Tell whether so many more purchases fit into this part (0..1) of the allowance."""
        if self.made + purchases > self.purchases * of:
            return False
        return self._max_spend is None or self._budget.spend - self._spend < self._max_spend
