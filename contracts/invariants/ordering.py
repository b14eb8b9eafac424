"""Ordering: calls that overlapped on one purchase can be told as one after the other (RACE-2, RACE-3, LIFE-10)."""

from __future__ import annotations

import math
from typing import Final

from contracts.history import ApiOperation, Mark
from contracts.invariants.book import Entry
from contracts.invariants.invariant import Invariant
from contracts.invariants.purchase import READS, Sight
from contracts.invariants.values import phone_of
from contracts.linear.explain import explain
from contracts.linear.lifecycle import NOTHING, PurchaseLifecycle, Shown
from contracts.linear.model import Call
from contracts.linear.search import Decision, decide
from contracts.linear.shrink import shortest
from contracts.linear.thin import Thinned
from contracts.monitor import Docket, Setting

MAX_PURCHASES: Final = 10_000
"""Purchases whose histories are held; the one held longest is judged and forgotten for the next."""


class Ordering(Invariant):
    """Judges each purchase's history as a whole, once it is complete.

    Where no call overlapped another, or reads alone did, the other invariants see all there is to see. This one
    looks at purchases of which an answered create, request-code or refund overlapped another answered call:
    whether all of their answers fit into any one order. Calls of other principals than the owner, refused ones,
    those of unknown outcome and unreadable answers are left out, which never makes a lawful history unlawful
    (see ``contracts.linear.lifecycle``).

    RACE-3 counts as exercised once for each history that could be decided and in which a read overlapped an
    acknowledged write and another one was sent after it. What could not be decided is neither a violation nor
    an exercise.
    """

    clauses = ("LIFE-2", "LIFE-3", "LIFE-5", "LIFE-10", "RACE-2", "RACE-3")

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._histories: dict[int, _History] = {}

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Take in what an operation shows; its judgement waits for the calls that overlap it."""
        # 202 acknowledges that something will be done, and a repeated key leaves open which value is meant.
        if entry.status == 202 or (entry.sights and entry.reading.document.duplicates):
            return
        for sight in entry.sights:
            number = sight.record.id
            history = self._histories.get(number)
            if history is None or history.owner != sight.record.owner:
                history = self._begin(number, sight.record.owner, docket)
            history.add(sight)

    def finish(self, docket: Docket) -> None:
        """Judge every history."""
        for number, history in self._histories.items():
            self._decide(number, history, docket)
        self._histories.clear()
        super().finish(docket)

    def _begin(self, number: int, owner: str | None, docket: Docket) -> _History:
        if number not in self._histories and len(self._histories) >= MAX_PURCHASES:
            oldest = next(iter(self._histories))
            self._decide(oldest, self._histories.pop(oldest), docket)
        self._histories[number] = _History(owner)
        return self._histories[number]

    def _decide(self, number: int, history: _History, docket: Docket) -> None:
        # An id that was given twice stands for two purchases, of which nothing can be told apart (LIFE-7).
        if not history.contested or self.book.purchases[number].spoiled:
            return
        model, calls = PurchaseLifecycle(), history.calls.calls
        decision = decide(model, calls)
        if decision is Decision.UNKNOWN:
            return
        if history.watched:
            docket.exercise("RACE-3")
        if decision is Decision.ILLEGAL:
            docket.violate(explain(number, shortest(model, calls), raced=history.raced_codes))


class _History:
    """What the owner of one purchase was answered.

    Answers come in the order in which they arrived, so that of those seen before, the one that came last
    tells whether any of them was still under way when a call was sent.

    Attributes:
        owner: whose it is.
        calls: the calls that an order must explain.
        contested: whether a write overlapped another call.
        raced_codes: whether two answered request-codes overlapped.
        watched: whether a read overlapped a write, and another one was sent after it.
    """

    __slots__ = (
        "_acknowledged",
        "_coded",
        "_read",
        "_written",
        "calls",
        "contested",
        "owner",
        "raced_codes",
        "watched",
    )

    def __init__(self, owner: str | None) -> None:
        self.owner = owner
        self.calls: Thinned[tuple[ApiOperation, Shown], Mark, Shown | None] = Thinned()
        self.contested = False
        self.raced_codes = False
        self.watched = False
        self._read = self._written = self._coded = -math.inf
        self._acknowledged = math.inf

    def add(self, sight: Sight) -> None:
        """Take in one view of the purchase."""
        mark = sight.mark
        kind = mark.api_operation
        if kind is ApiOperation.REFUND:
            self.calls.add(None, Call(mark.invoked, mark.returned, mark, None))
        else:
            shown = _shown(sight)
            if shown is None:
                return
            self.calls.add((kind, shown), Call(mark.invoked, mark.returned, mark, shown))
        if kind in READS:
            self._add_read(mark)
        else:
            self._add_write(mark)

    def _add_read(self, mark: Mark) -> None:
        if self._written >= mark.invoked:
            self.contested = True
            self._acknowledged = min(self._acknowledged, self._written)
        self.watched |= mark.invoked > self._acknowledged
        self._read = max(self._read, mark.returned)

    def _add_write(self, mark: Mark) -> None:
        if self._read >= mark.invoked:
            self.contested = True
            self._acknowledged = min(self._acknowledged, mark.returned)
        self.contested |= self._written >= mark.invoked
        self._written = max(self._written, mark.returned)
        if mark.api_operation is ApiOperation.REQUEST_CODE:
            self.raced_codes |= self._coded >= mark.invoked
            self._coded = max(self._coded, mark.returned)


def _shown(sight: Sight) -> Shown | None:
    """Return what a view tells of its purchase, None where not even its status can be read."""
    if sight.status is None:
        return None
    data, credentials = sight.view.data, sight.credentials
    phone = NOTHING if data.get("phone_number", False) is None else phone_of(data) or None
    if credentials is None:
        return Shown(sight.status, phone)
    return Shown(sight.status, phone, _brief(credentials.code), _brief(credentials.password))


def _brief(text: str | None) -> str | None:
    """Return a text that may be a code or password; longer ones are neither, and would be kept for long."""
    return text if text and len(text) <= 200 else None
