"""JSON Schemas of the answers, and two validators that must agree on them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import jsonschema
import jsonschema_rs

from contracts.profiles import openapi_document

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The JSON Schema dialect of OpenAPI 3.1 (OpenAPI Specification 3.1, section 4.8.24)."""

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PHRASES = {
    "type": "is not of type",
    "enum": "is none of",
    "pattern": "does not match",
    "minimum": "is less than",
    "maximum": "is greater than",
    "minLength": "is shorter than",
}
_SHOWN_CHARACTERS = 60
_SHOWN_LIMIT = 120
_SHOWN_BITS = 200


def answer_schema(profile_name: str, operation_id: str) -> dict[str, Any]:
    """Return the self-contained JSON Schema of an operation's 200 answer.

    Args:
        profile_name: One of `contracts.profiles.PROFILES`.
        operation_id: The operation's `operationId`, such as "create_purchase".

    Raises:
        ValueError: No such profile, or no such operation in it; the message names those there are.
    """
    document = openapi_document(profile_name)
    operations = {
        item[method]["operationId"]: item[method]
        for item in document["paths"].values()
        for method in _METHODS
        if method in item
    }
    if operation_id not in operations:
        raise ValueError(f"unknown operation {operation_id!r}; known are {', '.join(sorted(operations))}")
    schema = operations[operation_id]["responses"]["200"]["content"]["application/json"]["schema"]
    return {"$schema": DIALECT, **_resolved(schema, document)}


def purchase_schema(profile_name: str) -> dict[str, Any]:
    """Return the self-contained JSON Schema of a purchase.

    Args:
        profile_name: One of `contracts.profiles.PROFILES`.

    Raises:
        ValueError: No such profile; the message names those there are.
    """
    document = openapi_document(profile_name)
    return {"$schema": DIALECT, **_resolved(document["components"]["schemas"]["Purchase"], document)}


@dataclass(frozen=True, slots=True)
class SchemaError:
    """One way in which an instance breaks a schema.

    Attributes:
        path: Where in the instance, as keys and indices from its root.
        keyword: The JSON Schema keyword that is broken, such as "type" or "required"; "depth" for an
            instance nested too deeply to be judged.
        message: What was found and what was expected, one short line. It shows the offending value, so
            it is masked like any other text before it is written anywhere.
        key: The missing key where `keyword` is "required", else None.
    """

    path: tuple[str | int, ...]
    keyword: str
    message: str
    key: str | None = None


class Validator(Protocol):
    """A compiled schema."""

    def is_valid(self, instance: object) -> bool:
        """Tell whether the instance keeps the schema; the cheap question, asked of every answer."""

    def errors(self, instance: object) -> Iterator[SchemaError]:
        """Yield every way in which the instance breaks the schema, in the order of their places."""


class PythonValidator:
    """Judges by the `jsonschema` package: slow, and able to look at anything that JSON can hold.

    It is written for schemas without combinators (anyOf, oneOf, not, if), as those of this package are.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Compile the schema.

        Args:
            schema: A self-contained JSON Schema 2020-12.
        """
        self._compiled = jsonschema.Draft202012Validator(schema)

    def is_valid(self, instance: object) -> bool:
        """Tell whether the instance keeps the schema."""
        return next(self.errors(instance), None) is None

    def errors(self, instance: object) -> Iterator[SchemaError]:
        """Yield every way in which the instance breaks the schema, in the order of their places."""
        try:
            found = [
                _error(instance, error.absolute_path, str(error.validator), error.validator_value, key)
                for error in self._compiled.iter_errors(instance)
                for key in _missing_keys(error)
            ]
        except RecursionError:
            # jsonschema puts the offending value into its message; Python refuses to write out one nested
            # a thousand levels deep, which orjson still parses.
            found = [SchemaError((), "depth", "nested too deeply to be judged")]
        return _in_order(found)


