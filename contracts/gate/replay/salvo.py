"""A salvo: recorded requests that overlapped, fired at once, their money held before and settled after."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.asking import purchases_asked
from contracts.budget import BudgetSpentError, Reservation
from contracts.gate.replay.steps import Call
from contracts.gate.session import Session
from contracts.gate.volley import fire, overlapping
from contracts.history import Input, Operation, Outcome


def fire_at_once(
    session: Session, ready: Sequence[tuple[Call, Input]], timeout: float
) -> tuple[list[tuple[Call, Operation]], bool]:
    """Fire requests and have them judged in the order in which their answers arrived.

    Args:
        session: through which every answer is judged.
        ready: each request as recorded and as it is to be sent.
        timeout: seconds to wait for the answers.

    Returns:
        Each request with what came of it, and whether any two truly overlapped, as a single one need not.

    Raises:
        BudgetSpentError: a create that a cap forbids; nothing was sent.
    """
    # By the request itself: what a record calls it is no more than what somebody wrote.
    buys = [purchases_asked(sent) for _, sent in ready]
    held = _reserve(session, buys)
    replies = fire(session.target, [sent for _, sent in ready], timeout)
    operations = [
        session.operation(
            sent,
            call.operation.principal,
            reply,
            aim=call.operation.aim,
            walk=call.operation.walk,
            lane=call.operation.lane,
        )
        for (call, sent), reply in zip(ready, replies, strict=True)
    ]
    for operation, reservation in zip(operations, held, strict=True):
        if reservation is not None:
            session.settle(reservation, operation)
    calls = [call for call, _ in ready]
    arrived = sorted(zip(calls, operations, strict=True), key=lambda pair: pair[1].returned)
    judged = [(call, session.dispatch(operation)) for call, operation in arrived]
    return judged, len(ready) < 2 or overlapping(replies) > 1


def _reserve(session: Session, buys: Sequence[int]) -> list[Reservation | None]:
    """Hold what each of some requests may buy, for all of them or for none.

    Raises:
        BudgetSpentError: a cap would be exceeded; nothing is held.
    """
    held: list[Reservation | None] = []
    try:
        for count in buys:
            one = session.budget.reserve(session.dearest, count) if count else None
            held.append(one)
    except BudgetSpentError:
        for one in held:
            if one is not None:
                session.budget.settle(one, Outcome.FAIL)
        raise
    return held
