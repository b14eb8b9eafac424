"""What answers show beyond the contract is counted, shown without secrets, and proposed as an overlay."""

from __future__ import annotations

import copy
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate

from contracts.drift.compare import compare
from contracts.drift.infer import MAX_KEYS, Inferred
from contracts.drift.observe import MAX_SIGHTINGS, Observer
from contracts.drift.overlay import apply_overlay, propose
from contracts.history import OWNER, Answer, ApiOperation, Input, Operation
from contracts.profiles import openapi_document
from tests.drift.build import api

PURCHASE: dict[str, Any] = openapi_document("2026-02")["components"]["examples"]["SuccessfulPurchase"]["value"]
JSON = (("content-type", "application/json"),)


def operation(
    body: object,
    *,
    kind: ApiOperation = ApiOperation.RETRIEVE,
    status: int = 200,
    headers: Any = JSON,
    who: str = OWNER,
) -> Operation:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Operation(0, who, kind, Input("GET", "/v1/purchases/1"), Answer(status, headers, content), 0.0, 1.0)


def purchase(**changed: Any) -> dict[str, Any]:
    return copy.deepcopy(PURCHASE) | changed


def observed(*operations: Operation) -> Observer:
    observer = Observer("2026-02")
    for one in operations:
        observer.take(one)
    return observer


def told(observer: Observer) -> list[tuple[str, str, int | None]]:
    return [(change.rule.id, change.subject, change.count) for change in observer.changes()]


def overlay_of(observer: Observer) -> dict[str, Any] | None:
    return propose("2026-02", openapi_document("2026-02"), observer.sightings)


def test_an_answer_within_the_contract_shows_nothing() -> None:
    page = {"items": [PURCHASE], "pagination": {"current_page": 1, "total_pages": 1, "has_next": False}}
    observer = observed(
        operation(PURCHASE),
        operation(page, kind=ApiOperation.LIST),
        operation({"anything": 1}, status=404),
        operation({"anything": 1}, status=422, who="stranger:no key"),
        operation({"anything": 1}, kind=ApiOperation.OTHER),
    )
    assert told(observer) == []
    assert observer.answers == 3
    assert overlay_of(observer) is None


@pytest.mark.parametrize(
    ("changed", "rule", "subject"),
    [
        ({"emoji": "x"}, "response-key-added", "Purchase.emoji"),
        ({"status": "EXPIRED"}, "response-enum-widened", "Status"),
        ({"verification": {**PURCHASE["verification"], "password": None}}, "nullability-widened-in-response",
         "Verification.password"),
        ({"price": {"amount": 1.5, "currency_code": "USD"}}, "response-type-widened", "Money.amount"),
        ({"price": {"amount": "1.505", "currency_code": "USD"}}, "response-pattern-loosened", "Money.amount"),
        ({"id": 0}, "response-bound-loosened", "Purchase.id"),
        ({"display_name": {"ru": "", "en": "x"}}, "response-bound-loosened", "DisplayName.ru"),
        ({"display_name": {"en": "x"}}, "response-key-now-optional", "DisplayName.ru"),
        ({"id": True}, "response-type-widened", "Purchase.id"),
    ],
)  # fmt: skip
def test_what_goes_beyond_the_contract_is_told_under_its_rule(changed: Any, rule: str, subject: str) -> None:
    observer = observed(operation(purchase(**changed)), operation(PURCHASE), operation(purchase(**changed)))
    assert told(observer) == [(rule, subject, 2)]
    assert observer.changes()[0].places == ("GET /v1/purchases/{purchase_id} 200",)


def test_a_new_key_is_told_with_its_types_and_how_often_it_was_there() -> None:
    observer = observed(
        operation(purchase(emoji="x", level=1, phone="<phone:1>")),
        operation(purchase(emoji=None, level=2)),
        operation(PURCHASE, kind=ApiOperation.CREATE),
        operation(purchase(emoji="y"), kind=ApiOperation.CREATE),
    )
    assert {(change.subject, change.after, change.examples) for change in observer.changes()} == {
        ("Purchase.emoji", "string or null, in 3 of 4", ('"x"', "null", '"y"')),
        ("Purchase.level", "integer, in 2 of 4", ("1", "2")),
        ("Purchase.phone", "masked, in 1 of 4", ("a masked value",)),
    }
    always = observed(operation(purchase(emoji="x")), operation(purchase(emoji="x")))
    assert [change.after for change in always.changes()] == ["string, always"]


def test_statuses_and_media_types_beyond_the_contract_are_told() -> None:
    observer = observed(
        operation(PURCHASE, status=201),
        operation(b"oops", status=503),
        operation(b"", status=307),
        operation(PURCHASE, headers=(("Content-Type", "text/json; charset=utf-8"),)),
    )
    assert sorted(told(observer)) == [
        ("error-status-added", "GET /v1/purchases/{purchase_id} 503", 1),
        ("redirect-status-added", "GET /v1/purchases/{purchase_id} 307", 1),
        ("response-media-type-added", "GET /v1/purchases/{purchase_id} 200", 1),
        ("success-status-added", "GET /v1/purchases/{purchase_id} 201", 1),
    ]


def test_masked_values_are_passed_over_and_masked_numbers_read() -> None:
    masked = purchase(phone_number="<phone:2:+0 000>", verification={
        "code": "<code:1>", "password": "<password:1>", "received_at": "2024-11-19T07:52:00.000Z"})  # fmt: skip
    bare = json.dumps(PURCHASE).replace('"1.50"', "<code:7>").encode()
    observer = observed(operation(masked), operation(bare))
    assert told(observer) == []
    assert (observer.answers, observer.unread) == (2, 0)


