"""Refusals: near misses sent one by one, each followed by a look that nothing changed."""

from __future__ import annotations

import random
import string
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Final

from contracts.demand import MAX_ID
from contracts.gate.nearmisses import (
    NearMiss,
    Subject,
    body_misses,
    country_misses,
    extra_key_misses,
    id_misses,
    key_misses,
    list_misses,
    method_misses,
    unknown_ids,
    with_slash,
    wrapped_id,
)
from contracts.gate.plan import Plan
from contracts.gate.session import Session
from contracts.gate.shop import Shop
from contracts.gate.survey import FIRST_COUNTRIES, Survey, unassigned_codes
from contracts.history import OWNER, STRANGER, Aim, ApiOperation, Demand, Operation, Outcome
from contracts.statuses import OUTAGES

BATCH: Final = 12
"""Near misses between two looks where there is not one after each."""

INSISTENCE: Final = 2
"""How often a near miss that was answered so is sent again."""

SHARE: Final = 0.5
"""Share of the time budget that the whole catalogue may take; beyond it the essential part is sent."""

ENOUGH_ACCEPTED: Final = 6
"""Accepted near misses of one family after which its rest would only cost money."""

RESERVED: Final = "UK"
"""Reserved in ISO 3166-1 for a country whose code is another: who takes it must not sell GB for it (VALUE-1)."""

UNKNOWN_AHEAD: Final = 1_000_003
"""How far above the highest id seen an id is taken to be nobody's."""


def subject_of(session: Session, survey: Survey) -> Subject:
    """Return what near misses are made from, for the target at hand."""
    purchases = session.book.of(OWNER, statuses=["PENDING"]) or session.book.of(OWNER)
    offers = survey.in_stock
    key = session.target.keys.owner
    return Subject(
        country=offers[0].country if offers else FIRST_COUNTRIES[0],
        purchase=purchases[0].id if purchases else None,
        key=key,
        wrong_key=_same_shape(key, session.random("wrong key")),
    )


def catalogue(session: Session, survey: Survey, subject: Subject) -> Iterator[NearMiss]:
    """Yield every near miss that makes sense on a target, in a fixed order."""
    yield from with_slash(_plain_catalogue(session, survey, subject))


def _plain_catalogue(session: Session, survey: Survey, subject: Subject) -> Iterator[NearMiss]:
    """Yield the catalogue as it is sent to paths without a slash at their end."""
    yield from country_misses(subject)
    yield from body_misses(subject)
    yield from _stock_misses(survey)
    if survey.has(ApiOperation.RETRIEVE):
        yield from (miss for miss in id_misses(subject) if _served(survey, miss))
        yield from (miss for miss in unknown_ids(_free_ids(session)) if _served(survey, miss))
        if subject.purchase is not None:
            yield from wrapped_id(subject.purchase, session.book.highest_id)
    if survey.has(ApiOperation.LIST):
        yield from list_misses()
    yield from method_misses(subject)
    yield from key_misses(subject, accounts=survey.has(ApiOperation.ACCOUNT), profile=survey.has(ApiOperation.PROFILE))


def send(session: Session, miss: NearMiss) -> Operation:
    """Send one near miss."""
    return session.call(
        miss.method,
        miss.path,
        principal=miss.principal,
        body=miss.body,
        query=miss.query,
        headers=miss.headers,
        aim=miss.aim,
    )


def send_catalogue(session: Session, survey: Survey, plan: Plan) -> Iterator[NearMiss]:
    """Send the catalogue with looks between, yielding each near miss once it was sent.

    At quick depth only the essential part gets a look after each; on a target that is not brisk every look
    follows a batch; on one too slow for the whole catalogue the essential part is sent. The last two are noted.
    """
    shop = Shop(session)
    subject = subject_of(session, survey)
    misses = _essential_first(catalogue(session, survey, subject))
    brisk = session.pace.brisk
    if not session.pace.affords(int(len(misses) * (3 if brisk else 1 + 2 / BATCH)), SHARE):
        misses = [miss for miss in misses if miss.essential]
        session.note(f"the target is too slow for the whole catalogue: {len(misses)} essential near misses were sent")
    if not brisk:
        session.note(f"the target is not quick: a look followed every {BATCH} near misses instead of each")
    accepted: Counter[str] = Counter()
    unseen = 0
    shop.look()
    for miss in misses:
        session.check_time()
        family = miss.name.partition("/")[0]
        if accepted[family] >= ENOUGH_ACCEPTED:
            session.note(f"after {ENOUGH_ACCEPTED} near misses of {family} were accepted the rest was not sent")
            continue
        operation = _insist(session, shop, miss)
        if operation.outcome is Outcome.OK and operation.api_operation is ApiOperation.CREATE:
            accepted[family] += 1
        unseen += 1
        if unseen >= BATCH or (brisk and (miss.essential or plan.look_after_each)):
            unseen = 0
            shop.look()
            if subject.purchase is not None and miss.principal.startswith(STRANGER):
                # A stranger's request-code or refund shows its effect on the purchase, not on the balance.
                shop.retrieve(subject.purchase)
        yield miss
    shop.look()


