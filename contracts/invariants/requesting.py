"""Requesting: what request-code may answer, by the state its purchase is known to be in (LIFE-4, LIFE-8, LIFE-9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contracts.finding import Severity, Violation
from contracts.history import ApiOperation, Demand, Mark, Outcome
from contracts.invariants.book import Entry
from contracts.invariants.credentials import differences
from contracts.invariants.invariant import MAX_HELD, Invariant
from contracts.invariants.purchase import Purchase, Sight
from contracts.invariants.values import ERROR, EXPIRED, PENDING, REFUND, SUCCESS, Proof
from contracts.monitor import Docket, Setting, violation
from contracts.statuses import UNJUDGED

DEFINITE: Final = frozenset({400, 402, 403, 404, 405, 409, 410, 422})
"""Refusals of a first request-code that speak of the purchase, and not of the moment."""

_BROKEN: Final = frozenset({500, 501})
_CODE = ApiOperation.REQUEST_CODE

_NEVER_BROKEN: Final = {
    "LIFE-4": "a conflict, 409",
    "LIFE-8": "SUCCESS with credentials, ERROR, or PENDING and why",
    "LIFE-9": "a refusal, 4xx",
}


@dataclass(slots=True)
class _Refused:
    """A first request-code that was refused, and the view that showed the purchase PENDING all the same."""

    mark: Mark
    status: int
    still: Mark | None = None


@dataclass(slots=True)
class _Broken:
    """A request-code that was answered with a 500 before any other answer told what became of its purchase."""

    mark: Mark
    status: int
    known: Mark


class Requesting(Invariant):
    """Judges every request-code by its purchase's owner.

    What the state of the purchase was is taken from answers that had arrived before the request was sent;
    request-codes that overlap are judged by the credentials they bring (RACE-2), and by no state but the one
    that another of them has brought about: whichever answer arrives first, none of them is a 500.
    """

    clauses = ("LIFE-4", "LIFE-8", "LIFE-9", "RACE-2")

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._refused: dict[int, _Refused] = {}
        self._broken: dict[int, list[_Broken]] = {}
        self._ended: dict[int, Mark] = {}

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Judge a request-code, and what later views say of earlier ones."""
        if self._broken and entry.purchase is not None:
            self._judge_broken(entry, entry.purchase, docket)
        if entry.kind is _CODE and entry.purchase is not None:
            self._forget_overlapped(entry)
            if entry.own and entry.purchase.owner == entry.principal and not entry.purchase.spoiled:
                self._judge_request(entry, entry.purchase, docket)
        elif entry.kind is ApiOperation.REFUND and entry.purchase is not None:
            self._forget_overlapped(entry)
        for sight in entry.sights:
            self._look_back(sight, docket)

    def finish(self, docket: Docket) -> None:
        """Report first requests that broke, or were refused though their purchase stayed PENDING."""
        for number, broken in self._broken.items():
            for one in broken:
                self._report(docket, _broken("LIFE-8", number, one))
        self._broken.clear()
        for number, refused in self._refused.items():
            if refused.still is not None:
                found = _refusal(number, refused, refused.still)
                self.unless_lacking(docket, _CODE, "LIFE-8", found)
        self._refused.clear()
        super().finish(docket)

    def _judge_broken(self, entry: Entry, record: Purchase, docket: Docket) -> None:
        """Judge what broke by what a request-code under way at the same time has brought about, else by itself."""
        waiting = []
        for one in self._broken.pop(record.id, ()):
            if one.mark.precedes(entry.mark):
                self._report(docket, _broken("LIFE-8", record.id, one))
            elif entry.kind is _CODE and entry.own and entry.outcome is Outcome.OK:
                self._report(docket, _broken(_clause_of(record), record.id, one))
            else:
                waiting.append(one)
        if waiting:
            self._broken[record.id] = waiting

    def _forget_overlapped(self, entry: Entry) -> None:
        """Forget a refusal that another write on the purchase, under way at the same time, may explain."""
        refused = None if entry.purchase is None else self._refused.get(entry.purchase.id)
        if refused is not None and not refused.mark.precedes(entry.mark):
            del self._refused[entry.purchase.id if entry.purchase else 0]

    def _judge_request(self, entry: Entry, record: Purchase, docket: Docket) -> None:
        mark, status = entry.mark, entry.status
        if entry.earlier_code is not None and not entry.earlier_code.precedes(mark):
            docket.exercise("RACE-2")
        if status is None or status in UNJUDGED or entry.reading.operation.answer is None:
            return
        ended = record.ended
        if ended is not None and ended.precedes(mark):
            self._judge_ended(entry, record, ended, docket)
        elif record.shown is not None and record.shown.precedes(mark):
            self._judge_repeat(entry, record, record.shown, docket)
        elif entry.outcome is Outcome.OK:
            for sight in entry.sights:
                _judge_answer(entry, sight, docket)
        elif status in _BROKEN and record.known is not None and record.known.precedes(mark):
            one = _Broken(mark, status, record.known)
            if record.waited and len(self._broken) < MAX_HELD:
                # The answer to a request-code under way at the same time may be yet to come.
                self._broken.setdefault(record.id, []).append(one)
            else:
                self._report(docket, _broken(_clause_of(record), record.id, one))
        elif status in DEFINITE and _is_first(entry, record) and len(self._refused) < MAX_HELD:
            self._refused.setdefault(record.id, _Refused(mark, status))

    def _judge_ended(self, entry: Entry, record: Purchase, ended: Mark, docket: Docket) -> None:
        status = entry.status or 0
        if entry.outcome is Outcome.OK:
            docket.exercise("LIFE-9")
            docket.violate(
                violation(
                    "LIFE-9",
                    "served-after-the-end",
                    f"request-code is served ({status}) for a purchase that has ended",
                    ended,
                    entry.mark,
                    expected="a refusal, 4xx, and nothing changed",
                    observed=f"purchase {record.id}, {_ending(record)}: answered {status}",
                )
            )
        elif status in _BROKEN:
            self._report(docket, _broken("LIFE-9", record.id, _Broken(entry.mark, status, ended)))
        elif 400 <= status < 500:
            self.unless_lacking(docket, _CODE, "LIFE-9")
            bare = record.bare
            if record.shown is None and bare is not None and bare.precedes(entry.mark) and len(self._ended) < MAX_HELD:
                self._ended.setdefault(record.id, entry.mark)

    def _judge_repeat(self, entry: Entry, record: Purchase, shown: Mark, docket: Docket) -> None:
        status = entry.status or 0
        if entry.outcome is Outcome.OK:
            docket.exercise("LIFE-4")
            for sight in entry.sights:
                found = _repeat(sight, record, shown)
                if found is not None:
                    docket.violate(found)
        elif status in {400, 409}:
            docket.exercise("LIFE-4")
        elif status in _BROKEN:
            self._report(docket, _broken("LIFE-4", record.id, _Broken(entry.mark, status, shown)))
        elif 400 <= status < 500 and entry.reading.judgement.demand is not Demand.EITHER:
            found = violation(
                "LIFE-4",
                f"repeat-answered-{status}",
                f"a second request-code is refused with {status} and not as a conflict",
                shown,
                entry.mark,
                expected="409 (400 tolerated)",
                observed=f"purchase {record.id}, credentials known: {status}",
            )
            self._report(docket, found)

    def _report(self, docket: Docket, found: Violation) -> None:
        self.unless_lacking(docket, _CODE, found.clause, found)

    def _look_back(self, sight: Sight, docket: Docket) -> None:
        number, mark = sight.record.id, sight.mark
        refused = self._refused.get(number)
        if refused is not None and sight.status == PENDING and refused.mark.precedes(mark):
            refused.still = refused.still or mark
        ended = self._ended.get(number)
        if ended is not None and sight.record.shown is mark and ended.precedes(mark):
            del self._ended[number]
            docket.violate(
                violation(
                    "LIFE-9",
                    "credentials-after-the-end",
                    "request-code was refused, and the purchase has credentials afterwards",
                    ended,
                    mark,
                    expected="a refused request changes nothing",
                    observed=f"purchase {number}, {_ending(sight.record)}: verification null before, shown after",
                )
            )


