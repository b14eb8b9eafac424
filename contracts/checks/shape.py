"""SHAPE: what one successful answer looks like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from contracts.checks import media, scope
from contracts.checks.faults import EXPECTED, Fault, place, pointer, shown, value_at
from contracts.checks.purchase import money_faults, name_faults, purchase_faults
from contracts.checks.schemas import AROUND, PURCHASE, MakeValidator, compiled, faults
from contracts.document import Document
from contracts.finding import Violation
from contracts.history import Answer, ApiOperation
from contracts.monitor import Docket, Monitor, Setting, violation
from contracts.reading import Reading
from contracts.schema import RustValidator

_BODILESS: Final = frozenset({204, 205})
"""Statuses that have no body (RFC 9110, sections 15.3.5 and 15.3.6); that it is missing is no further finding."""


class ShapeCheck(Monitor):
    """Judges every success of the seven operations.

    Args:
        setting: what every monitor may know of the run.
        make_validator: compiles a JSON Schema; the engines agree on every answer.
    """

    clauses: ClassVar[tuple[str, ...]] = (*(f"SHAPE-{number}" for number in range(1, 12)), "LIST-5")

    def __init__(self, setting: Setting, make_validator: MakeValidator = RustValidator) -> None:
        super().__init__(setting)
        self._make_validator = make_validator

    def observe(self, reading: Reading, docket: Docket) -> None:
        """Judge one answer; anything but a success by a holder of a key is passed over."""
        kind = scope.judged_kind(reading)
        answer = reading.operation.answer
        if kind is None or answer is None:
            return
        docket.exercise("SHAPE-1")
        for cause, title, observed in _status_faults(kind, answer):
            docket.violate(
                violation("SHAPE-1", cause, title, reading.mark, expected=EXPECTED["SHAPE-1"], observed=observed)
            )
        if answer.status in _BODILESS:
            return
        docket.exercise("SHAPE-2")
        for cause, title, observed in _document_faults(reading.document):
            docket.violate(
                violation("SHAPE-2", cause, title, reading.mark, expected=EXPECTED["SHAPE-2"], observed=observed)
            )
        value = reading.document.value
        if not isinstance(value, dict):
            # What is not an object has no fields to judge; one finding says so.
            return
        self._count(kind, reading, value, docket)
        for fault in self._faults(kind, reading, value):
            docket.violate(_violation(fault, reading, value))

    def _faults(self, kind: ApiOperation, reading: Reading, value: Mapping[str, object]) -> Iterator[Fault]:
        profile = self.setting.profile
        validator = compiled(self._make_validator, profile.name, kind)
        if not validator.is_valid(value):
            for error in validator.errors(value):
                yield from faults(kind, error, value, profile)
        for view in reading.views:
            yield from purchase_faults(view.data, profile, place(view.pointer))
        for where, clause in AROUND.get(kind, {}).items():
            if clause == "SHAPE-7":
                yield from money_faults(value_at(value, where), where, may_be_zero=kind is not ApiOperation.ACCOUNT)
            elif clause == "SHAPE-5":
                yield from name_faults(value_at(value, where), where)

    def _count(self, kind: ApiOperation, reading: Reading, value: object, docket: Docket) -> None:
        """Count each clause that finds something to judge."""
        for view in reading.views:
            for key, clause in PURCHASE.items():
                # Null credentials say nothing of how credentials look (SHAPE-10 needs a success).
                if key in view.data and (key != "verification" or view.data[key] is not None):
                    docket.exercise(clause)
            verification = view.data.get("verification")
            if isinstance(verification, dict) and "received_at" in verification:
                docket.exercise("SHAPE-11")
        for where, clause in AROUND.get(kind, {}).items():
            if value_at(value, where) is not None:
                docket.exercise(clause)


def _status_faults(kind: ApiOperation, answer: Answer) -> Iterator[tuple[str, str, str]]:
    """Yield cause, title and observation of what is wrong with the head of an answer."""
    if answer.status != 200:
        yield f"{kind} not 200", f"a successful {kind} is not answered with 200", f"status {answer.status}"
    if answer.status in _BODILESS:
        return
    header = media.label(answer)
    found = media.parse(header)
    if found.kind != "application/json":
        observed = "no Content-Type" if header is None else f"Content-Type {shown(header)}"
        yield "not labelled JSON", "a successful answer is not labelled application/json", observed
    elif not found.is_utf8:
        yield "another charset", "a successful answer is labelled with another charset", f"Content-Type {shown(header)}"


def _document_faults(document: Document) -> Iterator[tuple[str, str, str]]:
    """Yield cause, title and observation of why a body is not one JSON object."""
    if document.error is not None:
        empty = document.error == "empty body"
        yield "empty body" if empty else "not JSON", "the body is not one JSON value", document.error
    elif not isinstance(document.value, dict):
        yield "not an object", "the body is JSON but not an object", shown(document.value)
    if document.duplicates:
        yield "duplicate keys", "an object has a key twice", f"twice: {', '.join(map(shown, document.duplicates[:5]))}"


def _violation(fault: Fault, reading: Reading, value: object) -> Violation:
    kind = reading.route.api_operation
    where = f"{pointer(fault.path) or 'the root'} of {kind}"
    observed = fault.observed or shown(value_at(value, fault.path))
    return violation(
        fault.clause,
        fault.cause,
        fault.title,
        reading.mark,
        expected=EXPECTED[fault.clause],
        observed=f"{observed} at {where}",
        severity=fault.severity,
    )
