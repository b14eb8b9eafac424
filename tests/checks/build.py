"""Operations and answers written out in one line each, and what the checks make of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.checks import CHECKS
from contracts.clauses import load_clauses
from contracts.finding import Severity, Violation
from contracts.history import OWNER, Aim, Answer, ApiOperation, Input, Operation
from contracts.monitor import Monitor, Setting
from contracts.profiles import get_profile
from contracts.reading import Reading
from contracts.routes import route
from tests.telling import well_told

OWNER_KEY: Final = "Sb0OwnerKey123"
OTHER_KEY: Final = "Qz9OtherKey456"
CREATED: Final = "2026-02-10T12:00:00.000Z"
RECEIVED: Final = "2026-02-10T12:00:30.000Z"
DATE: Final = "Tue, 10 Feb 2026 12:00:01 GMT"
GONE: Final = object()
"""As a changed value: the key is left out."""

CREDENTIALS: Final = {"code": "12345", "password": "secret123", "received_at": RECEIVED}

Verdict = tuple[str, str, str]
"""Clause, cause and severity of one violation."""


def purchase(profile: str = "2026-02", **changes: Any) -> dict[str, Any]:
    """Return a lawful purchase, PENDING, with some of its values changed."""
    written: dict[str, Any] = {
        "id": 12345,
        "country_code": "US",
        "display_name": {"ru": "США", "en": "United States"},
        "phone_number": "+12025550123",
        "price": {"amount": "1.50", "currency_code": "USD"},
        "status": "PENDING",
        "purchase_type": "SINGLE",
        "verification": None,
        "created_at": CREATED,
    }
    if profile == "2026-05":
        written |= {"emoji": "🇺🇸", "purchase_source": "API"}
    return {key: value for key, value in (written | changes).items() if value is not GONE}


def success(profile: str = "2026-02", **changes: Any) -> dict[str, Any]:
    """Return a lawful purchase that has its code, with some of its credentials changed."""
    credentials = {key: value for key, value in (CREDENTIALS | changes).items() if value is not GONE}
    return purchase(profile, status="SUCCESS", verification=credentials)


def code_answer(shown: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return a lawful answer to request-code, with some values of its code request changed."""
    request = {"status": "success", "attempt": 1, "max_attempts": 18, "next_attempt_at": None, "retry_after": None}
    request = {key: value for key, value in (request | changes).items() if value is not GONE}
    return {"purchase": success() if shown is None else shown, "code_request": request}


def refund_answer(**changes: Any) -> dict[str, Any]:
    """Return a lawful answer to refund, with some values of its refund changed."""
    refund = {"amount": {"amount": "1.50", "currency_code": "USD"}, "reason": "no code", "refunded_at": RECEIVED}
    refund = {key: value for key, value in (refund | changes).items() if value is not GONE}
    return {"purchase": purchase(status="REFUND"), "refund": refund}


def page(*items: Any, **changes: Any) -> dict[str, Any]:
    """Return a lawful page, with some of its values changed."""
    written = {"items": list(items), "pagination": {"current_page": 1, "total_pages": 1, "has_next": False}}
    return {key: value for key, value in (written | changes).items() if value is not GONE}


def account(**changes: Any) -> dict[str, Any]:
    """Return a lawful answer to an account call, with some of its values changed."""
    written = {
        "country_code": "US",
        "display_name": {"ru": "США", "en": "United States"},
        "price": {"amount": "2.70", "currency_code": "USD"},
        "discount": {"base_price": "3.00", "percent": 10},
        "available": True,
    }
    return {key: value for key, value in (written | changes).items() if value is not GONE}


def profile_answer(**changes: Any) -> dict[str, Any]:
    """Return a lawful answer to a profile call, with some of its values changed."""
    written = {
        "id": "1001",
        "balance": {"amount": "98.50", "currency_code": "USD"},
        "statistics": {"total_purchases": 1},
    }
    return {key: value for key, value in (written | changes).items() if value is not GONE}


