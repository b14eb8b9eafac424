"""Derived mutants: each promise of the OpenAPI document about an answer, broken one at a time."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from contracts.profiles import openapi_document
from contracts.schema import PythonValidator, answer_schema
from fixtures.defects.derived import APPEND, DROP, EVERY, FOREIGN_DIGITS, LOWER, PUT, Mutation

Schema = Mapping[str, Any]
Place = tuple[str, ...]

_CONFUSED: Final[Mapping[str, tuple[str, Any]]] = {
    "string": ("number", 7),
    "integer": ("string", "7"),
    "number": ("string", "7"),
    "boolean": ("string", "true"),
    "object": ("array", []),
    "array": ("object", {}),
}
"""For each type, the one that a careless serialiser takes it for, and a value of that."""

_PURCHASE_IN: Final[Mapping[str, Place]] = {
    "create_purchase": (),
    "list_purchases": ("items", EVERY),
    "retrieve_purchase": (),
    "request_code": ("purchase",),
    "refund_purchase": ("purchase",),
}
"""Where in an operation's answer a purchase stands."""

_OF_PURCHASE: Final[Mapping[Place, str]] = {
    ("id",): "SHAPE-3",
    ("country_code",): "SHAPE-4",
    ("display_name",): "SHAPE-5",
    ("phone_number",): "SHAPE-6",
    ("price",): "SHAPE-7",
    ("status",): "SHAPE-8",
    ("purchase_type",): "SHAPE-9",
    ("verification",): "SHAPE-10",
    ("verification", "received_at"): "SHAPE-11 SHAPE-10",
    ("created_at",): "SHAPE-11",
    # Keys of the newer profile have no clause of their own; that they are there and lawful is the purchase's.
    ("emoji",): "SHAPE-2",
    ("purchase_source",): "SHAPE-2",
}
"""The clauses that speak of each value of a purchase; a value within is spoken of by those around it."""

_OF_ANSWER: Final[Mapping[str, Mapping[Place, str]]] = {
    "list_purchases": {("pagination",): "WIRE-3 LIST-4"},
    "refund_purchase": {("refund", "amount"): "SHAPE-7"},
    "get_account": {("country_code",): "SHAPE-4", ("display_name",): "SHAPE-5", ("price",): "SHAPE-7"},
    "get_profile": {("balance",): "SHAPE-7"},
}
"""The clauses that speak of values outside of purchases."""

_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "refund_purchase": ("aged_purchase",),
    "get_account": ("accounts",),
    "get_profile": ("profile",),
}
"""What must be there for an operation to answer 200, in the tags of `fixtures.defects.model.NEEDS`."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One promise of a profile's document, broken.

    Attributes:
        name: the operation, the place and what is wrong there: ``get_profile/balance/amount:number``.
        mutation: what the target does.
        clauses: ids any of which rightly names it, the most direct first.
        suffers: what a user of such an API would suffer, in a sentence.
        needs: tags of `fixtures.defects.model.NEEDS`.
    """

    name: str
    mutation: Mutation
    clauses: tuple[str, ...]
    suffers: str
    needs: tuple[str, ...]


@cache
def mutants(profile: str) -> tuple[Mutant, ...]:
    """Return every mutant of a profile, operation by operation in the order of its document.

    Only what breaks a clause is one. Keys that are not required are left alone, as are values that no clause
    speaks of; and a mutation is kept only where an example of the document, lawful before, is refused by the
    answer's schema after it.

    Args:
        profile: one of `contracts.profiles.PROFILES`.

    Raises:
        ValueError: no such profile.
    """
    document = openapi_document(profile)
    found: dict[tuple[str, Place, str, str], Mutant] = {}
    for operation, examples in _examples(document):
        schema = answer_schema(profile, operation)
        validator = PythonValidator(schema)
        for place, inner, required in _places(schema, ()):
            for what, mutation in _mutations(operation, place, inner, required=required):
                clauses = _clauses(mutation, what, inner)
                if clauses and any(_refused(mutation, example, validator) for example in examples):
                    # Two keywords may be broken by one value: an empty text by a pattern and by a length.
                    found.setdefault(
                        (operation, place, mutation.edit, repr(mutation.value)),
                        Mutant(
                            f"{'/'.join((operation, *('each' if step == EVERY else step for step in place)))}:{what}",
                            mutation,
                            clauses,
                            f"a client of {operation} finds {_shown(place)} {_WORDS[what]}",
                            _NEEDS.get(operation, ()),
                        ),
                    )
    return tuple(found.values())


