"""Levers: what a sandbox lets a test move that no customer can (admin refunds, the clock, the provider)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from contracts.gate.wire import Wire
from contracts.history import Input
from contracts.target import Target

AGE_S: Final = 20 * 60 + 60
"""Seconds by which the clock is moved for a purchase to be old enough for a refund (LIFE-10), with a margin."""

YOUNG_S: Final = 20 * 60 - 60
"""Seconds after which a purchase is still too young for one, by the same margin."""


class Levers:
    """The admin operations of a sandbox, outside of ``/v1``; not part of the history that is judged.

    Args:
        wire: connections to the sandbox.
        key: its admin key.
    """

    def __init__(self, wire: Wire, key: str) -> None:
        self._wire = wire
        self._key = key

    def refund(self, number: int) -> bool:
        """Move a purchase to REFUND as an admin may from any status (LIFE-1)."""
        return self._post(f"/admin/purchases/{number}/refund", {})

    def expire(self, number: int) -> bool:
        """Move a PENDING purchase to EXPIRED (profile 2026-05)."""
        return self._post(f"/admin/purchases/{number}/expire", {})

    def advance(self, seconds: float) -> bool:
        """Move the target's clock forward."""
        # Even where no answer comes it may have moved.
        self._wire.clock_moved = True
        return self._post("/admin/clock", {"advance_s": seconds})

    def provider(self, number: int, *outcomes: str) -> bool:
        """Decide how the next code requests of a purchase end: each ``success``, ``failure`` or ``pending``."""
        return self._post("/admin/provider", {"purchase_id": number, "outcomes": outcomes})

    def stock(self, country: str, available: int | None) -> bool:
        """Decide how many numbers of a country are in stock, None for plenty."""
        return self._post("/admin/stock", {"country_code": country, "available": available})

    def _post(self, path: str, value: Mapping[str, object]) -> bool:
        headers = (("x-admin-key", self._key), ("content-type", "application/json"))
        reply = self._wire.send(Input("POST", path, (), headers, json.dumps(value).encode()))
        return reply.answer is not None and 200 <= reply.answer.status < 300


def find_levers(target: Target, wire: Wire) -> Levers | None:
    """Return the target's levers, None where it has none or no key for them was given."""
    key = target.keys.admin
    if key is None:
        return None
    reply = wire.send(Input("GET", "/admin/state", (), (("x-admin-key", key),)))
    return Levers(wire, key) if reply.answer is not None and reply.answer.status == 200 else None
