"""No answer whatsoever makes a check raise: a crash would leave its clauses without a verdict."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.checks import CHECKS
from contracts.history import OTHER, OWNER, Aim, Answer, Demand, Input, Operation
from contracts.routes import route
from tests.checks.build import SHOWN_BY, answer, purchase, record

PATHS = st.sampled_from(
    [
        "/v1/purchases", "/v1/purchases/", "/v1/purchases/5", "/v1/purchases/5/", "/v1/purchases/abc",
        "/v1/purchases/5/request-code", "/v1/purchases/5/refund", "/v1/purchases/5/refund/", "/v1/accounts/US",
        "/v1/accounts/countries", "/v1/profile", "/", "*",
    ]
) | st.text(max_size=20).map(lambda text: f"/v1/purchases/{text}")  # fmt: skip
METHODS = st.sampled_from(["GET", "POST", "PUT", "HEAD", "OPTIONS", "ASSAY", ""])
STATUSES = st.sampled_from(
    [0, 100, 200, 201, 204, 301, 307, 400, 401, 404, 405, 409, 415, 422, 429, 500, 501, 503, 999]
)
NAMES = st.sampled_from(
    ["content-type", "Content-Type", "date", "Retry-After", "location", "x-api-key", "X-API-Key", ""]
)
HEADERS = st.lists(st.tuples(NAMES, st.text(max_size=30)), max_size=4).map(tuple)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*purchase("2026-05"), "items", "pagination", "purchase", "x"]), inner, max_size=6
        )
    ),
    max_leaves=15,
).map(lambda value: json.dumps(value).encode())
BODIES = st.binary(max_size=200) | JSON
AIMS = st.none() | st.builds(
    Aim, st.sampled_from(["INPUT-8", "INPUT-3", "AUTH-4", "LIFE-4", "WIRE-1"]), st.text(max_size=5),
    st.sampled_from(list(Demand)),
)  # fmt: skip


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    method, path = draw(METHODS), draw(PATHS)
    query = draw(st.lists(st.tuples(st.sampled_from(["page", "page_size", "status", "x"]), st.text(max_size=5))))
    sent = Input(method, path, tuple(query), draw(HEADERS), draw(BODIES))
    given = draw(st.none() | st.builds(Answer, STATUSES, HEADERS, BODIES, st.booleans()))
    principal = draw(st.sampled_from([OWNER, OTHER, "stranger:no key", "stranger"]))
    asked = route(method, path).api_operation
    return Operation(1, principal, asked, sent, given, 0.0, 1.0, draw(st.floats(0, 4e9)), aim=draw(AIMS))


@settings(max_examples=500, deadline=None)
@given(st.lists(operations(), max_size=5))
def test_on_any_history(history: list[Operation]) -> None:
    for profile in ("2026-02", "2026-05"):
        docket = record(*history, profile=profile)
        known = {clause for check in CHECKS for clause in check.clauses}
        assert {found.clause for found in docket.violations} <= known
        assert set(docket.exercised) <= known


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(list(SHOWN_BY)), key=st.sampled_from(list(purchase("2026-05"))), value=JSON)
@example(kind=next(iter(SHOWN_BY)), key="created_at", value=b'"9999-12-31T23:59:59.999999Z"')
@example(kind=next(iter(SHOWN_BY)), key="created_at", value=b'"0001-01-01T00:00:00Z"')
@example(kind=next(iter(SHOWN_BY)), key="id", value=b"1e999")
@example(kind=next(iter(SHOWN_BY)), key="id", value=b"9" * 4_000)
@example(kind=next(iter(SHOWN_BY)), key="country_code", value=b'"\\ud800"')
def test_on_any_value_of_a_purchase(kind: Any, key: str, value: bytes) -> None:
    operation = SHOWN_BY[kind](purchase(**{key: "@@"}))
    assert operation.answer is not None
    record(*[operation_with(operation, operation.answer.body.replace(b'"@@"', value))])


def operation_with(operation: Operation, body: bytes) -> Operation:
    return Operation(1, OWNER, operation.api_operation, operation.input, answer(body=body), 0.0, 1.0, 1_770_724_800.0)


@pytest.mark.parametrize("depth", [100, 300, 900, 990, 5_000])
@pytest.mark.parametrize("key", ["id", "verification", "display_name", "price", "colour"])
def test_on_deep_values(depth: int, key: str) -> None:
    deep = b"[" * depth + b"]" * depth
    for show in SHOWN_BY.values():
        operation = show(purchase(**{key: "@@"}))
        assert operation.answer is not None
        record(operation_with(operation, operation.answer.body.replace(b'"@@"', deep)))
        refused = Answer(422, operation.answer.headers, deep)
        record(Operation(1, OWNER, operation.api_operation, operation.input, refused, 0.0, 1.0))


def test_on_dates_at_the_end_of_time() -> None:
    for date in ("Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +2359", "0 0 0 0", "\x00"):
        operation = SHOWN_BY[next(iter(SHOWN_BY))](purchase())
        assert operation.answer is not None
        given = Answer(200, (("date", date), ("content-type", "application/json")), operation.answer.body)
        record(Operation(1, OWNER, operation.api_operation, operation.input, given, 0.0, 1.0))
