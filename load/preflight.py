"""Before a load run: is the target there, does it take the key, what has it in stock and at what price."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import httpx

from contracts.profiles import PROFILES
from contracts.target import Target

COUNTRIES: Final = tuple("US GB RU DE FR CA KZ IN ID BR ES IT PL NL".split())
"""Countries asked about where the plan names none."""

_REFUSED: Final = frozenset({401, 403})
_LACKING: Final = frozenset({404, 405, 501})
_MAX_BODY: Final = 1024 * 1024


class NotReadyError(Exception):
    """The target cannot be loaded at all; the message says why. Such a run is inconclusive."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a load run stands on.

    Attributes:
        prices: by code of the countries that can be bought, what one purchase costs.
        currency: of the prices, empty when no price was readable.
        accounts: whether the target serves accounts.
        newest: whether the purchases it shows carry the keys of the newest profile; None when it showed none.
    """

    prices: dict[str, Decimal] = field(default_factory=dict)
    currency: str = ""
    accounts: bool = True
    newest: bool | None = None


def survey(target: Target, timeout: float, countries: Sequence[str] = ()) -> Ground:
    """Find out what can be bought, without buying anything.

    Args:
        target: where, and with whose key.
        timeout: seconds to wait for one answer.
        countries: the only ones to ask about; the most common ones without any.

    Raises:
        NotReadyError: nothing answers, the key is refused, or nothing is in stock.
    """
    verify: Any = ssl.create_default_context() if target.url.startswith("https:") else False
    headers = {"x-api-key": target.keys.owner, "accept": "application/json"}
    with httpx.Client(verify=verify, trust_env=False, timeout=timeout, headers=headers) as client:
        listed = _ask(client, target, "/v1/purchases?page=1&page_size=50")
        if listed.status_code in _REFUSED:
            raise NotReadyError(
                f"{target.url} refuses the key in ASSAY_API_KEY: GET /v1/purchases answered {listed.status_code}"
            )
        newest = _newest(_object(listed))
        asked = tuple(countries) or COUNTRIES
        prices: dict[str, Decimal] = {}
        currency = ""
        served = False
        for code in asked:
            answer = _ask(client, target, f"/v1/accounts/{code}")
            if answer.status_code in {405, 501}:
                break
            shown = _object(answer)
            if answer.status_code != 200 or shown is None:
                continue
            served = True
            if shown.get("available") is not True:
                continue
            price = shown.get("price")
            amount = _amount(price.get("amount")) if isinstance(price, dict) else None
            prices[code] = Decimal(0) if amount is None else amount
            if isinstance(price, dict) and isinstance(price.get("currency_code"), str):
                currency = currency or price["currency_code"][:3]
        # A target may have nothing but creates. An empty body must be refused, and tells whether they are there.
        bare = not served and listed.status_code in _LACKING
        created = _ask(client, target, "/v1/purchases", b"{}") if bare else None
    if served and not prices:
        raise NotReadyError(f"{target.url} has nothing in stock among {', '.join(asked)}")
    if not served:
        if created is not None and created.status_code in _LACKING:
            raise NotReadyError(
                f"{target.url} is no Purchases API: GET /v1/purchases answered {listed.status_code}, "
                f"POST {created.status_code}, and no country's account was served"
            )
        # Without accounts nobody can tell what is in stock: the countries asked for are tried.
        prices = dict.fromkeys(asked if countries else asked[:1], Decimal(0))
    return Ground(prices, currency, served, newest)


def _ask(client: httpx.Client, target: Target, path: str, body: bytes | None = None) -> httpx.Response:
    method = "GET" if body is None else "POST"
    headers = {} if body is None else {"content-type": "application/json"}
    try:
        with client.stream(method, target.url + path, content=body, headers=headers) as response:
            answer = b""
            for piece in response.iter_bytes():
                answer += piece
                if len(answer) > _MAX_BODY:
                    break
            return httpx.Response(response.status_code, content=answer[:_MAX_BODY])
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise NotReadyError(f"{target.url} does not answer {method} {path}: {reason[:200]}") from None


def _object(response: httpx.Response) -> dict[str, Any] | None:
    try:
        value = response.json()
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _newest(listed: dict[str, Any] | None) -> bool | None:
    items = listed.get("items") if listed else None
    if not isinstance(items, list) or not items or not isinstance(items[0], dict):
        return None
    return bool({"emoji", "purchase_source"} & set(items[0]))


def _amount(text: object) -> Decimal | None:
    if not isinstance(text, str) or len(text) > 20:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and value >= 0 else None


def profile_of(ground: Ground, asked: str) -> str:
    """Return the profile to judge by: the one asked for, or what ``auto`` comes to.

    Args:
        ground: what was found.
        asked: a profile's name or ``auto``.
    """
    if asked != "auto":
        return asked
    return PROFILES[-1] if ground.newest else PROFILES[0]
