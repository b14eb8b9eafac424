"""JSON Schemas in a normal form, in which two of them can be compared keyword by keyword.

Two schemas may promise the same in different spellings: ``nullable: true`` (OpenAPI 3.0), ``type: [string, "null"]``
and ``anyOf: [{type: string}, {type: "null"}]``; ``const`` and an ``enum`` of one; ``exclusiveMinimum: 0`` and
``minimum: 1`` for integers. The normal form of a schema is a list of *shapes*, one for each alternative of its
``anyOf`` and ``oneOf``, each with everything that ``allOf`` and ``$ref`` demand put together, and whether null is
lawful beside them. It is made one level at a time: what stands under a key or in an array stays a list of schemas
that all apply (a *conjunction*), so that recursive schemas end.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

Conjunction: TypeAlias = tuple[object, ...]
"""Raw schemas that all apply to one value; an empty one allows everything."""

Limit: TypeAlias = tuple[float, bool]
"""A bound and whether it is exclusive."""

TYPES: Final = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
"""The types of JSON Schema (2020-12 Validation, section 6.1.1)."""

NUMERIC: Final = frozenset({"integer", "number"})


@dataclass(frozen=True, slots=True)
class Shape:
    """One alternative of a schema: everything that a value must keep to be that alternative.

    Attributes:
        types: lawful types; ``number`` always comes with ``integer``, which is part of it.
        values: the only lawful values by their canonical text, None where every value of the types is.
        patterns: regular expressions that a string must all match.
        formats: formats that it must have.
        lower: by keyword (``minimum``, ``minLength``, ``minItems``, ``minProperties``) the bound below.
        upper: likewise above.
        multiples: numbers that it must be a multiple of.
        unique: whether the items of an array must differ.
        properties: by key of an object, what is demanded of its value.
        required: keys that it must have.
        extra: what is demanded of other keys' values, False where there may be none, None where nothing is said.
        items: what is demanded of an array's items.
        others: keywords that are compared by their text alone.
        default: canonical text of the default, None without one.
        deprecated: whether it is marked so.
        read_only: whether it stands in answers only.
        write_only: whether it stands in requests only.
        name: name of the component it comes from, None for an inline schema.
    """

    types: frozenset[str] = TYPES
    values: Mapping[str, object] | None = None
    patterns: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    lower: Mapping[str, Limit] = field(default_factory=dict)
    upper: Mapping[str, Limit] = field(default_factory=dict)
    multiples: frozenset[float] = frozenset()
    unique: bool = False
    properties: Mapping[str, Conjunction] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    extra: Conjunction | bool | None = None
    items: Conjunction = ()
    others: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None
    deprecated: bool = False
    read_only: bool = False
    write_only: bool = False
    name: str | None = None

    @property
    def keys(self) -> frozenset[str]:
        """Every key that the shape speaks of."""
        return self.required | self.properties.keys()

    def of_key(self, key: str) -> Conjunction:
        """Return what is demanded of the value of a key."""
        if key in self.properties:
            return self.properties[key]
        if self.extra is None or self.extra is True:
            return ()
        return (False,) if self.extra is False else self.extra


@dataclass(frozen=True, slots=True)
class Normal:
    """A schema in normal form.

    Attributes:
        nullable: whether null is lawful.
        shapes: the alternatives, without null; none where nothing else is lawful.
    """

    nullable: bool
    shapes: tuple[Shape, ...]


def canonical(value: object) -> str:
    """Return one text for every spelling of a JSON value: keys sorted, ``1.0`` as ``1``."""
    return json.dumps(_plain_numbers(value), sort_keys=True, ensure_ascii=False)


def _plain_numbers(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain_numbers(item) for key, item in value.items()}
    return value


def type_of(value: object) -> str:
    """Return the JSON Schema type of a value; ``1.0`` is an integer (2020-12 Core, section 4.2.3)."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def told_types(types: Iterable[str]) -> str:
    """Return types as a reader writes them: ``integer or null``; a number says integer as well."""
    kinds = set(types)
    if kinds >= TYPES - {"null"}:
        return "anything"
    kinds -= {"integer"} if "number" in kinds else set()
    return " or ".join(sorted(kinds, key=lambda kind: (kind == "null", kind))) or "nothing"


