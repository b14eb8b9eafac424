"""Two schemas compared, each in the direction in which its values travel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from contracts.drift.change import Note
from contracts.drift.facets import cut, facet_notes, listed
from contracts.drift.patterns import Patterns
from contracts.drift.reading import SchemaReader
from contracts.drift.rules import RULES, Severity, Side
from contracts.drift.shape import TYPES, Conjunction, Normal, Shape, canonical, told_types
from contracts.errors import UsageError

MAX_STEPS: Final = 100_000
"""Pairs of schemas looked at in one comparison."""

MAX_LEVELS: Final = 60
"""Levels of objects and arrays inside of each other; a recursive schema ends where it meets itself."""

_WITHIN: Final = {rule.id for rule in RULES.values() if rule.severity is Severity.INFO} - {"request-key-added"}
"""Rules of differences after which what is at stake is still contained in what was promised."""

_ANYTHING: Final = {canonical(True), canonical({})}


class SchemaComparison:
    """Compares schemas of an old document with those of a new one.

    Args:
        old: reads the old document's schemas.
        new: reads the new one's.
    """

    def __init__(self, old: SchemaReader, new: SchemaReader) -> None:
        self._old = old
        self._new = new
        self._known: dict[tuple[tuple[int, ...], tuple[int, ...], Side], list[Note]] = {}
        self._patterns = Patterns()
        self._steps = 0
        self._level = 0

    def notes(self, old: Conjunction, new: Conjunction, side: Side) -> list[Note]:
        """Return how a new schema differs from an old one.

        Args:
            old: raw schemas of the old document that all apply.
            new: likewise of the new one.
            side: REQUEST where the consumer sends the value, RESPONSE where it receives it.

        Raises:
            UsageError: a schema is malformed, or the two are too entangled to compare.
        """
        key = (tuple(map(id, old)), tuple(map(id, new)), side)
        if key not in self._known:
            # A recursive schema meets itself here: what differs is told where the outer one is compared.
            self._known[key] = []
            self._steps += 1
            self._level += 1
            if self._steps > MAX_STEPS or self._level > MAX_LEVELS:
                raise UsageError(
                    f"the schemas are too entangled to compare: more than {MAX_STEPS:,} pairs or {MAX_LEVELS} levels"
                )
            try:
                self._known[key] = list(self._normals(self._old.normal(old), self._new.normal(new), side))
            finally:
                self._level -= 1
        return self._known[key]

    def _normals(self, old: Normal, new: Normal, side: Side) -> Iterator[Note]:
        name = _name(old.shapes) or _name(new.shapes)
        found: list[Note] = []
        # Where one of the two allows anything, the types tell of null as well.
        anything = _allows_anything(old) != _allows_anything(new)
        if old.nullable != new.nullable and old.shapes and new.shapes and not anything:
            way = "widened" if new.nullable else "narrowed"
            found.append(Note(f"nullability-{way}-in-{side}", (), _nullable(old), _nullable(new)))
        if not old.shapes or not new.shapes:
            found += _hollow(old, new, side)
        elif len(old.shapes) == len(new.shapes) == 1:
            found += self._shapes(old.shapes[0], new.shapes[0], side)
        else:
            found += self._alternatives(old.shapes, new.shapes, side)
        for note in found:
            yield note.under(name)

    def _alternatives(self, old: tuple[Shape, ...], new: tuple[Shape, ...], side: Side) -> Iterator[Note]:
        """Pair alternatives off: the same, then those of one name, then those that do, then the only ones left."""
        left, right = list(old), list(new)
        pairs: list[tuple[Shape, Shape]] = []

        def pair_off(one: Shape, two: Shape) -> None:
            pairs.append((one, two))
            left.remove(one)
            right.remove(two)

        for accept in (self._same, _same_name, self._within):
            for one in tuple(left):
                match = next((two for two in right if accept(one, two, side)), None)
                if match is not None:
                    pair_off(one, match)
        if len(left) == len(right) == 1 and left[0].types & right[0].types:
            pair_off(left[0], right[0])
        for one, two in pairs:
            label = one.name or two.name or f"({told_types(one.types)})"
            for note in self._shapes(one, two, side):
                yield note.under(one.name or two.name) if one.name or two.name else note.below(label)
        for one in left:
            if side is Side.RESPONSE:
                yield Note("response-variant-removed", (), _label(one))
            elif not any(self._within(one, two, side) for two in new):
                yield Note("request-variant-removed", (), _label(one))
        for two in right:
            if side is Side.REQUEST:
                yield Note("request-variant-added", (), "", _label(two))
            elif not any(self._within(one, two, side) for one in old):
                yield Note("response-variant-added", (), "", _label(two))

    def _same(self, old: Shape, new: Shape, side: Side) -> bool:
        return next(iter(self._shapes(old, new, side)), None) is None

    def _within(self, old: Shape, new: Shape, side: Side) -> bool:
        """Tell whether a new alternative takes every request of an old one, or gives no answer that it does not."""
        return all(note.rule in _WITHIN for note in self._shapes(old, new, side))

    def _shapes(self, old: Shape, new: Shape, side: Side) -> Iterator[Note]:
        if not old.types & new.types:
            yield Note("type-changed", (), told_types(old.types), told_types(new.types))
            return
        lost, gained = old.types - new.types, new.types - old.types
        for kinds, request, response in ((lost, "narrowed", "narrowed"), (gained, "widened", "widened")):
            if kinds:
                way = request if side is Side.REQUEST else response
                yield Note(f"{side}-type-{way}", (), told_types(old.types), told_types(new.types))
        common = old.types & new.types
        yield from facet_notes(old, new, side, self._patterns)
        # A default where none was named may say what was always so.
        if side is Side.REQUEST and None not in {old.default, new.default} and old.default != new.default:
            yield Note("request-default-changed", (), cut(old.default or ""), cut(new.default or ""))
        if "array" in common:
            for note in self.notes(old.items, new.items, side):
                yield note.below("[]")
        if "object" in common:
            yield from self._objects(old, new, side)
        for keyword in sorted(old.others.keys() | new.others.keys()):
            before, after = old.others.get(keyword), new.others.get(keyword)
            if before != after:
                yield Note("keyword-changed", (), _keyword(keyword, before), _keyword(keyword, after))

    def _objects(self, old: Shape, new: Shape, side: Side) -> Iterator[Note]:
        before = self._keys(old, self._old, side)
        after = self._keys(new, self._new, side)
        for key in [*before, *(key for key in after if key not in before)]:
            rule = _presence(key, before, after, side, was_closed=old.extra is False)
            if rule is not None:
                yield Note(
                    rule, (key,), self._told(key, before, old, self._old), self._told(key, after, new, self._new)
                )
            if key in before and key in after:
                found: Iterable[Note] = self.notes(old.of_key(key), new.of_key(key), side)
            elif key in after and isinstance(old.extra, tuple):
                # The old contract said what the values of unnamed keys are.
                found = self.notes(old.extra, new.of_key(key), side)
            else:
                continue
            for note in found:
                # What is always sent needs no default.
                if note.rule != "request-default-changed" or note.steps or not before.get(key):
                    yield note.below(key)
            if key in before and key in after and self._deprecated(old, new, key):
                yield Note(f"{side}-key-deprecated", (key,))
        for key in sorted(old.keys | new.keys):
            if key not in before and key not in after:
                one, two = self._forbidden(key, old, self._old), self._forbidden(key, new, self._new)
                if one != two:
                    yield Note("extra-keys-changed", (key,), "not allowed" if one else "", "not allowed" if two else "")
        yield from self._extra(old, new, side)

    def _told(self, key: str, keys: dict[str, bool], shape: Shape, reader: SchemaReader) -> str:
        """Return in a few words what a shape says of a key, empty where it has none."""
        if key not in keys:
            return ""
        return f"{told(reader.normal(shape.of_key(key)))}, {'required' if keys[key] else 'optional'}"

    def _keys(self, shape: Shape, reader: SchemaReader, side: Side) -> dict[str, bool]:
        """Return the keys that travel this way, each with whether it must be there.

        A key that is read-only stands in answers alone, a write-only one in requests (OpenAPI 3.0.3, section
        4.7.24.1).
        """
        found: dict[str, bool] = {}
        for key in [*shape.properties, *sorted(shape.required - shape.properties.keys())]:
            shapes = reader.normal(shape.of_key(key)).shapes
            stays_away = [one.read_only if side is Side.REQUEST else one.write_only for one in shapes]
            if not any(stays_away) and (key in shape.required or not self._forbidden(key, shape, reader)):
                found[key] = key in shape.required
        return found

    @staticmethod
    def _forbidden(key: str, shape: Shape, reader: SchemaReader) -> bool:
        normal = reader.normal(shape.of_key(key))
        return not normal.shapes and not normal.nullable

    def _deprecated(self, old: Shape, new: Shape, key: str) -> bool:
        before = self._old.normal(old.of_key(key)).shapes
        after = self._new.normal(new.of_key(key)).shapes
        return any(shape.deprecated for shape in after) and not any(shape.deprecated for shape in before)

    def _extra(self, old: Shape, new: Shape, side: Side) -> Iterator[Note]:
        before, after = _extra_kind(old), _extra_kind(new)
        told = (_told_extra(old), _told_extra(new))
        if before == after == "schema":
            assert isinstance(old.extra, tuple)
            assert isinstance(new.extra, tuple)
            for note in self.notes(old.extra, new.extra, side):
                yield note.below("[*]")
        elif after == "closed" and before != "closed":
            if before == "open" and side is Side.REQUEST:
                yield Note("request-object-closed", (), *told)
            elif before == "open":
                yield Note("response-object-closed", (), *told)
            else:
                yield Note(f"{side}-map-closed", (), *told)
        elif before == "closed" and after != "closed":
            yield Note(f"{side}-object-opened", (), *told)
        elif "schema" in {before, after}:
            yield Note("extra-keys-changed", (), *told)


def _presence(key: str, before: dict[str, bool], after: dict[str, bool], side: Side, *, was_closed: bool) -> str | None:
    """Return the rule that a key's coming, going or being required falls under, None where it stays as it was."""
    if key not in after:
        if side is Side.REQUEST:
            return "request-key-removed"
        return "response-key-removed" if before[key] else "response-optional-key-removed"
    if key not in before:
        if side is Side.REQUEST:
            return "request-key-added-required" if after[key] else "request-key-added"
        return "response-key-added-to-closed-object" if was_closed else "response-key-added"
    if before[key] != after[key]:
        return f"{side}-key-now-{'required' if after[key] else 'optional'}"
    return None