_WORDS: Final[Mapping[str, str]] = {
    "dropped": "missing",
    "null": "null where it never is",
    "number": "to be a number and not a text",
    "string": "to be a text",
    "array": "to be an array and not an object",
    "object": "to be an object and not an array",
    "newline": "with a newline at its end",
    "foreign-digits": "in digits that it cannot read",
    "empty": "empty",
    "unknown": "to be a value that nobody told it of",
    "lower-case": "in lower case where it looks for capitals",
    "below": "below its least value",
    "above": "above its greatest value",
}


def _examples(document: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield each operation's id and the examples of its 200 answer."""
    for item in document["paths"].values():
        for operation in item.values():
            if not isinstance(operation, dict) or "operationId" not in operation:
                continue
            shown = operation["responses"]["200"]["content"]["application/json"]["examples"].values()
            shared = document["components"]["examples"]
            yield (
                operation["operationId"],
                [one["value"] if "value" in one else shared[one["$ref"].rpartition("/")[2]]["value"] for one in shown],
            )


def _places(schema: Schema, place: Place) -> Iterator[tuple[Place, Schema, bool]]:
    """Yield every value that answers must have: where it stands, its schema, and whether it is a required key."""
    required = set(schema.get("required", ()))
    for key, inner in schema.get("properties", {}).items():
        if key in required:
            yield (*place, key), inner, True
            yield from _places(inner, (*place, key))
    if "items" in schema:
        yield (*place, EVERY), schema["items"], False
        yield from _places(schema["items"], (*place, EVERY))


def _mutations(operation: str, place: Place, schema: Schema, *, required: bool) -> Iterator[tuple[str, Mutation]]:
    """Yield the mutations of one value: a word for each, and what it does."""

    def make(what: str, edit: str, value: object = None) -> tuple[str, Mutation]:
        return what, Mutation(operation, place, edit, value)

    types = schema.get("type", ())
    types = (types,) if isinstance(types, str) else tuple(types)
    if required:
        yield make("dropped", DROP)
    if types and "null" not in types:
        yield make("null", PUT)
    for one in types:
        if one != "null":
            what, value = _CONFUSED[one]
            yield make(what, PUT, value)
    if "pattern" in schema:
        yield make("newline", APPEND, "\n")
        yield make("foreign-digits", FOREIGN_DIGITS)
        yield make("lower-case", LOWER)
        yield make("empty", PUT, "")
    if "enum" in schema:
        yield make("unknown", PUT, "UNHEARD_OF")
        yield make("lower-case", LOWER)
    if schema.get("minLength", 0) > 0:
        yield make("empty", PUT, "")
    if "minimum" in schema:
        yield make("below", PUT, schema["minimum"] - 1)
    if "maximum" in schema:
        yield make("above", PUT, schema["maximum"] + 1)


def _clauses(mutation: Mutation, what: str, schema: Schema) -> tuple[str, ...]:
    """Return the clauses that a mutation breaks, none where the contract allows it or says nothing of it."""
    operation, place = mutation.operation, mutation.place
    at = _PURCHASE_IN.get(operation)
    if at is not None and place[: len(at)] == at:
        inner = place[len(at) :]
        if _is_allowed(inner, what):
            return ()
        spoken = _owners(_OF_PURCHASE, inner)
        # A purchase that is none, or lacks a key, is not whole (SHAPE-2), and no whole item of a list (LIST-5).
        hollow = len(inner) < 2 and (not inner or mutation.edit == DROP)
        whole = ("SHAPE-2", "LIST-5") if operation == "list_purchases" else ("SHAPE-2",)
        named = (*whole, *spoken) if hollow else (*spoken, "SHAPE-2") if mutation.edit == DROP else spoken
        return tuple(dict.fromkeys(named))
    spoken = _owners(_OF_ANSWER.get(operation, {}), place)
    # An object or array of another type has none of the keys required of it.
    lacking = mutation.edit == DROP or ("required" in schema or "items" in schema)
    return tuple(dict.fromkeys((*spoken, "SHAPE-2"))) if lacking else spoken


def _is_allowed(inner: Place, what: str) -> bool:
    """Tell what a schema refuses and the contract calls a warning at most."""
    # SHAPE-10 says so of a null password, and nothing says that every country has a flag.
    return (inner, what) in {(("verification", "password"), "null"), (("emoji",), "empty")}


def _owners(table: Mapping[Place, str], place: Place) -> tuple[str, ...]:
    for length in range(len(place), 0, -1):
        if place[:length] in table:
            return tuple(table[place[:length]].split())
    return ()


def _refused(mutation: Mutation, example: object, validator: PythonValidator) -> bool:
    mutated = copy.deepcopy(example)
    return validator.is_valid(example) and mutation.apply(mutated) and not validator.is_valid(mutated)


def _shown(place: Place) -> str:
    return ".".join(step for step in place if step != EVERY) + (" of an item" if place[-1] == EVERY else "")
