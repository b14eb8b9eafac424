"""Settling: everything is read again and every list walked, so that what changed behind our back shows."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.gate.plan import Plan
from contracts.gate.session import Session
from contracts.gate.shop import MAX_PAGES, Shop
from contracts.gate.survey import Survey
from contracts.history import OTHER, OWNER, ApiOperation
from contracts.profiles import Profile


def settle(session: Session, survey: Survey, plan: Plan) -> Iterator[str]:
    """Read every purchase again, walk the lists, look at the balance; yields what was done."""
    shop = Shop(session)
    mine = session.book.of(OWNER, ours=True)
    for round_number in range(plan.rereads):
        for entry in mine:
            session.check_time()
            shop.retrieve(entry.id)
        yield f"re-read {round_number + 1} of {plan.rereads}"
    if survey.has(ApiOperation.LIST):
        yield from _walks(session, shop, plan)
    shop.profile()
    for entry in mine:
        session.check_time()
        shop.retrieve(entry.id)
    yield "last read"


def _walks(session: Session, shop: Shop, plan: Plan) -> Iterator[str]:
    total = len(session.book.of(OWNER, ours=None))
    for size in plan.page_sizes:
        if total / size <= MAX_PAGES:
            session.check_time()
            shop.walk(size)
            yield f"pages of {size}"
    for sort in ("date_desc", "date_asc"):
        shop.walk(20, sort=sort)
        yield sort
    for status in statuses(session.profile):
        session.check_time()
        shop.walk(20, status=status)
        yield f"only {status}"
    # One page further than there are: an empty page, never somebody's purchases.
    shop.list_page(total + 2, 50)
    if survey_other(session):
        shop.walk(50, principal=OTHER, max_pages=10)
        yield "the other owner's list"


def statuses(profile: Profile) -> list[str]:
    """Return a profile's statuses in the order of a purchase's life."""
    order = ("PENDING", "SUCCESS", "ERROR", "REFUND", "EXPIRED")
    return [status for status in order if status in profile.statuses]


def survey_other(session: Session) -> bool:
    """Tell whether a second owner's key is there to look with."""
    return session.target.keys.other is not None
