"""Fields of a plan's tables, each read as what it must be."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any, Final, NoReturn

from contracts.config import nearest, refuse
from contracts.errors import UsageError
from contracts.units import parse_duration
from load.plan.plan import RATE, USERS
from load.plan.quantities import parse_rate, parse_share

MOST_USERS: Final = 100_000
FASTEST: Final = 1_000_000.0
LONGEST: Final = 7 * 24 * 3600.0

_SHOWN: Final = 60
_RATE: Final = 'a rate above zero such as "200/s" or "12/m"'
_DURATION: Final = 'a duration above zero such as "250ms", "90s" or "1h30m"'
_SHARE: Final = 'a percentage such as "1%"'


def refuse_unknown(table: Mapping[str, Any], known: Collection[str], where: str, kind: str) -> None:
    """Refuse a table with a name that is not known, and say which was probably meant.

    Raises:
        UsageError: there is one.
    """
    for name in table:
        if name not in known:
            raise UsageError(f"{where}: unknown {kind} {name[:_SHOWN]!r}; {nearest(name, known)}")


class Fields:
    """The fields of one table. Every method raises UsageError where a field is not what it must be.

    Args:
        table: as decoded.
        where: how messages name it.
    """

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self.table = table
        self.where = where

    def refuse(self, name: str, expected: str) -> NoReturn:
        """Refuse a field in one line that shows its value."""
        refuse(f"{self.where} {name}", self.table.get(name), expected)

    def choice(self, name: str, known: Collection[str], default: str) -> str:
        """Return one of several words."""
        value = self.table.get(name, default)
        if not isinstance(value, str):
            self.refuse(name, f"one of {', '.join(known)}")
        if value not in known:
            raise UsageError(f"{self.where} {name} is {value[:_SHOWN]!r}; {nearest(value, known)}")
        return value

    def text(self, name: str, default: str) -> str:
        """Return a name."""
        value = self.table.get(name, default)
        if not isinstance(value, str) or not value or not value.isprintable() or len(value) > _SHOWN:
            self.refuse(name, f"a name of at most {_SHOWN} characters")
        return value

    def duration(self, name: str, default: float, *, zero: bool = False) -> float:
        """Return seconds of a duration."""
        if name not in self.table:
            return default
        try:
            seconds = parse_duration(self.table[name]) if isinstance(self.table[name], str) else math.nan
        except ValueError:
            seconds = math.nan
        if not (0 <= seconds <= LONGEST) or (seconds == 0 and not zero):
            self.refuse(name, _DURATION.replace(" above zero", "") if zero else f"{_DURATION}, a week at most")
        return seconds

    def rate(self, name: str, *, zero: bool = False) -> float:
        """Return events per second."""
        try:
            rate = parse_rate(self.table[name])
        except ValueError:
            rate = math.nan
        if not (0 <= rate <= FASTEST) or (rate == 0 and not zero):
            self.refuse(name, _RATE.replace(" above zero", "") if zero else _RATE)
        return rate

    def share(self, name: str, default: float) -> float:
        """Return a share of one."""
        if name not in self.table:
            return default
        try:
            share = parse_share(self.table[name])
        except ValueError:
            share = math.nan
        if not 0 <= share <= 1:
            self.refuse(name, _SHARE)
        return share

    def count(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        value = self.table.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.refuse(name, f"a whole number from {least} to {most}")
        return value

    def truth(self, name: str, default: bool) -> bool:
        """Return true or false."""
        value = self.table.get(name, default)
        if not isinstance(value, bool):
            self.refuse(name, "true or false")
        return value

    def level(self, model: str, *, zero: bool = False) -> float:
        """Return the rate or the users, as the model has it."""
        if model == RATE:
            return self.rate(RATE, zero=zero)
        return float(self.count(USERS, 0, 0 if zero else 1, MOST_USERS))

    def rate_or_share(self, name: str, rate: float | None, share: float | None) -> tuple[float | None, float | None]:
        """Return a setting that is a rate or a percentage: the one, or the other."""
        if name not in self.table:
            return rate, share
        value = self.table[name]
        is_share = isinstance(value, str) and "%" in value
        try:
            number = parse_share(value) if is_share else parse_rate(value)
        except ValueError:
            number = math.nan
        if not 0 < number <= FASTEST:
            self.refuse(name, 'a rate such as "50/s", or a percentage such as "25%"')
        return (None, number) if is_share else (number, None)
