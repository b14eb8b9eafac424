"""Visibility: what was acknowledged can be retrieved by every request sent afterwards (LIFE-6, AUTH-6)."""

from __future__ import annotations

from contracts.finding import Violation
from contracts.history import ApiOperation, Demand, Mark, Outcome
from contracts.invariants.book import Entry
from contracts.invariants.invariant import MAX_HELD, Invariant
from contracts.invariants.purchase import Claim, Purchase
from contracts.invariants.telling import name, other_lane
from contracts.monitor import Docket, Setting, violation

GONE = frozenset({403, 404, 410})
"""Answers to a retrieve that deny the purchase."""


class Visibility(Invariant):
    """Judges retrieves of purchases that the same principal was shown before.

    A single 500 says nothing of the purchase; two in a row, one sent after the other was over, do.
    """

    clauses = ("LIFE-6", "RACE-1", "RACE-3", "AUTH-6")

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._failing: dict[int, Mark] = {}

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Judge a retrieve by the purchase's owner."""
        record = entry.purchase
        if entry.kind is not ApiOperation.RETRIEVE or record is None or not entry.own or record.spoiled:
            return
        if record.owner != entry.principal or record.claim < Claim.HELD:
            return
        if entry.reading.judgement.demand is Demand.REFUSE:
            return
        acked = record.acked
        if acked is None or not acked.precedes(entry.mark):
            if record.known is not None and record.known.precedes(entry.mark):
                self._judge_listed(entry, record, record.known, docket)
            return
        if entry.outcome is Outcome.OK:
            docket.exercise("LIFE-6")
            self._failing.pop(record.id, None)
        elif entry.status in GONE:
            write = record.written or record.created
            raced = write is not None and write.precedes(entry.mark) and other_lane(write, entry.mark)
            if raced:
                docket.exercise("RACE-3")
            self._deny(docket, _denials(entry, record, acked, stale=raced))
        elif entry.status == 500:
            self._fail(entry, record, docket)

    def _judge_listed(self, entry: Entry, record: Purchase, listed: Mark, docket: Docket) -> None:
        """Judge a retrieve of what so far only lists have shown: whose is it, if it is not to be had?"""
        if entry.outcome is Outcome.OK:
            docket.exercise("LIFE-6")
            docket.exercise("AUTH-6")
        elif entry.status in GONE:
            found = violation(
                "AUTH-6",
                "listed-but-denied",
                f"a list shows a purchase that its reader is denied ({entry.status})",
                listed,
                entry.mark,
                expected="a list shows the caller's own purchases, which the caller can retrieve",
                observed=f"purchase {record.id}: listed, and a later retrieve answered {entry.status}",
            )
            self.unless_lacking(docket, ApiOperation.RETRIEVE, "AUTH-6", found)

    def _deny(self, docket: Docket, violations: list[Violation]) -> None:
        self.unless_lacking(docket, ApiOperation.RETRIEVE, "LIFE-6", *violations)

    def _fail(self, entry: Entry, record: Purchase, docket: Docket) -> None:
        before = self._failing.get(record.id)
        if before is None or not before.precedes(entry.mark):
            if len(self._failing) < MAX_HELD:
                self._failing[record.id] = entry.mark
            return
        docket.exercise("LIFE-6")
        docket.violate(
            violation(
                "LIFE-6",
                "retrieve-keeps-failing",
                "an acknowledged purchase cannot be retrieved: 500, again and again",
                before,
                entry.mark,
                expected="the purchase",
                observed=f"purchase {record.id}: 500 twice in a row",
            )
        )


def _denials(entry: Entry, record: Purchase, acked: Mark, *, stale: bool) -> list[Violation]:
    clauses = {"LIFE-6": "what an answer acknowledged is visible to every request sent after it arrived"}
    if record.raced and record.created is not None:
        clauses["RACE-1"] = "none of several creates at once is lost"
    if stale:
        clauses["RACE-3"] = "a read sent after a write was acknowledged never shows the state before it"
    return [
        violation(
            clause,
            "acknowledged-but-denied",
            f"a purchase that {name(acked)} acknowledged is denied to its owner ({entry.status})",
            acked,
            entry.mark,
            expected=expected,
            observed=f"purchase {record.id}: {name(acked)} showed it, a later retrieve answered {entry.status}",
        )
        for clause, expected in clauses.items()
    ]
