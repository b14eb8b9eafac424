"""Lifecycle: a status moves along its arrows, and a final one stays (LIFE-1, LIFE-2)."""

from __future__ import annotations

from contracts.history import ApiOperation, Mark
from contracts.invariants.book import Entry
from contracts.invariants.invariant import Invariant
from contracts.invariants.purchase import READS, Sight
from contracts.invariants.telling import NAMES, course, crosses_list, other_lane
from contracts.invariants.values import PENDING, REFUND
from contracts.monitor import Docket, violation


class Lifecycle(Invariant):
    """Compares every view of a status with the final ones acknowledged before it.

    Of each purchase the first view of a settled status (SUCCESS, ERROR, EXPIRED) and the first of REFUND
    are enough: whatever contradicts a later view contradicts the first one too.
    """

    clauses = ("LIFE-1", "LIFE-2", "LIFE-6", "LIST-5", "RACE-3")

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Judge the status of every purchase shown."""
        for sight in entry.sights:
            if sight.status is not None:
                _exercise(sight, docket)
                _judge(sight, docket)


def _exercise(sight: Sight, docket: Docket) -> None:
    mark, record = sight.mark, sight.record
    if record.known is not None and record.known.precedes(mark):
        docket.exercise("LIFE-1")
    if _precedes(record.settled, mark) or _precedes(record.refunded, mark):
        docket.exercise("LIFE-2")
    if mark.api_operation in READS:
        write = record.written or record.created
        if write is not None and write.precedes(mark) and other_lane(write, mark):
            docket.exercise("RACE-3")


def _judge(sight: Sight, docket: Docket) -> None:
    mark, record, status = sight.mark, sight.record, sight.status
    if status is None or status == REFUND:
        return
    if record.refunded is not None and record.refunded.precedes(mark):
        _report(sight, record.refunded, REFUND, docket)
    elif record.settled is None or record.settled_status == status:
        return
    elif record.settled.precedes(mark) or (status != PENDING and mark.api_operation is not ApiOperation.REFUND):
        # Two settled statuses contradict each other whatever their order: neither leads to the other. Only a
        # refund's answer may tell the status before it, as the published sample does.
        _report(sight, record.settled, record.settled_status, docket)


def _report(sight: Sight, evidence: Mark, before: str, docket: Docket) -> None:
    mark, after = sight.mark, sight.status or ""
    title = course(evidence, before, mark, after)
    cause = f"{before}-then-{after}-in-{NAMES[mark.api_operation]}".lower()
    clauses = ["LIFE-2"]
    if before == REFUND or after != PENDING:
        clauses.insert(0, "LIFE-1")
    if after == PENDING:
        clauses.append("LIFE-6")
        write = sight.record.written
        if write is not None and write.precedes(mark) and other_lane(write, mark):
            clauses.append("RACE-3")
    if crosses_list(evidence, mark):
        clauses.append("LIST-5")
    for clause in clauses:
        docket.violate(
            violation(
                clause,
                cause,
                title,
                evidence,
                mark,
                expected=_EXPECTED[clause],
                observed=f"purchase {sight.record.id}: {title}",
            )
        )


def _precedes(earlier: Mark | None, later: Mark) -> bool:
    return earlier is not None and earlier.precedes(later)


_EXPECTED = {
    "LIFE-1": "PENDING becomes SUCCESS, ERROR, REFUND or EXPIRED; these become REFUND or nothing; REFUND stays",
    "LIFE-2": "a terminal status never changes, unless into REFUND",
    "LIFE-6": "what an answer acknowledged is visible to every request sent after it arrived",
    "RACE-3": "a read sent after a write was acknowledged never shows the state before it, from any connection",
    "LIST-5": "an item of a list equals what retrieve shows",
}
