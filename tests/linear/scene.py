"""Calls on one purchase in one line each, as records of a history and as operations with an answer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import count
from typing import Any, Final

from contracts.finding import Violation
from contracts.history import OWNER, Aim, Answer, ApiOperation, Input, Mark, Operation, Outcome
from contracts.invariants.ordering import Ordering
from contracts.linear.lifecycle import Shown, Step
from contracts.linear.model import Call
from contracts.monitor import Setting
from contracts.profiles import get_profile
from contracts.reading import Reading
from contracts.routes import METHODS, PATHS
from tests.telling import well_told

CREATE, READ, LIST = ApiOperation.CREATE, ApiOperation.RETRIEVE, ApiOperation.LIST
CODE, REFUND = ApiOperation.REQUEST_CODE, ApiOperation.REFUND
PHONE: Final = "+12025550123"
NUMBER: Final = 7

_indices = count()


def call(
    kind: ApiOperation,
    begin: float,
    end: float,
    status: str | None = None,
    *,
    phone: str | None = None,
    code: str | None = None,
    password: str | None = None,
    outcome: Outcome = Outcome.OK,
) -> Step:
    """Return one call as the search sees it; without a status its answer tells nothing. Times are in ms."""
    mark = Mark(next(_indices), OWNER, kind, begin / 1000, end / 1000)
    shown = None if status is None else Shown(status, phone, code, password)
    return Call(mark.invoked, mark.returned, mark, shown, outcome)


def purchase(status: str, code: str | None = None, *, phone: str | None = PHONE, **changes: Any) -> dict[str, Any]:
    """Return a purchase as a target writes it, with credentials where a code is given."""
    credentials = {"code": code, "password": "secret", "received_at": "2026-02-10T12:00:30Z"}
    shown: dict[str, Any] = {
        "id": NUMBER,
        "country_code": "US",
        "display_name": {"ru": "США", "en": "United States"},
        "phone_number": phone,
        "price": {"amount": "1.50", "currency_code": "USD"},
        "status": status,
        "purchase_type": "SINGLE",
        "verification": None if code is None else credentials,
        "created_at": "2026-02-10T12:00:00Z",
    }
    return shown | changes


def operation(
    kind: ApiOperation,
    begin: float,
    end: float,
    shown: dict[str, Any] | None = None,
    *,
    http: int | None = 200,
    body: bytes | None = None,
    principal: str = OWNER,
    number: int = NUMBER,
    aim: Aim | None = None,
) -> Operation:
    """Return one operation on the purchase; without an HTTP status it has no answer. Times are in ms."""
    written: Any = shown
    if http is not None and http >= 300:
        written = {"message": "no"}
    elif kind is LIST:
        written = {"items": [shown], "pagination": {"current_page": 1, "total_pages": 1, "has_next": False}}
    elif kind is CODE:
        written = {"purchase": shown, "code_request": {"status": "success", "attempt": 1, "max_attempts": 18}}
    elif kind is REFUND:
        written = {"purchase": shown, "refund": {"amount": {"amount": "1.50", "currency_code": "USD"}}}
    head = (("content-type", "application/json"),)
    answer = None if http is None else Answer(http, head, json.dumps(written).encode() if body is None else body)
    query = (("page", "1"), ("page_size", "10")) if kind is LIST else ()
    sent = Input(
        METHODS[kind],
        PATHS[kind].replace("{id}", str(number)),
        query,
        (("x-api-key", principal), ("content-type", "application/json")),
        b'{"country_code": "US"}' if kind is CREATE else b"",
    )
    return Operation(next(_indices), principal, kind, sent, answer, begin / 1000, end / 1000, aim=aim)


class Record:
    """A docket that keeps everything."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self.exercised: list[str] = []

    def exercise(self, clause: str, times: int = 1) -> None:
        self.exercised += [clause] * times

    def violate(self, violation: Violation) -> None:
        well_told([violation])
        self.violations.append(violation)


def record(operations: Iterable[Operation]) -> Record:
    """Have a history judged, in the order in which its answers arrived."""
    monitor, docket = Ordering(Setting(profile=get_profile("2026-02"))), Record()
    for each in sorted(operations, key=lambda each: each.returned):
        monitor.observe(Reading(each), docket)
    monitor.finish(docket)
    return docket