def _is_first(entry: Entry, record: Purchase) -> bool:
    """Tell whether a request-code is the first on a purchase that is known as PENDING and as nothing else."""
    before = entry.earlier_action
    return (
        entry.earlier_code is None
        and (before is None or before.precedes(entry.mark))
        and not entry.unsure
        and entry.reading.judgement.demand is Demand.SERVE
        and record.waited
        and record.known is not None
        and record.known.precedes(entry.mark)
        and record.refunded is None
        and record.shown is None
    )


def _judge_answer(entry: Entry, sight: Sight, docket: Docket) -> None:
    """Judge the answer to a request-code on a purchase from which a code may still come (LIFE-8)."""
    if sight.status in {None, REFUND, EXPIRED}:
        # An administrator or the clock came first: lawful, and no answer to the question.
        return
    docket.exercise("LIFE-8")
    said = _code_request(entry)
    progress = said.get("status")
    fault: tuple[str, str, Severity | None] | None = None
    if sight.status == SUCCESS and sight.proof is Proof.NULL:
        fault = ("success-without-credentials", "request-code answers SUCCESS and no credentials", None)
    elif sight.status == SUCCESS and progress in {"failed", "not_requested"}:
        fault = (
            "success-with-failed-request",
            "request-code answers SUCCESS and a code request that did not succeed",
            Severity.WARNING,
        )
    elif sight.status == PENDING and (progress in {"success", "not_requested"} or _gave_up(said)):
        fault = (
            f"pending-but-{progress}",
            f"the purchase stays PENDING and code_request.status is {progress}",
            None,
        )
    if fault is None:
        return
    cause, title, severity = fault
    docket.violate(
        violation(
            "LIFE-8",
            cause,
            title,
            entry.mark,
            expected="SUCCESS with credentials, ERROR, or PENDING with a code request that says so",
            observed=f"purchase {sight.record.id}: {sight.status}, verification {sight.proof.value}, "
            f"code_request.status {progress if isinstance(progress, str) else 'unreadable'}"[:300],
            severity=severity,
        )
    )


