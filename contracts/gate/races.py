"""Races: the same promises when requests truly overlap (RACE-1..3, LIFE-7, MONEY-1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from contracts.budget import BudgetSpentError
from contracts.gate.levers import AGE_S
from contracts.gate.lives import Lives
from contracts.gate.plan import Plan
from contracts.gate.session import Session
from contracts.gate.shop import LABEL, Shop, path_of
from contracts.gate.survey import Offer, Survey
from contracts.gate.volley import fire, overlapping
from contracts.history import OTHER, OWNER, Aim, ApiOperation, Demand, Input, Operation
from contracts.reading import Reading
from contracts.routes import METHODS

HANDS: Final = 6
"""Requests of one volley."""

MIN_OWN: Final = 2
"""Creates of the owner's own in a race, before another owner takes part."""

MAX_TRIES: Final = 3
"""Volleys of one kind until one has overlapped."""

_GETS: Final = frozenset({ApiOperation.RETRIEVE, ApiOperation.LIST, ApiOperation.PROFILE})


_LAST: Final = Aim("RACE-1", "the last item of stock, which only one of them can have", Demand.EITHER)
_BESIDE: Final = Aim("RACE-1", "another owner's purchase at the same moment", Demand.EITHER)


@dataclass(frozen=True, slots=True)
class _Call:
    """One request of a volley."""

    api_operation: ApiOperation
    parameter: str = ""
    body: bytes = b""
    principal: str = OWNER
    aim: Aim | None = None

    @property
    def buys(self) -> bool:
        return self.api_operation is ApiOperation.CREATE


