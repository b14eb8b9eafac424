"""The caps of one pytest session, which all gates that its tests run against a URL share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Final

from contracts.budget import Budget
from contracts.errors import UsageError
from contracts.gate.opening import GateRequest

_NOTHING: Final = "the session's cap on {} is spent, or held by a gate that still runs; raise it, or run fewer gates"


class SessionCaps:
    """Counts what the gates of a session have bought, and lets each have what is left.

    Args:
        processes: of this pytest session; each would have the whole cap.
    """

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        self._purchases = 0
        self._spend = Decimal(0)

    @contextmanager
    def shared(self, request: GateRequest, most: int | None) -> Iterator[tuple[GateRequest, list[Budget]]]:
        """Yield a gate's request with no more than what is left of the session's caps.

        What it gets is held as long as the context is open: a gate may buy at any time until then.

        Args:
            request: of the gate; where it names no URL, or the session has no cap, it is left as it is. Its cap on
                spend is the session's.
            most: the session's cap on purchases, None for none.

        Yields:
            The request, and a list to which the gate's budget is added once it is open.

        Raises:
            UsageError: nothing is left, or other processes of the session would each have as much.
        """
        options, budgets = request.options, list[Budget]()
        own, money = options.max_purchases, options.max_spend
        if request.url is None or (most is None and money is None):
            yield request, budgets
            return
        if self._processes > 1:
            raise UsageError(
                f"each of {self._processes} pytest processes would run a gate of its own, with the whole cap, on one "
                "account; add -n 0"
            )
        left = None if most is None else most - self._purchases
        rest = None if money is None else money - self._spend
        # A cap of nothing is one that was asked for; such a gate looks and buys nothing.
        if left is not None and left <= 0 < (most or 0):
            raise UsageError(_NOTHING.format("purchases"))
        if rest is not None and money is not None and rest <= 0 < money:
            raise UsageError(_NOTHING.format("spend"))
        given = min((cap for cap in (own, left) if cap is not None), default=None)
        held, spend = given or 0, rest or Decimal(0)
        self._purchases, self._spend = self._purchases + held, self._spend + spend
        try:
            yield replace(request, options=replace(options, max_purchases=given, max_spend=rest)), budgets
        finally:
            self._purchases += sum(budget.purchases for budget in budgets) - held
            self._spend += sum((budget.spend for budget in budgets), Decimal(0)) - spend