class RustValidator:
    """Judges by `jsonschema-rs`: fast enough to look at every answer under load.

    It is written for schemas without combinators (anyOf, oneOf, not, if), as those of this package are.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Compile the schema.

        Args:
            schema: A self-contained JSON Schema 2020-12.
        """
        self._schema = dict(schema)
        self._compiled = jsonschema_rs.Draft202012Validator(self._schema)

    def is_valid(self, instance: object) -> bool:
        """Tell whether the instance keeps the schema."""
        try:
            return self._compiled.is_valid(instance)
        except ValueError:
            return self._fallback.is_valid(instance)

    def errors(self, instance: object) -> Iterator[SchemaError]:
        """Yield every way in which the instance breaks the schema, in the order of their places."""
        try:
            found = [
                _error(
                    instance,
                    error.instance_path,
                    error.kind.name,
                    error.kind.value,
                    getattr(error.kind, "property", None),
                )
                for error in self._compiled.iter_errors(instance)
            ]
        except ValueError:
            return self._fallback.errors(instance)
        return _in_order(found)

    @cached_property
    def _fallback(self) -> PythonValidator:
        # A lone surrogate (JSON's "\ud800"), or a value nested beyond 255 levels, has no place in Rust's
        # data; a hostile server may send either, and the verdict must be the same.
        return PythonValidator(self._schema)


def _resolved(node: Any, document: Mapping[str, Any]) -> Any:
    """Return the node with every local `$ref` replaced by what it points to.

    The documents have no recursive schema, so that this ends. Keywords beside a `$ref` stay, as JSON
    Schema 2020-12 (Core, section 8.2.3.1) has it.
    """
    if isinstance(node, list):
        return [_resolved(item, document) for item in node]
    if not isinstance(node, dict):
        return node
    resolved = {key: _resolved(value, document) for key, value in node.items() if key != "$ref"}
    if "$ref" not in node:
        return resolved
    target: Any = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return _resolved(target, document) | resolved


def _missing_keys(error: jsonschema.ValidationError) -> list[str | None]:
    """Return every key missing where `required` is broken, else a list of one None.

    The package raises one error a missing key and names the key only in prose; naming all of them each
    time makes duplicates, which `_in_order` drops.
    """
    if error.validator != "required":
        return [None]
    required: Any = error.validator_value
    found: Any = error.instance
    return [key for key in required if key not in found]


def _error(instance: Any, path: Iterable[str | int], keyword: str, expected: object, key: str | None) -> SchemaError:
    steps = tuple(path)
    if keyword == "required":
        return SchemaError(steps, keyword, f"required key {key!r} is missing", key)
    for step in steps:
        instance = instance[step]
    wanted = [str(item) for item in expected] if isinstance(expected, list) else [str(expected)]
    if keyword == "type":
        wanted.sort()  # jsonschema-rs keeps the types as a set
    phrase = _PHRASES.get(keyword, f"breaks {keyword}")
    return SchemaError(steps, keyword, f"{_shown(instance)} {phrase} {', '.join(wanted)[:_SHOWN_LIMIT]}")


def _shown(value: object) -> str:
    """Return a short text for a JSON value of any size, without walking through all of it."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, str):
        return repr(value[:_SHOWN_CHARACTERS]) + ("…" if len(value) > _SHOWN_CHARACTERS else "")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and value.bit_length() > _SHOWN_BITS:
        return f"an integer of {value.bit_length()} bits"
    return repr(value)


def _in_order(errors: list[SchemaError]) -> Iterator[SchemaError]:
    """Yield the errors in a fixed order, each once, without those that follow from a wrong type.

    Where the type is wrong, the other keywords at that place say nothing new. Dropping them also hides a
    difference between the packages: `jsonschema` compares an infinite number with `minimum` as well.
    """
    mistyped = {error.path for error in errors if error.keyword == "type"}
    kept = {error for error in errors if error.keyword == "type" or error.path not in mistyped}
    return iter(sorted(kept, key=_place))


def _place(error: SchemaError) -> tuple[list[str], str, str]:
    return [str(step) for step in error.path], error.keyword, error.key or ""
