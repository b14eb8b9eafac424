"""A salvo: recorded requests that overlapped, fired at once, their money held before and settled after."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from contracts.budget import Reservation
from contracts.gate.book import price_of
from contracts.gate.replay.steps import Call
from contracts.gate.session import Session
from contracts.gate.volley import fire, overlapping
from contracts.history import ApiOperation, Input, Operation, Outcome
from contracts.reading import Reading


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
    held = _reserve(session, [call for call, _ in ready])
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
            session.budget.settle(reservation, operation.outcome, _paid(operation))
    calls = [call for call, _ in ready]
    arrived = sorted(zip(calls, operations, strict=True), key=lambda pair: pair[1].returned)
    judged = [(call, session.dispatch(operation)) for call, operation in arrived]
    return judged, len(ready) < 2 or overlapping(replies) > 1


def _reserve(session: Session, calls: Sequence[Call]) -> list[Reservation | None]:
    """Hold a purchase for each create among some calls, for all of them or for none."""
    price = max(session.prices.values(), default=Decimal(0))
    held: list[Reservation | None] = []
    try:
        for call in calls:
            create = call.operation.api_operation is ApiOperation.CREATE
            held.append(session.budget.reserve(price) if create else None)
    except BaseException:
        for reservation in held:
            if reservation is not None:
                session.budget.settle(reservation, Outcome.FAIL)
        raise
    return held


def _paid(operation: Operation) -> Decimal | None:
    views = Reading(operation).views
    return price_of(views[0].data.get("price")) if views and operation.outcome is Outcome.OK else None
