"""Instants as the contract writes them: ISO 8601 in UTC, with no, three or six fraction digits (SHAPE-11)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

_FORM: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{3}|[0-9]{6}))?(?:Z|\+00:00)"
)

_LONGEST: Final = 32
"""Characters of the longest form: six fraction digits and ``+00:00``."""


class Instant(NamedTuple):
    """A point in time and how exactly it was written.

    Attributes:
        time: the instant, aware, in UTC.
        digits: fraction digits it was written with: 0, 3 or 6.
    """

    time: datetime
    digits: int


def is_written(text: str) -> bool:
    """Tell whether a text is written as the contract writes instants, be there such a moment or not."""
    return _FORM.fullmatch(text) is not None


def parse(text: object) -> Instant | None:
    """Return the instant that a value writes out.

    Args:
        text: any decoded JSON value.

    Returns:
        The instant; None for anything that is not written as the contract says, or names a moment that
        the calendar does not have (the 30th of February, hour 24, a leap second).
    """
    return _parsed(text) if isinstance(text, str) and len(text) <= _LONGEST else None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Instant | None:
    """Return the instant of a text; every view of a purchase shows the same ones."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    *parts, fraction = match.groups()
    year, month, day, hour, minute, second = map(int, parts)
    micros = int((fraction or "").ljust(6, "0"))
    try:
        time = datetime(year, month, day, hour, minute, second, micros, tzinfo=UTC)
    except ValueError:
        return None
    return Instant(time, len(fraction or ""))
