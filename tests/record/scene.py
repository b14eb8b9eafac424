"""A run written out by hand: one purchase whose credentials change, one whose phone number is no E.164."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from contracts.finding import ClauseResult, ClauseVerdict, Finding, Severity, finding_id
from contracts.history import OTHER, OWNER, Aim, Answer, ApiOperation, Demand, Input, Operation
from contracts.record.masking import Masker
from contracts.record.result import Phase, RunFacts, build_run

OWNER_KEY = "gmt_live_4f1c9a77d0e24b6f"
OTHER_KEY = "gmt_live_b2d3e4f5a6978812"
CODE = "48213"
SECOND_CODE = "90177"
PASSWORD = 'k7"Fq/2+Zt\\x'
PHONE = "+12025550123"
SECRETS = (OWNER_KEY, OTHER_KEY, CODE, SECOND_CODE, PASSWORD, PHONE, PHONE[1:])
TARGET = "http://127.0.0.1:8080"

STARTED = datetime(2026, 2, 23, 10, 15, 0, tzinfo=UTC)


def purchase(**changes: Any) -> dict[str, Any]:
    return {
        "id": 8117,
        "country_code": "US",
        "display_name": {"ru": "США", "en": "United States"},
        "phone_number": PHONE,
        "price": {"amount": "1.50", "currency_code": "USD"},
        "status": "PENDING",
        "purchase_type": "SINGLE",
        "verification": None,
        "created_at": "2026-02-23T10:15:01.000Z",
        **changes,
    }


def credentials(code: str = CODE) -> dict[str, Any]:
    return {"code": code, "password": PASSWORD, "received_at": "2026-02-23T10:15:02.000Z"}


def call(
    index: int,
    api_operation: ApiOperation,
    method: str,
    path: str,
    *,
    body: bytes = b"",
    status: int | None = 200,
    answer: Any = None,
    raw: bytes | None = None,
    principal: str = OWNER,
    headers: tuple[tuple[str, str], ...] | None = None,
    query: tuple[tuple[str, str], ...] = (),
    error: str | None = None,
    aim: Aim | None = None,
) -> Operation:
    key = {OWNER: OWNER_KEY, OTHER: OTHER_KEY}.get(principal)
    shown = (("x-api-key", key),) if key is not None else ()
    labelled = (("content-type", "application/json"),) if body else ()
    content = raw if raw is not None else json.dumps(answer).encode()
    return Operation(
        index=index,
        principal=principal,
        api_operation=api_operation,
        input=Input(method, path, query, (("accept", "application/json"), *shown, *labelled, *(headers or ())), body),
        answer=None if status is None else Answer(status, (("content-type", "application/json"),), content),
        invoked=0.5 + index * 0.1,
        returned=0.5 + index * 0.1 + 0.0425,
        wall=1771841701.5 + index * 0.1,
        error=error,
        lane="gate",
        walk="",
        aim=aim,
    )


def replaced(operation: Operation, sent: Input) -> Operation:
    return replace(operation, input=sent)


def operations() -> list[Operation]:
    path = "/v1/purchases/8117"
    return [
        call(0, ApiOperation.CREATE, "POST", "/v1/purchases", body=b'{"country_code": "US"}', answer=purchase()),
        call(
            1,
            ApiOperation.REQUEST_CODE,
            "POST",
            f"{path}/request-code",
            answer={
                "purchase": purchase(status="SUCCESS", verification=credentials()),
                "code_request": {"status": "success", "attempt": 1, "max_attempts": 18},
            },
        ),
        call(
            2,
            ApiOperation.RETRIEVE,
            "GET",
            path,
            answer=purchase(status="SUCCESS", verification=credentials(SECOND_CODE)),
        ),
        call(
            3,
            ApiOperation.RETRIEVE,
            "GET",
            path,
            principal="stranger:key in the query",
            headers=(("cookie", f"x-api-key={OWNER_KEY}"),),
            query=(("x-api-key", OWNER_KEY),),
            status=401,
            answer={"error": {"code": "unauthorized", "message": "no key"}},
        ),
        call(
            4,
            ApiOperation.CREATE,
            "POST",
            "/v1/purchases",
            body=b'{"country_code": "US\n\xff"}',
            status=None,
            error="timeout",
            aim=Aim("INPUT-1", "invalid UTF-8", Demand.REFUSE),
        ),
        call(
            5,
            ApiOperation.LIST,
            "GET",
            "/v1/purchases",
            query=(("page", "1"), ("page_size", "50")),
            answer={
                "items": [purchase(id=8118, phone_number=f"{PHONE}\n")],
                "pagination": {"current_page": 1, "total_pages": 1, "has_next": False},
            },
        ),
        call(
            6,
            ApiOperation.RETRIEVE,
            "GET",
            path,
            principal=OTHER,
            status=404,
            answer={"error": {"code": "not_found", "message": f"nothing with code {CODE}"}},
        ),
    ]


def findings() -> list[Finding]:
    made = {operation.index: operation.mark for operation in operations()}
    return [
        Finding(
            finding_id("LIFE-3", "the code changed"),
            "LIFE-3",
            "the code changed",
            Severity.ERROR,
            "the code of a purchase changed",
            "credentials, once shown to the owner, are the same in every later view",
            f"purchase 8117: code {CODE!r}, then {SECOND_CODE!r}",
            3,
            (made[1], made[2]),
            (f"purchase 8118: code {SECOND_CODE!r}, then {CODE!r}",),
        ),
        Finding(
            finding_id("SHAPE-6", "not E.164"),
            "SHAPE-6",
            "not E.164",
            Severity.ERROR,
            "phone_number is no E.164 number",
            "null or a plus sign and 2 to 15 ASCII digits, matched whole",
            ascii(f"{PHONE}\n"),
            1,
            (made[5],),
        ),
        Finding(
            finding_id("INPUT-6", "no JSON"),
            "INPUT-6",
            "no JSON",
            Severity.WARNING,
            "a refusal names a code [red]of a purchase[/red]",
            "a refusal gives nothing away",
            f"\x1b[31mnothing with code {CODE}\x1b[0m\u202e",
            2,
            (made[6],),
        ),
    ]


def results() -> list[ClauseResult]:
    found = {finding.clause: finding.id for finding in findings()}
    error, warning = Severity.ERROR, Severity.WARNING
    kept, broken, missed = ClauseVerdict.KEPT, ClauseVerdict.BROKEN, ClauseVerdict.NOT_EXERCISED
    no_second = "it needs a second owner: set ASSAY_OTHER_API_KEY"
    return [
        ClauseResult("SHAPE-1", error, "documented", kept, 412, True),
        ClauseResult("SHAPE-6", error, "documented", broken, 96, True, (found["SHAPE-6"],)),
        ClauseResult("INPUT-6", error, "implied", kept, 231, True, (found["INPUT-6"],)),
        ClauseResult("AUTH-4", error, "documented", missed, 0, False, (), no_second),
        ClauseResult("AUTH-5", error, "documented", missed, 0, False, (), no_second),
        ClauseResult("LIFE-3", error, "documented", broken, 48, True, (found["LIFE-3"],)),
        ClauseResult("LIFE-10", error, "published", missed, 0, False, (), "no PENDING purchase was 20 minutes old"),
        ClauseResult("MONEY-2", warning, "implied", kept, 7, False),
    ]


def facts(**changes: Any) -> RunFacts:
    known: dict[str, Any] = {
        "command": "gate",
        "target": TARGET,
        "profile": "2026-02",
        "seed": 7,
        "started": STARTED,
        "rerun": f"assay gate --url {TARGET} --seed 7",
        "duration_s": 14.2519,
        "purchases": 25,
        "spend": Decimal("37.5"),
        "spend_currency": "USD",
        "requests": 412,
        "notes": ("profile 2026-02 was detected",),
        "phases": (Phase("survey", 0.4, 12, 0), Phase("lives", 9.1, 400, 25)),
        **changes,
    }
    return RunFacts(**known)


def masker() -> Masker:
    made = Masker({"owner": OWNER_KEY, "other": OTHER_KEY})
    for operation in operations():
        made.learn_from(operation)
    return made


def document(**changes: Any) -> dict[str, Any]:
    """The run's ``run.json``."""
    by_index = {operation.index: operation for operation in operations()}
    return build_run(facts(**changes), results(), findings(), by_index, masker())
