"""Pricing: what accounts quote is what is charged, and what they offer can be bought (VALUE-6, INPUT-4)."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from contracts.finding import Violation
from contracts.history import ApiOperation, Demand, Mark, Outcome
from contracts.invariants.book import Entry
from contracts.invariants.invariant import MAX_HELD, Invariant
from contracts.invariants.values import PENDING, SUCCESS, Money, decimal_of, money_of
from contracts.monitor import Docket, Setting, violation
from contracts.statuses import UNJUDGED

RECENT: Final = 256
"""Creates kept per country until the offer is read again."""

SOON_S: Final = 5.0
"""Seconds from an offer to a charge within which an administrator's refund, which would move the discount
unseen, need not be thought of; after both, a later offer tells."""

_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_ACTIONS: Final = frozenset({ApiOperation.REQUEST_CODE, ApiOperation.REFUND})
_WHOLE: Final = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
"""Currencies that have no smaller unit (ISO 4217, list one): their cent is the whole unit."""


@dataclass(frozen=True, slots=True)
class _Offer:
    """What one account answer said, and how much had been bought and moved by then."""

    mark: Mark
    price: Money | None
    available: bool
    bought: int
    moved: int


@dataclass(frozen=True, slots=True)
class _Charge:
    """A create that was charged, and the offer read before it."""

    mark: Mark
    price: Money
    before: _Offer


@dataclass(slots=True)
class _Denial:
    """A create that was refused though its country was on offer and the balance sufficed.

    Attributes:
        mark: the create.
        status: what it was answered with.
        before: the offer before it.
        after: the offer after it, while it still stands.
        affordable: whether the first balance read after it covers the price as well, None before that.
    """

    mark: Mark
    status: int
    before: _Offer
    after: _Offer | None = None
    affordable: bool | None = None


@dataclass(slots=True)
class _Purse:
    """What is known of a principal.

    Attributes:
        bought: creates so far, those of unknown outcome included.
        moved: request-codes and refunds so far, and purchases seen to settle: what may move a discount.
        balance: the latest one read.
        counted: how many creates there were by then.
    """

    bought: int = 0
    moved: int = 0
    balance: Money | None = None
    counted: int = 0


class _Doubt(NamedTuple):
    """A charge that no offer explains, unless something was under way that moved the discount twice."""

    principal: str
    end: float
    between: bool
    violation: Violation


class Pricing(Invariant):
    """Compares charges with the offers before and after them.

    A discount may move between two offers. A charge is judged by both; where something else was bought
    meanwhile, every price between the two is lawful, and where codes or refunds were asked for, the discount
    may have gone up and down, and nothing is said.
    """

    clauses = ("VALUE-6", "INPUT-4")

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._tolerance = Decimal(str(setting.tolerance("VALUE-6", "rounding_cents", 1)))
        self._offers: dict[tuple[str, str], _Offer] = {}
        self._charges: dict[tuple[str, str], deque[_Charge]] = {}
        self._denials: dict[tuple[str, str], _Denial] = {}
        self._purses: dict[str, _Purse] = {}
        self._doubts: list[_Doubt] = []

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Take in an offer, a create, or a balance."""
        if not entry.authenticated:
            return
        if entry.kind is ApiOperation.ACCOUNT and entry.outcome is Outcome.OK:
            self._offer(entry, docket)
        elif entry.kind is ApiOperation.CREATE:
            self._create(entry, docket)
        elif entry.kind is ApiOperation.PROFILE and entry.outcome is Outcome.OK:
            self._balance(entry)
        if entry.outcome is not Outcome.FAIL and entry.kind in {ApiOperation.CREATE, *_ACTIONS}:
            self._reconsider(entry)
        for sight in entry.sights:
            record = sight.record
            if sight.mark in {record.settled, record.refunded}:
                self._purse(entry.principal).moved += 1

    def finish(self, docket: Docket) -> None:
        """Judge the creates after which no offer was read, and those that were refused."""
        for (principal, _), charges in self._charges.items():
            purse = self._purse(principal)
            for charge in charges:
                soon = charge.mark.returned - charge.before.mark.invoked <= SOON_S
                if soon and purse.bought == charge.before.bought + 1 and purse.moved == charge.before.moved:
                    self._judge_charge(principal, charge, None, docket)
        for doubt in self._doubts:
            docket.violate(doubt.violation)
        self._doubts.clear()
        for (_, country), denial in self._denials.items():
            if denial.after is not None and denial.affordable:
                docket.exercise("INPUT-4")
                docket.violate(_denied(country, denial, denial.after))
        self._charges.clear()
        self._denials.clear()
        super().finish(docket)

    def _offer(self, entry: Entry, docket: Docket) -> None:
        value = entry.reading.document.value
        country = entry.reading.asked_country or ""
        if not isinstance(value, dict) or _COUNTRY.fullmatch(country) is None:
            return
        key, purse = (entry.principal, country), self._purse(entry.principal)
        price = money_of(value.get("price"))
        offer = _Offer(entry.mark, price, value.get("available") is True, purse.bought, purse.moved)
        found = self._quote(entry, country, value, price, docket)
        if found is not None:
            docket.violate(found)
        waiting = self._charges.get(key, deque())
        for charge in tuple(waiting):
            if price is not None and charge.mark.precedes(entry.mark):
                waiting.remove(charge)
                self._judge_charge(entry.principal, charge, offer, docket)
        denial = self._denials.get(key)
        if denial is not None and denial.mark.precedes(entry.mark):
            denial.after = offer if offer.available else None
            if not offer.available:
                del self._denials[key]
        self._offers[key] = offer

    def _quote(
        self, entry: Entry, country: str, value: dict[str, object], price: Money | None, docket: Docket
    ) -> Violation | None:
        """Judge whether a quoted price is the base price less the discount."""
        discount = value.get("discount")
        if not isinstance(discount, dict) or price is None:
            return None
        base, percent = decimal_of(discount.get("base_price")), decimal_of(discount.get("percent"))
        if base is None or percent is None:
            return None
        docket.exercise("VALUE-6")
        wanted = base * (1 - percent / 100)
        if abs(price.amount - wanted) < self._tolerance * _cent(price):
            return None
        return violation(
            "VALUE-6",
            "quote-is-not-base-less-percent",
            "a quoted price is not the base price less the discount",
            entry.mark,
            expected=f"{base} less {percent} percent: {wanted.normalize():f}, to the cent",
            observed=f"{country}: price {price}",
        )

    def _create(self, entry: Entry, docket: Docket) -> None:
        key, purse = (entry.principal, entry.reading.asked_country or ""), self._purse(entry.principal)
        offer = self._offers.get(key)
        if offer is not None and not offer.mark.precedes(entry.mark):
            offer = None
        alone = purse.counted == purse.bought
        if entry.outcome is not Outcome.FAIL:
            purse.bought += 1
            self._excuse(entry)
        if entry.outcome is Outcome.OK:
            self._sold(entry, key, offer, docket)
        elif offer is None or not offer.available or not _refused(entry) or len(self._denials) >= MAX_HELD:
            return
        elif alone and _covers(purse.balance, offer.price):
            self._denials.setdefault(key, _Denial(entry.mark, entry.status or 0, offer))

    def _excuse(self, entry: Entry) -> None:
        """Drop refusals for which a create, under way at the time, may have left too little money."""
        for key, denial in tuple(self._denials.items()):
            if key[0] == entry.principal and entry.mark.invoked <= denial.mark.returned:
                del self._denials[key]

    def _sold(self, entry: Entry, key: tuple[str, str], offer: _Offer | None, docket: Docket) -> None:
        denial = self._denials.get(key)
        if denial is not None and not entry.mark.precedes(denial.mark):
            del self._denials[key]
        if offer is None or not entry.own:
            return
        if offer.available:
            docket.exercise("INPUT-4")
        sight = next(iter(entry.sights), None)
        price = None if sight is None or sight.status not in {PENDING, SUCCESS} else sight.record.price
        if sight is None or price is None:
            return
        # With keys nobody asked for a create may be refused; one that is served is charged like any other.
        demand = entry.reading.judgement.demand
        if demand is Demand.SERVE or (demand is Demand.EITHER and sight.record.country == key[1]):
            self._charges.setdefault(key, deque(maxlen=RECENT)).append(_Charge(entry.mark, price, offer))

    def _balance(self, entry: Entry) -> None:
        value = entry.reading.document.value
        purse = self._purse(entry.principal)
        purse.balance = money_of(value.get("balance")) if isinstance(value, dict) else None
        purse.counted = purse.bought
        for (principal, _), denial in self._denials.items():
            if principal == entry.principal and denial.affordable is None and denial.mark.precedes(entry.mark):
                denial.affordable = _covers(purse.balance, denial.before.price)

    def _judge_charge(self, principal: str, charge: _Charge, after: _Offer | None, docket: Docket) -> None:
        """Judge a charge by the offer before it, and the one after it where there is one."""
        offers = [offer for offer in (charge.before, after) if offer is not None and offer.price is not None]
        prices = [offer.price for offer in offers if offer.price is not None]
        if not prices:
            return
        amounts = [price.amount for price in prices]
        alike = {price.currency for price in prices} == {charge.price.currency}
        between = alike and min(amounts) <= charge.price.amount <= max(amounts)
        if charge.price not in prices and after is not None:
            bought = after.bought != charge.before.bought + 1
            if after.moved != charge.before.moved or (between and bought):
                return
        docket.exercise("VALUE-6")
        if charge.price not in prices and len(self._doubts) < MAX_HELD:
            end = charge.mark.returned if after is None else after.mark.returned
            self._doubts.append(_Doubt(principal, end, between, _overcharge(charge, offers)))

    def _reconsider(self, entry: Entry) -> None:
        """Drop the doubts that an operation explains which was under way at the time and is seen only now."""
        acted = entry.kind in _ACTIONS
        self._purse(entry.principal).moved += acted
        self._doubts = [
            doubt
            for doubt in self._doubts
            if doubt.principal != entry.principal or doubt.end < entry.mark.invoked or not (acted or doubt.between)
        ]

    def _purse(self, principal: str) -> _Purse:
        return self._purses.setdefault(principal, _Purse())


