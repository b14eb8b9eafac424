"""Values read off an answer, in a form that two views can be compared in; None for what cannot be read.

A malformed value is the business of SHAPE and says nothing here: invariants compare what is well-formed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple

from contracts import instant
from contracts.history import Answer

PENDING: Final = "PENDING"
SUCCESS: Final = "SUCCESS"
ERROR: Final = "ERROR"
REFUND: Final = "REFUND"
EXPIRED: Final = "EXPIRED"
STATUSES: Final = frozenset({PENDING, SUCCESS, ERROR, REFUND, EXPIRED})

MAX_ID: Final = 2**53 - 1

MAX_TEXT: Final = 200
"""Characters of a text that are worth keeping; longer ones are the business of SHAPE."""

_AMOUNT: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,4})?")


class Money(NamedTuple):
    """A sum and its currency; ``1.5`` and ``1.50`` are equal."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class Proof(Enum):
    """What a view says of credentials."""

    UNREADABLE = "unreadable"
    NULL = "null"
    SHOWN = "shown"


class Credentials(NamedTuple):
    """The goods as one view shows them.

    Attributes:
        code: the login code.
        password: None where it is null or unreadable.
        passwordless: True where the password is null.
        received_at: as written.
    """

    code: str | None
    password: str | None
    passwordless: bool
    received_at: str | None


def credentials_of(data: Mapping[str, object]) -> tuple[Proof, Credentials | None]:
    """Return what a purchase object says of credentials, and the credentials where it shows them."""
    value = data.get("verification", False)
    if value is None:
        return Proof.NULL, None
    if not isinstance(value, Mapping):
        return Proof.UNREADABLE, None
    code = value.get("code")
    password = value.get("password", False)
    received = value.get("received_at")
    shown = Credentials(
        code if isinstance(code, str) and code else None,
        password if isinstance(password, str) else None,
        password is None,
        received if isinstance(received, str) else None,
    )
    return (Proof.SHOWN if shown.code is not None else Proof.UNREADABLE), shown


def money_of(value: object) -> Money | None:
    """Return a money object as answered."""
    if not isinstance(value, Mapping):
        return None
    amount, currency = value.get("amount"), value.get("currency_code")
    if isinstance(amount, str) and isinstance(currency, str) and len(amount) <= 21 and len(currency) <= 8:
        return _money(amount, currency)
    return None


def decimal_of(value: object) -> Decimal | None:
    """Return a number written as a JSON number or as a numeric string."""
    if isinstance(value, str):
        return Decimal(value) if len(value) <= 21 and _AMOUNT.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Decimal(repr(value)) if abs(value) < 1e15 else None


def text_of(value: object) -> str | None:
    """Return a short text, the same object for the same text, so that a million purchases share it."""
    return _shared(value) if isinstance(value, str) and len(value) <= MAX_TEXT else None


def same_moment(one: str, two: str) -> bool:
    """Tell whether two timestamps may name the same instant, the finer one cut or rounded to the coarser."""
    if one == two:
        return True
    a, b = instant.parse(one), instant.parse(two)
    return a is None or b is None or compare_moments(a, b) == 0


def compare_moments(a: instant.Instant, b: instant.Instant) -> int:
    """Return -1, 0 or 1 as the first is earlier, maybe the same, or later, at the coarser one's precision."""
    apart = a.time - b.time
    unit = timedelta(microseconds=10 ** (6 - min(a.digits, b.digits)))
    if not apart or (a.digits != b.digits and abs(apart) < unit):
        return 0
    return 1 if apart > timedelta(0) else -1


def epoch_of(timestamp: object) -> float | None:
    """Return a timestamp in Unix seconds."""
    moment = instant.parse(timestamp)
    return None if moment is None else moment.time.timestamp()


def server_clock(answer: Answer | None) -> float | None:
    """Return the ``Date`` of an answer in Unix seconds, the server's own clock cut to the second."""
    text = None if answer is None else answer.header("date")
    return None if text is None else _clock(text[:40])


def phone_of(data: Mapping[str, object]) -> str | None:
    """Return the phone number where it is a text of sensible length."""
    value = data.get("phone_number")
    return value if isinstance(value, str) and len(value) <= 40 else None


@lru_cache(maxsize=4096)
def _money(amount: str, currency: str) -> Money | None:
    return Money(Decimal(amount), currency) if _AMOUNT.fullmatch(amount) else None


@lru_cache(maxsize=4096)
def _shared(text: str) -> str:
    return text


@lru_cache(maxsize=256)
def _clock(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None