def both(one: Shape, two: Shape) -> Shape | None:
    """Return the shape of values that are of both shapes, None where there can be none."""
    types = one.types & two.types
    values = one.values if two.values is None else two.values
    if one.values is not None and two.values is not None:
        values = {text: value for text, value in one.values.items() if text in two.values}
    if values is not None:
        values = {text: value for text, value in values.items() if type_of(value) in types}
        types &= frozenset(map(type_of, values.values())) | (NUMERIC if _fractional(values) else frozenset())
    if not types:
        return None
    return Shape(
        types=types,
        values=values,
        patterns=one.patterns | two.patterns,
        formats=one.formats | two.formats,
        lower=_tightest(one.lower, two.lower, below=True),
        upper=_tightest(one.upper, two.upper, below=False),
        multiples=one.multiples | two.multiples,
        unique=one.unique or two.unique,
        properties={
            key: _together(one.properties.get(key, ()), two.properties.get(key, ()))
            for key in [*one.properties, *(key for key in two.properties if key not in one.properties)]
        },
        required=one.required | two.required,
        extra=_extra(one.extra, two.extra),
        items=_together(one.items, two.items),
        others=_others(one.others, two.others),
        default=one.default if one.default is not None else two.default,
        deprecated=one.deprecated or two.deprecated,
        read_only=one.read_only or two.read_only,
        write_only=one.write_only or two.write_only,
        name=one.name or two.name,
    )


def settled(alternatives: Iterable[Shape]) -> Normal:
    """Return the normal form of alternatives that may still have null among their types and values."""
    nullable = False
    shapes: list[Shape] = []
    for shape in alternatives:
        if "null" in shape.types and (shape.values is None or "null" in shape.values):
            nullable = True
        types = shape.types - {"null"}
        values = None
        if shape.values is not None:
            values = {text: value for text, value in shape.values.items() if value is not None}
        if types and values != {}:
            shapes.append(_whole_numbers(replace(shape, types=types, values=values)))
    return Normal(nullable, tuple(_merged(shapes)))


def _fractional(values: Mapping[str, object]) -> bool:
    return any(type_of(value) == "number" for value in values.values())


def _tightest(one: Mapping[str, Limit], two: Mapping[str, Limit], *, below: bool) -> Mapping[str, Limit]:
    found = dict(one)
    for keyword, limit in two.items():
        known = found.get(keyword)
        if known is None or tighter(limit, known, below=below):
            found[keyword] = limit
    return found


def tighter(one: Limit, two: Limit, *, below: bool) -> bool:
    """Tell whether a bound rules out more than another."""
    if one[0] != two[0]:
        return (one[0] > two[0]) is below
    return one[1] and not two[1]


def _together(one: Conjunction, two: Conjunction) -> Conjunction:
    """Put two conjunctions together; a schema that stands in both counts once."""
    known = set(map(id, one))
    return (*one, *(schema for schema in two if id(schema) not in known))


def _extra(one: Conjunction | bool | None, two: Conjunction | bool | None) -> Conjunction | bool | None:
    if one is False or two is False:
        return False
    if isinstance(one, tuple) and isinstance(two, tuple):
        return _together(one, two)
    for extra in (one, two):
        if isinstance(extra, tuple):
            return extra
    return True if True in {one, two} else None


def _others(one: Mapping[str, str], two: Mapping[str, str]) -> Mapping[str, str]:
    found = dict(one)
    for keyword, text in two.items():
        known = found.get(keyword, text)
        found[keyword] = text if known == text else " and ".join(sorted((known, text)))
    return found


def _whole_numbers(shape: Shape) -> Shape:
    """Spell the bounds of integers one way: inclusive and whole; drop bounds that every value keeps."""
    lower = {
        keyword: limit
        for keyword, limit in shape.lower.items()
        if not (keyword != "minimum" and limit[0] <= 0 and not limit[1])
    }
    upper = dict(shape.upper)
    if "number" not in shape.types:
        if "minimum" in lower:
            number, exclusive = lower["minimum"]
            whole = math.ceil(number)
            lower["minimum"] = (whole + 1 if exclusive and whole == number else whole, False)
        if "maximum" in upper:
            number, exclusive = upper["maximum"]
            whole = math.floor(number)
            upper["maximum"] = (whole - 1 if exclusive and whole == number else whole, False)
    return replace(shape, lower=lower, upper=upper)


def _merged(shapes: list[Shape]) -> list[Shape]:
    """Drop alternatives that stand twice, and put those together that one shape can say."""
    kept: list[Shape] = []
    for shape in shapes:
        for place, known in enumerate(kept):
            joined = _joined(known, shape)
            if joined is not None:
                kept[place] = joined
                break
        else:
            kept.append(shape)
    return kept


def _joined(one: Shape, two: Shape) -> Shape | None:
    name = one.name if one.name == two.name else None
    if replace(one, name=name) == replace(two, name=name):
        return replace(one, name=name)
    bare_one, bare_two = Shape(types=one.types, name=one.name), Shape(types=two.types, name=two.name)
    if one == bare_one and two == bare_two:
        return Shape(types=one.types | two.types, name=name)
    if (
        one.values is not None
        and two.values is not None
        and one == replace(bare_one, values=one.values)
        and two == replace(bare_two, values=two.values)
    ):
        return Shape(types=one.types | two.types, values={**one.values, **two.values}, name=name)
    return None