def test_answers_that_cannot_be_read_are_counted() -> None:
    cut = Operation(0, OWNER, ApiOperation.CREATE, Input("POST", "/v1/purchases"), Answer(200, JSON, b"{", True), 0, 1)
    observer = observed(operation(b"<html>"), operation(b""), cut)
    assert (observer.answers, observer.unread) == (1, 2)


def test_no_example_could_be_a_secret() -> None:
    secrets = {
        "login_token": "abc", "session": "xyz", "note": "call +12025550123", "blob": "QUJDREVGR0hJSktMTU5PUFFSU1Q=",
        "contact": "someone@example.org", "serial": 1234567,
    }  # fmt: skip
    observer = observed(operation(purchase(**secrets, emoji="x", level=3, parts=["secret"], more={"a": "secret"})))
    shown = json.dumps([change.examples for change in observer.changes()])
    for value in (*secrets.values(), "secret"):
        assert str(value) not in shown
    assert '"\\"x\\""' in shown
    assert "an object with a" in shown
    written = json.dumps(overlay_of(observer))
    assert all(str(value) not in written for value in secrets.values())


def test_the_proposal_is_a_valid_contract_in_which_the_same_run_shows_nothing() -> None:
    seen = [
        operation(purchase(status="EXPIRED", emoji="x", purchase_source="API")),
        operation(purchase(emoji=None, **{"it's odd.": [{"when": "2024-11-19T07:52:00Z"}]})),
        operation(purchase(verification={**PURCHASE["verification"], "password": None})),
    ]
    observer = observed(*seen)
    overlay = overlay_of(observer)
    assert overlay is not None
    assert overlay["overlay"] == "1.0.0"
    old = openapi_document("2026-02")
    new = apply_overlay(old, overlay)
    validate(new)
    assert old == openapi_document("2026-02")
    purchase_schema = new["components"]["schemas"]["Purchase"]["properties"]
    assert purchase_schema["emoji"] == {"type": ["string", "null"]}
    assert purchase_schema["it's odd."]["items"]["properties"]["when"] == {"type": "string", "format": "date-time"}
    assert new["components"]["schemas"]["Verification"]["properties"]["password"]["type"] == ["string", "null"]
    assert [change.rule.id for change in compare(api(old), api(new))] == [
        "nullability-widened-in-response",
        "response-enum-widened",
        "request-enum-widened",
        "response-key-added",
        "response-key-added",
        "response-key-added",
    ]
    again = Observer("2026-02", new)
    for one in seen:
        again.take(one)
    assert told(again) == []


def test_what_looks_like_a_fault_is_not_proposed() -> None:
    observer = observed(
        operation(purchase(id="12345")),
        operation(purchase(price={"amount": "1,50", "currency_code": "USD"})),
        operation(purchase(created_at=None)),
        operation({key: value for key, value in PURCHASE.items() if key != "status"}),
        operation(PURCHASE, status=500),
    )
    assert len(observer.changes()) == 5
    assert overlay_of(observer) is None


@pytest.mark.parametrize("target", ["components", "$.components.", "$..schemas", "$.components[0]", "$.components['a"])
def test_a_target_that_is_no_path_of_names_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="no path of names"):
        apply_overlay({"components": {}}, {"actions": [{"target": target, "update": {}}]})
    with pytest.raises(ValueError, match="leads nowhere"):
        apply_overlay({"components": {}}, {"actions": [{"target": "$.missing", "update": {}}]})


@given(st.lists(st.dictionaries(st.text(max_size=4), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6), max_size=4), min_size=1, max_size=3))  # fmt: skip
@settings(max_examples=50, deadline=None)
def test_any_answer_is_compared_and_its_proposal_can_be_applied(bodies: list[dict[str, Any]]) -> None:
    observer = observed(*(operation(purchase(**body)) for body in bodies), *(operation(body) for body in bodies))
    overlay = overlay_of(observer)
    if overlay is not None:
        old = openapi_document("2026-02")
        assert apply_overlay(old, overlay) != old


def test_memory_is_bounded_by_what_differs() -> None:
    observer = Observer("2026-02")
    for number in range(MAX_SIGHTINGS + 50):
        observer.take(operation({**PURCHASE, f"key{number}": number}))
    assert len(observer.sightings) == MAX_SIGHTINGS
    assert observer.dropped == 50
    page = operation({"items": [purchase(emoji="x")] * 50}, kind=ApiOperation.LIST)
    observer.take(page)
    tracemalloc.start()
    for _ in range(30):
        observer.take(page)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 100_000


def test_an_object_of_many_keys_is_a_map() -> None:
    inferred = Inferred()
    for number in range(MAX_KEYS + 1):
        inferred.see({f"k{number}": 1})
    assert inferred.schema() == {"type": "object"}


@pytest.mark.parametrize(
    ("values", "schema"),
    [
        ([1, 2.5], {"type": "number"}),
        ([1, None], {"type": ["integer", "null"]}),
        ([1, "a", None], {"type": ["integer", "string", "null"]}),
        (["2024-01-01", "2025-12-31"], {"type": "string", "format": "date"}),
        (["2024-01-01", "soon"], {"type": "string"}),
        (["https://example.org/a"], {"type": "string", "format": "uri"}),
        ([[1], ["a"], []], {"type": "array", "items": {"type": ["integer", "string"]}}),
        ([{"a": 1}, {"b": True}],
         {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "boolean"}}}),
        ([], {}),
    ],
)  # fmt: skip
def test_a_schema_is_inferred_from_what_values_have_in_common(values: list[Any], schema: dict[str, Any]) -> None:
    inferred = Inferred()
    for value in values:
        inferred.see(value)
    assert inferred.schema() == schema
