"""Trespass: a purchase is as it was after somebody else asked for its code or its refund (AUTH-2, AUTH-5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contracts.history import ApiOperation, Mark, Outcome
from contracts.invariants.book import Entry
from contracts.invariants.invariant import MAX_HELD, Invariant
from contracts.invariants.purchase import Purchase, Sight
from contracts.invariants.refunding import Attempt
from contracts.invariants.telling import name
from contracts.invariants.values import ERROR, EXPIRED
from contracts.monitor import Docket, Setting, violation

_ACTIONS: Final = frozenset({ApiOperation.REQUEST_CODE, ApiOperation.REFUND})
_PER_PURCHASE: Final = 8


@dataclass(slots=True)
class _Trespass:
    """A request-code or refund by somebody who does not own the purchase, which was not served.

    Attributes:
        attempt: the request.
        clause: AUTH-5 by another owner, AUTH-2 without a valid key.
        seen: True once the owner saw the purchase as it was.
    """

    attempt: Attempt
    clause: str
    seen: bool = False

    @property
    def mark(self) -> Mark:
        """The request without its bytes."""
        return self.attempt.mark


@dataclass(slots=True)
class _Suspicion:
    """A change that only an attempt explains, unless its owner's own request turns out to have been under way."""

    record: Purchase
    attempts: tuple[_Trespass, ...]
    change: str
    mark: Mark


class Trespass(Invariant):
    """Compares the owner's views of a purchase before and after the attempts of others.

    ERROR and EXPIRED come by themselves, REFUND by an administrator: only a code, or a refund seen right
    after an attempt to get one, is held against the attempt.
    """

    clauses = ("AUTH-2", "AUTH-5")

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._attempts: dict[int, list[_Trespass]] = {}
        self._suspicions: list[_Suspicion] = []

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Take note of an attempt, and look for the effect of earlier ones."""
        if entry.kind in _ACTIONS and entry.purchase is not None:
            if entry.own:
                self._explain(entry, entry.purchase)
            else:
                self._note(entry, entry.purchase)
        for sight in entry.sights if self._attempts else ():
            attempts = self._attempts.get(sight.record.id)
            if attempts is not None:
                self._look(entry, sight, attempts, docket)

    def finish(self, docket: Docket) -> None:
        """Report the changes that nothing explains."""
        for suspicion in self._suspicions:
            _report(suspicion, docket)
        self._suspicions.clear()
        super().finish(docket)

    def _note(self, entry: Entry, record: Purchase) -> None:
        if entry.outcome is Outcome.OK or entry.status is None or record.known is None:
            return
        if not record.known.precedes(entry.mark) or (entry.authenticated and not entry.foreign):
            return
        if len(self._attempts) >= MAX_HELD and record.id not in self._attempts:
            return
        clause = "AUTH-5" if entry.authenticated else "AUTH-2"
        attempts = self._attempts.setdefault(record.id, [])
        attempts.append(_Trespass(Attempt(entry.mark, entry.position, entry.writes), clause))
        del attempts[:-_PER_PURCHASE]

    def _explain(self, entry: Entry, record: Purchase) -> None:
        """Drop suspicions that the owner's own request explains, which was under way unseen."""
        if entry.outcome is Outcome.FAIL:
            return
        self._suspicions = [
            suspicion
            for suspicion in self._suspicions
            if suspicion.record is not record
            or suspicion.mark.precedes(entry.mark)
            or not any(attempt.mark.api_operation is entry.kind for attempt in suspicion.attempts)
        ]

    def _look(self, entry: Entry, sight: Sight, attempts: list[_Trespass], docket: Docket) -> None:
        record, mark = sight.record, sight.mark
        past = [attempt for attempt in attempts if attempt.mark.precedes(mark)]
        if not past or mark.api_operation in _ACTIONS:
            # The owner's own action may be what changes the purchase.
            return
        coded = record.shown is mark or (record.settled is mark and record.settled_status not in {ERROR, EXPIRED})
        refunded = record.refunded is mark
        if coded and record.asked is None and not record.unsure:
            blamed = [a for a in past if a.mark.api_operation is ApiOperation.REQUEST_CODE]
            self._suspect(record, [a for a in blamed if not a.seen] or blamed, "SUCCESS", mark)
        elif refunded and not record.unsure and record.settled_status not in {ERROR, EXPIRED}:
            blamed = [a for a in past if a.mark.api_operation is ApiOperation.REFUND and not a.seen]
            near = [a for a in blamed if a.attempt.is_right_before(entry)]
            self._suspect(record, near, "REFUND", mark)
        for attempt in past:
            if not attempt.seen:
                attempt.seen = True
                docket.exercise(attempt.clause)

    def _suspect(self, record: Purchase, blamed: list[_Trespass], change: str, mark: Mark) -> None:
        if blamed and len(self._suspicions) < MAX_HELD:
            self._suspicions.append(_Suspicion(record, tuple(blamed), change, mark))


def _report(suspicion: _Suspicion, docket: Docket) -> None:
    for clause in sorted({attempt.clause for attempt in suspicion.attempts}):
        attempts = [attempt.mark for attempt in suspicion.attempts if attempt.clause == clause]
        who = "another owner" if clause == "AUTH-5" else "somebody without a key"
        docket.violate(
            violation(
                clause,
                f"{name(attempts[0])}-took-effect",
                f"{who} was refused a {name(attempts[0])}, and the purchase is {suspicion.change} afterwards",
                *attempts[:3],
                suspicion.mark,
                expected="the purchase is unchanged after the attempt",
                observed=f"purchase {suspicion.record.id}: {suspicion.change}, and its owner asked for nothing",
            )
        )
