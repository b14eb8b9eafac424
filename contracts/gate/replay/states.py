"""What the record tells of things no request shows: what the provider did, an administrator, the clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from contracts.gate.replay.record import Recorded
from contracts.history import ApiOperation, Outcome
from contracts.invariants.refunding import NEARBY
from contracts.invariants.values import ERROR, EXPIRED, PENDING, REFUND, STATUSES, SUCCESS, server_clock
from contracts.reading import Reading

LEAP_S: Final = 30.0
"""Seconds by which a server's clock must get ahead of ours to have been moved."""

_MEANINGS: Final[Mapping[str, str]] = {
    "PEND": PENDING,
    "SUCC": SUCCESS,
    "COMPL": SUCCESS,
    "DONE": SUCCESS,
    "ERR": ERROR,
    "FAIL": ERROR,
    "REFUND": REFUND,
    "EXPIR": EXPIRED,
}
"""By how it begins, what a status means that is none of the contract's: a misspelt one is a finding of its own."""

SUSTAINED: Final = 3
"""Answers in a row that must show a move of the clock: one wrong ``Date`` is no move."""


@dataclass(slots=True)
class Course:
    """What became of one purchase.

    Attributes:
        wanted: by the index of a request-code, the status that it led to.
        moves: index of the operation before which somebody else moved it, and how: ``refund`` or ``expire``.
    """

    wanted: dict[int, str] = field(default_factory=dict)
    moves: list[tuple[int, str]] = field(default_factory=list)


def course_of(recorded: Recorded, number: int, owner: str) -> Course:
    """Return what became of a purchase, as far as the contract lets it happen.

    A status that contradicts what was seen before is a defect's work and is passed over. So is a REFUND that
    comes right after somebody was refused one: that refusal may be what the finding is about (LIFE-10, AUTH-5).

    Args:
        recorded: the run.
        number: the purchase's recorded id.
        owner: whose it is.
    """
    course = Course()
    status: str | None = None
    asked: int | None = None
    tried: tuple[int, int] | None = None
    writes = 0
    for position, reading in enumerate(recorded.readings):
        writes += reading.operation.authenticated and reading.operation.input.method != "GET"
        named = reading.purchase_id == number
        kind = reading.route.api_operation
        if named and kind is ApiOperation.REFUND:
            tried = (position, writes)
        if named and kind is ApiOperation.REQUEST_CODE and status == PENDING:
            asked = reading.operation.index
        seen = _status(reading, number, owner)
        if seen is None:
            continue
        if status is None or (status == PENDING and seen in {SUCCESS, ERROR}):
            if status is not None and asked is not None:
                course.wanted[asked] = seen
            status = seen
        elif seen == PENDING == status and kind is ApiOperation.REQUEST_CODE and asked is not None:
            course.wanted[asked] = PENDING
        elif seen == REFUND != status or (seen == EXPIRED and status == PENDING):
            if tried is None or tried[1] != writes or position - tried[0] > NEARBY:
                course.moves.append((reading.operation.index, "refund" if seen == REFUND else "expire"))
            status = seen
        tried = None
    return course


def clock_moves(recorded: Recorded) -> Iterator[tuple[int, float]]:
    """Yield each move of the target's clock: before which operation, and by how many seconds."""
    ahead: list[tuple[int, float]] = []
    for operation in recorded.operations:
        clock = server_clock(operation.answer)
        if clock is not None:
            ahead.append((operation.index, clock - operation.wall))
    if not ahead:
        return
    base = ahead[0][1]
    for place, (index, lead) in enumerate(ahead):
        following = ahead[place : place + SUSTAINED]
        if lead - base > LEAP_S and all(later - base > LEAP_S for _, later in following):
            yield index, lead - base
            base = lead


def _status(reading: Reading, number: int, owner: str) -> str | None:
    """Return the status in which an operation shows a purchase to its owner."""
    operation = reading.operation
    if operation.principal != owner or operation.outcome is not Outcome.OK:
        return None
    for view in reading.views:
        if view.id == number and view.status is not None:
            return _meant(view.status)
    return None


def _meant(status: str) -> str | None:
    if status in STATUSES:
        return status
    word = status.strip().upper()
    return next((meaning for beginning, meaning in _MEANINGS.items() if word.startswith(beginning)), None)
