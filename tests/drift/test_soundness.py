"""What a comparison calls harmless is harmless: no value contradicts it."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.drift.reading import SchemaReader
from contracts.drift.refs import Document
from contracts.drift.rules import RULES, Severity, Side
from contracts.drift.schemas import SchemaComparison

EXAMPLES = 80
"""Enough to hold what was found with many thousands."""

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 4) | st.sampled_from([0.5, 1.5, "", "a", "b", "ab", "abc"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=5,
)
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])


def leaf() -> st.SearchStrategy[Any]:
    kinds = st.one_of(TYPES, st.lists(TYPES, min_size=1, max_size=3, unique=True))
    return st.fixed_dictionaries(
        {},
        optional={
            "type": kinds,
            "enum": st.lists(
                st.sampled_from([None, True, 0, 1, 1.5, "a", "b", "ab"]), min_size=1, max_size=3, unique_by=repr
            ),
            "minimum": st.integers(-1, 2),
            "exclusiveMinimum": st.integers(-1, 2),
            "maximum": st.integers(0, 3),
            "minLength": st.integers(0, 2),
            "maxLength": st.integers(0, 3),
            "pattern": st.sampled_from(["^a", "^[ab]+$", "b", "^.{2}$"]),
            "maxItems": st.integers(0, 2),
            "uniqueItems": st.booleans(),
            "multipleOf": st.sampled_from([1, 2, 0.5]),
        },
    )


def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    objects = st.fixed_dictionaries(
        {"properties": keys},
        optional={
            "type": st.just("object"),
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
            "additionalProperties": st.booleans() | inner,
        },
    )
    parts = st.lists(inner, min_size=1, max_size=2)
    return st.one_of(
        objects,
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries({"anyOf": parts}),
        st.fixed_dictionaries({"allOf": parts}, optional={"type": TYPES}),
    )


SCHEMAS = st.recursive(leaf() | st.booleans(), grown, max_leaves=4)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """Two schemas that have something to do with each other more often than chance would have it."""
    one, two = draw(SCHEMAS), draw(SCHEMAS)
    three = {draw(st.sampled_from(["allOf", "anyOf"])): [one, two]}
    return draw(st.sampled_from([(one, two), (one, three), (three, one)]))


HARMLESS = {rule.id for rule in RULES.values() if rule.severity is Severity.INFO} - {"request-key-added"}
"""A new key breaks those alone who sent it when the contract did not name it, with a value of another type."""


def compared(old: Any, new: Any, side: Side) -> list[str]:
    document = Document("doc", {})
    comparison = SchemaComparison(SchemaReader(document, old_dialect=False), SchemaReader(document, old_dialect=False))
    return [note.rule for note in comparison.notes((old,), (new,), side)]


def keeps(schema: Any, value: Any) -> bool:
    return bool(jsonschema_rs.Draft202012Validator(schema).is_valid(value))


@given(pairs(), st.lists(VALUES, min_size=5, max_size=15))
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_request_that_was_lawful_still_is_where_nothing_breaks(pair: tuple[Any, Any], values: list[Any]) -> None:
    old, new = pair
    if set(compared(old, new, Side.REQUEST)) <= HARMLESS:
        for value in values:
            assert keeps(new, value) or not keeps(old, value)


@given(pairs(), st.lists(VALUES, min_size=5, max_size=15))
@settings(max_examples=EXAMPLES, deadline=None)
def test_an_answer_is_one_that_was_promised_where_nothing_breaks(pair: tuple[Any, Any], values: list[Any]) -> None:
    old, new = pair
    if set(compared(old, new, Side.RESPONSE)) <= HARMLESS:
        for value in values:
            assert keeps(old, value) or not keeps(new, value)


@given(SCHEMAS, SCHEMAS)
@settings(max_examples=EXAMPLES // 2, deadline=None)
def test_a_schema_does_not_differ_from_itself_or_from_its_own_conjunction(schema: Any, other: Any) -> None:
    for side in (Side.REQUEST, Side.RESPONSE):
        assert compared(schema, schema, side) == []
        assert compared({"allOf": [schema, other]}, {"allOf": [other, schema]}, side) == []
