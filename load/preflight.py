"""Before a load run: is the target there, does it take the key, what has it in stock and at what price."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from contracts.history import STRANGER, ApiOperation
from contracts.profiles import PROFILES
from contracts.target import Target
from load.asking import Asker, UnansweredError
from load.call import Call, Reply
from load.drive.books import amount_of
from load.journeys.steps import account, list_page

COUNTRIES: Final = tuple("US GB RU DE FR CA KZ IN ID BR ES IT PL NL".split())
"""Countries asked about where the plan names none."""

_REFUSED: Final = frozenset({401, 403})
_LACKING: Final = frozenset({404, 405, 501})
_NO_CREATE: Final = Call(ApiOperation.CREATE, "POST", "/v1/purchases", b"{}", principal=STRANGER)
"""Nobody may buy without a key, so that it costs nothing even where an empty body is taken."""

WHOLE_SECONDS: Final = 60.0
"""How long all of the questions may take together."""


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
    until = time.monotonic() + WHOLE_SECONDS
    with Asker(target, timeout) as asker:
        listed = _ask(asker, target, list_page(1, 50))
        if listed.status in _REFUSED:
            raise NotReadyError(
                f"{target.url} refuses the key in ASSAY_API_KEY: GET /v1/purchases answered {listed.status}"
            )
        newest = _newest(_object(listed))
        asked = tuple(countries) or COUNTRIES
        prices: dict[str, Decimal] = {}
        currency = ""
        served = False
        for code in asked:
            if time.monotonic() > until:
                raise NotReadyError(f"{target.url} is too slow: some {len(prices)} answers took {WHOLE_SECONDS:.0f} s")
            answer = _ask(asker, target, account(code))
            if answer.status in {405, 501}:
                break
            shown = _object(answer)
            if answer.status != 200 or shown is None:
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
        bare = not served and listed.status in _LACKING
        created = _ask(asker, target, _NO_CREATE) if bare else None
    if served and not prices:
        raise NotReadyError(f"{target.url} has nothing in stock among {', '.join(asked)}")
    if not served:
        if 300 <= listed.status < 400:
            raise NotReadyError(
                f"{target.url} redirects, which is not followed: GET /v1/purchases answered {listed.status}, and no "
                "account was served"
            )
        if listed.status >= 500 and listed.status not in _LACKING:
            raise NotReadyError(
                f"{target.url} is not up: GET /v1/purchases answered {listed.status}, and no account was served"
            )
        if created is not None and created.status in _LACKING:
            raise NotReadyError(
                f"{target.url} is no Purchases API: GET /v1/purchases answered {listed.status}, "
                f"POST {created.status}, and no country's account was served"
            )
        # Without accounts nobody can tell what is in stock: the countries asked for are tried.
        prices = dict.fromkeys(asked if countries else asked[:1], Decimal(0))
    return Ground(prices, currency, served, newest)


def _ask(asker: Asker, target: Target, call: Call) -> Reply:
    try:
        return asker.ask(call)
    except UnansweredError as error:
        raise NotReadyError(f"{target.url} does not answer {call.method} {call.path}: {str(error)[:200]}") from None


def _object(reply: Reply) -> dict[str, Any] | None:
    try:
        value = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _newest(listed: dict[str, Any] | None) -> bool | None:
    items = listed.get("items") if listed else None
    if not isinstance(items, list) or not items or not isinstance(items[0], dict):
        return None
    return bool({"emoji", "purchase_source"} & set(items[0]))


def _amount(text: object) -> Decimal | None:
    value = amount_of(text)
    return value if value is not None and value >= 0 else None


def profile_of(ground: Ground, asked: str) -> str:
    """Return the profile to judge by: the one asked for, or what ``auto`` comes to.

    Args:
        ground: what was found.
        asked: a profile's name or ``auto``.
    """
    if asked != "auto":
        return asked
    return PROFILES[-1] if ground.newest else PROFILES[0]
