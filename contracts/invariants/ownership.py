"""Ownership: nobody but its owner sees the credentials of a purchase, lists it or acts on it (AUTH-4 to AUTH-6)."""

from __future__ import annotations

from typing import Final, NamedTuple

from contracts.finding import Severity
from contracts.history import Answer, ApiOperation, Mark, Outcome
from contracts.invariants.book import LACKING, Entry
from contracts.invariants.invariant import Invariant
from contracts.invariants.leaks import find_leak
from contracts.invariants.telling import name
from contracts.invariants.values import MAX_ID
from contracts.monitor import Docket, Setting, violation
from contracts.statuses import UNJUDGED

MAX_ANSWERS: Final = 200
"""Foreign answers kept until credentials are known that they may have given away."""

MAX_BYTES: Final = 16 * 1024
"""Bytes of such an answer's body that are searched."""

_RETRIEVE = ApiOperation.RETRIEVE


class _Foreign(NamedTuple):
    """An answer about a purchase to somebody who does not own it."""

    number: int
    mark: Mark
    answer: Answer


class Ownership(Invariant):
    """Judges what principals are told of purchases that are not theirs.

    Credentials are searched for by value, those that become known only later included: the purchase may
    have moved between two answers, so that comparing these would miss a leak.
    """

    clauses = ("AUTH-4", "AUTH-5", "AUTH-6")

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._kept: list[_Foreign] = []
        self._foreign: dict[int, Mark] = {}
        self._unknown: dict[int, Mark] = {}

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Judge an operation on somebody else's purchase, and lists."""
        if entry.foreign and not entry.faulty:
            self._judge_foreign(entry, docket)
        elif entry.kind is _RETRIEVE and entry.authenticated:
            self._note_unknown(entry)
        elif entry.kind is ApiOperation.LIST and entry.authenticated and entry.outcome is Outcome.OK:
            self._judge_list(entry, docket)
        shown = None if entry.usurped is None else entry.usurped.known
        if shown is not None and shown.api_operation is ApiOperation.LIST:
            _report_intruder(shown, entry.mark, entry.usurped.id if entry.usurped else 0, docket)

    def finish(self, docket: Docket) -> None:
        """Search for credentials that became known after an answer, and for what tells strangers' ids apart."""
        for kept in self._kept:
            self._search(kept, docket)
        self._kept.clear()
        self._tell_apart(docket)
        super().finish(docket)

    def _judge_foreign(self, entry: Entry, docket: Docket) -> None:
        number, answer = entry.reading.purchase_id, entry.reading.operation.answer
        if number is None or answer is None or answer.status in UNJUDGED:
            return
        if entry.kind is _RETRIEVE:
            shown = self._judge_read(entry, answer.status, docket)
        else:
            shown = False
            self._judge_action(entry, number, docket)
        if not shown:
            cut = Answer(answer.status, answer.headers, answer.body[:MAX_BYTES])
            self._search(_Foreign(number, entry.mark, cut), docket)

    def _judge_read(self, entry: Entry, status: int, docket: Docket) -> bool:
        """Judge a retrieve by another owner; tells whether it showed credentials outright."""
        self._exercise(entry, "AUTH-4", docket)
        if entry.outcome is Outcome.OK:
            view = next(iter(entry.reading.views), None)
            proof = None if view is None else view.data.get("verification")
            if proof is None:
                return False
            _report_read(entry, "verification-shown", "another owner is shown the credentials of a purchase", docket)
            return True
        if 400 <= status < 500 and status != 405:
            self._foreign[status] = entry.mark
        if status == 500:
            title = "another owner's retrieve is answered with 500"
            _report_read(entry, "foreign-read-answered-500", title, docket)
        elif 400 <= status < 500 and status not in {403, 404, 405}:
            title = f"another owner's retrieve is refused with {status}"
            _report_read(entry, f"foreign-read-refused-{status}", title, docket, Severity.WARNING)
        return False

    def _judge_action(self, entry: Entry, number: int, docket: Docket) -> None:
        if entry.outcome is Outcome.OK:
            docket.exercise("AUTH-5")
            docket.violate(
                violation(
                    "AUTH-5",
                    f"foreign-{name(entry.mark)}-served",
                    f"another owner's {name(entry.mark)} is served",
                    *self._owners_mark(number),
                    entry.mark,
                    expected="403 or 404, and an unchanged purchase",
                    observed=f"purchase {number}: {name(entry.mark)} answered {entry.status}",
                )
            )
        elif entry.outcome is Outcome.FAIL and (entry.status or 0) >= 400:
            self._exercise(entry, "AUTH-5", docket)

    def _exercise(self, entry: Entry, clause: str, docket: Docket) -> None:
        if entry.status in LACKING:
            self.unless_lacking(docket, entry.kind, clause)
        else:
            docket.exercise(clause)

    def _judge_list(self, entry: Entry, docket: Docket) -> None:
        if self.book.owners - {entry.principal}:
            docket.exercise("AUTH-6")
        for record, _ in entry.intruders:
            _report_intruder(entry.mark, record.known or record.claimed, record.id, docket)

    def _note_unknown(self, entry: Entry) -> None:
        """Remember how ids that nobody was given are refused."""
        aim, number, status = entry.reading.operation.aim, entry.reading.purchase_id, entry.status
        unknown = aim is not None and aim.clause == "INPUT-8" and number is not None and 1 <= number <= MAX_ID
        if unknown and status is not None and 400 <= status < 500 and status not in UNJUDGED:
            self._unknown[status] = entry.mark

    def _tell_apart(self, docket: Docket) -> None:
        if len(self._foreign) != 1 or len(self._unknown) != 1 or self._foreign.keys() == self._unknown.keys():
            return
        ((foreign, one),) = self._foreign.items()
        ((unknown, other),) = self._unknown.items()
        docket.violate(
            violation(
                "AUTH-4",
                "foreign-ids-told-apart",
                "the answer tells which ids exist",
                one,
                other,
                expected="one answer for an id that is another owner's and for one that nobody was given",
                observed=f"{foreign} for another owner's purchase, {unknown} for an unknown id",
                severity=Severity.WARNING,
            )
        )

    def _search(self, foreign: _Foreign, docket: Docket) -> None:
        """Search an answer for the credentials of its purchase, or keep it until they are known."""
        record = self.book.purchases.get(foreign.number)
        if record is None or record.credentials is None:
            if len(self._kept) < MAX_ANSWERS:
                self._kept.append(foreign)
            return
        leak = find_leak(foreign.answer, record.credentials, frozenset({str(foreign.number)}))
        if leak is not None:
            docket.violate(
                violation(
                    "AUTH-4",
                    f"leak-in-{name(foreign.mark)}",
                    f"another owner's {name(foreign.mark)} gives credentials away: {leak}",
                    *([record.shown] if record.shown is not None else []),
                    foreign.mark,
                    expected="no value of the credentials anywhere in the answer",
                    observed=f"purchase {foreign.number}: {leak}",
                )
            )

    def _owners_mark(self, number: int) -> tuple[Mark, ...]:
        record = self.book.purchases.get(number)
        return () if record is None else (record.claimed,)


def _report_read(entry: Entry, cause: str, title: str, docket: Docket, severity: Severity | None = None) -> None:
    marks = () if entry.purchase is None else (entry.purchase.claimed,)
    docket.violate(
        violation(
            "AUTH-4",
            cause,
            title,
            *marks,
            entry.mark,
            expected="403, 404, or 200 with verification null",
            observed=f"purchase {entry.reading.purchase_id}: {entry.status}",
            severity=severity,
        )
    )


def _report_intruder(listed: Mark, owned: Mark, number: int, docket: Docket) -> None:
    docket.violate(
        violation(
            "AUTH-6",
            "lists-anothers-purchase",
            "a list shows a purchase of another owner",
            listed,
            owned,
            expected="a list shows only the caller's purchases",
            observed=f"purchase {number}, shown to {listed.principal} and to {owned.principal}",
        )
    )