def answer(
    value: Any = GONE,
    status: int = 200,
    *,
    body: bytes | None = None,
    kind: str | None = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Return an answer with a JSON body, or with the very bytes given."""
    if body is None:
        body = b"" if value is GONE else json.dumps(value).encode()
    head = {"date": DATE, **({} if kind is None else {"content-type": kind}), **(headers or {})}
    return Answer(status, tuple(head.items()), body)


def refusal(status: int, message: str = "no") -> Answer:
    """Return a refusal that gives nothing away."""
    return answer({"message": message}, status)


def call(
    method: str,
    path: str,
    given: Answer | None,
    *,
    body: bytes | None = None,
    query: Iterable[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    principal: str = OWNER,
    aim: Aim | None = None,
    at: float = 0.0,
    took: float = 0.1,
    wall: float = 0.0,
) -> Operation:
    """Return one operation; a body is labelled as JSON, and a principal with a key shows it."""
    keys = {"owner": OWNER_KEY, "other": OTHER_KEY}
    head = {"x-api-key": keys[principal]} if principal in keys else {}
    if body:
        head["content-type"] = "application/json"
    head |= headers or {}
    sent = Input(method, path, tuple(query), tuple(head.items()), body or b"")
    asked = route(method, path).api_operation
    return Operation(int(at * 1000), principal, asked, sent, given, at, at + took, wall, aim=aim)


def create(given: Answer | None, code: Any = "US", **more: Any) -> Operation:
    """Return a create of one country."""
    more.setdefault("body", json.dumps({"country_code": code}).encode())
    return call("POST", more.pop("path", "/v1/purchases"), given, **more)


def retrieve(given: Answer | None, number: Any = 12345, **more: Any) -> Operation:
    """Return a retrieve."""
    return call("GET", f"/v1/purchases/{number}", given, **more)


def listing(given: Answer | None, **more: Any) -> Operation:
    """Return a list call of the first page."""
    more.setdefault("query", (("page", "1"), ("page_size", "10")))
    return call("GET", more.pop("path", "/v1/purchases"), given, **more)


def request_code(given: Answer | None, number: Any = 12345, **more: Any) -> Operation:
    """Return a request-code, its body ``{}`` unless told otherwise."""
    more.setdefault("body", b"{}")
    return call("POST", f"/v1/purchases/{number}/request-code", given, **more)


def refund(given: Answer | None, number: Any = 12345, **more: Any) -> Operation:
    """Return a refund without a body."""
    return call("POST", f"/v1/purchases/{number}/refund", given, **more)


@dataclass
class Recorder:
    """A docket that keeps everything."""

    violations: list[Violation] = field(default_factory=list)
    exercised: Counter[str] = field(default_factory=Counter)

    def exercise(self, clause: str, times: int = 1) -> None:
        self.exercised[clause] += times

    def violate(self, violation: Violation) -> None:
        well_told([violation])
        self.violations.append(violation)

    @property
    def verdicts(self) -> set[Verdict]:
        """Every clause, cause and severity that was reported."""
        clauses = load_clauses()
        return {(v.clause, v.cause, str(v.severity or Severity(clauses[v.clause].severity))) for v in self.violations}


def setting(profile: str = "2026-02") -> Setting:
    """Return the setting of a run with two owners."""
    return Setting(profile=get_profile(profile), secrets=(OWNER_KEY, OTHER_KEY))


def record(
    *operations: Operation, profile: str = "2026-02", checks: Iterable[Callable[[Setting], Monitor]] = CHECKS
) -> Recorder:
    """Hand operations to checks, all of them unless told otherwise, and return what they reported."""
    docket = Recorder()
    monitors = [make(setting(profile)) for make in checks]
    for operation in operations:
        reading = Reading(operation)
        for monitor in monitors:
            monitor.observe(reading, docket)
    for monitor in monitors:
        monitor.finish(docket)
    return docket


def verdicts(*operations: Operation, profile: str = "2026-02") -> set[Verdict]:
    """Return every clause, cause and severity that all checks report of a history."""
    return record(*operations, profile=profile).verdicts


def error(clause: str, cause: str) -> set[Verdict]:
    """Return the verdict of one error."""
    return {(clause, cause, "error")}


def warning(clause: str, cause: str) -> set[Verdict]:
    """Return the verdict of one warning."""
    return {(clause, cause, "warning")}


SHOWN_BY: Final[Mapping[ApiOperation, Callable[[Any], Operation]]] = {
    ApiOperation.CREATE: lambda shown: create(answer(shown)),
    ApiOperation.RETRIEVE: lambda shown: retrieve(answer(shown)),
    ApiOperation.LIST: lambda shown: listing(answer(page(shown))),
    ApiOperation.REQUEST_CODE: lambda shown: request_code(answer(code_answer(shown))),
    ApiOperation.REFUND: lambda shown: refund(answer(refund_answer() | {"purchase": shown})),
}
"""One operation of each kind that shows a purchase."""
