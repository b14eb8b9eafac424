"""Each rule of drift has a pair: a difference that falls under it, and one near it that does not."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.drift.rules import RULES, Kind, Severity, Side
from tests.drift.build import Tree, answered, call, doc, rules, sent

STRING: Tree = {"type": "string"}
INTEGER: Tree = {"type": "integer"}


def thing(*required: str, **properties: Any) -> Tree:
    return {"type": "object", "required": list(required), "properties": properties}


def with_parameter(**parameter: Any) -> Tree:
    whole = {"name": "sort", "in": "query", "schema": STRING, **parameter}
    return call(parameters=[whole])


def taking(*media: str, required: bool = True, schema: Any = None) -> Tree:
    content = {kind: {"schema": schema or STRING} for kind in media}
    return call("post", requestBody={"required": required, "content": content})


def answering(*media: str, status: str = "200", headers: Any = None) -> Tree:
    content = {kind: {"schema": STRING} for kind in media}
    return call(responses={status: {"description": "", "content": content, "headers": headers or {}}})


def statuses(*codes: str) -> Tree:
    return call(responses={code: {"description": ""} for code in codes})


def secured(*ways: Any) -> Tree:
    schemes = {
        "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
        "same": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        "bearer": {"type": "http", "scheme": "bearer"},
    }
    return call(security=list(ways)) | {"components": {"securitySchemes": schemes}}


def header(*, required: bool = True, schema: Any = None) -> Tree:
    return answering(headers={"X-Rate": {"required": required, "schema": schema or INTEGER}})


PLAIN = call()

API_PAIRS: list[tuple[str, Tree, Tree, Tree]] = [
    ("path-removed", doc({"/a": call()["paths"]["/things"], "/b": call()["paths"]["/things"]}),
     doc({"/a": call()["paths"]["/things"]}),
     doc({"/a": call()["paths"]["/things"], "/b": call()["paths"]["/things"], "/c": call()["paths"]["/things"]})),
    ("path-added", doc({"/a/{x}": call()["paths"]["/things"]}),
     doc({"/a/{x}": call()["paths"]["/things"], "/b": call()["paths"]["/things"]}),
     doc({"/a/{y}": call()["paths"]["/things"]})),
    ("trailing-slash-changed", call(path="/things"), call(path="/things/"), call(path="/things")),
    ("operation-removed", doc({"/a": {"get": {}, "post": {}}}), doc({"/a": {"get": {}}}),
     doc({"/a": {"post": {}, "get": {}}})),
    ("operation-added", doc({"/a": {"get": {}}}), doc({"/a": {"get": {}, "delete": {}}}),
     doc({"/a": {"get": {"summary": "new words"}}})),
    ("operation-deprecated", PLAIN, call(deprecated=True), call(deprecated=False)),
    ("operation-undeprecated", call(deprecated=True), PLAIN, call(deprecated=True)),
    ("operation-id-changed", call(operationId="a"), call(operationId="b"), call(operationId="a", tags=["t"])),
    ("path-parameter-renamed",
     call(path="/a/{x}", parameters=[{"name": "x", "in": "path", "required": True, "schema": STRING}]),
     call(path="/a/{y}", parameters=[{"name": "y", "in": "path", "required": True, "schema": STRING}]),
     call(path="/a/{x}", parameters=[{"name": "x", "in": "path", "required": True, "schema": STRING}])),
    ("security-now-required", PLAIN, secured({"key": []}), secured({"key": []}, {})),
    ("security-no-longer-required", secured({"key": []}), PLAIN, secured({"same": []})),
    ("security-alternative-removed", secured({"key": []}, {"bearer": []}), secured({"key": []}),
     secured({"bearer": []}, {"same": []})),
    ("security-alternative-added", secured({"key": []}), secured({"key": []}, {"bearer": []}), secured({"same": []})),
    ("request-parameter-added-required", PLAIN, with_parameter(required=True), with_parameter()),
    ("request-parameter-added", PLAIN, with_parameter(), with_parameter(required=True)),
    ("request-parameter-removed", with_parameter(), PLAIN, with_parameter(description="new words")),
    ("request-parameter-now-required", with_parameter(), with_parameter(required=True), with_parameter()),
    ("request-parameter-now-optional", with_parameter(required=True), with_parameter(), with_parameter(required=True)),
    ("request-parameter-deprecated", with_parameter(), with_parameter(deprecated=True), with_parameter()),
    ("request-parameter-serialization-changed", with_parameter(schema={"type": "array"}),
     with_parameter(schema={"type": "array"}, explode=False), with_parameter(schema={"type": "array"}, style="form")),
    ("request-body-added-required", call("post"), taking("application/json"),
     taking("application/json", required=False)),
    ("request-body-added", call("post"), taking("application/json", required=False), taking("application/json")),
    ("request-body-removed", taking("application/json"), call("post"), taking("application/json")),
    ("request-body-now-required", taking("application/json", required=False), taking("application/json"),
     taking("application/json", required=False)),
    ("request-body-now-optional", taking("application/json"), taking("application/json", required=False),
     taking("application/json")),
    ("request-media-type-removed", taking("application/json", "text/plain"), taking("application/json"),
     taking("application/*", "text/plain; charset=utf-8")),
    ("request-media-type-added", taking("application/json"), taking("application/json", "text/plain"),
     taking("APPLICATION/JSON")),
    ("success-status-removed", statuses("200", "404"), statuses("404"), statuses("2XX", "404")),
    ("success-status-added", statuses("200"), statuses("200", "202"), statuses("200", "400")),
    ("redirect-status-added", statuses("200"), statuses("200", "307"), statuses("200", "400")),
    ("redirect-status-removed", statuses("200", "307"), statuses("200"), statuses("200", "3XX")),
    ("error-status-removed", statuses("200", "409"), statuses("200"), statuses("200", "4XX")),
    ("error-status-added", statuses("200"), statuses("200", "409"), statuses("200")),
    ("response-body-removed", answering("application/json"), answering(), answering("application/json")),
    ("response-body-added", answering(), answering("application/json"), answering()),
    ("error-body-removed", answering("application/json", status="404"), answering(status="404"),
     answering("application/json", status="404")),
    ("error-body-added", answering(status="404"), answering("application/json", status="404"), answering(status="404")),
    ("response-media-type-removed", answering("application/json", "text/plain"), answering("application/json"),
     answering("application/json; charset=utf-8", "text/plain")),
    ("response-media-type-added", answering("application/json"), answering("application/json", "text/plain"),
     answering("application/json")),
    ("response-header-removed", header(), answering(), header(schema={"type": "integer", "minimum": 0})),
    ("response-optional-header-removed", header(required=False), answering(), header()),
    ("response-header-added", answering(), header(), answering(headers={"Content-Type": {"schema": STRING}})),
    ("response-header-now-optional", header(), header(required=False), header()),
    ("response-header-now-required", header(required=False), header(), header(required=False)),
]  # fmt: skip

NAMED = {"A": thing("a", a=STRING), "B": thing("b", b=STRING), "C": thing("c", c=STRING)}


def of(*names: str) -> Tree:
    return {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}


# Rule, schema of the old contract, one that falls under the rule, one near it that does not.
SENT: list[tuple[str, Any, Any, Any]] = [
    ("type-changed", STRING, INTEGER, {"type": ["string", "integer"]}),
    ("request-type-narrowed", {"type": ["string", "integer"]}, STRING, {"type": ["integer", "string"]}),
    ("request-type-widened", INTEGER, {"type": "number"}, {"type": ["integer"]}),
    ("nullability-narrowed-in-request", {"type": ["string", "null"]}, STRING,
     {"anyOf": [{"type": "null"}, {"type": "string"}]}),
    ("nullability-widened-in-request", STRING, {"type": ["string", "null"]}, STRING),
    ("request-enum-narrowed", {"enum": ["a", "b"]}, {"enum": ["a"]}, {"enum": ["b", "a"]}),
    ("request-enum-widened", {"const": "a"}, {"enum": ["a", "b"]}, {"enum": ["a"]}),
    ("request-pattern-tightened", {"type": "string", "pattern": "^[A-Z]+$"},
     {"type": "string", "pattern": "^[A-Z]{2}$"},
     {"type": "string", "pattern": r"^[A-Z][A-Z]*(?![\s\S])"}),
    ("request-pattern-loosened", {"type": "string", "pattern": "^[A-Z]$"}, {"type": "string", "pattern": "^[A-Za-z]$"},
     {"type": "string", "pattern": "^(?:[A-Z])$"}),
    ("request-pattern-changed", {"type": "string", "pattern": "^[a-m]$"}, {"type": "string", "pattern": "^[h-z]$"},
     {"type": "string", "pattern": "^[a-z]$"}),
    ("request-pattern-unclear", {"type": "string", "pattern": "^(a)$"}, {"type": "string", "pattern": r"^(a)\1$"},
     {"type": "string", "pattern": "^a$"}),
    ("request-format-tightened", {"type": "integer", "format": "int64"}, {"type": "integer", "format": "int32"},
     {"type": "integer", "format": "int64"}),
    ("request-format-loosened", {"type": "string", "format": "uri"}, {"type": "string", "format": "uri-reference"},
     {"type": "string", "format": "uri"}),
    ("request-format-changed", {"type": "string", "format": "date"}, {"type": "string", "format": "date-time"},
     {"type": "string"}),
    ("request-bound-tightened", {"type": "integer", "minimum": 1}, {"type": "integer", "minimum": 2},
     {"type": "integer", "exclusiveMinimum": 0}),
    ("request-bound-loosened", {"type": "string", "maxLength": 3}, {"type": "string", "maxLength": 4},
     {"type": "string", "maxLength": 3, "minLength": 0}),
    ("request-default-changed", {"type": "string", "default": "a"}, {"type": "string", "default": "b"},
     {"type": "string", "default": "a", "title": "new words"}),
    ("request-key-added-required", thing("a", a=STRING), thing("a", "b", a=STRING, b=STRING),
     thing("a", a=STRING, b=STRING)),
    ("request-key-added", thing("a", a=STRING), thing("a", a=STRING, b=STRING),
     thing("a", a=STRING, b={"type": "string", "readOnly": True})),
    ("request-key-now-required", thing(a=STRING), thing("a", a=STRING), thing(a=STRING)),
    ("request-key-now-optional", thing("a", a=STRING), thing(a=STRING), thing("a", a=STRING)),
    ("request-key-removed", thing(a=STRING, b=STRING), thing(a=STRING), thing(b=STRING, a=STRING)),
    ("request-key-deprecated", thing(a=STRING), thing(a={"type": "string", "deprecated": True}), thing(a=STRING)),
    ("request-object-closed", thing(a=STRING), {**thing(a=STRING), "additionalProperties": False},
     {**thing(a=STRING), "additionalProperties": True}),
    ("request-map-closed", {"type": "object", "additionalProperties": STRING},
     {"type": "object", "additionalProperties": False}, {"type": "object", "additionalProperties": STRING}),
    ("request-object-opened", {"type": "object", "additionalProperties": False}, {"type": "object"},
     {"type": "object", "additionalProperties": False}),
    ("extra-keys-changed", {"type": "object"}, {"type": "object", "additionalProperties": STRING},
     {"type": "object", "additionalProperties": {}}),
    ("request-variant-removed", of("A", "B", "C"), of("A", "B"), of("C", "B", "A")),
    ("request-variant-added", of("A", "B"), of("A", "B", "C"), of("B", "A")),
    ("keyword-changed", {"type": "object", "propertyNames": {"minLength": 1}},
     {"type": "object", "propertyNames": {"minLength": 2}}, {"type": "object", "propertyNames": {"minLength": 1.0}}),
]  # fmt: skip

ANSWERED: list[tuple[str, Any, Any, Any]] = [
    ("type-changed", thing("a", a=STRING), thing("a", a=INTEGER), thing("a", a=STRING)),
    ("response-type-widened", INTEGER, {"type": "number"}, INTEGER),
    ("response-type-narrowed", {"type": "number"}, INTEGER, {"type": ["number", "integer"]}),
    ("nullability-widened-in-response", STRING, {"type": ["string", "null"]}, {"anyOf": [STRING]}),
    ("nullability-narrowed-in-response", {"oneOf": [STRING, {"type": "null"}]}, STRING, {"type": ["null", "string"]}),
    ("response-enum-widened", {"enum": ["a"]}, {"enum": ["a", "b"]}, {"const": "a"}),
    ("response-enum-narrowed", {"enum": ["a", "b"]}, {"enum": ["a"]}, {"enum": ["b", "a"]}),
    ("response-enum-replaced", {"const": "a"}, {"const": "b"}, {"enum": ["a", "b"]}),
    ("response-pattern-loosened", {"type": "string", "pattern": "^a$"}, {"type": "string", "pattern": "^[ab]$"},
     {"type": "string", "pattern": "^[a]$"}),
    ("response-pattern-tightened", {"type": "string", "pattern": "^[ab]$"}, {"type": "string", "pattern": "^a$"},
     {"type": "string", "pattern": "^(?:a|b)$"}),
    ("response-pattern-changed", {"type": "string", "pattern": "^a$"}, {"type": "string", "pattern": "^b$"},
     {"type": "string", "pattern": "^a{1}$"}),
    ("response-pattern-unclear", {"type": "string", "pattern": "^a$"}, {"type": "string", "pattern": "^(?=a).$"},
     {"type": "string", "pattern": "^a$"}),
    ("response-format-loosened", {"type": "string", "format": "date-time"}, STRING,
     {"type": "string", "format": "date-time"}),
    ("response-format-tightened", STRING, {"type": "string", "format": "uuid"}, STRING),
    ("response-format-changed", {"type": "string", "format": "date-time"}, {"type": "string", "format": "date"},
     {"type": "string", "format": "date-time", "description": "new words"}),
    ("response-bound-loosened", {"type": "array", "maxItems": 50}, {"type": "array", "maxItems": 100},
     {"type": "array", "maxItems": 50, "minItems": 0}),
    ("response-bound-tightened", {"type": "number", "multipleOf": 0.5}, {"type": "number", "multipleOf": 1},
     {"type": "number", "multipleOf": 0.5}),
    ("response-key-removed", thing("a", a=STRING), thing(), thing("a", a=STRING)),
    ("response-optional-key-removed", thing(a=STRING), thing(), thing(a=STRING)),
    ("response-key-now-optional", thing("a", a=STRING), thing(a=STRING), thing("a", a=STRING)),
    ("response-key-now-required", thing(a=STRING), thing("a", a=STRING), thing(a=STRING)),
    ("response-key-added", thing(), thing("a", a=STRING), thing(a={"type": "string", "writeOnly": True})),
    ("response-key-added-to-closed-object", {**thing(), "additionalProperties": False},
     {**thing(a=STRING), "additionalProperties": False}, {**thing(), "additionalProperties": False}),
    ("response-key-deprecated", thing(a=STRING), thing(a={"type": "string", "deprecated": True}), thing(a=STRING)),
    ("response-object-opened", {**thing(), "additionalProperties": False}, thing(),
     {**thing(), "additionalProperties": False}),
    ("response-object-closed", thing(), {**thing(), "additionalProperties": False}, thing()),
    ("response-map-closed", {"type": "object", "additionalProperties": STRING},
     {"type": "object", "additionalProperties": False}, {"type": "object", "additionalProperties": {"type": "string"}}),
    ("response-variant-added", of("A", "B"), of("A", "B", "C"), of("B", "A")),
    ("response-variant-removed", of("A", "B", "C"), of("A", "B"), of("C", "A", "B")),
]  # fmt: skip

PAIRS: list[tuple[str, Tree, Tree, Tree]] = [
    *API_PAIRS,
    *((rule, *(sent(schema, **NAMED) for schema in schemas)) for rule, *schemas in SENT),  # type: ignore[misc]
    *((rule, *(answered(schema, **NAMED) for schema in schemas)) for rule, *schemas in ANSWERED),  # type: ignore[misc]
]


@pytest.mark.parametrize(("rule", "old", "new", "near"), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_a_rule_tells_its_difference_and_no_other(rule: str, old: Tree, new: Tree, near: Tree) -> None:
    assert rules(old, new) == [rule]
    assert rule not in rules(old, near)
    assert rules(old, old) == []


def test_an_error_may_be_told_in_another_kind_of_json() -> None:
    plain, problem = (answering(media, status="422") for media in ("application/json", "application/problem+json"))
    assert rules(plain, problem) == ["response-media-type-added"]
    assert rules(plain, answering("text/html", status="422")) == [
        "response-media-type-added",
        "response-media-type-removed",
    ]


def test_every_rule_has_a_pair() -> None:
    assert {pair[0] for pair in PAIRS} == set(RULES)


def test_a_pair_of_directions_judges_the_same_difference_in_opposite_ways() -> None:
    required, optional = thing("a", a=STRING), thing(a=STRING)
    assert [RULES[rule].severity for rule in rules(sent(optional), sent(required))] == [Severity.BREAKING]
    assert [RULES[rule].severity for rule in rules(answered(optional), answered(required))] == [Severity.INFO]
    assert [RULES[rule].severity for rule in rules(sent(required), sent(optional))] == [Severity.INFO]
    assert [RULES[rule].severity for rule in rules(answered(required), answered(optional))] == [Severity.BREAKING]


def test_rules_say_which_side_and_kind_they_are_of() -> None:
    assert RULES["response-key-removed"].side is Side.RESPONSE
    assert RULES["response-key-removed"].kind is Kind.REMOVED
    assert RULES["nullability-widened-in-request"].side is Side.REQUEST
    assert RULES["path-added"].side is Side.API
    assert all(rule.title and rule.why for rule in RULES.values())
