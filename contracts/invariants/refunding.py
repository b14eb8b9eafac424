"""Refunding: granted to a purchase that is PENDING, has no code and is old enough, and to no other (LIFE-10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from contracts.finding import Severity, Violation
from contracts.history import ApiOperation, Demand, Mark, Outcome
from contracts.invariants.book import Entry
from contracts.invariants.invariant import MAX_HELD, Invariant
from contracts.invariants.purchase import Purchase, Sight
from contracts.invariants.telling import overlap
from contracts.invariants.values import ERROR, EXPIRED, PENDING, REFUND, SUCCESS, epoch_of, money_of, server_clock
from contracts.monitor import Docket, Setting, violation
from contracts.statuses import UNJUDGED

NEARBY: Final = 16
"""Operations from a refused refund to the look that tells of its effect. An administrator may refund any
purchase at any time: only a look right after the refusal, over the same connection and with nothing but reads
between, can tell."""

NEARBY_S: Final = 5.0
"""Seconds from the one to the other, likewise."""

_BROKEN: Final = frozenset({500, 501})
_REFUND = ApiOperation.REFUND


class _Age(NamedTuple):
    """Seconds between a purchase and a request for its refund, as bounds."""

    least: float
    most: float


@dataclass(slots=True)
class _Denied:
    """A refund that was due and refused, and the view that showed the purchase PENDING all the same."""

    mark: Mark
    status: int
    still: Mark | None = None


class Attempt(NamedTuple):
    """An attempt, and how much had happened in the run by then."""

    mark: Mark
    position: int
    writes: int

    def is_right_before(self, entry: Entry) -> bool:
        """Tell whether an operation came so soon that what it shows is this attempt's doing."""
        return (
            self.mark.precedes(entry.mark)
            and entry.mark.lane == self.mark.lane
            and entry.writes == self.writes
            and entry.position - self.position <= NEARBY
            and entry.mark.returned - self.mark.invoked <= NEARBY_S
        )


