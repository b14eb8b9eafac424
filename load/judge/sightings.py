"""What workers were shown of one purchase, in a few bytes each: values that never change are the same to all."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from load.judge.facts import BREAK, SPLIT, Kind, created_of, received_of
from load.judge.packed import PackedMap

_BYTES: Final = 4
UNKNOWN: Final = 0
"""Stands for what was not shown, or cannot be compared."""

ASPECTS: Final = ("head", "phone", "proof")
"""What is compared: country, type, price, names and creation time together; the phone number; the credentials."""


class Sighting(NamedTuple):
    """What one worker was shown of a purchase, as keyed hashes of 32 bits; ``UNKNOWN`` where it was shown none.

    Two that differ were certainly shown different values. Two different values have one hash once in four thousand
    million times, which is a finding missed and never one made.
    """

    number: int
    head: int
    phone: int
    proof: int


def sighting_of(number: int, kind: Kind, text: str, seed: bytes) -> Sighting:
    """Return what is compared of a purchase.

    Args:
        number: its id.
        kind: its kind.
        text: of its row in the register: head, and proof once it was shown.
        seed: of the hashes.
    """
    head, _, proof = text.partition(SPLIT)
    phone, made = head.partition(BREAK)[0], created_of(head)
    sold = (kind.country, kind.type, kind.ru, kind.en, _amount(kind.amount), kind.currency, made)
    shown = UNKNOWN
    received = received_of(proof) if proof else None
    if received is not None:
        shown = _hash(seed, (*proof.split(BREAK)[:2], received))
    return Sighting(
        number,
        UNKNOWN if made is None else _hash(seed, sold),
        _hash(seed, phone) if phone else UNKNOWN,
        shown,
    )


def _amount(text: str) -> str:
    try:
        return str(Decimal(text).normalize())
    except InvalidOperation:
        return text


def _hash(seed: bytes, value: object) -> int:
    digest = blake2b(repr(value).encode("utf-8", "replace"), digest_size=_BYTES, key=seed).digest()
    return int.from_bytes(digest, "big") or 1


def packed(sightings: Sequence[Sighting]) -> dict[str, bytes]:
    """Return sightings as plain data, for a share."""
    return {
        "numbers": array("Q", [one.number for one in sightings]).tobytes(),
        **{aspect: array("I", [getattr(one, aspect) for one in sightings]).tobytes() for aspect in ASPECTS},
    }


def unpacked(data: Mapping[str, Any]) -> list[Sighting]:
    """Return the sightings that ``packed`` gave.

    Raises:
        ValueError, KeyError, TypeError: the data is not that.
    """
    columns = [array("Q", data["numbers"]), *(array("I", data[aspect]) for aspect in ASPECTS)]
    return [Sighting(*row) for row in zip(*columns, strict=True)]


class Sightings:
    """The first sighting of every purchase, and of each aspect of it.

    Attributes:
        compared: how many later sightings by another worker were held against one.
    """

    def __init__(self) -> None:
        self._rows = PackedMap()
        self._worker = array("I")
        self._columns = {aspect: array("I") for aspect in ASPECTS}
        self.compared = 0

    def add(self, worker: int, seen: Sighting) -> tuple[int, list[str]]:
        """Take a sighting in; returns the worker of the first one, and the aspects in which the two differ.

        Args:
            worker: number of who was shown it.
            seen: what was shown.
        """
        row = self._rows.get(seen.number)
        if row is None:
            self._rows.put(seen.number, len(self._worker))
            self._worker.append(worker)
            for aspect, column in self._columns.items():
                column.append(getattr(seen, aspect))
            return worker, []
        first = self._worker[row]
        if first == worker:
            # What one worker was shown twice is held together by its own judge.
            return worker, []
        self.compared += 1
        differing = []
        for aspect, column in self._columns.items():
            value = getattr(seen, aspect)
            if column[row] == UNKNOWN:
                column[row] = value
            elif value not in {UNKNOWN, column[row]}:
                differing.append(aspect)
        return first, differing