def _allows_anything(normal: Normal) -> bool:
    return any(shape.types >= TYPES - {"null"} for shape in normal.shapes)


def _same_name(old: Shape, new: Shape, _side: Side) -> bool:
    return old.name is not None and old.name == new.name


def _name(shapes: tuple[Shape, ...]) -> str | None:
    return shapes[0].name if len(shapes) == 1 else None


def _hollow(old: Normal, new: Normal, side: Side) -> Iterator[Note]:
    """Compare where one of the two allows null alone, or nothing."""
    before, after = _nullable(old), _nullable(new)
    lost = bool(old.shapes and not new.shapes) or (old.nullable and not new.nullable)
    gained = bool(new.shapes and not old.shapes) or (new.nullable and not old.nullable)
    if lost and gained:
        yield Note("type-changed", (), before, after)
    elif lost:
        yield Note(f"{side}-type-narrowed", (), before, after)
    elif gained:
        yield Note(f"{side}-type-widened", (), before, after)


def told(normal: Normal) -> str:
    """Return in a few words what a schema allows: its values where they are few, else its types."""
    values = [value for shape in normal.shapes for value in shape.values or ()]
    if values and all(shape.values is not None for shape in normal.shapes):
        return listed((*values, "null") if normal.nullable else tuple(values))
    return _nullable(normal)


def _nullable(normal: Normal) -> str:
    kinds = frozenset[str]().union(*(shape.types for shape in normal.shapes))
    return told_types(kinds | ({"null"} if normal.nullable else set()))


def _label(shape: Shape) -> str:
    if shape.name is not None:
        return shape.name
    keys = ", ".join(sorted(shape.keys))
    return cut(f"{told_types(shape.types)} with {keys}" if keys else told_types(shape.types))


def _extra_kind(shape: Shape) -> str:
    if shape.extra is None:
        return "open"
    if shape.extra is False:
        return "closed"
    if shape.extra is True or all(canonical(part) in _ANYTHING for part in shape.extra):
        return "any"
    return "schema"


def _told_extra(shape: Shape) -> str:
    if shape.extra is None:
        return ""
    value = shape.extra if isinstance(shape.extra, bool) else shape.extra[0]
    return cut(f"additionalProperties: {canonical(value)}")


def _keyword(keyword: str, text: str | None) -> str:
    return "" if text is None else cut(f"{keyword}: {text}")
