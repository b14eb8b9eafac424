"""What one view of a purchase says, boiled down to what is compared: its kind, head, status and proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from contracts import instant
from contracts.checks.purchase import money_faults, name_faults
from contracts.checks.value import calling_codes
from contracts.demand import MAX_ID

BREAK: Final = "\x1f"
"""Stands between the parts of a head or proof: a control character that no lawful number or time contains."""

SPLIT: Final = "\x1e"
"""Stands between head and proof."""

ABSENT: Final = "\x1d"
"""Stands for a null password."""

STATUSES: Final = ("PENDING", "SUCCESS", "ERROR", "EXPIRED", "REFUND")
PENDING, SUCCESS, ERROR, EXPIRED, REFUND = range(5)
CODES: Final = {status: number for number, status in enumerate(STATUSES)}

MAX_KINDS: Final = 10_000
"""Kinds that are told apart. A shop has one a country and price; beyond this, purchases are judged the slow way."""

MAX_HEAD: Final = 80
MAX_PROOF: Final = 300


class Facts(NamedTuple):
    """One view of a purchase.

    Attributes:
        number: its id.
        kind: number of its kind.
        head: phone number, empty when null, and ``created_at``.
        status: one of ``CODES``.
        proof: code, password and ``received_at``; None while ``verification`` is null.
    """

    number: int
    kind: int
    head: str
    status: int
    proof: str | None


class Kind(NamedTuple):
    """What purchases of one country and price have in common.

    Attributes:
        country: as shown.
        type: as shown.
        ru: Russian name.
        en: English name.
        amount: price, as shown.
        currency: as shown.
        codes: calling codes of the country, with their plus sign.
        lawful: whether names and price keep what their schema cannot say (SHAPE-5, SHAPE-7).
    """

    country: str
    type: str
    ru: str
    en: str
    amount: str
    currency: str
    codes: tuple[str, ...]
    lawful: bool


class Kinds:
    """Gives every kind of purchase a number.

    Args:
        codes: returns the calling codes that a country's numbers begin with.
    """

    __slots__ = ("_codes", "_numbers", "known")

    def __init__(self, codes: Callable[[str], tuple[str, ...]] = calling_codes) -> None:
        self._codes = codes
        self.known: list[Kind] = []
        self._numbers: dict[tuple[object, ...], int] = {}

    def read(self, view: Mapping[str, Any]) -> Facts | None:
        """Return what a view says, None where it cannot be read or is too odd to be kept.

        Args:
            view: a purchase object of any content.
        """
        try:
            name, price, proof = view["display_name"], view["price"], view["verification"]
            key = (
                view["country_code"],
                view["purchase_type"],
                name["ru"],
                name["en"],
                price["amount"],
                price["currency_code"],
            )
            kind = self._numbers.get(key)
            number, phone = view["id"], view["phone_number"]
            status = CODES[view["status"]]
            head = f"{phone or ''}{BREAK}{view['created_at']}"
            if proof is not None:
                password = proof["password"]
                if password is None:
                    password = ABSENT
                proof = f"{proof['code']}{BREAK}{password}{BREAK}{proof['received_at']}"
        except (KeyError, TypeError):
            return None
        if kind is None:
            kind = self._learn(key, view)
            if kind is None:
                return None
        if type(number) is not int:
            return None
        return Facts(number, kind, head, status, proof)

    def _learn(self, key: tuple[object, ...], view: Mapping[str, Any]) -> int | None:
        if len(self.known) >= MAX_KINDS or not all(type(part) is str and len(part) <= 200 for part in key):
            return None
        country, sort, ru, en, amount, currency = (str(part) for part in key)
        faults = [*name_faults(view["display_name"], ()), *money_faults(view["price"], (), may_be_zero=False)]
        self.known.append(Kind(country, sort, ru, en, amount, currency, self._codes(country), not faults))
        self._numbers[key] = len(self.known) - 1
        return len(self.known) - 1


def is_readable(view: Mapping[str, Any], facts: Facts) -> bool:
    """Tell whether facts say all there is to say of a view that may break its shape."""
    phone, created, proof = view["phone_number"], view["created_at"], view["verification"]
    if not 1 <= facts.number <= MAX_ID or not isinstance(created, str) or phone == "":
        return False
    if phone is not None and not isinstance(phone, str):
        return False
    if len(facts.head) > MAX_HEAD or facts.head.count(BREAK) != 1 or SPLIT in facts.head:
        return False
    if facts.proof is None:
        return True
    if not isinstance(proof, dict) or not isinstance(proof["code"], str) or not isinstance(proof["received_at"], str):
        return False
    return is_keepable(facts.proof) and proof["code"] != "" and isinstance(proof["password"], str | None)


def is_keepable(proof: str) -> bool:
    """Tell whether a proof can be taken apart again and is short enough to be kept."""
    return len(proof) <= MAX_PROOF and proof.count(BREAK) == 2 and SPLIT not in proof


def created_of(head: str) -> float | None:
    """Return when a purchase was made, Unix seconds; None where the contract does not write times so."""
    return moment(head.partition(BREAK)[2])


def received_of(proof: str) -> float | None:
    """Return when a code was received, Unix seconds; None where the contract does not write times so."""
    return moment(proof.rpartition(BREAK)[2])


def moment(text: str) -> float | None:
    """Return the Unix seconds of a timestamp, None for one that ``contracts.instant`` does not take (SHAPE-11).

    Under load thousands of purchases share a second, whose date is looked up in the calendar once.
    """
    if text[-1:] == "Z":
        fraction = text[19:-1]
    elif text[-6:] == "+00:00":
        fraction = text[19:-6]
    else:
        return None
    second = _second(text[:19])
    if second is None or not fraction:
        return second
    digits = fraction[1:]
    if fraction[0] != "." or len(digits) not in {3, 6} or not (digits.isascii() and digits.isdigit()):
        return None
    return second + int(digits) / (1e3 if len(digits) == 3 else 1e6)


@lru_cache(maxsize=8192)
def _second(text: str) -> float | None:
    found = instant.parse(f"{text}Z")
    return None if found is None else found.time.timestamp()
