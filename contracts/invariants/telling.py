"""The words in which findings tell of operations."""

from __future__ import annotations

from typing import Final

from contracts.history import ApiOperation, Mark

NAMES: Final = {
    ApiOperation.CREATE: "create",
    ApiOperation.LIST: "list",
    ApiOperation.RETRIEVE: "retrieve",
    ApiOperation.REQUEST_CODE: "request-code",
    ApiOperation.REFUND: "refund",
    ApiOperation.ACCOUNT: "accounts",
    ApiOperation.PROFILE: "profile",
    ApiOperation.OTHER: "another call",
}
"""Short names of the operations, as the contract's prose has them."""


def name(mark: Mark) -> str:
    """Return the short name of an operation."""
    return NAMES[mark.api_operation]


def said(mark: Mark, what: str) -> str:
    """Tell what an answer showed: ``request-code answered SUCCESS``, ``list showed PENDING``."""
    verb = "answered" if mark.api_operation in _ANSWERS else "showed"
    return f"{name(mark)} {verb} {what}"


def course(first: Mark, first_what: str, second: Mark, second_what: str) -> str:
    """Tell two views in order of time: ``request-code answered SUCCESS, a later list shows PENDING``."""
    if not first.precedes(second) and second.precedes(first):
        first, first_what, second, second_what = second, second_what, first, first_what
    order = "a later" if first.precedes(second) else "an overlapping"
    return f"{said(first, first_what)}, {order} {name(second)} shows {second_what}"


def crosses_list(one: Mark, other: Mark) -> bool:
    """Tell whether one of two views is a list's and the other is not (LIST-5)."""
    return (one.api_operation is ApiOperation.LIST) != (other.api_operation is ApiOperation.LIST)


def other_lane(one: Mark, other: Mark) -> bool:
    """Tell whether two operations are known to have come from different connections (RACE-3)."""
    return bool(one.lane and other.lane and one.lane != other.lane)


def overlap(one: Mark, other: Mark) -> bool:
    """Tell whether two operations were under way at the same time."""
    return not one.precedes(other) and not other.precedes(one)


_ANSWERS: Final = frozenset({ApiOperation.CREATE, ApiOperation.REQUEST_CODE, ApiOperation.REFUND, ApiOperation.ACCOUNT})
