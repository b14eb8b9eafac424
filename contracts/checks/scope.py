"""Which answers the checks of one response judge, and as what."""

from __future__ import annotations

import re
from typing import Final

from contracts.history import ApiOperation
from contracts.reading import Reading

_COUNTRY: Final = re.compile(r"[A-Z]{2}")

OTHER_RESOURCES: Final = frozenset({"bulk", "countries"})
"""Published paths outside of the contract that stand where an id or a country stands (api-facts, section 3):
``/v1/purchases/bulk`` takes a POST, ``/v1/accounts/countries`` is a list that needs no key."""

BY_ID: Final = frozenset({ApiOperation.RETRIEVE, ApiOperation.REQUEST_CODE, ApiOperation.REFUND})
"""Operations whose path names a purchase."""


def is_other_resource(reading: Reading) -> bool:
    """Tell whether a request went to a published path that the contract does not speak of."""
    return reading.route.parameter in OTHER_RESOURCES


def is_faulty(reading: Reading) -> bool:
    """Tell whether the request itself had to be refused, whatever the purchase's state or owner."""
    return any(fault.clause.startswith("INPUT-") for fault in reading.judgement.faults)


def judged_kind(reading: Reading) -> ApiOperation | None:
    """Return as which operation's success an answer is to be judged, None where it is not.

    A success that should have been a refusal is the finding of the refusal's own clause; what such an
    answer looks like (``us`` echoed for ``us``) would only tell the same defect twice.
    """
    if not reading.served or is_faulty(reading) or is_other_resource(reading):
        return None
    kind = reading.route.api_operation
    if kind is ApiOperation.ACCOUNT and not _COUNTRY.fullmatch(reading.route.parameter or ""):
        return None
    return None if kind is ApiOperation.OTHER else kind


def request_line(reading: Reading) -> str:
    """Return method and path as sent, cut to a readable length."""
    sent = reading.operation.input
    path = sent.path if len(sent.path) <= 80 else f"{sent.path[:80]}…"
    return f"{sent.method[:20]} {path}"
