"""A second opinion: schemathesis' own checks on every generated request, beside the oracle.

They know the document and nothing of lives, stock or owners, and so object to much that the contract allows:
an unknown id refused with 404, a page size clamped, a method refused without ``Allow``. Such an objection is
counted and noted. It becomes a finding only where the contract agrees and our own checks were silent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

from schemathesis.checks import CheckContext, not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.transport import Response
from schemathesis.generation.meta import CONTENT_TYPE_PROBES
from schemathesis.specs.openapi import checks

from contracts.gate.fuzz.aiming import scenario_of
from contracts.gate.fuzz.source import Case
from contracts.gate.fuzz.wireform import Request
from contracts.gate.session import Session
from contracts.gate.survey import Survey
from contracts.history import Answer, ApiOperation, Demand, Operation
from contracts.monitor import violation
from contracts.reading import Reading
from contracts.statuses import OUTAGES

Check = Callable[[CheckContext, Response, Any], bool | None]

CHECKS: Final[tuple[Check, ...]] = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.positive_data_acceptance,
    checks.missing_required_header,
    checks.unsupported_method,
)

_REFUSALS: Final = frozenset({"negative_data_rejection", "missing_required_header", "unsupported_method"})
_ANSWERED_BY_SERVERS: Final = frozenset({"OPTIONS", "TRACE", "HEAD"})
"""Methods that HTTP servers answer for every path (RFC 9110, section 9.3); no purchase is touched."""

_STATE_DECIDES: Final = frozenset({ApiOperation.CREATE, ApiOperation.REQUEST_CODE, ApiOperation.REFUND})


class SecondOpinion:
    """Runs schemathesis' checks and weighs what they object to.

    Args:
        session: whose oracle takes what the contract agrees with.
        survey: knows which countries are in stock.
    """

    def __init__(self, session: Session, survey: Survey) -> None:
        self._session = session
        self._stock = {offer.country for offer in survey.in_stock}
        self._objections: Counter[str] = Counter()
        self._places: dict[str, str] = {}

    def weigh(self, case: Case, request: Request, operation: Operation, *, judged: bool) -> None:
        """Ask schemathesis about one answer.

        Args:
            case: what was generated.
            request: what was sent for it.
            operation: what came of it.
            judged: whether our own checks already found fault with it.
        """
        answer = operation.answer
        if answer is None or answer.truncated:
            return
        reading = Reading(operation)
        for name in () if judged else _objections(case, request, operation, answer):
            clause = self._clause(name, reading, answer.status)
            if clause is not None:
                self._report(clause, name, request, operation)
            elif not _beyond_schema(name, reading):
                self._objections[name] += 1
                self._places.setdefault(name, f"{request.method} {operation.api_operation} answered {answer.status}")

    def note(self) -> None:
        """Note what schemathesis alone objects to, in one line a check."""
        for name, count in sorted(self._objections.items()):
            self._session.note(
                f"schemathesis' check {name} objects to {count} answers that the contract allows "
                f"(first: {self._places[name]})"
            )

    def _report(self, clause: str, name: str, request: Request, operation: Operation) -> None:
        oracle = self._session.oracle
        oracle.exercise(clause)
        oracle.violate(
            violation(
                clause,
                f"schemathesis: {name}",
                f"a generated request was answered against the contract ({name})",
                operation.mark,
                expected="a lawful request served, an unlawful one refused, each as documented",
                observed=f"{request} was answered with {operation.status}",
            )
        )

    def _clause(self, name: str, reading: Reading, status: int) -> str | None:
        """Return the clause that an objection is right about, None where the contract allows the answer."""
        judgement = reading.judgement
        if name in _REFUSALS:
            wrong = judgement.demand is Demand.REFUSE and 200 <= status < 300
            return judgement.faults[0].clause if wrong and not _ordinary(reading) else None
        if not reading.operation.authenticated or judgement.demand is not Demand.SERVE:
            return None
        if name == "not_a_server_error":
            return None if status in OUTAGES else self._owed(reading)
        if name == "positive_data_acceptance":
            return self._owed(reading) if 400 <= status < 500 and _first_page(reading) else None
        if name == "status_code_conformance":
            return "SHAPE-1" if 200 < status < 300 else None
        return None

    def _owed(self, reading: Reading) -> str | None:
        """Return the clause that promises an answer to a lawful request, None where none speaks of it."""
        kind = reading.route.api_operation
        if kind is ApiOperation.LIST:
            names = {name for name, _ in reading.operation.input.query}
            return "LIST-2" if "status" in names else "LIST-3" if "sort" in names else "LIST-1"
        if kind is ApiOperation.CREATE:
            return "INPUT-4" if reading.asked_country in self._stock else None
        entry = self._session.book.get(reading.purchase_id or 0)
        if entry is None or entry.principal != reading.operation.principal:
            return None
        if kind is ApiOperation.REQUEST_CODE:
            return "LIFE-8" if entry.status == "PENDING" else None
        return {ApiOperation.RETRIEVE: "LIFE-6", ApiOperation.REFUND: "LIFE-10"}.get(kind)


def _objections(case: Case, request: Request, operation: Operation, answer: Answer) -> Iterator[str]:
    """Yield the names of the checks that object to an answer."""
    schema = case.operation.schema
    context = CheckContext(
        override=None,
        auth=None,
        headers=None,
        config=schema.config.checks_config_for(operation=case.operation),
        transport_kwargs=None,
        response_checks=None,
    )
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        headers.setdefault(name.lower(), []).append(value)
    elapsed = operation.returned - operation.invoked
    response = Response(answer.status, headers, answer.body, request.prepared, elapsed, verify=True)
    for check in CHECKS:
        # On a content type that causes a 5xx it would send the request again by itself, past the session.
        resends = check is not_a_server_error and scenario_of(case) in CONTENT_TYPE_PROBES
        if not resends and _objects(check, context, response, case):
            yield check.__name__


def _objects(check: Check, context: CheckContext, response: Response, case: Case) -> bool:
    try:
        check(context, response, case)
    except (Failure, FailureGroup):
        return True
    except Exception:  # noqa: BLE001 - a foreign check that cannot read a hostile answer has no opinion on it
        return False
    return False


def _beyond_schema(name: str, reading: Reading) -> bool:
    """Tell whether a refusal is one that stock, ids and states decide, of which a schema cannot know."""
    decided = reading.judgement.demand is Demand.REFUSE or reading.route.api_operation in _STATE_DECIDES
    return name == "positive_data_acceptance" and decided


def _ordinary(reading: Reading) -> bool:
    return reading.operation.input.method in _ANSWERED_BY_SERVERS


def _first_page(reading: Reading) -> bool:
    """Tell whether a list was asked for a page that is always there; targets differ on pages after the last."""
    return ("page", "1") in reading.operation.input.query
