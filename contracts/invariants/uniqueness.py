"""Uniqueness: no id is given twice, and no phone number is sold twice while both purchases stand (LIFE-7, RACE-1)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from contracts.history import ApiOperation, Mark, Outcome
from contracts.invariants.book import MAX_PURCHASES, Entry
from contracts.invariants.invariant import MAX_HELD, Invariant
from contracts.invariants.purchase import Purchase, Sight
from contracts.invariants.telling import name, overlap
from contracts.invariants.values import PENDING, SUCCESS, phone_of
from contracts.monitor import Docket, Setting, violation

RECENT: Final = 256
"""Acknowledged creates kept to find those that overlapped a later one."""

_STANDING: Final = frozenset({PENDING, SUCCESS})


@dataclass(slots=True)
class _Side:
    """One of two purchases with one number, and when it is known to have stood with it.

    Attributes:
        record: the purchase.
        first: a view after which it certainly had the number.
        until: when the last view that shows it standing was asked for.
        sample: the first view since there is a rival that showed it standing with the number.
        last: the last one.
    """

    record: Purchase
    first: Mark
    until: float
    sample: Mark | None = None
    last: Mark | None = None

    def see(self, mark: Mark) -> None:
        """Take in a view that shows the purchase standing with the number."""
        self.sample = self.sample or mark
        self.last = mark
        self.until = max(self.until, mark.invoked)

    def spans(self, start: float, end: float) -> bool:
        """Tell whether the purchase stood with the number all the time between two instants."""
        return self.first.returned <= start and end <= self.until


class Uniqueness(Invariant):
    """Compares ids and numbers of all purchases, of all owners.

    A purchase that is seen PENDING or SUCCESS stood ever since it was made, and its number never changes:
    two views of it enclose a time in which it certainly stood. Two purchases of one number contradict each
    other only where such times meet, since the number of a purchase that has ended may be sold again.
    """

    clauses = ("LIFE-7", "RACE-1")

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._holders: dict[str, int] = {}
        self._rivals: dict[int, list[tuple[_Side, _Side]]] = {}
        self._recent: deque[tuple[Mark, Purchase]] = deque(maxlen=RECENT)
        self._created = False

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Judge the ids and numbers of every purchase shown."""
        if entry.kind is ApiOperation.CREATE and entry.authenticated and entry.outcome is Outcome.OK:
            self._created_one(entry, docket)
        for sight in entry.sights:
            self._see(sight, docket)

    def _created_one(self, entry: Entry, docket: Docket) -> None:
        record = entry.twin or entry.purchase
        if record is None:
            return
        if self._created:
            docket.exercise("LIFE-7")
        self._created = True
        self._race(entry, record, docket)
        if entry.twin is not None:
            _report_twin(entry, entry.twin, docket)

    def _race(self, entry: Entry, record: Purchase, docket: Docket) -> None:
        for mark, other in reversed(self._recent):
            if mark.precedes(entry.mark):
                # Answers arrive in order: those before this one were over even earlier.
                break
            docket.exercise("RACE-1", (not other.raced) + (not record.raced))
            other.raced = record.raced = True
        self._recent.append((entry.mark, record))

    def _see(self, sight: Sight, docket: Docket) -> None:
        record = sight.record
        if record.phone is None or record.phoned is None:
            return
        if record.phoned is sight.mark:
            self._hold(record, sight, docket)
        elif record.id in self._rivals and sight.status in _STANDING and phone_of(sight.view.data) == record.phone:
            self._meet(record, sight.mark, docket)

    def _hold(self, record: Purchase, sight: Sight, docket: Docket) -> None:
        """Take note of the number of a purchase, and of the other one that had it before."""
        phone, phoned = record.phone or "", record.phoned or sight.mark
        other = self.book.purchases.get(self._holders.get(phone, record.id))
        self._holders[phone] = record.id
        if len(self._holders) > MAX_PURCHASES:
            del self._holders[next(iter(self._holders))]
        if other is None or other is record or other.phoned is None:
            return
        if len(self._rivals) >= MAX_HELD:
            del self._rivals[next(iter(self._rivals))]
        theirs, ours = _Side(other, other.phoned, other.stood), _Side(record, phoned, record.stood)
        for side in (theirs, ours):
            self._rivals.setdefault(side.record.id, []).append((theirs, ours))
        if sight.status in _STANDING:
            self._meet(record, sight.mark, docket)

    def _meet(self, record: Purchase, mark: Mark, docket: Docket) -> None:
        for pair in tuple(self._rivals[record.id]):
            for side in pair:
                if side.record is record:
                    side.see(mark)
            if _stood_together(*pair):
                for side in pair:
                    pairs = self._rivals.get(side.record.id, [])
                    if pair in pairs:
                        pairs.remove(pair)
                _report_phone(*pair, docket)


def _stood_together(one: _Side, other: _Side) -> bool:
    for side, rival in ((one, other), (other, one)):
        for view in (rival.sample, rival.last):
            # The rival stood with the number at some moment between asking and answer, whichever it was.
            if view is not None and side.spans(view.invoked, view.returned):
                return True
    start = max(one.first.returned, other.first.returned)
    return one.spans(start, start) and other.spans(start, start)


def _report_twin(entry: Entry, twin: Purchase, docket: Docket) -> None:
    before = twin.created or twin.known or twin.claimed
    clauses = {"LIFE-7": "every create is answered with an id of its own"}
    if twin.created is not None and overlap(twin.created, entry.mark):
        clauses["RACE-1"] = "creates at once are answered with distinct ids"
    for clause, expected in clauses.items():
        docket.violate(
            violation(
                clause,
                "id-given-twice",
                "a create is answered with the id of an earlier purchase",
                before,
                entry.mark,
                expected=expected,
                observed=f"id {twin.id}, first in {name(before)}, again in create",
            )
        )


def _report_phone(one: _Side, other: _Side, docket: Docket) -> None:
    clauses = {"LIFE-7": "no phone number is sold twice while both purchases stand"}
    mine, theirs = one.record.created, other.record.created
    if mine is not None and theirs is not None and overlap(mine, theirs):
        clauses["RACE-1"] = "creates at once bring distinct phone numbers"
    marks = {mark for side in (one, other) for mark in (side.first, side.last) if mark is not None}
    for clause, expected in clauses.items():
        docket.violate(
            violation(
                clause,
                "phone-sold-twice",
                "two purchases that both stand have one phone number",
                *marks,
                expected=expected,
                observed=f"{one.record.phone} belongs to the purchases {one.record.id} and {other.record.id}",
            )
        )
