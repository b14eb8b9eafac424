"""Two owners: every operation on a purchase by those it does not belong to, in every state it can be in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contracts.gate.book import Entry
from contracts.gate.lives import Lives
from contracts.gate.session import Session
from contracts.gate.settle import statuses
from contracts.gate.shop import Shop
from contracts.gate.survey import FIRST_COUNTRIES
from contracts.history import OTHER, OWNER, STRANGER, Aim, ApiOperation, Demand
from contracts.profiles import PROFILES

READ: Final = Aim("AUTH-4", "another owner's purchase", Demand.EITHER)
ACT: Final = Aim("AUTH-5", "another owner's purchase", Demand.REFUSE)
STATES: Final = ("PENDING", "SUCCESS", "ERROR", "REFUND", "EXPIRED")
PER_STATE: Final = 2
"""Purchases tried in each state: one leak may show only in one country or on every second purchase."""


def cross(session: Session, lives: Lives) -> Iterator[str]:
    """Try another owner's key on the owner's purchases, yielding each state once it was tried.

    The judgement is by value (AUTH-4..6): it lies with the oracle, which knows whose purchase is whose and
    every value of its credentials, those that it only learns later included.
    """
    shop = Shop(session)
    if not session.book.of(OWNER, statuses=["PENDING"]):
        lives.buy()
    theirs = _their_purchase(session, shop, lives)
    if theirs is not None:
        shop.retrieve(theirs, aim=READ)
        shop.retrieve(theirs, principal=OTHER)
        yield "the other way round"
    # What the attempts below bring the other owner shows on their balance alone (MONEY-1).
    shop.look(principal=OTHER)
    for state in STATES:
        entries = session.book.of(OWNER, statuses=[state], ours=None)[:PER_STATE]
        for entry in entries:
            _try(session, shop, lives, entry)
        if entries:
            yield state
    for entry in session.book.of(OWNER):
        session.check_time()
        shop.retrieve(entry.id, principal=OTHER, aim=READ)
    yield "every purchase once"
    moved = session.book.of(OWNER, statuses=["PENDING"])[:1]
    for entry in moved:
        # The purchase moves between two reads of the other owner: comparing bodies would miss a leak here.
        shop.retrieve(entry.id, principal=OTHER, aim=READ)
        if lives.survey.has(ApiOperation.REQUEST_CODE):
            lives.request_code(entry)
        shop.retrieve(entry.id, principal=OTHER, aim=READ)
        shop.retrieve(entry.id)
        shop.retrieve(entry.id, principal=OTHER, aim=READ)
        yield "PENDING to SUCCESS"
    if lives.survey.has(ApiOperation.LIST):
        shop.walk(50, principal=OTHER, max_pages=10)
        _list(session, shop)
        yield "lists"
    shop.look(principal=OTHER)


def _list(session: Session, shop: Shop) -> None:
    """List for the other owner in every way there is: one query may have lost the condition on the owner (AUTH-6)."""
    shop.list_page(1, 50, principal=OTHER, slash=True)
    shop.list_page(1, 50, sort="date_asc", principal=OTHER)
    for status in statuses(session.profile):
        shop.list_page(1, 50, status=status, principal=OTHER)
        shop.list_page(1, 50, status=status, sort="date_asc", principal=OTHER)
    if session.profile.name != PROFILES[0]:
        for entry in session.book.of(OWNER, statuses=["SUCCESS"])[:1]:
            # The newer list also searches by a fragment of the number; it must search the caller's alone.
            shop.list_page(1, 50, phone=entry.phone[1:8], principal=OTHER)


def _their_purchase(session: Session, shop: Shop, lives: Lives) -> int | None:
    """Return a purchase of the other owner's, bought where they have none: lists must keep the two apart."""
    if not session.book.of(OTHER, ours=None):
        offers = lives.survey.in_stock
        shop.create(offers[0].country if offers else FIRST_COUNTRIES[0], principal=OTHER)
    found = session.book.of(OTHER, ours=None)
    return found[0].id if found else None


def _try(session: Session, shop: Shop, lives: Lives, entry: Entry) -> None:
    """Read, ask for the code of and refund one purchase with every key but the owner's."""
    has = lives.survey.has
    shop.retrieve(entry.id)
    # Who guards by the path may know one of its forms only (WIRE-1).
    for slash in (False, True):
        shop.retrieve(entry.id, principal=OTHER, slash=slash, aim=READ)
        if has(ApiOperation.REQUEST_CODE):
            shop.request_code(entry.id, principal=OTHER, slash=slash, aim=ACT)
            shop.retrieve(entry.id)
        if has(ApiOperation.REFUND):
            shop.refund(entry.id, principal=OTHER, slash=slash, aim=ACT)
            shop.retrieve(entry.id)
    shop.retrieve(entry.id, principal=OTHER, aim=READ)
    session.call("GET", f"/v1/purchases/{entry.id}", principal=f"{STRANGER}:no key")
    shop.retrieve(entry.id)