def _insist(session: Session, shop: Shop, miss: NearMiss) -> Operation:
    """Send a near miss; where the answer looks like an outage, look whether it is one and send it again.

    A single 503 may be an overloaded gateway's. One that comes whenever this request is sent, while others
    are answered, is the target's answer to it.
    """
    operation = send(session, miss)
    for _ in range(INSISTENCE):
        if operation.status not in OUTAGES:
            break
        shop.look()
        operation = send(session, miss)
    return operation


def _essential_first(misses: Iterable[NearMiss]) -> list[NearMiss]:
    """Return the essential near misses, one family after another in turn, then the rest.

    A run that ends early has then tried something of every family.
    """
    families: dict[str, list[NearMiss]] = {}
    rest = []
    for miss in misses:
        if miss.essential:
            families.setdefault(miss.name.partition("/")[0], []).append(miss)
        else:
            rest.append(miss)
    turns = zip_longest(*families.values())
    return [miss for turn in turns for miss in turn if miss is not None] + rest


def send_extra_keys(session: Session, survey: Survey, plan: Plan) -> None:
    """Send creates with keys nobody asked for (INPUT-5); each may lawfully buy a purchase."""
    subject = subject_of(session, survey)
    for miss in extra_key_misses(subject):
        if miss.essential or plan.look_after_each:
            send(session, miss)
            if survey.has(ApiOperation.ACCOUNT):
                # The offer after it tells a price that the body set from one that rightly moved (VALUE-6).
                Shop(session).account(subject.country)


def _stock_misses(survey: Survey) -> Iterator[NearMiss]:
    """Yield well-formed codes that cannot be bought (INPUT-3), and one that a shop may only sell as itself."""
    for number, code in enumerate(unassigned_codes()):
        if code not in survey.offers:
            body = f'{{"country_code": "{code}"}}'.encode()
            yield NearMiss(f"stock/unassigned-{code}", "POST", "/v1/purchases", body, essential=number < 2)
    if RESERVED not in survey.offers:
        yield NearMiss("stock/reserved", "POST", "/v1/purchases", f'{{"country_code": "{RESERVED}"}}'.encode())
    aim = Aim("INPUT-3", "a country shown as out of stock", Demand.REFUSE)
    for number, offer in enumerate(survey.out_of_stock[:10]):
        body = f'{{"country_code": "{offer.country}"}}'.encode()
        yield NearMiss(f"stock/out-{offer.country}", "POST", "/v1/purchases", body, aim=aim, essential=number < 2)


def _served(survey: Survey, miss: NearMiss) -> bool:
    if miss.path.endswith("/request-code"):
        return survey.has(ApiOperation.REQUEST_CODE)
    return survey.has(ApiOperation.REFUND) if miss.path.endswith("/refund") else True


def _free_ids(session: Session) -> list[int]:
    """Return ids that nobody was given: far above the highest seen and the largest, or far below the highest."""
    ahead = session.book.highest_id + UNKNOWN_AHEAD
    return [ahead, MAX_ID] if ahead < MAX_ID else [MAX_ID // 2]


def _same_shape(key: str, chance: random.Random) -> str:
    """Return a key of the same length and kinds of characters that is not the key."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
    while True:
        letters = [next((chance.choice(kind) for kind in kinds if letter in kind), letter) for letter in key]
        made = "".join(letters)
        if made != key:
            return made
        if not any(letter in kind for letter in key for kind in kinds):
            return key + "0"
