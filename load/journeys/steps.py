"""The steps journeys are made of: calls, calls made together, and pauses."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from contracts.history import OWNER, Aim, ApiOperation, Demand
from load.call import Call, Seen


@dataclass(frozen=True, slots=True)
class Pause:
    """Time a journey lets pass.

    Attributes:
        seconds: how long, from the answer before it.
    """

    seconds: float


Want = Call | tuple[Call, ...] | Pause
"""What a journey may yield. It receives a ``Seen`` for a call, a tuple of them for a tuple, None for a pause."""

Journey = Generator[Want, Any, None]
"""A journey that is being told; it ends when the life it tells is over or can go no further."""

REPEATED: Final = Aim("LIFE-4", "a second request-code on one purchase", Demand.EITHER)
"""What a repeated request-code is meant for; a conflict is its lawful answer."""

_ACCOUNTS: dict[str, Call] = {}


def account(country: str) -> Call:
    """Ask what a country's numbers cost and how many there are."""
    call = _ACCOUNTS.get(country)
    if call is None:
        call = _ACCOUNTS[country] = Call(ApiOperation.ACCOUNT, "GET", f"/v1/accounts/{country}")
    return call


def create(country: str) -> Call:
    """Buy a number."""
    return Call(ApiOperation.CREATE, "POST", "/v1/purchases", b'{"country_code":"%s"}' % country.encode("ascii"))


def retrieve(purchase: int) -> Call:
    """Look at a purchase."""
    return Call(ApiOperation.RETRIEVE, "GET", f"/v1/purchases/{purchase}")


def request_code(purchase: int, aim: Aim | None = None) -> Call:
    """Ask for a purchase's credentials, with an empty body labelled JSON as the official clients send it."""
    return Call(ApiOperation.REQUEST_CODE, "POST", f"/v1/purchases/{purchase}/request-code", b"", True, OWNER, aim)


def list_page(page: int, page_size: int, **filters: str) -> Call:
    """Look at one page of the list.

    Args:
        page: from 1.
        page_size: 1 to 50.
        filters: ``sort`` and ``status``.
    """
    query = urlencode({"page": page, "page_size": page_size, **filters})
    return Call(ApiOperation.LIST, "GET", f"/v1/purchases?{query}")


def profile() -> Call:
    """Look at the balance."""
    return _PROFILE


_PROFILE: Final = Call(ApiOperation.PROFILE, "GET", "/v1/profile")


def purchase_of(seen: Seen) -> dict[str, Any] | None:
    """Return the purchase that a 200 shows, as its body or within it; None where there is none to go on with."""
    document = seen.document
    if not seen.ok or document is None:
        return None
    shown = document.get("purchase", document)
    return shown if isinstance(shown, dict) and type(shown.get("id")) is int else None
