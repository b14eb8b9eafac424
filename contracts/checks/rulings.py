"""Which status is right for which fault of a request: the refusals' table of the contract, as functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from contracts.checks import media
from contracts.demand import MAX_PAGE_SIZE, Fault
from contracts.finding import Severity
from contracts.history import Answer, ApiOperation
from contracts.reading import Reading
from contracts.routes import route

_LACKING: Final = frozenset({405, 501})
"""How a target says that it has no such operation."""

_COMMON_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


class Ruling(NamedTuple):
    """What one clause says of one status.

    Attributes:
        kind: what became of the request; empty where the status is right.
        severity: None for the clause's own.
    """

    kind: str = ""
    severity: Severity | None = None

    @property
    def right(self) -> bool:
        """True when the status is one that the clause asks for or tolerates in silence."""
        return not self.kind


MAX_COMMON_ID: Final = 2**31 - 1
"""The largest id that every implementation's integers hold."""

RIGHT: Final = Ruling()
ACCEPTED: Final = Ruling("accepted")
SERVER_ERROR: Final = Ruling("server error")
REDIRECTED: Final = Ruling("redirected")
OTHER_REFUSAL: Final = Ruling("another refusal")
UNUSUAL_REFUSAL: Final = Ruling("another refusal", Severity.WARNING)
CONFLICT: Final = Ruling("a conflict", Severity.WARNING)
CLAMPED: Final = Ruling("clamped", Severity.WARNING)


def rule(fault: Fault, reading: Reading, answer: Answer) -> Ruling | None:
    """Return what a fault's clause says of an answer.

    Args:
        fault: why the request had to be refused.
        reading: the request.
        answer: what it was answered with.

    Returns:
        The ruling; None where this answer does not let the clause be judged.
    """
    status = answer.status
    kind = reading.route.api_operation
    if kind not in {ApiOperation.CREATE, ApiOperation.OTHER} and status in _LACKING:
        return None
    judge = _JUDGES.get(fault.clause)
    if judge is None:
        # What the purchase's state or owner forbids (LIFE, AUTH-5) is judged where its history is known.
        return RIGHT if 400 <= status < 500 else None
    if 300 <= status < 400:
        return None if _keeps_place(reading, answer) else REDIRECTED
    return judge(fault, reading, answer)


def refused_id_is_unknown(fault: Fault, reading: Reading) -> bool:
    """Tell whether an INPUT-8 fault is an id that could be a purchase's but was given to nobody."""
    aim = reading.operation.aim
    return aim is not None and aim.clause == fault.clause and aim.reason == fault.reason


def _keeps_place(reading: Reading, answer: Answer) -> bool:
    """Tell whether a redirect is one of the kinds that WIRE-1 judges, or keeps method and body."""
    if answer.status in {307, 308}:
        return True
    try:
        target = urlsplit(answer.header("location") or "").path.rstrip("/")
    except ValueError:
        return False
    own = reading.operation.input.path.rstrip("/")
    return bool(own) and target.endswith(own)


def _by_class(status: int, *, refused: Ruling) -> Ruling:
    """Return the ruling that every clause of refusals shares: never 2xx, never 5xx."""
    if status < 300:
        return ACCEPTED
    return SERVER_ERROR if status >= 500 else refused


def _keyless(_fault: Fault, reading: Reading, answer: Answer) -> Ruling | None:
    if answer.status in {401, 403}:
        return RIGHT
    if answer.status == 404 and reading.route.api_operation is not ApiOperation.CREATE:
        # It may hide what exists from strangers, or the target may lack the operation.
        return None
    return _by_class(answer.status, refused=OTHER_REFUSAL)


def _ill_formed(_fault: Fault, reading: Reading, answer: Answer) -> Ruling:
    label = next((value for name, value in reading.operation.input.headers if name.lower() == "content-type"), None)
    if answer.status == 415 and not media.parse(label).is_json:
        # The refusal that HTTP has for a label that is not JSON (RFC 9110, 15.5.16).
        return RIGHT
    return RIGHT if answer.status in {400, 422} else _by_class(answer.status, refused=UNUSUAL_REFUSAL)


def _unsellable(_fault: Fault, _reading: Reading, answer: Answer) -> Ruling:
    return CONFLICT if answer.status == 409 else _by_class(answer.status, refused=RIGHT)


def _unsupported(_fault: Fault, reading: Reading, answer: Answer) -> Ruling | None:
    status, sent = answer.status, reading.operation.input
    if status in {404, 405, 501}:
        return RIGHT
    if status in {401, 403} and not reading.operation.authenticated:
        return RIGHT
    method = sent.method.upper()
    ordinary = method in {"OPTIONS", "TRACE"} or (
        method == "HEAD" and route("GET", sent.path).api_operation is not ApiOperation.OTHER
    )
    if status < 500 and ordinary:
        # HTTP servers answer these for every path (RFC 9110, section 9.3); no purchase is touched.
        return None
    if status == 400 and method not in _COMMON_METHODS:
        return RIGHT
    return _by_class(status, refused=UNUSUAL_REFUSAL)


def _impossible_id(fault: Fault, reading: Reading, answer: Answer) -> Ruling:
    refused = RIGHT
    if refused_id_is_unknown(fault, reading) and answer.status not in {403, 404}:
        number = reading.route.parameter or ""
        # Above that an id may be one that the target's own kind of integer does not hold.
        refused = OTHER_REFUSAL if number.isdigit() and int(number) <= MAX_COMMON_ID else UNUSUAL_REFUSAL
    return _by_class(answer.status, refused=refused)


def _out_of_domain(fault: Fault, reading: Reading, answer: Answer) -> Ruling:
    if answer.status >= 300:
        return _by_class(answer.status, refused=RIGHT)
    page = reading.document.value
    items = page.get("items") if isinstance(page, dict) else None
    if not isinstance(items, list) or len(items) > MAX_PAGE_SIZE:
        return ACCEPTED
    # Only a number can be moved to the nearest lawful one; a word or an unknown order was simply ignored.
    if fault.reason.startswith("sort ") or fault.reason.endswith(" is no number"):
        return ACCEPTED
    # A status nobody knows shows nothing, rightly so; whatever is shown for it is of another status.
    return ACCEPTED if items and fault.reason.startswith("status ") else CLAMPED


_JUDGES: Final[Mapping[str, Callable[[Fault, Reading, Answer], Ruling | None]]] = {
    "AUTH-1": _keyless,
    "INPUT-1": _ill_formed,
    "INPUT-3": _unsellable,
    "INPUT-7": _unsupported,
    "INPUT-8": _impossible_id,
    "INPUT-9": _out_of_domain,
}
