"""The survey: is the target there, what does it serve, whom does it know, what has it in stock."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import pycountry

from contracts.gate.book import price_of
from contracts.gate.session import Session, UnreachableError
from contracts.gate.shop import Shop
from contracts.history import OTHER, ApiOperation, Operation, Outcome
from contracts.profiles import PROFILES
from contracts.reading import Reading

LACKING: Final = frozenset({404, 405, 501})
"""Statuses by which a target says that it does not have an operation (contract, "Operations")."""

REFUSED: Final = frozenset({401, 403})

FIRST_COUNTRIES: Final = tuple("US GB RU DE FR CA KZ IN ID BR ES IT PL NL UA TR MX PH VN KE NG ZA EG AR CO".split())
"""Countries asked about first: a target that is slow, or shows no accounts, is asked about these alone."""


class NoPurchasesApiError(Exception):
    """What answers at the target's URL is no Purchases API, or refuses the key."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What accounts shows of one country.

    Attributes:
        country: its code.
        available: whether it can be bought.
        price: what it costs this owner, None when the answer did not say it readably.
    """

    country: str
    available: bool
    price: Decimal | None


@dataclass(slots=True)
class Survey:
    """What is known of the target before anything is bought.

    Attributes:
        served: operations that gave a 2xx answer, or refused for a reason other than lacking.
        lacking: operations the target does not have, with what it answered.
        offers: what accounts shows, by country code.
        other_known: whether the second owner's key is of use; None without one.
        other_why: why it is not, empty as long as it is.
        found: purchases the owner had before this run.
        currency: of the owner's balance.
        balance: the owner's balance, None where it is not served.
    """

    served: set[ApiOperation] = field(default_factory=set)
    lacking: dict[ApiOperation, str] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    other_known: bool | None = None
    other_why: str = ""
    found: int = 0
    currency: str = ""
    balance: Decimal | None = None

    def has(self, api_operation: ApiOperation) -> bool:
        """Tell whether the target serves an operation, as far as is known."""
        return api_operation not in self.lacking

    @property
    def in_stock(self) -> list[Offer]:
        """Countries shown as available, the cheapest first."""
        offers = [offer for offer in self.offers.values() if offer.available]
        return sorted(offers, key=lambda offer: (offer.price is None, offer.price or Decimal(0), offer.country))

    @property
    def out_of_stock(self) -> list[Offer]:
        """Countries shown as not available, in order of their code."""
        return sorted((o for o in self.offers.values() if not o.available), key=lambda offer: offer.country)


def survey(session: Session, countries: Sequence[str] = ()) -> Survey:
    """Find out what a target serves, without buying anything.

    Args:
        session: through which every request leaves.
        countries: the only ones to ask about, all without any.

    Raises:
        UnreachableError: nothing answers.
        NoPurchasesApiError: what answers is no Purchases API, or refuses the key.
    """
    shop = Shop(session)
    known = Survey()
    profile = shop.profile()
    if (silence := _silence(profile)) is not None:
        raise UnreachableError(f"{session.target.url} does not answer: {silence}")
    _note(known, ApiOperation.PROFILE, profile)
    _balance(known, profile)
    listed = shop.list_page(1, 50)
    _note(known, ApiOperation.LIST, listed)
    refused = session.call("POST", "/v1/purchases", body=b"{}")
    _note(known, ApiOperation.CREATE, refused)
    _recognise(session, [profile, listed, refused])
    if listed.outcome is Outcome.OK:
        known.found = len({view.id for view in shop.walk(50)})
    _accounts(session, shop, known, countries)
    _second_owner(session, shop, known, profile)
    return known


def detect_profile(operations: list[Operation]) -> str | None:
    """Tell the profile from the purchases that answers showed; None when they showed none.

    The newer contract adds keys that every purchase carries; their presence tells the profiles apart.
    """
    newest = PROFILES[-1]
    for operation in operations:
        for view in Reading(operation).views:
            if "id" in view.data and "status" in view.data:
                return newest if {"emoji", "purchase_source"} & set(view.data) else PROFILES[0]
    return None


def _note(known: Survey, api_operation: ApiOperation, operation: Operation) -> None:
    status = operation.status
    if status in LACKING:
        known.lacking[api_operation] = f"{operation.input.method} {operation.input.path} answered {status}"
    elif status is not None and status < 500:
        known.served.add(api_operation)


def _balance(known: Survey, profile: Operation) -> None:
    value = Reading(profile).document.value
    balance = value.get("balance") if isinstance(value, dict) else None
    if profile.outcome is Outcome.OK and isinstance(balance, dict):
        known.balance = price_of(balance)
        currency = balance.get("currency_code")
        known.currency = currency[:3] if isinstance(currency, str) else ""


def _recognise(session: Session, answers: list[Operation]) -> None:
    """Stop where there is nothing to test: another kind of server, or a key it does not know."""
    create = answers[-1]
    url = session.target.url
    if (silence := _silence(create)) is not None or create.answer is None:
        raise UnreachableError(f"{url} does not answer POST /v1/purchases: {silence}")
    if create.status in LACKING and session.call("POST", "/v1/purchases/", body=b"{}").status in LACKING:
        raise NoPurchasesApiError(f"{url} is no Purchases API: POST /v1/purchases answered {create.status}")
    shut = [o for o in answers if o.status in REFUSED]
    if create in shut and all(o.status in REFUSED | LACKING for o in answers):
        raise NoPurchasesApiError(
            f"{url} refuses the key in ASSAY_API_KEY: POST /v1/purchases answered {create.status}; "
            "nothing could be tested with it"
        )
    if not any(o.answer is not None and _resembles_json(o.answer.body) for o in answers):
        raise NoPurchasesApiError(
            f"{url} is no Purchases API: no answer was JSON (POST /v1/purchases answered {create.status} "
            f"{(create.answer.header('content-type') or 'without a content type')[:40]})"
        )


def _silence(operation: Operation) -> str | None:
    """Return why there is no whole answer, None where there is one."""
    if operation.answer is None:
        return operation.error
    return "its answer is too long to read" if operation.answer.truncated else None


def _resembles_json(body: bytes) -> bool:
    """Tell whether a body may be meant as JSON: a byte order mark or UTF-16 is a fault of a Purchases API."""
    return b"{" in body[:8] or b"[" in body[:8]


def _accounts(session: Session, shop: Shop, known: Survey, countries: Sequence[str]) -> None:
    """Ask about every country, or, on a target that is not quick, about the most common ones."""
    first = tuple(countries) or FIRST_COUNTRIES
    rest = (
        []
        if countries
        else sorted(country.alpha_2 for country in pycountry.countries if country.alpha_2 not in FIRST_COUNTRIES)
    )
    for number, code in enumerate([*first, *rest]):
        if number >= len(first) and not session.pace.affords(len(rest), 0.05):
            session.note(f"accounts were asked about {number} countries; the target is too slow to ask about all")
            break
        operation = shop.account(code)
        if operation.status in {405, 501}:
            _note(known, ApiOperation.ACCOUNT, operation)
            return
        if operation.outcome is Outcome.OK:
            known.served.add(ApiOperation.ACCOUNT)
            _offer(session, known, code, operation)
    if not known.offers:
        known.lacking[ApiOperation.ACCOUNT] = "GET /v1/accounts/{country_code} was served for no country asked about"


def _offer(session: Session, known: Survey, code: str, operation: Operation) -> None:
    value = Reading(operation).document.value
    if not isinstance(value, dict):
        return
    price = price_of(value.get("price"))
    known.offers[code] = Offer(code, value.get("available") is True, price)
    if price is not None:
        session.prices[code] = price


def _second_owner(session: Session, shop: Shop, known: Survey, mine: Operation) -> None:
    """Find out whether the second key is accepted, and is not of the first owner as well: all it sees is theirs."""
    if session.target.keys.other is None:
        return
    asked = shop.list_page(1, 50, principal=OTHER) if known.has(ApiOperation.LIST) else shop.profile(principal=OTHER)
    if asked.status in REFUSED:
        known.other_why = "the target refuses the key in ASSAY_OTHER_API_KEY"
        session.note(f"{known.other_why} ({asked.status})")
    elif (owner := _owner_id(mine)) is not None and _owner_id(shop.profile(principal=OTHER)) == owner:
        known.other_why = "both keys are of one owner: GET /v1/profile shows the same id to them"
        session.note(f"{known.other_why}; ASSAY_OTHER_API_KEY is to be a second owner's")
    known.other_known = not known.other_why


def _owner_id(profile: Operation) -> str | None:
    value = Reading(profile).document.value
    told = value.get("id") if profile.outcome is Outcome.OK and isinstance(value, dict) else None
    return told if isinstance(told, str) and told else None


def unassigned_codes() -> tuple[str, ...]:
    """Return well-formed codes that ISO 3166-1 leaves for private use, so that no country ever has them."""
    return ("ZZ", "QQ", "XX", "AA", *(f"X{letter}" for letter in string.ascii_uppercase[:3]))