class Refunding(Invariant):
    """Judges every refund by its purchase's owner."""

    clauses = ("LIFE-10", "LIFE-6")

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._limit = setting.tolerance("LIFE-10", "refund_age_s", 1200)
        self._slack = setting.tolerance("LIFE-10", "slack_s", 5)
        self._skew = setting.tolerance("VALUE-5", "clock_skew_s", 300)
        self._granted: dict[int, Mark] = {}
        self._denied: dict[int, _Denied] = {}
        self._refused: dict[int, Attempt] = {}

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Judge a refund, and what later views say of earlier ones."""
        record = entry.purchase
        if entry.kind in {_REFUND, ApiOperation.REQUEST_CODE} and record is not None:
            denied = self._denied.get(record.id)
            if denied is not None and not denied.mark.precedes(entry.mark):
                del self._denied[record.id]
            if entry.kind is _REFUND and entry.own and record.owner == entry.principal and not record.spoiled:
                self._judge_refund(entry, record, docket)
        for sight in entry.sights:
            self._look_back(entry, sight, docket)

    def finish(self, docket: Docket) -> None:
        """Report refunds that were due and refused."""
        for number, denied in self._denied.items():
            if denied.still is not None:
                self.unless_lacking(docket, _REFUND, "LIFE-10", _denial(number, denied, denied.still))
        self._denied.clear()
        super().finish(docket)

    def _judge_refund(self, entry: Entry, record: Purchase, docket: Docket) -> None:
        status = entry.status
        if status is None or status in UNJUDGED:
            return
        reason = self._why_refused(entry, record)
        if entry.outcome is Outcome.OK:
            self._judge_granted(entry, record, reason, docket)
        elif reason is not None:
            self._judge_refusal(entry, record, reason, docket)
        elif self._is_due(entry, record) and (400 <= status < 500 or status in _BROKEN):
            lawful = entry.reading.judgement.demand is not Demand.SERVE
            if not lawful and len(self._denied) < MAX_HELD:
                self._denied.setdefault(record.id, _Denied(entry.mark, status))

    def _judge_granted(self, entry: Entry, record: Purchase, reason: tuple[str, Mark] | None, docket: Docket) -> None:
        mark, before = entry.mark, self._granted.get(record.id)
        if reason is not None:
            docket.exercise("LIFE-10")
            docket.violate(_grant(entry, record, *reason))
        elif before is not None:
            docket.exercise("LIFE-10")
            docket.violate(_grant(entry, record, "already-refunded", before))
        elif self._is_due(entry, record):
            docket.exercise("LIFE-10")
        if before is None and len(self._granted) < MAX_HELD:
            self._granted[record.id] = mark
        if record.settled is not None and record.settled_status == SUCCESS and reason is None:
            self._judge_both(record, mark, record.settled, docket)
        found = _amount(entry, record) or _answer(entry)
        if found is not None:
            docket.violate(found)

    def _judge_refusal(self, entry: Entry, record: Purchase, reason: tuple[str, Mark], docket: Docket) -> None:
        status = entry.status or 0
        if status in _BROKEN:
            found = violation(
                "LIFE-10",
                f"refund-answered-{status}",
                f"a refund that must be refused is answered with {status}",
                reason[1],
                entry.mark,
                expected="a refusal, 4xx",
                observed=f"purchase {record.id}, {reason[0]}: {status}",
            )
            self.unless_lacking(docket, _REFUND, "LIFE-10", found)
        elif 400 <= status < 500:
            self.unless_lacking(docket, _REFUND, "LIFE-10")
            if record.refunded is None and len(self._refused) < MAX_HELD:
                self._refused[record.id] = Attempt(entry.mark, entry.position, entry.writes)

    def _why_refused(self, entry: Entry, record: Purchase) -> tuple[str, Mark] | None:
        """Return why a refund must be refused, as a slug, and the operation that showed it."""
        mark = entry.mark
        if record.refunded is not None and record.refunded.precedes(mark):
            return "already-refunded", record.refunded
        if record.settled is not None and record.settled.precedes(mark):
            return f"in-{record.settled_status.lower()}", record.settled
        if record.shown is not None and record.shown.precedes(mark):
            return "with-a-code", record.shown
        age = self._age(entry, record)
        if age is not None and age.most < self._limit - self._slack and record.acked is not None:
            return "too-young", record.acked
        return None

    def _is_due(self, entry: Entry, record: Purchase) -> bool:
        """Tell whether a refund meets every condition, and nothing else was under way on the purchase."""
        if not record.waited or record.shown is not None or entry.unsure:
            return False
        if record.refunded is not None and record.refunded is not entry.mark:
            return False
        if record.known is None or not record.known.precedes(entry.mark):
            return False
        if entry.earlier_action is not None and not entry.earlier_action.precedes(entry.mark):
            return False
        age = self._age(entry, record)
        return age is not None and age.least >= self._limit + self._slack

    def _age(self, entry: Entry, record: Purchase) -> _Age | None:
        """Return how old a purchase was by the server's own clock, else by ours; None where nothing tells."""
        mark = entry.mark
        took = mark.returned - mark.invoked
        now = server_clock(entry.reading.operation.answer)
        if now is not None and record.created is not None and record.clock is not None:
            # A Date is cut to the second, and tells when an answer was made, not when the work was done.
            making = record.created.returned - record.created.invoked
            return _Age(now - record.clock - 1 - took, now - record.clock + 1 + making)
        created = epoch_of(record.created_at)
        if now is not None and created is not None:
            # Of a purchase found it is not known how far created_at and Date are apart (VALUE-5 allows minutes).
            return _Age(now - created - 1 - took - self._skew, now - created + 1 + self._skew)
        if entry.outcome is Outcome.OK:
            # Our clock would accuse a server without Date whose own clock was moved; its answer tells the time.
            refunded = epoch_of(_refund_of(entry).get("refunded_at"))
            return None if refunded is None or created is None else _Age(refunded - created, refunded - created)
        if record.created is not None:
            return _Age(mark.invoked - record.created.returned, mark.returned - record.created.invoked)
        return None

    def _look_back(self, entry: Entry, sight: Sight, docket: Docket) -> None:
        record, mark = sight.record, sight.mark
        if sight.status is None or mark.api_operation is _REFUND:
            return
        denied = self._denied.get(record.id)
        if denied is not None and sight.status == PENDING and denied.mark.precedes(mark):
            denied.still = denied.still or mark
        refused = self._refused.get(record.id)
        if refused is not None and refused.mark.precedes(mark):
            del self._refused[record.id]
            near = refused.is_right_before(entry)
            # An ERROR or EXPIRED purchase may be refunded by the shop of its own accord.
            fit = record.settled is None or record.settled_status not in {ERROR, EXPIRED}
            if record.refunded is mark and near and fit and not record.unsure:
                docket.violate(_effect(record, refused.mark, mark))
        granted = self._granted.get(record.id)
        if granted is not None and sight.status == SUCCESS and overlap(granted, mark):
            self._judge_both(record, granted, mark, docket)
        elif granted is not None and sight.status != REFUND and granted.precedes(mark):
            self._judge_unseen(sight, granted, docket)

    def _judge_both(self, record: Purchase, granted: Mark, success: Mark, docket: Docket) -> None:
        """Report a purchase that brought both its code and its money, in whatever order."""
        if not overlap(granted, success):
            return
        docket.violate(
            violation(
                "LIFE-10",
                "code-and-money",
                "a purchase is refunded and brings its code as well",
                granted,
                success,
                expected="either a refund or a code",
                observed=f"purchase {record.id}: refund granted, and SUCCESS at the same time",
            )
        )

    def _judge_unseen(self, sight: Sight, granted: Mark, docket: Docket) -> None:
        """Report a refund that was granted and does not show; one that showed before is LIFE-2's."""
        record = sight.record
        if record.refunded is not None and record.refunded.precedes(sight.mark):
            return
        for clause, expected in {
            "LIFE-10": "a purchase that was refunded is REFUND",
            "LIFE-6": "what an answer acknowledged is visible to every request sent after it arrived",
        }.items():
            docket.violate(
                violation(
                    clause,
                    "refund-not-visible",
                    f"a refund was granted, and the purchase is {sight.status} afterwards",
                    granted,
                    sight.mark,
                    expected=expected,
                    observed=f"purchase {record.id}: {sight.status}",
                )
            )


