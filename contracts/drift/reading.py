"""Raw schemas of an OpenAPI document into their normal form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from contracts.drift.refs import Document, kind_of, shorten
from contracts.drift.shape import NUMERIC, TYPES, Conjunction, Limit, Normal, Shape, both, canonical, settled
from contracts.errors import UsageError

MAX_ALTERNATIVES: Final = 128
"""Alternatives of one schema, its ``anyOf`` and ``oneOf`` multiplied out."""

MAX_STEPS: Final = 60_000
"""Schemas looked at for one document."""

MAX_CHAIN: Final = 40
"""References followed one after another."""

_MAX_NUMBER: Final = 10**300
_COMPONENT: Final = "#/components/schemas/"
_LOWER: Final = ("minLength", "minItems", "minProperties")
_UPPER: Final = ("maxLength", "maxItems", "maxProperties")

_KNOWN: Final = frozenset(
    "$ref type nullable enum const pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf "
    "minLength maxLength minItems maxItems minProperties maxProperties uniqueItems properties required "
    "additionalProperties items allOf anyOf oneOf default deprecated readOnly writeOnly".split()
)
_SILENT: Final = frozenset(
    "title description summary example examples externalDocs xml discriminator $schema $id $anchor $comment $defs "
    "definitions contentEncoding contentMediaType".split()
)
"""Keywords that promise nothing of a value, or nothing that the others do not."""


class SchemaReader:
    """Reads the schemas of one document.

    Args:
        document: the document that the schemas stand in.
        old_dialect: True for OpenAPI 3.0, where keywords beside a ``$ref`` do not count (3.0.3, section 4.7.23) and
            ``nullable`` and boolean exclusive bounds do.
    """

    def __init__(self, document: Document, *, old_dialect: bool) -> None:
        self._document = document
        self._old = old_dialect
        self._known: dict[tuple[int, ...], Normal] = {}
        self._referred_to: dict[str, list[Shape]] = {}
        self._owned: dict[int, list[Shape]] = {}
        self._steps = 0

    def normal(self, schemas: Conjunction) -> Normal:
        """Return the normal form of schemas that all apply.

        Raises:
            UsageError: one of them is no schema, refers out of the document or to itself, or has more than
                ``MAX_ALTERNATIVES`` alternatives.
        """
        key = tuple(map(id, schemas))
        if key not in self._known:
            found = [Shape()]
            for schema in schemas:
                found = self._cross(found, self._alternatives(schema, ()))
            self._known[key] = settled(found)
        return self._known[key]

    def _alternatives(self, schema: object, trail: tuple[str, ...]) -> list[Shape]:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise UsageError(f"{self._document.name} is too entangled to compare: more than {MAX_STEPS:,} schemas")
        if isinstance(schema, bool) or schema is None:
            return [] if schema is False else [Shape()]
        if not isinstance(schema, dict):
            raise UsageError(f"{self._document.name} has {kind_of(schema)} where a schema belongs")
        found = [Shape()]
        reference = schema.get("$ref")
        if isinstance(reference, str):
            found = self._referred(reference, trail)
            if self._old:
                return found
        if id(schema) not in self._owned:
            # Kept, for one with a large default or enum may be met in thousands of places.
            self._owned[id(schema)] = self._own(schema)
        found = self._cross(found, self._owned[id(schema)])
        for part in self._list(schema, "allOf"):
            found = self._cross(found, self._alternatives(part, trail))
        for keyword in ("anyOf", "oneOf"):
            options = self._list(schema, keyword)
            if options:
                found = self._cross(found, [shape for part in options for shape in self._alternatives(part, trail)])
        if self._old and schema.get("nullable") is True:
            found = [*found, Shape(types=frozenset({"null"}))]
        return found

    def _referred(self, reference: str, trail: tuple[str, ...]) -> list[Shape]:
        if reference in trail:
            raise UsageError(f"{self._document.name}: the schema {shorten(reference)} refers to itself")
        if len(trail) >= MAX_CHAIN:
            raise UsageError(f"{self._document.name} follows more than {MAX_CHAIN} references to {shorten(reference)}")
        if reference not in self._referred_to:
            # Kept, for a hostile document may refer to one schema in a doubling way.
            found = self._alternatives(self._document.resolve(reference), (*trail, reference))
            if reference.startswith(_COMPONENT) and len(found) == 1:
                name = unquote(reference.removeprefix(_COMPONENT)).replace("~1", "/").replace("~0", "~")
                found = [replace(shape, name=name) for shape in found]
            self._referred_to[reference] = found
        return self._referred_to[reference]

    def _cross(self, one: list[Shape], two: list[Shape]) -> list[Shape]:
        if len(one) * len(two) > MAX_ALTERNATIVES**2:
            self._too_many()
        found = [shape for left in one for right in two if (shape := both(left, right)) is not None]
        if len(found) > MAX_ALTERNATIVES:
            self._too_many()
        return found

    def _too_many(self) -> None:
        raise UsageError(f"{self._document.name} has a schema of more than {MAX_ALTERNATIVES} alternatives")

    def _own(self, schema: Mapping[str, object]) -> list[Shape]:
        """Return what a schema's own keywords demand, its references and combinators aside."""
        types = self._types(schema)
        values = self._values(schema)
        required = self._texts(schema, "required")
        properties = self._document.mapping(schema.get("properties"), "'properties' of a schema")
        extra = schema.get("additionalProperties")
        items = schema.get("items")
        drafted = Shape(
            types=types,
            values=values,
            patterns=frozenset(self._text(schema, "pattern")),
            formats=frozenset(self._text(schema, "format")),
            lower=self._limits(schema, _LOWER, "minimum", "exclusiveMinimum"),
            upper=self._limits(schema, _UPPER, "maximum", "exclusiveMaximum"),
            multiples=frozenset(filter(None, [self._number(schema, "multipleOf")])),
            unique=schema.get("uniqueItems") is True,
            properties={key: (value,) for key, value in properties.items()},
            required=frozenset(required),
            extra=extra if isinstance(extra, bool) or extra is None else (extra,),
            items=() if items is None else (items,),
            others=self._others(schema),
            default=canonical(schema["default"]) if "default" in schema else None,
            deprecated=schema.get("deprecated") is True,
            read_only=schema.get("readOnly") is True,
            write_only=schema.get("writeOnly") is True,
        )
        shape = both(drafted, Shape())
        return [] if shape is None else [shape]

    def _types(self, schema: Mapping[str, object]) -> frozenset[str]:
        given = schema.get("type")
        if given is None:
            return TYPES
        found = given if isinstance(given, list) else [given]
        for kind in found:
            if not isinstance(kind, str) or kind not in TYPES:
                raise UsageError(
                    f"{self._document.name} has a schema of the unknown type {shorten(canonical(kind))}; "
                    f"known are {', '.join(sorted(TYPES))}"
                )
        return frozenset(found) | (NUMERIC if "number" in found else frozenset())

    def _values(self, schema: Mapping[str, object]) -> dict[str, object] | None:
        values: dict[str, object] | None = None
        if "enum" in schema:
            values = {canonical(value): value for value in self._list(schema, "enum")}
        if "const" in schema:
            text = canonical(schema["const"])
            values = {text: schema["const"]} if values is None or text in values else {}
        return values

    def _limits(
        self, schema: Mapping[str, object], counts: tuple[str, ...], inclusive: str, exclusive: str
    ) -> dict[str, Limit]:
        found: dict[str, Limit] = {}
        for keyword in counts:
            number = self._number(schema, keyword)
            if number is not None:
                found[keyword] = (number, False)
        number = self._number(schema, inclusive)
        flag = schema.get(exclusive)
        if number is not None:
            found[inclusive] = (number, self._old and flag is True)
        if not isinstance(flag, bool):
            strict = self._number(schema, exclusive)
            if strict is not None:
                sharper: Callable[[float, float], bool] = float.__ge__ if inclusive == "minimum" else float.__le__
                if number is None or sharper(float(strict), float(number)):
                    found[inclusive] = (strict, True)
        return found

    def _others(self, schema: Mapping[str, object]) -> dict[str, str]:
        return {
            keyword: canonical(value)
            for keyword, value in schema.items()
            if keyword not in _KNOWN and keyword not in _SILENT and not keyword.startswith("x-")
        }

    def _number(self, schema: Mapping[str, object], keyword: str) -> float | None:
        value = schema.get(keyword)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _MAX_NUMBER:
            raise UsageError(f"{self._document.name}: {keyword} {shorten(canonical(value))} is no number")
        return value

    def _text(self, schema: Mapping[str, object], keyword: str) -> list[str]:
        value = schema.get(keyword)
        if value is None:
            return []
        if not isinstance(value, str):
            raise UsageError(f"{self._document.name}: {keyword} {shorten(canonical(value))} is no text")
        return [value]

    def _texts(self, schema: Mapping[str, object], keyword: str) -> list[str]:
        found = self._list(schema, keyword)
        if not all(isinstance(key, str) for key in found):
            raise UsageError(f"{self._document.name}: {keyword} {shorten(canonical(found))} is no list of keys")
        return [str(key) for key in found]

    def _list(self, schema: Mapping[str, object], keyword: str) -> list[object]:
        return self._document.sequence(schema.get(keyword), f"{keyword!r} of a schema")
