"""Durations and amounts of money as people write them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h)")
_DURATION: Final = re.compile(rf"(?:{_PART.pattern})+")
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?")
_SHOWN: Final = 40


def parse_duration(text: str) -> float:
    """Return a duration in seconds.

    Args:
        text: numbers with a unit each: ``250ms``, ``90s``, ``10m``, ``1h30m``.

    Raises:
        ValueError: the text is no duration; the message shows it and what one looks like.
    """
    if _DURATION.fullmatch(text) is None:
        raise ValueError(f"{text[:_SHOWN]!r} is no duration; write 250ms, 90s, 10m or 1h30m")
    # Rounded to the nanosecond, so that 50ms is the float that 0.05 is.
    return round(sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text)), 9)


def parse_amount(text: str) -> Decimal:
    """Return an amount of money, which has no sign and at most two decimals.

    Args:
        text: digits with a point: ``25``, ``12.50``.

    Raises:
        ValueError: the text is no amount; the message shows it and what one looks like.
    """
    if _AMOUNT.fullmatch(text) is None:
        raise ValueError(f"{text[:_SHOWN]!r} is no amount of money; write 25 or 12.50")
    return Decimal(text)
