"""WIRE-2: request-code and refund accept an empty body that is labelled application/json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from contracts.checks import media
from contracts.history import ApiOperation, Demand, Mark, Outcome
from contracts.monitor import Docket, Monitor, Setting, violation
from contracts.reading import Reading
from contracts.statuses import OUTAGES

MAX_PURCHASES: Final = 5_000
"""Purchases that are remembered; those of a load run that makes more are judged while they are young."""

NEAR_S: Final = 10.0
"""Two refunds of one purchase further apart than this may differ for its age alone."""

_NOT_PARSED: Final = frozenset({400, 422, 500})
"""How servers answer a body that they could not read."""

_SILENT: Final = OUTAGES | {401, 403, 404, 405, 407, 408, 429, 501}
"""Statuses that come before a body is looked at, or from elsewhere."""


class _Call(NamedTuple):
    """One call and its answer's status."""

    mark: Mark
    status: int


@dataclass(slots=True)
class _Purchase:
    """What is known of one purchase.

    Attributes:
        status: its status, as last shown.
        asked: True once a request-code may have had an effect.
        refused: the first request-code with an empty labelled body that was refused as unreadable.
        labelled: the last refund with an empty labelled body, and
        plain: the last refund sent otherwise, since the status last changed.
    """

    status: str | None = None
    asked: bool = False
    refused: _Call | None = None
    labelled: _Call | None = None
    plain: _Call | None = None


class EmptyBodyCheck(Monitor):
    """Compares calls with an empty labelled body to calls without.

    411 and 415 say outright that the body was the trouble. A 400 or 422 may also mean the purchase's state
    or age, so that it counts only where another form of the same call fared otherwise in the same state.
    """

    clauses: ClassVar[tuple[str, ...]] = ("WIRE-2",)

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._purchases: dict[int, _Purchase] = {}

    def observe(self, reading: Reading, docket: Docket) -> None:
        """Judge one call of request-code or refund, and note what any answer says of a purchase."""
        if not reading.operation.authenticated:
            return
        kind, number = reading.route.api_operation, reading.purchase_id
        if kind in {ApiOperation.REQUEST_CODE, ApiOperation.REFUND} and number is not None and _is_own(reading):
            self._judge(reading, self._known(number), docket)
        for view in reading.views:
            if view.id is not None:
                _show(self._known(view.id), view.status)

    def _known(self, number: int) -> _Purchase:
        if number not in self._purchases:
            self._purchases[number] = _Purchase()
            if len(self._purchases) > MAX_PURCHASES:
                del self._purchases[next(iter(self._purchases))]
        return self._purchases[number]

    def _judge(self, reading: Reading, purchase: _Purchase, docket: Docket) -> None:
        kind, status = reading.route.api_operation, reading.operation.status
        labelled = _is_empty_and_labelled(reading)
        if status is not None and labelled and status not in _SILENT:
            docket.exercise("WIRE-2")
            if status in {411, 415}:
                _report(kind, "refused outright", docket, _Call(reading.mark, status))
        if kind is ApiOperation.REQUEST_CODE:
            _judge_request_code(reading, purchase, docket, labelled=labelled)
        elif status is not None:
            _judge_refund(_Call(reading.mark, status), purchase, docket, labelled=labelled)


def _is_own(reading: Reading) -> bool:
    """Tell whether a call may be taken for one of the purchase's owner, on a purchase that exists."""
    clauses = {fault.clause for fault in reading.judgement.faults} | set(reading.judgement.oddities)
    # WIRE-2's own oddity is a body that refund does not need, which is the form to compare with.
    return not clauses & {"AUTH-4", "AUTH-5", "INPUT-8"}


def _is_empty_and_labelled(reading: Reading) -> bool:
    sent = reading.operation.input
    label = next((value for name, value in sent.headers if name.lower() == "content-type"), None)
    return not sent.body and media.parse(label).kind == "application/json"


def _show(purchase: _Purchase, status: str | None) -> None:
    """Note the status that an answer shows; what was seen of another status compares with nothing."""
    if status != purchase.status:
        purchase.status, purchase.labelled, purchase.plain = status, None, None


def _judge_request_code(reading: Reading, purchase: _Purchase, docket: Docket, *, labelled: bool) -> None:
    """Compare a first request-code that was unreadable with a later one that was not."""
    operation, refused = reading.operation, purchase.refused
    status = operation.status
    if labelled and status in _NOT_PARSED and status is not None:
        if purchase.status == "PENDING" and not purchase.asked and refused is None:
            purchase.refused = _Call(reading.mark, status)
        return
    if operation.outcome is Outcome.FAIL:
        return
    if refused is not None and not purchase.asked and not labelled and operation.outcome is Outcome.OK:
        later = _Call(reading.mark, status or 0)
        if refused.mark.precedes(reading.mark) and reading.judgement.demand is Demand.SERVE:
            _report(ApiOperation.REQUEST_CODE, "refused as unreadable", docket, refused, later)
    purchase.asked = True


def _judge_refund(call: _Call, purchase: _Purchase, docket: Docket, *, labelled: bool) -> None:
    """Compare two refunds of one purchase in one state, sent shortly after one another."""
    if labelled:
        purchase.labelled = call
    else:
        purchase.plain = call
    one, other = purchase.labelled, purchase.plain
    if one is None or other is None or abs(one.mark.invoked - other.mark.invoked) > NEAR_S:
        return
    understood = 400 <= other.status < 500 and other.status not in _NOT_PARSED | _SILENT | {411, 413, 415}
    if one.status in _NOT_PARSED and understood:
        _report(ApiOperation.REFUND, "refused as unreadable", docket, one, other)


def _report(kind: ApiOperation, cause: str, docket: Docket, refused: _Call, other: _Call | None = None) -> None:
    marks = (refused.mark,) if other is None else (refused.mark, other.mark)
    observed = f"{kind}: status {refused.status} to an empty body labelled application/json"
    docket.violate(
        violation(
            "WIRE-2",
            cause,
            f"an empty body labelled application/json is {cause}",
            *marks,
            expected="the same answer as without a label",
            observed=observed if other is None else f"{observed}, {other.status} to the same call in another form",
        )
    )