def _code_request(entry: Entry) -> Mapping[str, object]:
    value = entry.reading.document.value
    inner = value.get("code_request") if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _gave_up(said: Mapping[str, object]) -> bool:
    """Tell whether a code request failed and announces no further attempt."""
    if said.get("status") != "failed":
        return False
    attempt, most = said.get("attempt"), said.get("max_attempts")
    counted = isinstance(attempt, int | float) and isinstance(most, int | float) and attempt < most
    return said.get("next_attempt_at") is None and said.get("retry_after") is None and not counted


def _repeat(sight: Sight, record: Purchase, shown: Mark) -> Violation | None:
    """Judge a 200 to a request-code sent after the credentials were known (LIFE-4)."""
    known = record.credentials
    if sight.proof is Proof.UNREADABLE or known is None:
        return None
    changed = differences(known, sight.credentials) if sight.credentials is not None else []
    if changed:
        cause, title, severity = "repeat-brings-new-credentials", "a second request-code brings new credentials", None
    elif sight.proof is Proof.NULL:
        cause, title, severity = (
            "repeat-without-credentials",
            "a second request-code is served without credentials",
            None,
        )
    else:
        cause, title = "repeat-served", "a second request-code is served again, with the same credentials"
        severity = Severity.WARNING
    return violation(
        "LIFE-4",
        cause,
        title,
        shown,
        sight.mark,
        expected="409 (400 tolerated)",
        observed=f"purchase {record.id}: 200, "
        + (f"another {', '.join(changed)}" if changed else f"verification {sight.proof.value}"),
        severity=severity,
    )


def _clause_of(record: Purchase) -> str:
    """Return the clause that a 500 breaks, by what is known of the purchase."""
    return "LIFE-8" if record.waited else "LIFE-9" if record.shown is None else "LIFE-4"


def _broken(clause: str, number: int, one: _Broken) -> Violation:
    return violation(
        clause,
        f"request-code-answered-{one.status}",
        f"request-code is answered with {one.status}",
        one.known,
        one.mark,
        expected=_NEVER_BROKEN[clause],
        observed=f"purchase {number}: {one.status}",
    )


def _refusal(number: int, refused: _Refused, still: Mark) -> Violation:
    return violation(
        "LIFE-8",
        f"first-request-refused-{refused.status}",
        f"the first request-code on a PENDING purchase is refused with {refused.status}",
        refused.mark,
        still,
        expected="SUCCESS with credentials, ERROR, or PENDING with a code request that says so",
        observed=f"purchase {number}: {refused.status}, and still PENDING afterwards",
    )


def _ending(record: Purchase) -> str:
    return REFUND if record.refunded is not None else (record.settled_status or ERROR)
