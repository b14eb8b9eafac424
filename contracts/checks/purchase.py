"""What a JSON Schema cannot say of a purchase: lexical forms, currencies, the calendar, and extra keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

import pycountry

from contracts import instant
from contracts.checks.faults import Fault, Path
from contracts.demand import MAX_ID
from contracts.finding import Severity
from contracts.monitor import excerpt
from contracts.profiles import Profile

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_AMOUNT: Final = re.compile(r"-?[0-9]+(?:\.[0-9]{1,2})?")


def purchase_faults(data: Mapping[str, object], profile: Profile, at: Path) -> Iterator[Fault]:
    """Yield what is wrong with a purchase beyond its schema.

    Args:
        data: the purchase as decoded, of any content.
        profile: the contract version.
        at: where the purchase stands in the answer.
    """
    number = data.get("id")
    if isinstance(number, float) and number.is_integer() and 1 <= number <= MAX_ID:
        # JSON Schema takes 12345.0 for an integer; clients in typed languages do not.
        yield Fault("SHAPE-3", "id with a fraction", "id is written with a fraction or an exponent", (*at, "id"))
    yield from name_faults(data.get("display_name"), (*at, "display_name"))
    yield from money_faults(data.get("price"), (*at, "price"), may_be_zero=False)
    yield from _calendar_faults("created_at", data.get("created_at"), (*at, "created_at"))
    verification = data.get("verification")
    if isinstance(verification, Mapping):
        place = (*at, "verification", "received_at")
        yield from _calendar_faults("verification.received_at", verification.get("received_at"), place)
    extra = data.keys() - profile.purchase_keys
    if extra:
        yield from _extra_keys(extra, profile, at)


def name_faults(value: object, at: Path) -> Iterator[Fault]:
    """Yield what is wrong with a display name beyond its schema: white space alone is no name."""
    if not isinstance(value, Mapping):
        return
    for language in ("ru", "en"):
        text = value.get(language)
        if isinstance(text, str) and text and not text.strip():
            name = f"display_name.{language}"
            yield Fault("SHAPE-5", f"{name} empty", f"{name} is empty", (*at, language))


def money_faults(value: object, at: Path, *, may_be_zero: bool) -> Iterator[Fault]:
    """Yield what is wrong with a sum of money beyond its schema.

    Args:
        value: the money object as decoded.
        at: where it stands in the answer.
        may_be_zero: False for a price, of which zero is a warning.
    """
    if not isinstance(value, Mapping):
        return
    amount, currency = value.get("amount"), value.get("currency_code")
    if isinstance(currency, str) and _CURRENCY.fullmatch(currency) and not _is_currency(currency):
        title = "price.currency_code is unknown to ISO 4217"
        yield Fault("SHAPE-7", "price.currency_code unknown to ISO 4217", title, (*at, "currency_code"))
    # No conversion: a hostile amount may have a million digits.
    if not may_be_zero and isinstance(amount, str) and _AMOUNT.fullmatch(amount) and not amount.strip("0."):
        yield Fault("SHAPE-7", "zero price", "a price of zero", (*at, "amount"), Severity.WARNING)


@lru_cache(maxsize=256)
def _is_currency(code: str) -> bool:
    return pycountry.currencies.get(alpha_3=code) is not None


def _calendar_faults(name: str, value: object, at: Path) -> Iterator[Fault]:
    if isinstance(value, str) and instant.is_written(value) and instant.parse(value) is None:
        title = f"{name} names a moment that the calendar does not have"
        yield Fault("SHAPE-11", f"{name} not in the calendar", title, at)


def _extra_keys(extra: set[str], profile: Profile, at: Path) -> Iterator[Fault]:
    newer, unknown = extra & profile.newer_keys, extra - profile.newer_keys
    if newer:
        title = "a purchase has keys that only a newer profile knows"
        yield Fault("SHAPE-2", "newer keys", title, at, Severity.WARNING, f"newer: {excerpt(sorted(newer))}")
    if unknown:
        title = "a purchase has keys that no profile knows"
        yield Fault("SHAPE-2", "extra keys", title, at, Severity.WARNING, f"extra: {excerpt(sorted(unknown))}")
