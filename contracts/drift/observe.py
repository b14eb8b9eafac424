"""Observed drift: what a run's answers showed beyond the contract, counted as they stream by.

Answers are laid beside the contract's schema key by key. Memory is bounded by what differs, never by the length of
the run. Values that the history masks are passed over: a mask has not the form of what it hides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from contracts.document import parse
from contracts.drift.change import Change, ordered
from contracts.drift.facets import cut
from contracts.drift.infer import Inferred
from contracts.drift.refs import Document
from contracts.drift.rules import RULES
from contracts.drift.shape import NUMERIC, canonical, told_types, type_of
from contracts.history import ApiOperation, Operation, Outcome
from contracts.profiles import openapi_document

MAX_SIGHTINGS: Final = 1_000
"""Differences told apart in one run."""

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_MAX_EXAMPLES: Final = 3
_MAX_PLACES: Final = 20
_MASKED: Final = re.compile(r"<(?:key|code|password|phone):[^<>]{1,120}>")
_BARE_MASK: Final = re.compile(rb'([:\[,]\s*)(<(?:key|code|password|phone):[^<>"]{1,80}>)(?=\s*[,\]}])')
"""A number that was masked: without quotes around it the body is no JSON any more."""

_TELLING_NAME: Final = re.compile(r"(?i)key|token|secret|passw|pin|otp|code|phone|auth|session|login|hash|email")
_TELLING_VALUE: Final = re.compile(r"[0-9]{5}|[A-Za-z0-9+/_-]{20}|@")


class Spot(NamedTuple):
    """Where a schema stands and how a reader calls what it describes.

    Attributes:
        pointer: steps from the document's root to the schema, its references followed.
        subject: the value's name, from the nearest component on: ``Purchase.price.amount``.
        shared: whether a reference led here, so that a change would touch other places too.
        key: the last key on the way, for the judgement whether its values may be shown.
    """

    pointer: tuple[str, ...]
    subject: str
    shared: bool
    key: str


@dataclass(slots=True)
class Sighting:
    """One difference, however often it was seen.

    Attributes:
        rule: id of the rule it falls under.
        spot: where.
        before: what the contract says.
        after: what came.
        value: the new enum value or the name of the new key, None for other differences.
        count: how often it was seen.
        places: operations and statuses in which.
        examples: a few values, none that could be a secret.
        inferred: what a new key's values have in common.
    """

    rule: str
    spot: Spot
    before: str
    after: str
    value: object = None
    count: int = 0
    places: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)
    inferred: Inferred = field(default_factory=Inferred)


class Observer:
    """Gathers what answers show beyond a profile.

    Args:
        profile: the contract version.
        document: its OpenAPI document, where another than the profile's own is to be compared with; like those of
            the profiles it has no combinators.

    Attributes:
        answers: how many answers were compared.
        unread: how many 2xx answers could not be: cut, or no JSON.
        dropped: how many times a difference was not kept because there were too many.
    """

    def __init__(self, profile: str, document: Mapping[str, object] | None = None) -> None:
        self.answers = 0
        self.unread = 0
        self.dropped = 0
        self._document = Document(profile, document or openapi_document(profile))
        self._promised = dict(_operations(self._document))
        self._found: dict[tuple[str, tuple[str, ...], str], Sighting] = {}
        self._objects: Counter[tuple[str, ...]] = Counter()

    @property
    def sightings(self) -> Sequence[Sighting]:
        """What was seen, in the order of its first being seen."""
        return tuple(self._found.values())

    def changes(self) -> list[Change]:
        """Return what was seen as changes, the worst first."""
        return ordered([
            Change(
                RULES[seen.rule], seen.spot.subject, seen.before, self._after(seen), tuple(seen.places), seen.count,
                tuple(seen.examples),
            )
            for seen in self._found.values()
        ])  # fmt: skip

    def _after(self, seen: Sighting) -> str:
        """Return what came; of a new key, its types and how many of the objects that could have it had it."""
        if seen.rule != "response-key-added":
            return seen.after
        types = told_types(seen.inferred.types) if seen.inferred.types else "masked"
        often = "always" if seen.count == (whole := self._objects[seen.spot.pointer]) else f"in {seen.count} of {whole}"
        return f"{types}, {often}"

    def take(self, operation: Operation) -> None:
        """Compare one operation's answer with the contract."""
        answer = operation.answer
        promised = self._promised.get(operation.api_operation.value)
        if answer is None or promised is None or not operation.authenticated:
            return
        where, responses = promised
        status = str(answer.status)
        place = f"{where} {status}"
        match = next((known for known in (status, f"{status[0]}XX") if known in responses), None)
        if match is None:
            self.answers += 1
            kind = {"2": "success", "3": "redirect"}.get(status[0], "error")
            self._note(f"{kind}-status-added", Spot((), place, False, ""), "", status, place)
        elif operation.outcome is Outcome.OK:
            self._body(operation, responses[match], (where, match), place)
        else:
            self.answers += 1

    def _body(self, operation: Operation, response: tuple[str, ...], named: tuple[str, str], place: str) -> None:
        answer = operation.answer
        assert answer is not None
        media = (answer.header("content-type") or "").partition(";")[0].strip().lower()
        content = self._at(response).get("content", {})
        if media != "application/json":
            self._note("response-media-type-added", Spot(response, place, False, ""), ", ".join(content), media, place)
        document = parse(answer.body)
        if document.error is not None:
            document = parse(_BARE_MASK.sub(rb'\1"\2"', answer.body))
        if document.error is not None or answer.truncated:
            self.unread += 1
            return
        self.answers += 1
        pointer = (*response, "content", "application/json", "schema")
        self._value(document.value, Spot(pointer, " ".join(named), False, ""), place)

    def _value(self, value: object, spot: Spot, place: str) -> None:
        pending = [(value, spot)]
        while pending:
            found, where = pending.pop()
            at = self._settled(where)
            schema = self._at(at.pointer)
            if isinstance(found, str) and _MASKED.search(found):
                continue
            if self._own(found, schema, at, place):
                pending += self._inside(found, schema, at, place)

    def _own(self, value: object, schema: Mapping[str, Any], spot: Spot, place: str) -> bool:
        """Compare a value's own type and range; tell whether it is worth looking inside."""
        given = schema.get("type")
        types = set(given if isinstance(given, list) else [given] if given else [])
        types |= NUMERIC if "number" in types else set()
        kind = type_of(value)
        if types and kind not in types:
            rule = "nullability-widened-in-response" if value is None else "response-type-widened"
            self._note(rule, spot, told_types(types), kind, place, example=value)
            return False
        allowed = schema.get("enum")
        if isinstance(allowed, list) and value not in allowed:
            shown = canonical(value) if _may_show(spot.key, value) else "a value that is not shown"
            self._note("response-enum-widened", spot, "", cut(shown), place, value=value)
        elif isinstance(value, str):
            self._text(value, schema, spot, place)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            for keyword, sign in (("minimum", 1), ("maximum", -1)):
                if keyword in schema and sign * value < sign * schema[keyword]:
                    self._note(
                        "response-bound-loosened", spot, f"{keyword} {schema[keyword]}", "", place, example=value
                    )
        return True

    def _text(self, value: str, schema: Mapping[str, Any], spot: Spot, place: str) -> None:
        pattern = schema.get("pattern")
        if isinstance(pattern, str) and re.search(pattern, value) is None:
            self._note("response-pattern-loosened", spot, cut(pattern), "", place, example=value)
        elif len(value) < schema.get("minLength", 0):
            self._note("response-bound-loosened", spot, f"minLength {schema['minLength']}", "", place, example=value)

    def _inside(
        self, value: object, schema: Mapping[str, Any], spot: Spot, place: str
    ) -> Iterator[tuple[object, Spot]]:
        if isinstance(value, list) and "items" in schema:
            for item in value:
                yield item, Spot((*spot.pointer, "items"), f"{spot.subject}[]", False, spot.key)
        elif isinstance(value, dict):
            self._objects[spot.pointer] += 1
            properties = schema.get("properties", {})
            for key in schema.get("required", ()):
                if key not in value:
                    missing = Spot(spot.pointer, f"{spot.subject}.{key}", spot.shared, key)
                    self._note("response-key-now-optional", missing, "required", "missing", place, value=key)
            for key, inner in value.items():
                name = f"{spot.subject}.{cut(key)}"
                if key in properties:
                    yield inner, Spot((*spot.pointer, "properties", key), name, False, key)
                elif properties:
                    # An object of which nothing is said may hold anything.
                    new = Spot(spot.pointer, name, spot.shared, key)
                    self._note("response-key-added", new, "", "", place, value=key, example=inner, infer=True)

    def _settled(self, spot: Spot) -> Spot:
        """Follow the references of a schema; the name of a component begins the subject anew."""
        found = spot
        while isinstance(reference := self._at(found.pointer).get("$ref"), str):
            steps = tuple(reference.removeprefix("#/").split("/"))
            found = Spot(steps, steps[-1], True, spot.key)
        return found

    def _at(self, pointer: Sequence[str]) -> Mapping[str, Any]:
        node: Any = self._document.root
        for step in pointer:
            node = node[step]
        return self._document.mapping(node, "/".join(pointer))

    def _note(
        self,
        rule: str,
        spot: Spot,
        before: str,
        after: str,
        place: str,
        *,
        value: object = None,
        example: object = ...,
        infer: bool = False,
    ) -> None:
        key = (rule, spot.pointer, canonical(value) if value is not None else f"{before} {after}")
        seen = self._found.get(key)
        if seen is None:
            if len(self._found) >= MAX_SIGHTINGS:
                self.dropped += 1
                return
            seen = self._found[key] = Sighting(rule, spot, before, after, value)
        seen.count += 1
        if place not in seen.places and len(seen.places) < _MAX_PLACES:
            seen.places.append(place)
        if infer and not (isinstance(example, str) and _MASKED.search(example)):
            seen.inferred.see(example)
        if example is not ... and len(seen.examples) < _MAX_EXAMPLES:
            shown = _example(spot.key, example)
            if shown not in seen.examples:
                seen.examples.append(shown)


