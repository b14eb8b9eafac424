"""The books of one process: what its creates were to cost, and what of that may have come back (MONEY-1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from contracts.history import Outcome

ENDED: Final = frozenset({"ERROR", "REFUND", "EXPIRED"})
"""Statuses of purchases whose price the shop may have given back."""

MAX_KEPT: Final = 200_000
"""Purchases of a kind that are remembered one by one: a run may last for days."""

_DELIVERED: Final = "SUCCESS"
_AMOUNT: Final = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?")
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What books come to, of one process or of all.

    Attributes:
        asked: creates sent.
        bought: creates acknowledged.
        refused: creates refused.
        spent: prices of those acknowledged, by their answers.
        dearest: the highest of them, 0 without any.
        blind: acknowledged ones whose price could not be read, or is in another currency than the first.
        forgotten: purchases that there was no room to remember.
        returned: prices of purchases seen to have ended, which may have come back.
        ended: how many those are.
        standing: prices of purchases last seen neither delivered nor ended, which may have come back unseen.
        open: how many those are.
        currencies: of all prices.
    """

    asked: int = 0
    bought: int = 0
    refused: int = 0
    spent: Decimal = _ZERO
    dearest: Decimal = _ZERO
    blind: int = 0
    forgotten: int = 0
    returned: Decimal = _ZERO
    ended: int = 0
    standing: Decimal = _ZERO
    open: int = 0
    currencies: frozenset[str] = frozenset()

    @property
    def unknown(self) -> int:
        """Creates of which nobody knows what became of them; those under way when the run ended are among them."""
        return self.asked - self.bought - self.refused

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        sums = {name: str(getattr(self, name)) for name in _SUMS}
        return {name: getattr(self, name) for name in _COUNTS} | sums | {"currencies": sorted(self.currencies)}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Account:
        """Return what ``plain`` gave.

        Raises:
            ValueError, KeyError, TypeError, InvalidOperation: the data is not that.
        """
        values: dict[str, Any] = {name: Decimal(data[name]) for name in _SUMS}
        if not all(value.is_finite() for value in values.values()):
            raise ValueError("the books hold what is no amount")
        values |= {name: int(data[name]) for name in _COUNTS}
        return cls(**values, currencies=frozenset(str(one) for one in data["currencies"]))


_SUMS: Final = ("spent", "dearest", "returned", "standing")
_COUNTS: Final = ("asked", "bought", "refused", "blind", "forgotten", "ended", "open")


def together(parts: Iterable[Account]) -> Account:
    """Return the books of all processes as one."""
    accounts = list(parts)
    values: dict[str, Any] = {name: sum((getattr(one, name) for one in accounts), _ZERO) for name in _SUMS}
    values |= {name: sum(getattr(one, name) for one in accounts) for name in _COUNTS}
    values["dearest"] = max((one.dearest for one in accounts), default=_ZERO)
    return Account(**values, currencies=frozenset[str]().union(*(one.currencies for one in accounts)))


@dataclass(slots=True)
class Books:
    """Keeps the books.

    Only purchases that were neither delivered nor ended are remembered one by one, and those that ended, at most
    ``MAX_KEPT`` of each: most are delivered within seconds.
    """

    asked: int = 0
    _bought: int = 0
    _refused: int = 0
    _spent: Decimal = _ZERO
    _dearest: Decimal = _ZERO
    _blind: int = 0
    _forgotten: int = 0
    _returned: Decimal = _ZERO
    _standing: dict[int, Decimal] = field(default_factory=dict)
    _ended: set[int] = field(default_factory=set)
    _currencies: set[str] = field(default_factory=set)

    def create(self, outcome: Outcome, document: Mapping[str, Any] | None) -> None:
        """Take in what became of a create.

        Args:
            outcome: of the create.
            document: its answer.
        """
        if outcome is Outcome.FAIL:
            self._refused += 1
        if outcome is not Outcome.OK:
            return
        self._bought += 1
        price = None if document is None else self._price(document)
        number = None if document is None else document.get("id")
        if price is None or type(number) is not int:
            self._blind += 1
            return
        self._spent += price
        self._dearest = max(self._dearest, price)
        if document is None or document.get("status") == _DELIVERED:
            return
        if len(self._standing) < MAX_KEPT:
            self._standing[number] = price
        else:
            self._forgotten += 1

    def view(self, document: Mapping[str, Any]) -> None:
        """Take in a later view of one purchase.

        Args:
            document: of an answer that shows the purchase as its body or within it.
        """
        shown = document.get("purchase", document)
        if not isinstance(shown, dict):
            return
        status, number = shown.get("status"), shown.get("id")
        if type(number) is not int or not isinstance(status, str):
            return
        if status == _DELIVERED:
            self._standing.pop(number, None)
        elif status in ENDED and number not in self._ended:
            if len(self._ended) >= MAX_KEPT:
                self._forgotten += 1
                return
            self._ended.add(number)
            price = self._standing.pop(number, None)
            price = self._price(shown) if price is None else price
            if price is None:
                self._blind += 1
            else:
                self._returned += price

    def account(self) -> Account:
        """Return what they come to so far."""
        return Account(
            asked=self.asked,
            bought=self._bought,
            refused=self._refused,
            spent=self._spent,
            dearest=self._dearest,
            blind=self._blind,
            forgotten=self._forgotten,
            returned=self._returned,
            ended=len(self._ended),
            standing=sum(self._standing.values(), _ZERO),
            open=len(self._standing),
            currencies=frozenset(self._currencies),
        )

    def _price(self, view: Mapping[str, Any]) -> Decimal | None:
        found = money_of(view.get("price"))
        if found is None:
            return None
        self._currencies.add(found[1])
        return found[0]


def money_of(value: object) -> tuple[Decimal, str] | None:
    """Return amount and currency of a money object as it was answered, None where it is none."""
    if not isinstance(value, dict):
        return None
    amount, currency = value.get("amount"), value.get("currency_code")
    number = amount_of(amount)
    return None if number is None or not isinstance(currency, str) else (number, currency)


def amount_of(text: object) -> Decimal | None:
    """Return an amount as the wire writes it, None for anything else: of ``9E999999`` no sums can be made."""
    return Decimal(text) if isinstance(text, str) and _AMOUNT.fullmatch(text) else None