def _refund_of(entry: Entry) -> Mapping[str, object]:
    """Return what the answer to a refund tells of the refund."""
    value = entry.reading.document.value
    refund = value.get("refund") if isinstance(value, dict) else None
    return refund if isinstance(refund, dict) else {}


def _grant(entry: Entry, record: Purchase, reason: str, before: Mark) -> Violation:
    return violation(
        "LIFE-10",
        f"granted-{reason}",
        f"a refund is granted to a purchase that is {_REASONS.get(reason, reason.removeprefix('in-').upper())}",
        before,
        entry.mark,
        expected="a refund needs PENDING, no code and an age of 20 minutes; otherwise it is refused",
        observed=f"purchase {record.id}: answered {entry.status}",
    )


def _amount(entry: Entry, record: Purchase) -> Violation | None:
    """Judge whether a granted refund credits the full price."""
    amount = money_of(_refund_of(entry).get("amount"))
    if amount is None or record.price is None or amount == record.price:
        return None
    return violation(
        "LIFE-10",
        "refund-of-another-amount",
        "a refund does not credit the price of the purchase",
        record.known or entry.mark,
        entry.mark,
        expected=f"refund.amount {record.price}",
        observed=f"purchase {record.id}: refund.amount {amount}",
    )


def _answer(entry: Entry) -> Violation | None:
    """Judge the status in the answer to a granted refund, which the published sample shows as SUCCESS."""
    sight = next(iter(entry.sights), None)
    if sight is None or sight.status in {None, REFUND}:
        return None
    return violation(
        "LIFE-10",
        "refund-answer-shows-another-status",
        f"a refund is granted, and its answer still shows {sight.status}",
        entry.mark,
        expected="the purchase as REFUND",
        observed=f"purchase {sight.record.id}: {sight.status}",
        severity=Severity.WARNING,
    )


def _effect(record: Purchase, refused: Mark, after: Mark) -> Violation:
    return violation(
        "LIFE-10",
        "refused-refund-took-effect",
        "a refund was refused, and the purchase is REFUND right afterwards",
        refused,
        after,
        expected="a refused refund has no effect",
        observed=f"purchase {record.id}: REFUND, with nothing but reads between",
    )


def _denial(number: int, denied: _Denied, still: Mark) -> Violation:
    return violation(
        "LIFE-10",
        f"due-refund-refused-{denied.status}",
        f"a refund that is due is refused with {denied.status}",
        denied.mark,
        still,
        expected="a PENDING purchase without code, 20 minutes old, is refunded",
        observed=f"purchase {number}: {denied.status}, and still PENDING afterwards",
    )


_REASONS: Final = {
    "already-refunded": "REFUND already",
    "with-a-code": "shown with its code",
    "too-young": "younger than 20 minutes",
}