class Races:
    """Volleys against one target, each followed by a look at what came of it.

    Args:
        session: through which every answer is judged.
        survey: what the target serves.
        lives: buys the purchases raced for.
        timeout: seconds to wait for the answers of one volley.
    """

    def __init__(self, session: Session, survey: Survey, lives: Lives, timeout: float) -> None:
        self.session = session
        self.shop = Shop(session)
        self.survey = survey
        self.lives = lives
        self._timeout = timeout
        self._volleys = 0

    def run(self, plan: Plan) -> Iterator[str]:
        """Run each race so often as the plan says, yielding what overlapped."""
        for _ in range(plan.race_rounds):
            yield self._until_overlap("creates at once", self._creates)
            yield self._until_overlap("reads of several purchases at once", self._reads)
            if self.survey.other_known and self.survey.has(ApiOperation.LIST):
                yield self._until_overlap("lists of two owners at once", self._lists)
            if self.survey.has(ApiOperation.REQUEST_CODE):
                yield self._until_overlap("request-codes at once", self._request_codes)
                yield self._until_overlap("readers around a writer", self._readers)
                if self.survey.has(ApiOperation.REFUND) and self.lives.levers is not None:
                    yield self._until_overlap("request-code against refund", self._against_refund)
            if self.survey.has(ApiOperation.REFUND) and self.lives.levers is not None:
                yield self._until_overlap("refunds at once", self._refunds)
        # The last of all: who wins is chance, and the looks after it are the first that no seed decides.
        if self.survey.other_known and self.lives.levers is not None:
            for _ in range(plan.race_rounds):
                yield self._until_overlap("two owners at the last item of stock", self._last_item)

    def _until_overlap(self, name: str, race: Callable[[], tuple[int, int]]) -> str:
        overlapped = of = 0
        for _ in range(MAX_TRIES):
            self.session.check_time()
            overlapped, of = race()
            if overlapped >= 2 or of < 2:
                break
        text = f"{name}: {overlapped} of {of} calls truly overlapped"
        self.session.note(text)
        return text

    def _creates(self) -> tuple[int, int]:
        """Buy several at once: distinct ids and phones, none lost, each charged once, to its owner (RACE-1).

        Two countries and two owners are among them, for what is kept of one request must not serve another.
        """
        offers = self.survey.in_stock
        left = self.session.budget.left
        hands = min(HANDS, left if left is not None else HANDS)
        if hands < 2:
            raise BudgetSpentError("a race needs two purchases more than the cap leaves")
        beside = 1 if self.survey.other_known and hands > MIN_OWN else 0
        countries = telling(offers, hands - beside, self.session) if offers else ("US",)
        bodies = [f'{{"country_code": "{country}"}}'.encode() for country in countries]
        calls = [_Call(ApiOperation.CREATE, body=bodies[hand % len(bodies)]) for hand in range(hands - beside)]
        theirs = _Call(ApiOperation.CREATE, body=bodies[0], principal=OTHER, aim=_BESIDE)
        self.shop.look()
        operations, overlapped = self._volley([*calls, *[theirs] * beside])
        self.shop.look()
        for operation in operations:
            for view in Reading(operation).views:
                if view.id is not None:
                    self.shop.retrieve(view.id, principal=operation.principal)
        if self.survey.has(ApiOperation.LIST):
            self.shop.walk(50)
        return overlapped, len(operations)

    def _reads(self) -> tuple[int, int]:
        """Read different purchases at once: each answer is the one to its own request (LIFE-5)."""
        entries = self.session.book.of(OWNER)[-HANDS:]
        theirs = self._theirs()
        calls = [call for entry in entries for call in (_Call(ApiOperation.RETRIEVE, str(entry.id)), *theirs)]
        operations, overlapped = self._volley(calls)
        return overlapped, len(operations)

    def _lists(self) -> tuple[int, int]:
        """List and look at the balance for two owners at once: neither sees the other's (AUTH-6, MONEY-1)."""
        kinds = [kind for kind in (ApiOperation.LIST, ApiOperation.PROFILE) if self.survey.has(kind)]
        calls = [_Call(kind, principal=owner) for kind in kinds for owner in (OWNER, OTHER) * (HANDS // 2)]
        operations, overlapped = self._volley(calls)
        return overlapped, len(operations)

    def _last_item(self) -> tuple[int, int]:
        """Buy the last number of a country for two owners at once: nothing is sold to both (LIFE-7, RACE-1)."""
        levers, offers = self.lives.levers, self.survey.in_stock
        if levers is None or not offers:
            return 0, 0
        country = offers[0].country
        body = f'{{"country_code": "{country}"}}'.encode()
        if not levers.stock(country, 1):
            return 0, 0
        try:
            owners = (OWNER, OTHER) * 2
            calls = [_Call(ApiOperation.CREATE, body=body, principal=owner, aim=_LAST) for owner in owners]
            operations, overlapped = self._volley(calls)
            self.shop.account(country)
        finally:
            levers.stock(country, None)
        for operation in operations:
            for view in Reading(operation).views:
                if view.id is not None:
                    self.shop.retrieve(view.id, principal=operation.principal)
        return overlapped, len(operations)

    def _request_codes(self) -> tuple[int, int]:
        """Ask for one code with many hands: one set of credentials is ever seen (RACE-2).

        A provider that fails or keeps the buyer waiting shows nothing of credentials: another purchase is tried.
        """
        overlapped = of = 0
        for _ in range(MAX_TRIES):
            number = self._fresh()
            if number is None:
                break
            if self.lives.levers is not None:
                self.lives.levers.provider(number, "success")
            operations, found = self._volley([_Call(ApiOperation.REQUEST_CODE, str(number), b"{}")] * HANDS)
            overlapped, of = max(overlapped, found), len(operations)
            self.shop.settle(number, within=self.session.pace.seconds * 0.05)
            self.shop.retrieve(number)
            self.shop.list_page(1, 10)
            self.shop.retrieve(number)
            if not any(view.status == "PENDING" for operation in operations for view in Reading(operation).views):
                break
        return overlapped, of

    def _readers(self) -> tuple[int, int]:
        """Read while a write is under way, then again after it was acknowledged (RACE-3)."""
        number = self._fresh()
        if number is None:
            return 0, 0
        read = _Call(ApiOperation.RETRIEVE, str(number))
        code = _Call(ApiOperation.REQUEST_CODE, str(number), b"{}")
        operations, overlapped = self._volley([read, read, code, read, _Call(ApiOperation.LIST), *self._theirs()])
        self._volley([read] * 3)
        self.shop.retrieve(number)
        return overlapped, len(operations)

    def _against_refund(self) -> tuple[int, int]:
        """Ask for a code and for the money at once: one of the two, never both, whichever is asked for first."""
        numbers = self._old_enough()
        codes = [_Call(ApiOperation.REQUEST_CODE, str(number), b"{}") for number in numbers]
        money = [_Call(ApiOperation.REFUND, str(number)) for number in numbers]
        return self._settled(numbers, [*codes[:1], *money, *codes[1:]] * (HANDS // 3)) if numbers else (0, 0)

    def _refunds(self) -> tuple[int, int]:
        """Ask for the money of two purchases with many hands: each is credited, and once (LIFE-10, MONEY-1)."""
        numbers = self._old_enough()
        calls = [_Call(ApiOperation.REFUND, str(number)) for number in numbers]
        return self._settled(numbers, calls * (HANDS // len(calls))) if calls else (0, 0)

    def _old_enough(self) -> list[int]:
        """Return two PENDING purchases that nobody has asked a code for, old enough for a refund."""
        levers = self.lives.levers
        numbers = sorted({number for number in (self._fresh(), self._fresh(beside=1)) if number is not None})
        return numbers if levers is not None and levers.advance(AGE_S) else []

    def _settled(self, numbers: Sequence[int], calls: Sequence[_Call]) -> tuple[int, int]:
        """Fire calls and look at what became of the purchases and of the money."""
        self.shop.look()
        operations, overlapped = self._volley(calls)
        for number in numbers:
            self.shop.retrieve(number)
        self.shop.look()
        for number in numbers:
            self.shop.retrieve(number)
        return overlapped, len(operations)

    def _theirs(self) -> list[_Call]:
        """Return the other owner's read of a purchase of theirs, where they have one: no answer is another's."""
        entries = self.session.book.of(OTHER, ours=None) if self.survey.other_known else []
        return [_Call(ApiOperation.RETRIEVE, str(entry.id), principal=OTHER) for entry in entries[-1:]]

    def _fresh(self, beside: int = 0) -> int | None:
        """Return a PENDING purchase that nobody has asked a code for, bought where there is none.

        Args:
            beside: such purchases that are left for others.
        """
        waiting = [e for e in self.session.book.of(OWNER, statuses=["PENDING"]) if not e.requested]
        entry = waiting[beside] if len(waiting) > beside else self.lives.buy()
        return None if entry is None else entry.id

    def _volley(self, calls: Sequence[_Call]) -> tuple[list[Operation], int]:
        """Fire calls at once and have them judged in the order in which their answers arrived."""
        self._volleys += 1
        inputs = [self._input(call) for call in calls]
        bought = self.session.budget.reserve_all(self.session.dearest, sum(call.buys for call in calls))
        held = [bought.pop() if call.buys else None for call in calls]
        replies = fire(self.session.target, inputs, min(self._timeout, self.session.pace.rest))
        operations = [
            self.session.operation(sent, call.principal, reply, aim=call.aim, lane=f"volley {self._volleys}.{number}")
            for number, (call, sent, reply) in enumerate(zip(calls, inputs, replies, strict=True), 1)
        ]
        for operation, reservation in zip(operations, held, strict=True):
            if reservation is not None:
                self.session.settle(reservation, operation)
        arrived = sorted(operations, key=lambda operation: operation.returned)
        return [self.session.dispatch(operation) for operation in arrived], overlapping(replies)

    def _input(self, call: _Call) -> Input:
        kind = call.api_operation
        query = (("page", "1"), ("page_size", "10")) if kind is ApiOperation.LIST else ()
        label = LABEL if not call.body and kind not in _GETS else ()
        headers = self.session.headers(call.principal, call.body, label)
        return Input(METHODS[kind], path_of(kind, call.parameter), query, headers, call.body)


def telling(offers: Sequence[Offer], hands: int, session: Session) -> tuple[str, ...]:
    """Return two countries of which several creates, charged as one, stand out; under a cap the two cheapest.

    What has failed may be credited at any time (MONEY-2), and would otherwise explain what a race left uncharged.

    Args:
        offers: what is in stock, the cheapest first; at least one.
        hands: creates of the race.
        session: knows the cap, and what has failed.

    Returns:
        The cheapest that will do and the next, which is as dear or dearer; one where there are not two.
    """
    if session.budget.max_spend is not None:
        return tuple(offer.country for offer in offers[:2])
    failed = session.book.of(OWNER, statuses=("ERROR", "EXPIRED"))
    slack = sum((entry.price for entry in failed if entry.price is not None), Decimal(0))
    priced = [(offer.price, offer.country) for offer in offers if offer.price is not None]
    if not priced:
        return tuple(offer.country for offer in offers[:2])
    # One was charged, and another of them may fail.
    first = next((place for place, (price, _) in enumerate(priced) if price * (hands - 2) > slack), len(priced) - 1)
    return tuple(country for _, country in priced[first : first + 2])
