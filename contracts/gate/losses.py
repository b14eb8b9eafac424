"""Lost calls: well-formed requests whose outcome nobody knows, and when they are too many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contracts.gate.wire import SAFE
from contracts.history import Operation, Outcome
from contracts.reading import Reading

MAX_SHARE: Final = 0.01
"""Share of lost calls above which a run cannot vouch for the target: no network that works loses so many."""

MIN_LOST: Final = 3
"""Lost calls below which they are an accident, however few were made."""

_OURS: Final = frozenset({"x-api-key", "accept", "content-type"})
_ILL_FORMED: Final = frozenset({"INPUT-1", "INPUT-5", "INPUT-7", "INPUT-8", "INPUT-9", "WIRE-2"})
"""Clauses that speak of requests as such; a well-formed one that is refused has to be refused by an answer."""

_JSON: Final = "application/json"
_IN_BETWEEN: Final = frozenset({407, 421})
"""Refusals by a proxy, or on a connection that leads elsewhere (RFC 9110, 15.5.8 and 15.5.20): the target gave none."""

_LACKING: Final = 501
"""A server error that tells its outcome: the target has no such operation (contract, "Operations")."""


@dataclass(slots=True)
class Share:
    """Calls of one kind.

    Attributes:
        calls: how many were made.
        lost: how many of them had no whole answer, or one that leaves the outcome unknown.
    """

    calls: int = 0
    lost: int = 0

    @property
    def too_many(self) -> bool:
        """Whether more were lost than an accident explains."""
        return self.lost >= MIN_LOST and self.lost > self.calls * MAX_SHARE


class Losses:
    """Counts the calls that a target has to answer, reads and writes together and apart.

    A 408 and a 5xx are no answer either: after them the effect may or may not have taken place, and what a gateway
    says in the target's stead (RFC 9110, 15.6.3 to 15.6.5) no clause judges.

    Only what is well-formed is counted, with an owner's key and no header but ours: whoever sits before a target
    may drop anything else without a word. Apart, for a run has several reads to each write, and a lost write is
    the worse: nobody knows what became of it.

    Attributes:
        reads: calls by a safe method.
        writes: all others.
    """

    def __init__(self) -> None:
        self.reads = Share()
        self.writes = Share()
        self._last = ""

    def take(self, reading: Reading) -> None:
        """Take note of one call."""
        if not _is_plain(reading):
            return
        operation = reading.operation
        share = self.reads if operation.input.method in SAFE else self.writes
        share.calls += 1
        unknown = operation.outcome is Outcome.UNKNOWN and operation.status != _LACKING
        if unknown or operation.status in _IN_BETWEEN:
            share.lost += 1
            self._last = _told(operation)

    @property
    def trouble(self) -> str:
        """Why the run cannot vouch for the target; empty as long as it can."""
        both = Share(self.reads.calls + self.writes.calls, self.reads.lost + self.writes.lost)
        if not (self.reads.too_many or self.writes.too_many or both.too_many):
            return ""
        kinds = (("reads", self.reads), ("writes", self.writes))
        told = [f"{share.lost} of {share.calls} {kind}" for kind, share in kinds if share.lost]
        return (
            f"the target left {' and '.join(told)} without an answer that tells the outcome, well-formed "
            f"as they were (more than {MAX_SHARE:.0%}), the last: {self._last}; what was lost was not judged"
        )


def _told(operation: Operation) -> str:
    """Tell why the outcome of a call is unknown."""
    if operation.answer is None:
        return operation.error or "no answer"
    return "an answer too long to read" if operation.answer.truncated else f"status {operation.answer.status}"


def _is_plain(reading: Reading) -> bool:
    """Tell whether a call is written as every client writes it, by an owner, wherever it leads."""
    for name, value in reading.operation.input.headers:
        if name.lower() not in _OURS or (name.lower() != "x-api-key" and value != _JSON):
            return False
    judgement = reading.judgement
    odd = {fault.clause for fault in judgement.faults}.union(judgement.oddities)
    return reading.operation.authenticated and not odd & _ILL_FORMED
