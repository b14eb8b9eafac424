"""Whole documents compared: the two profiles, spellings that do not matter, and what can hardly be compared."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.drift.change import Change
from contracts.drift.compare import compare
from contracts.drift.walk import read_api
from contracts.errors import UsageError
from contracts.profiles import PROFILES, openapi_document
from tests.drift.build import Tree, answered, api, call, changes, doc, rules, sent

PURCHASE_ANSWERS = {
    "GET /v1/purchases 200",
    "POST /v1/purchases 200",
    "GET /v1/purchases/{purchase_id} 200",
    "POST /v1/purchases/{purchase_id}/request-code 200",
    "POST /v1/purchases/{purchase_id}/refund 200",
}


def told(found: list[Change]) -> list[tuple[str, str, str, str, str]]:
    return [
        (change.rule.severity.value, change.rule.id, change.subject, change.before, change.after) for change in found
    ]


def test_the_drift_between_the_profiles_is_what_changed_between_them() -> None:
    found = changes(*(openapi_document(name) for name in PROFILES))
    assert told(found) == [
        ("breaking", "nullability-widened-in-response", "Verification.password", "string", "string or null"),
        ("warning", "response-enum-widened", "Status", "", '"EXPIRED"'),
        ("info", "request-parameter-added", "GET /v1/purchases query phone_number", "", "string, optional"),
        ("info", "request-enum-widened", "Status", "", '"EXPIRED"'),
        ("info", "response-key-added", "Purchase.emoji", "", "string, required"),
        ("info", "response-key-added", "Purchase.purchase_source", "", '"BOT", "WEB", "API", required'),
        ("info", "response-key-added", "Account.emoji", "", "string, optional"),
    ]
    places = {(change.rule.id, change.subject): set(change.places) for change in found}
    assert places["response-enum-widened", "Status"] == PURCHASE_ANSWERS
    assert places["response-key-added", "Purchase.emoji"] == PURCHASE_ANSWERS
    assert places["nullability-widened-in-response", "Verification.password"] == PURCHASE_ANSWERS
    assert places["request-enum-widened", "Status"] == {"GET /v1/purchases query status"}


def test_going_back_takes_away_what_came() -> None:
    found = changes(*(openapi_document(name) for name in reversed(PROFILES)))
    assert [entry[:3] for entry in told(found)] == [
        ("breaking", "request-parameter-removed", "GET /v1/purchases query phone_number"),
        ("breaking", "request-enum-narrowed", "Status"),
        ("breaking", "response-key-removed", "Purchase.emoji"),
        ("breaking", "response-key-removed", "Purchase.purchase_source"),
        ("warning", "response-optional-key-removed", "Account.emoji"),
        ("info", "nullability-narrowed-in-response", "Verification.password"),
        ("info", "response-enum-narrowed", "Status"),
    ]


@pytest.mark.parametrize("profile", PROFILES)
def test_words_and_order_are_no_drift(profile: str) -> None:
    old = openapi_document(profile)
    new = json.loads(json.dumps(old))
    new["info"]["description"] = "other words"
    new["paths"] = dict(reversed(new["paths"].items()))
    for schema in new["components"]["schemas"].values():
        schema["description"] = "other words"
        schema["required"] = sorted(schema.get("required", ()))
    assert changes(old, new) == []


def test_a_change_of_a_shared_schema_is_told_once_with_all_its_places() -> None:
    def page(kind: str) -> Tree:
        ref = {"$ref": "#/components/schemas/Thing"}
        body = {"content": {"application/json": {"schema": ref}}}
        item = {"get": {"responses": {"200": body}}, "put": {"requestBody": body, "responses": {"200": body}}}
        return doc({"/a": item}, components={"schemas": {"Thing": {"properties": {"x": {"type": kind}}}}})

    (change,) = changes(page("string"), page("integer"))
    assert (change.rule.id, change.subject) == ("type-changed", "Thing.x")
    assert set(change.places) == {"GET /a 200", "PUT /a request", "PUT /a 200"}


NULLABLE_STRING: list[Tree] = [
    answered({"type": ["string", "null"]}),
    answered({"anyOf": [{"type": "string"}, {"type": "null"}]}),
    answered({"oneOf": [{"$ref": "#/components/schemas/S"}, {"type": "null"}]}, S={"type": "string"}),
    answered({"type": "string", "nullable": True}, version="3.0.3"),
    answered({"allOf": [{"$ref": "#/components/schemas/S"}], "nullable": True}, version="3.0.0", S={"type": "string"}),
    answered({"allOf": [{"type": ["string", "null", "integer"]}, {"type": ["null", "string"]}]}),
]


@pytest.mark.parametrize("old", NULLABLE_STRING)
@pytest.mark.parametrize("new", NULLABLE_STRING)
def test_null_is_null_however_it_is_written(old: Tree, new: Tree) -> None:
    assert rules(old, new) == []
    assert rules(old, answered({"type": "string"})) == ["nullability-narrowed-in-response"]
    assert rules(answered({"type": "string"}), new) == ["nullability-widened-in-response"]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"enum": ["a"]}, {"const": "a"}),
        ({"type": "string", "enum": ["a", "b"]}, {"oneOf": [{"const": "b", "title": "B"}, {"const": "a"}]}),
        ({"type": "integer", "minimum": 1}, {"type": "integer", "exclusiveMinimum": 0}),
        ({"type": "integer", "maximum": 9.5}, {"type": "integer", "exclusiveMaximum": 10}),
        ({"type": "number", "minimum": 1.0}, {"type": "number", "minimum": 1}),
        ({"type": "string", "pattern": "^[A-Z]{2}$", "minLength": 2, "maxLength": 2},
         {"type": "string", "pattern": "^[A-Z][A-Z]$"}),
        ({"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a", "b"]},
         {"allOf": [{"type": "object", "properties": {"a": {}}, "required": ["a"]},
                    {"type": "object", "properties": {"b": {}}, "required": ["b"]}]}),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        ({"type": "string", "format": "uri"}, {"type": "string", "format": "uri", "minLength": 1}),
        ({}, True),
        ({"type": "array"}, {"type": "array", "items": {}}),
        ({"type": "integer", "minLength": 3}, {"type": "integer", "pattern": "^a$"}),
    ],
)  # fmt: skip
def test_two_spellings_of_one_schema_do_not_differ(one: Any, two: Any) -> None:
    for wrap in (sent, answered):
        assert rules(wrap(one), wrap(two)) == []
        assert rules(wrap(two), wrap(one)) == []


def test_old_and_new_versions_of_openapi_can_be_compared() -> None:
    old = answered({"type": "number", "minimum": 0, "exclusiveMinimum": True, "nullable": True}, version="3.0.3")
    new = answered({"type": ["number", "null"], "exclusiveMinimum": 0}, version="3.1.0")
    assert rules(old, new) == []


def test_in_openapi_3_0_what_stands_beside_a_reference_does_not_count() -> None:
    ref = {"$ref": "#/components/schemas/S"}
    plain, beside = sent(ref, "3.0.3", S={}), sent({**ref, "type": "string"}, "3.0.3", S={})
    assert rules(plain, beside) == []
    both = {"type": ["string", "integer"]}
    assert rules(sent(ref, S=both), sent({**ref, "type": "string"}, S=both)) == ["request-type-narrowed"]


def tree_of(kind: str) -> Tree:
    node = {
        "type": "object",
        "properties": {
            "value": {"type": kind},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        },
    }
    return answered({"$ref": "#/components/schemas/Node"}, Node=node)


def test_recursive_schemas_end() -> None:
    assert rules(tree_of("string"), tree_of("string")) == []
    (change,) = changes(tree_of("string"), tree_of("integer"))
    assert (change.rule.id, change.subject) == ("type-changed", "Node.value")


def test_alternatives_are_paired_by_name_and_by_what_they_allow() -> None:
    def events(**kinds: str) -> Tree:
        schemas = {
            name: {"type": "object", "required": ["kind"], "properties": {"kind": {"const": name}, "v": {"type": kind}}}
            for name, kind in kinds.items()
        }
        return answered({"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in kinds]}, **schemas)

    (change,) = changes(events(A="string", B="string"), events(B="integer", A="string"))
    assert (change.rule.id, change.subject) == ("type-changed", "B.v")


def test_an_alternative_may_become_the_only_one() -> None:
    union = {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "integer", "minimum": 1}]}
    assert rules(sent(union), sent({"type": "string", "maxLength": 3})) == ["request-variant-removed"]
    assert rules(answered(union), answered({"type": "string", "maxLength": 3})) == ["response-variant-removed"]
    assert rules(answered({"type": "string", "maxLength": 3}), answered(union)) == ["response-variant-added"]


def test_a_range_of_statuses_and_the_default_speak_for_those_without_a_word_of_their_own() -> None:
    def errors(**bodies: Any) -> Tree:
        return call(
            responses={
                code.strip("_"): {"content": {"application/json": {"schema": schema}}}
                for code, schema in bodies.items()
            }
        )

    named = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    assert rules(errors(_200={}, _4XX=named), errors(_200={}, _404=named, default=named)) == ["error-status-added"]
    assert rules(errors(_200={}, _404=named), errors(_200={}, _4XX=named)) == []
    assert rules(errors(_200={}, default=named), errors(_200={}, _404={"type": "string"})) == [
        "error-status-removed",
        "type-changed",
    ]
    assert rules(errors(_200={}, default=named), errors(_200={}, _201={}, default=named)) == ["success-status-added"]


def test_a_default_matters_only_where_a_value_may_be_left_out() -> None:
    def asking(default: int | None, *, required: bool) -> Tree:
        schema = {"type": "integer"} if default is None else {"type": "integer", "default": default}
        body = {"type": "object", "properties": {"size": schema}, "required": ["size"] if required else []}
        found = sent(body)
        parameter = {"name": "size", "in": "query", "required": required, "schema": schema}
        found["paths"]["/things"]["post"]["parameters"] = [parameter]
        return found

    changed = ["request-default-changed", "request-default-changed"]
    assert rules(asking(10, required=False), asking(20, required=False)) == changed
    assert rules(asking(10, required=True), asking(20, required=True)) == []
    assert rules(asking(None, required=False), asking(20, required=False)) == []


def test_the_path_of_a_server_is_part_of_every_path() -> None:
    old = call(path="/v1/things")
    new = call(path="/things") | {
        "servers": [{"url": "https://api.example/{v}", "variables": {"v": {"default": "v1"}}}]
    }
    assert rules(old, new) == []


def test_a_key_is_the_same_whether_it_is_called_a_parameter_or_a_way_to_authenticate() -> None:
    schemes = {"components": {"securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}}}
    secured = call(security=[{"k": []}]) | schemes

    def parameter(name: str, *, required: bool = True) -> Tree:
        return call(parameters=[{"name": name, "in": "header", "required": required, "schema": {"type": "string"}}])

    assert rules(secured, parameter("x-api-key")) == []
    assert rules(parameter("x-api-key"), secured) == []
    assert rules(secured, parameter("x-other-key")) == [
        "request-parameter-added-required",
        "security-no-longer-required",
    ]
    assert rules(secured, parameter("x-api-key", required=False)) == [
        "request-parameter-added",
        "security-no-longer-required",
    ]
    assert rules(call(), parameter("x-api-key")) == ["request-parameter-added-required"]


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (None, "is null, not an OpenAPI document"),
        ([], "is an array, not"),
        ({}, "has no 'openapi' key"),
        ({"openapi": 3.1}, "says openapi: '3.1'"),
        ({"openapi": "4.0.0"}, "says openapi: '4.0.0'"),
        ({"swagger": "2.0"}, "Swagger '2.0'"),
        (doc({}), "describes no operation"),
        ({"openapi": "3.1.0", "paths": []}, "'paths' is an array"),
        (doc({"/a": 3}), "the path '/a' is a number"),
        (doc({"/a": {"get": "x"}}), "is a string, not an object"),
        (doc({"/a": {"$ref": "#/components/pathItems/A"}}), "which it does not have"),
        (doc({"/a": {"$ref": "other.yaml#/A"}}), "outside of the document"),
        (doc({"/a": {"$ref": "https://example.org/a.yaml"}}), "outside of the document"),
        (doc({"/a": {"$ref": "#anchor"}}), "no JSON pointer"),
        (doc({"/a": {"$ref": "#/paths/~1a"}}), "refers to itself"),
        (doc({"/a/{x}": {"get": {}}, "/a/{y}": {"get": {}}}), "no request tells apart"),
        (call(parameters=[{"in": "query"}]), "lacks a name"),
        (call(parameters=[{"in": "body", "name": "b"}]), "'in' of path"),
        (call(security=[{"nobody": []}]), "does not define it"),
        (call(responses=[]), "'responses' of"),
    ],
)
def test_what_is_no_openapi_document_is_one_line(tree: Any, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_api("doc", tree)
    assert words in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def chain(length: int) -> Tree:
    schemas = {f"S{n}": {"allOf": [{"$ref": f"#/components/schemas/S{n + 1}"}]} for n in range(length)}
    return answered({"$ref": "#/components/schemas/S0"}, **schemas, **{f"S{length}": {}})


def doubling(levels: int) -> Tree:
    schemas = {f"S{n}": {"allOf": [{"$ref": f"#/components/schemas/S{n + 1}"}] * 2} for n in range(levels)}
    last = {"properties": {"x": {"type": "string"}}, "items": {}}
    return answered({"$ref": "#/components/schemas/S0"}, **schemas, **{f"S{levels}": last})


def unions(levels: int) -> Tree:
    either = {"anyOf": [{"type": "string", "pattern": "a"}, {"type": "string", "pattern": "b"}]}
    return answered({"allOf": [copy.deepcopy(either) | {"title": str(n)} for n in range(levels)]})


def deep(levels: int) -> Tree:
    schemas = {f"S{n}": {"properties": {"x": {"$ref": f"#/components/schemas/S{n + 1}"}}} for n in range(levels)}
    return answered({"$ref": "#/components/schemas/S0"}, **schemas, **{f"S{levels}": {}})


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (answered({"$ref": "#/components/schemas/S"}, S={"$ref": "#/components/schemas/S"}), "refers to itself"),
        (answered({"$ref": "#/components/schemas/S"}, S={"allOf": [{"$ref": "#/components/schemas/S"}]}), "itself"),
        (answered({"$ref": "file:///etc/passwd"}), "outside of the document"),
        (answered({"type": "text"}), "unknown type"),
        (answered("string"), "where a schema belongs"),
        (answered({"required": [1]}), "no list of keys"),
        (answered({"minLength": "1"}), "is no number"),
        (answered({"pattern": 1}), "is no text"),
        (answered({"properties": []}), "'properties' of a schema is an array"),
        (chain(200), "follows more than"),
        (unions(20), "alternatives"),
        (deep(200), "too entangled"),
    ],
)
def test_a_hostile_schema_is_one_line(tree: Tree, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        changes(tree, copy.deepcopy(tree))
    assert words in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_references_that_double_at_every_level_are_followed_once() -> None:
    assert changes(doubling(35), doubling(35)) == []


WORDS = st.sampled_from(
    "openapi info title version servers url paths /a /b/{x} get post parameters name in query path required schema "
    "requestBody content application/json responses 200 4XX default headers security components schemas "
    "securitySchemes $ref #/components/schemas/A #/paths/~1a A type object string array properties items allOf anyOf "
    "enum const pattern minimum nullable additionalProperties deprecated readOnly 3.1.0 3.0.3 ^a$ [".split()
)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.floats(0, 1) | WORDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=2), inner, max_size=4),
    max_leaves=25,
)


PROMISED = {profile: api(openapi_document(profile)) for profile in PROFILES}


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """A profile's document of which one place holds something else."""
    tree = openapi_document(draw(st.sampled_from(PROFILES)))
    node: Any = tree
    for _ in range(draw(st.integers(1, 9))):
        places = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not places:
            break
        place = draw(st.sampled_from(places))
        if not isinstance(node[place], dict | list) or not draw(st.integers(0, 5)):
            node[place] = draw(TREES)
            break
        node = node[place]
    return tree


@given(spoilt(), st.sampled_from(PROFILES))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_tree_is_compared_or_refused_with_one_line(tree: Any, profile: str) -> None:
    other = PROMISED[profile]
    try:
        found = compare(api(tree), other) + compare(other, api(tree))
    except UsageError as refused:
        lines = str(refused).splitlines()
        found = []
    else:
        lines = [""]
    assert len(lines) == 1
    assert len(lines[0]) < 1000
    assert all(len(change.before) < 500 and len(change.after) < 500 for change in found)


@given(TREES, TREES, TREES)
@settings(max_examples=100, deadline=None)
def test_any_schema_is_compared_or_refused_with_one_line(one: Any, two: Any, component: Any) -> None:
    try:
        changes(answered(one, A=component), answered(two, A=component))
        lines = [""]
    except UsageError as refused:
        lines = str(refused).splitlines()
    assert len(lines) == 1
