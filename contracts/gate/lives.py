"""Lives: purchases taken through everything the contract lets happen to them, one step at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contracts.gate.book import Entry
from contracts.gate.levers import AGE_S, YOUNG_S, Levers
from contracts.gate.plan import Plan
from contracts.gate.session import Session
from contracts.gate.shop import Shop
from contracts.gate.survey import FIRST_COUNTRIES, Survey
from contracts.history import OWNER, ApiOperation, Operation, Outcome
from contracts.reading import Reading

BODIES: Final[tuple[tuple[bytes, bool], ...]] = ((b"", True), (b"{}", True), (b"", False))
"""The lawful ways to ask for a code: body and whether it is labelled when empty (WIRE-2)."""

CALLBACK: Final = b'{"callback_url": "https://buyer.example/told"}'
"""A repeat that names a callback; nobody can have a name below .example (RFC 2606, section 2)."""

FIRST_PATIENCE: Final = 0.02
"""Seconds to read a PENDING purchase before its code is asked for again, doubled each time up to the longest."""

LONGEST_PATIENCE: Final = 3.0

FILTERED: Final = 2
"""Purchases around whose code the list is asked for by status."""

PROVIDER_SHARE: Final = 0.2
"""Share of the time budget that may go into waiting for slow providers, all purchases together."""


class Lives:
    """Buys and lives through purchases.

    Args:
        session: through which every request leaves.
        survey: what the target serves.
        plan: how much to do.
        levers: what only a sandbox lets a test do, None for other targets.
        countries: those to try where accounts shows none.
    """

    def __init__(
        self,
        session: Session,
        survey: Survey,
        plan: Plan,
        levers: Levers | None,
        countries: Sequence[str] = (),
    ) -> None:
        self.session = session
        self.shop = Shop(session)
        self.survey = survey
        self.plan = plan
        self.levers = levers
        self._fallback = list(countries) or list(FIRST_COUNTRIES)
        self._provider_seconds = session.pace.seconds * PROVIDER_SHARE

    def buy_every_country(self) -> list[Entry]:
        """Buy one purchase of every country in stock (INPUT-4), with the price looked up before (VALUE-6)."""
        bought = []
        for country in self._countries():
            entry = self._buy(country)
            if entry is not None:
                bought.append(entry)
            if len(bought) >= self.plan.countries or self._short():
                break
        return bought

    def buy(self) -> Entry | None:
        """Buy one purchase of the cheapest country that sells one."""
        for offer in self.survey.in_stock[:5]:
            entry = self._buy(offer.country)
            if entry is not None:
                return entry
        if not self.survey.in_stock:
            for country in self._countries():
                entry = self._buy(country)
                if entry is not None:
                    return entry
        return None

    def first_life(self, entry: Entry, number: int) -> None:
        """Take a purchase from PENDING to its end, with every step that must be refused on the way.

        Args:
            entry: a PENDING purchase of ours.
            number: which purchase this is; successive ones are asked for in different lawful ways.
        """
        body, labelled = BODIES[number % len(BODIES)]
        self.shop.retrieve(entry.id, slash=number % 2 == 1)
        if number % 3 == 1:
            self.refund(entry)
        if number < FILTERED:
            self._list_by_status(entry)
        self.request_code(entry, body=body, labelled=labelled)
        if number < FILTERED:
            self._list_by_status(entry)
        if entry.status == "PENDING":
            self._await(entry)
        self.shop.retrieve(entry.id)
        self.shop.list_page(1, 10)
        if entry.status in {"SUCCESS", "ERROR"}:
            self.second_request(entry, number)
        if entry.status == "SUCCESS" and number % 2 == 0:
            self.refund(entry)
        self.shop.retrieve(entry.id)

    def _list_by_status(self, entry: Entry) -> None:
        """List those PENDING and those SUCCESS, before or after a code moves one of them (LIFE-6, LIST-2)."""
        if self.survey.has(ApiOperation.LIST):
            for status in dict.fromkeys(("PENDING", "SUCCESS", entry.status)):
                self.shop.walk(50, status=status, max_pages=10)

    def second_request(self, entry: Entry, number: int) -> None:
        """Ask again for a code that was given or refused for good (LIFE-4, LIFE-9)."""
        for times in range(1, 4 if number == 0 else 2):
            body, labelled = BODIES[(number + times) % len(BODIES)]
            self.request_code(entry, body=body, labelled=labelled)
            self.shop.retrieve(entry.id)
        if number < len(BODIES):
            # It may be refused for its callback as well, and is no less a repeat.
            self.request_code(entry, body=CALLBACK)
            self.shop.retrieve(entry.id)

    def request_code(self, entry: Entry, *, body: bytes = b"", labelled: bool = True, slash: bool = False) -> Operation:
        """Ask for the code of a purchase of ours, and mind whether the target has the operation."""
        operation = self.shop.request_code(entry.id, body=body, labelled=labelled, slash=slash)
        self._mind(ApiOperation.REQUEST_CODE, operation)
        return operation

    def refund(self, entry: Entry, *, slash: bool = False) -> Operation:
        """Ask for the money of a purchase of ours, and mind whether the target has the operation."""
        operation = self.shop.refund(entry.id, labelled=entry.id % 2 == 0, slash=slash)
        self._mind(ApiOperation.REFUND, operation)
        return operation

    def first_lists(self) -> None:
        """Walk the list in each of its ways once, early in the run (LIST-1..4)."""
        if self.survey.has(ApiOperation.LIST):
            self.shop.walk(min(50, max(2, len(self.session.book.of(OWNER, ours=None)) // 4)))
            self.shop.walk(50, status="PENDING")
            self.shop.walk(50, sort="date_asc")

    def slashes(self, entry: Entry) -> None:
        """Call every operation with a trailing slash, as the official clients do (WIRE-1)."""
        self.shop.profile(slash=True)
        self.shop.list_page(1, 10, slash=True)
        self.shop.account(entry.country, slash=True)
        self.shop.retrieve(entry.id, slash=True)
        again = self.session.budget.left
        if again is None or again > 0:
            self._learn(self.shop.create(entry.country, slash=True))
        self.request_code(entry, slash=True)
        self.refund(entry, slash=True)

    def ended_lives(self) -> None:
        """Reach the states that buyers reach rarely: by the levers of a sandbox, else among old purchases."""
        if self.levers is not None:
            self._levered(self.levers)
            return
        for status in ("ERROR", "REFUND", "EXPIRED"):
            for entry in self.session.book.of(OWNER, statuses=[status], ours=None)[:2]:
                self._refused_for_good(entry)
        for entry in self.session.book.of(OWNER, statuses=["PENDING"], ours=False)[:1]:
            # Found, not made: only one old enough to be refunded can tell whether refunds credit (LIFE-10).
            self._refund_found(entry)

    def _levered(self, levers: Levers) -> None:
        failed = self.buy()
        if failed is not None and levers.provider(failed.id, "failure"):
            self.request_code(failed)
            self._refused_for_good(failed)
        waiting = self.buy()
        if waiting is not None and levers.provider(waiting.id, "pending"):
            self.request_code(waiting)
            self.shop.retrieve(waiting.id)
            self.request_code(waiting, body=b"{}")
            self.shop.retrieve(waiting.id)
        refunded = next(iter(self.session.book.of(OWNER, statuses=["SUCCESS"])), None)
        if refunded is not None and levers.refund(refunded.id):
            self._refused_for_good(refunded)
        if "EXPIRED" in self.session.profile.statuses:
            expired = self.buy()
            if expired is not None and levers.expire(expired.id):
                self._refused_for_good(expired)
        self._grow_old(levers)

    def _grow_old(self, levers: Levers) -> None:
        """Let purchases grow too old for one rule after another (LIFE-4, LIFE-9, LIFE-10).

        A refund is asked for a minute too early, then for one purchase that was never asked for its code and
        for one whose code did not come; last, whoever has ended is asked again, for no ending wears off.
        """
        aged, asked = self.buy(), self.buy()
        if asked is not None and levers.provider(asked.id, "pending"):
            self.request_code(asked)
        if aged is None or not levers.advance(YOUNG_S):
            return
        self._refund_and_look(aged)
        if not levers.advance(AGE_S - YOUNG_S):
            return
        self._refund_and_look(aged)
        self._refused_for_good(aged)
        if asked is not None and asked.status == "PENDING":
            self._refund_and_look(asked)
        for status in ("SUCCESS", "ERROR", "EXPIRED"):
            for entry in self.session.book.of(OWNER, statuses=[status])[:1]:
                self._refused_for_good(entry)

    def _refund_and_look(self, entry: Entry) -> None:
        self.shop.look()
        self.refund(entry)
        self.shop.retrieve(entry.id)
        self.shop.look()

    def _refused_for_good(self, entry: Entry) -> None:
        """Read a purchase that has ended, ask for what it can no longer give, and read it again (LIFE-9)."""
        self.shop.retrieve(entry.id)
        self.shop.profile()
        self.request_code(entry, body=b"{}")
        self.refund(entry)
        self.shop.profile()
        self.shop.retrieve(entry.id)

    def _refund_found(self, entry: Entry) -> None:
        before = Reading(self.shop.retrieve(entry.id)).views
        if not before or before[0].status != "PENDING":
            return
        self.shop.profile()
        self.refund(entry)
        self.shop.retrieve(entry.id)
        self.shop.profile()

    def _countries(self) -> list[str]:
        if self.survey.offers:
            return [offer.country for offer in self.survey.in_stock]
        return self._fallback

    def _buy(self, country: str) -> Entry | None:
        has_accounts = self.survey.has(ApiOperation.ACCOUNT)
        if has_accounts:
            self.shop.account(country)
        operation = self.shop.create(country)
        entry = self._learn(operation)
        if has_accounts:
            self.shop.account(country)
        if entry is None and operation.outcome is Outcome.FAIL and country in self.survey.offers:
            # Stock can go between the look and the purchase; a second refusal while it is shown cannot (INPUT-4).
            entry = self._learn(self.shop.create(country))
            self.shop.account(country)
        self.shop.look()
        return entry

    def _learn(self, operation: Operation) -> Entry | None:
        views = Reading(operation).views
        number = views[0].id if views else None
        if number is None:
            return None
        self._mind(ApiOperation.RETRIEVE, self.shop.retrieve(number))
        return self.session.book.get(number)

    def _await(self, entry: Entry) -> None:
        """Wait for a slow provider, within the share of the time that all waiting together may take.

        Some targets ask the provider again by themselves, others only when the buyer does; so each round
        reads for a while and then asks again.
        """
        began = self.session.pace.elapsed
        patience = FIRST_PATIENCE
        while entry.status == "PENDING" and self._provider_seconds > 0:
            before = self.session.pace.elapsed
            self.shop.settle(entry.id, within=min(patience, self._provider_seconds))
            if entry.status == "PENDING":
                self.request_code(entry, body=b"{}")
                self.shop.retrieve(entry.id)
            self._provider_seconds -= self.session.pace.elapsed - before
            patience = min(patience * 2, LONGEST_PATIENCE)
        if self.session.pace.elapsed - began > LONGEST_PATIENCE:
            self.session.note(f"the provider took {self.session.pace.elapsed - began:.0f} s for a code")

    def _mind(self, api_operation: ApiOperation, operation: Operation) -> None:
        if operation.status in {405, 501} and api_operation not in self.survey.served:
            self.survey.lacking[api_operation] = f"it answered {operation.status}"
        elif operation.status is not None and operation.status not in {404, 405, 501}:
            self.survey.served.add(api_operation)
            self.survey.lacking.pop(api_operation, None)

    def _short(self) -> bool:
        """True when a slow target leaves no time for one purchase of every country."""
        return self.session.pace.elapsed > self.session.pace.seconds * 0.2
