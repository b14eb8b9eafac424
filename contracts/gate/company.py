"""Company: whether another program uses the owner's account while the run goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from contracts import instant
from contracts.gate.book import price_of
from contracts.gate.session import Session
from contracts.gate.shop import Shop
from contracts.history import OWNER, ApiOperation, Operation, Outcome
from contracts.invariants.book import book_of
from contracts.invariants.effects import IDLE_S
from contracts.reading import Reading, View

WAIT_S: Final = IDLE_S + 1.0
"""Seconds between two looks at an account that seems to have company."""

TROUBLE: Final = (
    "another program uses the owner's account: purchases were made there while this run sent nothing, so that what "
    "appears and what it costs could not be laid to a request; give the gate an account of its own"
)


def look_for_company(session: Session, operations: Sequence[Operation], wait: Callable[[float], None]) -> None:
    """Look twice with a rest between, where something was bought or spent that no create was answered with.

    What the looks tell is the oracle's to judge (``contracts.invariants.effects`` and ``balance``): a target that
    sells on a refused request does so when it is asked, and not while nothing is sent.

    Args:
        session: the run.
        operations: all of it so far.
        wait: lets so many seconds pass.
    """
    shop = Shop(session)
    creates = [o for o in operations if o.api_operation is ApiOperation.CREATE and o.principal == OWNER]
    if _unexplained(session, [view for operation in creates for view in Reading(operation).views]):
        shop.list_page(1, 50)
        wait(WAIT_S)
        shop.list_page(1, 50)
    if not trouble(session) and _overdrawn(operations, creates):
        shop.profile()
        shop.profile()
        wait(WAIT_S)
        shop.profile()


def trouble(session: Session) -> str:
    """Tell what keeps the run from vouching for the target; empty where the owner's account has no company."""
    return TROUBLE if OWNER in book_of(session.oracle).shared else ""


def _unexplained(session: Session, bought: Sequence[View]) -> bool:
    """Tell whether a list showed a purchase, younger than the run's first one, that no create was answered with."""
    ours = {view.id for view in bought}
    first = next((made for view in bought if (made := instant.parse(view.data.get("created_at"))) is not None), None)
    if first is None:
        return False
    for entry in session.book.of(OWNER, ours=None):
        made = instant.parse(entry.created_at)
        if entry.id not in ours and made is not None and made.time > first.time:
            return True
    return False


def _overdrawn(operations: Sequence[Operation], creates: Sequence[Operation]) -> bool:
    """Tell whether the owner's balance fell by more than all creates of the run can have cost."""
    if any(create.outcome is Outcome.UNKNOWN for create in creates):
        return False
    looks = [o for o in operations if o.api_operation is ApiOperation.PROFILE and o.principal == OWNER]
    balances = [amount for look in looks if (amount := _balance(look)) is not None]
    prices = [price_of(view.data.get("price")) for create in creates for view in Reading(create).views]
    known = [price for price in prices if price is not None]
    return len(balances) > 1 and len(known) == len(prices) and balances[0] - balances[-1] > sum(known)


def _balance(look: Operation) -> Decimal | None:
    value = Reading(look).document.value
    return price_of(value.get("balance")) if look.outcome is Outcome.OK and isinstance(value, dict) else None
