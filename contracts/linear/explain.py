"""Why calls on a purchase cannot be ordered, in a reader's words: the clause, the cause and the calls with times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Final, NamedTuple

from contracts.finding import Violation
from contracts.history import ApiOperation
from contracts.linear.lifecycle import LATER, NOTHING, PENDING, REFUND, PurchaseLifecycle, Step
from contracts.linear.search import Decision, decide
from contracts.monitor import violation

READS: Final = frozenset({ApiOperation.RETRIEVE, ApiOperation.LIST})


class _Reason(NamedTuple):
    clause: str
    cause: str
    title: str
    expected: str


_ONE_SET: Final = "one set of credentials is ever seen, in whatever order"
_PENDING_ONCE: Final = "a refund needs PENDING and no code, and moves the purchase to REFUND"

_TWO_SETS: Final = _Reason(
    "RACE-2", "no-order-of-credentials", "request-codes at once brought two sets of credentials", _ONE_SET
)
_CHANGED: Final = _Reason("LIFE-3", "no-order-of-credentials", "credentials changed", _ONE_SET)
_PHONE: Final = _Reason(
    "LIFE-5",
    "no-order-of-phone-numbers",
    "no order of the calls explains the phone numbers shown",
    "phone_number goes from null to a value once and then never changes",
)
_STALE: Final = _Reason(
    "RACE-3",
    "no-order-of-reads",
    "a read shows a state that was over before it was sent",
    "a read sent after an answer arrived never shows a state from before that answer",
)
_BOTH: Final = _Reason(
    "LIFE-10", "no-order-of-refund-and-code", "a purchase brought its code and its money back", _PENDING_ONCE
)
_TWICE: Final = _Reason("LIFE-10", "no-order-of-refunds", "a purchase was refunded twice", _PENDING_ONCE)
_UNDUE: Final = _Reason("LIFE-10", "no-order-of-refund", "a purchase was refunded that was not PENDING", _PENDING_ONCE)
_STATUSES: Final = _Reason(
    "LIFE-2",
    "no-order-of-statuses",
    "no order of the calls explains the statuses shown",
    "a terminal status never changes, unless into REFUND",
)


def explain(number: int, calls: Sequence[Step], *, raced: bool) -> Violation:
    """Return the violation that calls without an order are.

    Args:
        number: id of the purchase.
        calls: the shortest part of its history that cannot be ordered, in the order in which they were sent.
        raced: whether request-codes for it overlapped.
    """
    reason = _reason(calls, raced=raced)
    return violation(
        reason.clause,
        reason.cause,
        reason.title,
        *(call.input for call in calls),
        expected=reason.expected,
        observed=f"purchase {number}: {_told(calls, phones=reason is _PHONE)}: no order of these is lawful",
    )


def _reason(calls: Sequence[Step], *, raced: bool) -> _Reason:
    """Return what is wrong, the most particular contradiction first."""
    shown = [call.output for call in calls if call.output is not None]
    if (
        len({seen.code for seen in shown if seen.code}) > 1
        or len({seen.password for seen in shown if seen.password}) > 1
    ):
        return _TWO_SETS if raced else _CHANGED
    without_phones = [
        replace(call, output=None if call.output is None else call.output._replace(phone=None)) for call in calls
    ]
    if decide(PurchaseLifecycle(), without_phones) is Decision.OK:
        return _PHONE
    older = [later for earlier, later in permutations(calls, 2) if _goes_back(earlier, later)]
    if older:
        return _STALE if any(call.input.api_operation in READS for call in older) else _STATUSES
    refunds = [call for call in calls if call.input.api_operation is ApiOperation.REFUND]
    if len(refunds) > 1:
        return _TWICE
    if refunds:
        return _BOTH if any(seen.status == "SUCCESS" or seen.code for seen in shown) else _UNDUE
    return _STATUSES


def _goes_back(earlier: Step, later: Step) -> bool:
    """Tell whether a call was sent after another's answer and shows a status from before it."""
    if later.output is None or not earlier.precedes(later):
        return False
    if earlier.output is None:
        # What was refunded was PENDING: any other status is none from before it.
        return later.output.status == PENDING
    return earlier.output.status in LATER[later.output.status]


def _told(calls: Sequence[Step], *, phones: bool) -> str:
    """Tell calls with their times in milliseconds after the first was sent."""
    start = min(call.invoked for call in calls)
    letters = _letters(calls)
    return "; ".join(
        f"{1000 * (call.invoked - start):.1f}–{1000 * (call.returned - start):.1f} {_name(call)}"
        f"{_answer(call, letters, phones=phones)}"
        for call in calls
    )


def _name(call: Step) -> str:
    return call.input.api_operation.partition("_purchase")[0].replace("_", "-")


def _answer(call: Step, letters: Mapping[tuple[str, str | None], str], *, phones: bool) -> str:
    shown = call.output
    if shown is None:
        return " → granted"
    text = f" → {shown.status}"
    if shown.code and (len(letters) > 1 or shown.status == REFUND):
        text += f" with code {letters[shown.code, shown.password]}"
    if phones and shown.phone is not None:
        text += " without a number" if shown.phone == NOTHING else f" with number {shown.phone}"
    return text


def _letters(calls: Sequence[Step]) -> dict[tuple[str, str | None], str]:
    """Name each set of credentials by a letter, as its values are nobody's business but the buyer's."""
    letters: dict[tuple[str, str | None], str] = {}
    for call in calls:
        if call.output is not None and call.output.code:
            letters.setdefault((call.output.code, call.output.password), chr(ord("A") + len(letters)))
    return letters
