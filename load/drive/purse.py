"""The purse: the run's caps on purchases and spend, divided so that workers together keep them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from contracts.budget import Budget, BudgetSpentError, Reservation
from contracts.history import Outcome
from load.call import Reply
from load.drive.books import amount_of

_PLAIN: Final = re.compile(rb'\{"country_code": ?"([A-Z]{2})"\}')
_CENT: Final = Decimal("0.01")


def portion(cap: int | None, worker: int, workers: int) -> int | None:
    """Return one worker's part of a cap on purchases; the parts add up to the cap.

    Args:
        cap: purchases, None for no cap.
        worker: from 0.
        workers: how many there are.
    """
    return None if cap is None else cap // workers + (worker < cap % workers)


def portion_of_spend(cap: Decimal | None, workers: int) -> Decimal | None:
    """Return one worker's part of a cap on spend, rounded down to the cent, None for no cap."""
    return None if cap is None else (cap / workers).quantize(_CENT, ROUND_DOWN)


def outcome_of(status: int) -> Outcome:
    """Return what became of a create by the status of its answer, 0 for none: only a refusal is sure to buy nothing."""
    refused = 300 <= status < 500 and status != 408
    return Outcome.OK if 200 <= status < 300 else Outcome.FAIL if refused else Outcome.UNKNOWN


class Purse:
    """Holds creates to a budget where they leave.

    Args:
        budget: this process's part of the run's.
        prices: what a purchase costs, by country code.

    Attributes:
        spent: which cap was reached, None while none was.
    """

    def __init__(self, budget: Budget, prices: Mapping[str, Decimal]) -> None:
        self.budget = budget
        self.spent: str | None = None
        self._prices = {country: price for country, price in prices.items() if price > 0}
        self._dearest = max(prices.values(), default=None)

    def reserve(self, body: bytes, count: int = 1) -> Reservation:
        """Hold what a create may buy.

        Args:
            body: of the create; it names the country.
            count: how many purchases it may make.

        Raises:
            BudgetSpentError: a cap would be exceeded; the create must not be sent.
        """
        # The journeys' own creates read so; of any other the dearest price is expected.
        plain = _PLAIN.fullmatch(body)
        price = self._dearest if plain is None else self._prices.get(plain[1].decode(), self._dearest)
        try:
            return self.budget.reserve(price, count)
        except BudgetSpentError as error:
            self.spent = str(error)
            raise

    def settle(self, held: Reservation, reply: Reply, document: Mapping[str, Any] | None = None) -> None:
        """Count a create as made, by the price it was answered with, or give it back.

        Only a definite refusal gives it back: a create of unknown outcome may have been charged. Under a cap on spend
        an answer that names less than was expected is not believed, and one that names more is expected of the next
        ones: of that country, or of all where the answer is of another country than was asked for.
        """
        outcome = outcome_of(reply.status)
        each = _price(document) if outcome is Outcome.OK and document is not None else None
        if document is None or each is None:
            self.budget.settle(held, outcome)
            return
        expected = held.price / held.count
        if each > expected:
            self._raise(document.get("country_code"), expected, each)
        self._dearest = each if self._dearest is None else max(each, self._dearest)
        paid = each * held.count
        self.budget.settle(held, outcome, paid if self.budget.max_spend is None else max(paid, held.price))

    def _raise(self, country: object, expected: Decimal, price: Decimal) -> None:
        """Expect a higher price than was shown."""
        if isinstance(country, str) and self._prices.get(country) == expected:
            self._prices[country] = price
        else:
            self._prices = {name: shown for name, shown in self._prices.items() if shown >= price}


def _price(document: Mapping[str, Any]) -> Decimal | None:
    price = document.get("price")
    value = amount_of(price.get("amount")) if isinstance(price, dict) else None
    return value if value is not None and value > 0 else None
