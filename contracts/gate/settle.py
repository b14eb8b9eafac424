"""Settling: everything is read again and every list walked, so that what changed behind our back shows."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.gate.plan import Plan
from contracts.gate.session import Session
from contracts.gate.shop import MAX_PAGES, Shop
from contracts.gate.survey import Survey
from contracts.history import OTHER, OWNER, ApiOperation
from contracts.profiles import PROFILES, Profile


def settle(session: Session, survey: Survey, plan: Plan) -> Iterator[str]:
    """Walk the lists, read every purchase again, look at the balance; yields what was done."""
    shop = Shop(session)
    if survey.has(ApiOperation.LIST):
        yield from _walks(session, shop, survey, plan)
    shop.profile()
    mine = session.book.of(OWNER, ours=True)
    for round_number in range(plan.rereads):
        for entry in mine:
            session.check_time()
            shop.retrieve(entry.id)
        yield f"re-read {round_number + 1} of {plan.rereads}"
    for status in statuses(session.profile):
        # A few purchases are read many times over: some promises last only so many reads.
        for entry in session.book.of(OWNER, statuses=[status])[-1:]:
            for _ in range(plan.reads_of_one):
                session.check_time()
                shop.retrieve(entry.id)
            yield f"one in {status} read {plan.reads_of_one} times"
    if survey.has(ApiOperation.LIST):
        shop.walk(50)
    shop.profile()
    for entry in mine:
        session.check_time()
        shop.retrieve(entry.id)
    yield "last read"


def _walks(session: Session, shop: Shop, survey: Survey, plan: Plan) -> Iterator[str]:
    total = len(session.book.of(OWNER, ours=None))
    for size in plan.page_sizes:
        if total / size <= MAX_PAGES:
            session.check_time()
            shop.walk(size)
            yield f"pages of {size}"
    for sort in ("date_desc", "date_asc"):
        session.check_time()
        shop.walk(9, sort=sort)
        yield sort
    for status in statuses(session.profile):
        session.check_time()
        shop.walk(8, status=status)
        shop.walk(50, status=status, sort="date_asc")
        shop.list_page(1, 50, status=status, sort="date_desc")
        yield f"only {status}"
    if session.profile.name != PROFILES[0]:
        _searches(session, shop)
        yield "searches"
    # One page further than there are: an empty page, never somebody's purchases.
    shop.list_page(total + 2, 50)
    if session.target.keys.other is not None and survey.other_known:
        shop.walk(50, principal=OTHER, max_pages=10)
        yield "the other owner's list"


def _searches(session: Session, shop: Shop) -> None:
    """Search for a number by two conditions at once: neither of them replaces the other (LIST-2)."""
    mine = session.book.of(OWNER, ours=True)
    for status in statuses(session.profile):
        elsewhere = next((entry for entry in mine if entry.phone and entry.status != status), None)
        if elsewhere is not None:
            session.check_time()
            shop.list_page(1, 50, status=status, phone=elsewhere.phone[1:8])


def statuses(profile: Profile) -> list[str]:
    """Return a profile's statuses in the order of a purchase's life."""
    order = ("PENDING", "SUCCESS", "ERROR", "REFUND", "EXPIRED")
    return [status for status in order if status in profile.statuses]