def _cent(price: Money) -> Decimal:
    """Return the smallest step of a price; one that is written with decimals has cents, whatever its currency."""
    whole = price.currency in _WHOLE and price.amount == price.amount.to_integral_value()
    return Decimal(1) if whole else Decimal("0.01")


def _refused(entry: Entry) -> bool:
    """Tell whether a create that the contract wants served was refused for good."""
    status = entry.status or 0
    refused = (400 <= status < 500 and status not in UNJUDGED) or status == 500
    return refused and entry.own and entry.reading.judgement.demand is Demand.SERVE


def _covers(balance: Money | None, price: Money | None) -> bool:
    return (
        balance is not None
        and price is not None
        and balance.currency == price.currency
        and balance.amount >= price.amount
    )


def _overcharge(charge: _Charge, offers: list[_Offer]) -> Violation:
    quoted = " or ".join(dict.fromkeys(str(offer.price) for offer in offers))
    return violation(
        "VALUE-6",
        "charge-is-not-the-quote",
        "a create charges another price than accounts quote to the same key",
        *(offer.mark for offer in offers),
        charge.mark,
        expected=quoted,
        observed=f"charged {charge.price}",
    )


def _denied(country: str, denial: _Denial, after: _Offer) -> Violation:
    return violation(
        "INPUT-4",
        f"available-but-refused-{denial.status}",
        "a country shown as available cannot be bought",
        denial.before.mark,
        denial.mark,
        after.mark,
        expected="a purchase, as long as accounts show the country as available and the balance suffices",
        observed=f"{country}: create refused with {denial.status}, available before and after, never sold since",
    )