def _operations(document: Document) -> Iterator[tuple[str, tuple[str, dict[str, tuple[str, ...]]]]]:
    """Yield by operationId the operation's name and, by status, where its response stands."""
    known = {operation.value for operation in ApiOperation}
    for path, item in document.mapping(document.root["paths"], "'paths'").items():
        operations = document.mapping(item, path)
        for method in _METHODS:
            operation = document.mapping(operations.get(method), path)
            name = str(operation.get("operationId"))
            if name in known:
                responses = document.mapping(operation.get("responses"), path)
                places = {
                    status: _referred(document, response) or ("paths", path, method, "responses", status)
                    for status, response in responses.items()
                }
                yield name, (f"{method.upper()} {path}", places)


def _referred(document: Document, node: object) -> tuple[str, ...] | None:
    reference = document.mapping(node, "a response").get("$ref")
    return tuple(reference.removeprefix("#/").split("/")) if isinstance(reference, str) else None


def _example(key: str, value: object) -> str:
    if isinstance(value, dict):
        return cut(f"an object with {', '.join(sorted(map(str, value)))}" if value else "an empty object")
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, str) and _MASKED.search(value):
        return "a masked value"
    if _may_show(key, value):
        return cut(canonical(value))
    return f"a string of {len(value)} characters" if isinstance(value, str) else "a number that is not shown"


def _may_show(key: str, value: object) -> bool:
    """Tell whether a value can be no secret, by the name of its key and by its form."""
    if value is None or isinstance(value, bool):
        return True
    return not _TELLING_NAME.search(key) and not _TELLING_VALUE.search(str(value)[:200]) and len(str(value)) <= 60
