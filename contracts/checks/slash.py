"""WIRE-1: every path is served with and without its trailing slash."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from contracts.checks import scope
from contracts.checks.faults import shown
from contracts.finding import Severity
from contracts.history import ApiOperation, Demand, Mark
from contracts.monitor import Docket, Monitor, Setting, violation
from contracts.reading import Reading

MAX_PURCHASES: Final = 5_000
"""Purchases whose two forms are remembered; a gate makes hundreds, a load run that makes more mixes no forms."""

_ACTIONS: Final = frozenset({ApiOperation.REQUEST_CODE, ApiOperation.REFUND})


@dataclass(slots=True)
class _Form:
    """What one form of one path was answered with."""

    served: Mark | None = None
    missing: tuple[Mark, int] | None = None
    redirected: tuple[Mark, int] | None = None


@dataclass(slots=True)
class _Forms:
    """Both forms of one request."""

    slash: _Form = field(default_factory=_Form)
    plain: _Form = field(default_factory=_Form)


class SlashCheck(Monitor):
    """Compares the two forms of one request over the run.

    A 404 alone tells nothing (no such purchase, out of stock, no such operation), so that it is held back:
    it breaks the clause where the other form of the very same request was served and this form never was
    answered otherwise.
    """

    clauses: ClassVar[tuple[str, ...]] = ("WIRE-1",)

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._by_path: dict[tuple[str, ...], _Forms] = {}
        self._by_purchase: dict[tuple[str, ...], _Forms] = {}

    def observe(self, reading: Reading, docket: Docket) -> None:
        """Note how one form of a lawful request was answered; judge redirects of the slash form at once."""
        status, kind = reading.operation.status, reading.route.api_operation
        key = _key(reading)
        if status is None or key is None:
            return
        forms = self._forms(kind, key, docket)
        form = forms.slash if reading.route.slash else forms.plain
        if 200 <= status < 300 or (kind in _ACTIONS and status == 409):
            form.served = reading.mark
            if reading.route.slash:
                docket.exercise("WIRE-1")
        elif status in {404, 405, 501}:
            form.missing = form.missing or (reading.mark, status)
        elif status in {301, 302, 303}:
            if reading.route.slash:
                docket.exercise("WIRE-1")
                _report_redirect(reading, docket, None)
            form.redirected = form.redirected or (reading.mark, status)
        elif status in {307, 308} and reading.route.slash:
            docket.exercise("WIRE-1")
            _report_redirect(reading, docket, Severity.WARNING)

    def finish(self, docket: Docket) -> None:
        """Judge the forms that were missing while their twin was served."""
        for key, forms in (*self._by_path.items(), *self._by_purchase.items()):
            _settle(key, forms, docket)

    def _forms(self, kind: ApiOperation, key: tuple[str, ...], docket: Docket) -> _Forms:
        known = self._by_purchase if kind in scope.BY_ID else self._by_path
        if key not in known:
            known[key] = _Forms()
            if known is self._by_purchase and len(known) > MAX_PURCHASES:
                oldest = next(iter(known))
                _settle(oldest, known.pop(oldest), docket)
        return known[key]


def _key(reading: Reading) -> tuple[str, ...] | None:
    """Return what two requests share that differ in the slash alone, None where they cannot be compared."""
    kind = reading.route.api_operation
    if not reading.operation.authenticated or kind is ApiOperation.OTHER or scope.is_other_resource(reading):
        return None
    if reading.judgement.demand is not Demand.SERVE:
        return None
    subject = reading.route.parameter or reading.asked_country or ""
    if kind is ApiOperation.LIST:
        # Only the first page is sure to exist.
        query = dict(reading.operation.input.query)
        if query.get("page") != "1":
            return None
        subject = repr(sorted(query.items()))
    return (reading.operation.principal, kind.value, subject)


def _settle(key: tuple[str, ...], forms: _Forms, docket: Docket) -> None:
    """Judge both forms of one request, each in the light of the other."""
    _compare(key[1], forms.slash, forms.plain, "with", docket)
    _compare(key[1], forms.plain, forms.slash, "without", docket)


def _compare(name: str, form: _Form, other: _Form, preposition: str, docket: Docket) -> None:
    """Judge one form of a request in the light of its twin."""
    if other.served is None or other.missing is not None:
        return
    missing = form.missing if form.served is None else None
    # Redirects of the form with the slash were judged as they came.
    redirected = form.redirected if preposition == "without" else None
    for mark, status in filter(None, (missing, redirected)):
        docket.exercise("WIRE-1")
        docket.violate(
            violation(
                "WIRE-1",
                f"not served {preposition} a trailing slash",
                f"a path is not served {preposition} its trailing slash",
                mark,
                other.served,
                expected="every path served with and without its trailing slash",
                observed=f"{name} was answered with {status} {preposition} the slash, and served in its other form",
            )
        )


def _report_redirect(reading: Reading, docket: Docket, severity: Severity | None) -> None:
    answer = reading.operation.answer
    target = answer.header("location") if answer is not None else None
    cause = "redirected, keeping the method" if severity is Severity.WARNING else "redirected, losing the method"
    docket.violate(
        violation(
            "WIRE-1",
            cause,
            f"a path with a trailing slash is {cause}",
            reading.mark,
            expected="every path served with its trailing slash",
            observed=f"{scope.request_line(reading)} was answered with {reading.operation.status} to {shown(target)}",
            severity=severity,
        )
    )
