"""What is demanded of one value, keyword by keyword: how a new demand stands to an old one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from contracts.drift.change import Note
from contracts.drift.patterns import Patterns, Relation
from contracts.drift.rules import Side
from contracts.drift.shape import NUMERIC, Limit, Shape, tighter

_PARTS: Final = (("int32", "int64"), ("float", "double"), ("uri", "uri-reference"), ("uri", "iri"),
                 ("uri", "iri-reference"), ("uri-reference", "iri-reference"), ("iri", "iri-reference"),
                 ("email", "idn-email"), ("hostname", "idn-hostname"))  # fmt: skip
"""Formats of which the first is part of the second."""

_NEVER_EMPTY: Final = frozenset(
    {"uri", "iri", "email", "date-time", "date", "time", "uuid", "hostname", "ipv4", "ipv6"}
)
"""Formats that the empty text has not."""

_KEYWORD_OF: Final[Mapping[str, frozenset[str]]] = {
    "minimum": NUMERIC,
    "maximum": NUMERIC,
    "minLength": frozenset({"string"}),
    "maxLength": frozenset({"string"}),
    "minItems": frozenset({"array"}),
    "maxItems": frozenset({"array"}),
    "minProperties": frozenset({"object"}),
    "maxProperties": frozenset({"object"}),
}
"""Types that a bound speaks of; it says nothing of the others (JSON Schema 2020-12 Validation, section 6)."""

_ENDINGS: Final = {
    Relation.TIGHTER: "tightened",
    Relation.LOOSER: "loosened",
    Relation.DIFFERENT: "changed",
    Relation.UNKNOWN: "unclear",
}
_SHOWN: Final = 160


def facet_notes(old: Shape, new: Shape, side: Side, patterns: Patterns) -> Iterator[Note]:
    """Yield the differences in what two shapes demand of a value beside its type, objects and arrays aside."""
    common = old.types & new.types
    if old.values is not None or new.values is not None:
        yield from _enum(old, new, side)
        return
    if "string" in common:
        relation = _patterns(old.patterns, new.patterns, patterns)
        if relation is not Relation.SAME:
            yield Note(f"{side}-pattern-{_ENDINGS[relation]}", (), _all(old.patterns), _all(new.patterns))
    if common & (NUMERIC | {"string"}):
        relation = _formats(old.formats, new.formats)
        if relation is not Relation.SAME:
            yield Note(f"{side}-format-{_ENDINGS[relation]}", (), _all(old.formats), _all(new.formats))
    for keyword, types in _KEYWORD_OF.items():
        if common & types:
            yield from _bound(keyword, old, new, side, patterns)
    if common & NUMERIC:
        yield from _multiples(old, new, side)
    if "array" in common and old.unique != new.unique:
        ending = "tightened" if new.unique else "loosened"
        yield Note(
            f"{side}-bound-{ending}", (), f"uniqueItems {old.unique}".lower(), f"uniqueItems {new.unique}".lower()
        )


def _enum(old: Shape, new: Shape, side: Side) -> Iterator[Note]:
    before = None if old.values is None else old.values.keys()
    after = None if new.values is None else new.values.keys()
    gone = () if before is None or after is None else tuple(value for value in before if value not in after)
    come = () if before is None or after is None else tuple(value for value in after if value not in before)
    narrowed = bool(gone) or before is None
    widened = bool(come) or after is None
    if side is Side.RESPONSE and gone and come and len(gone) == len(before or ()):
        yield Note("response-enum-replaced", (), listed(gone), listed(come))
        return
    if narrowed:
        yield Note(
            f"{side}-enum-narrowed",
            (),
            listed(gone) if gone else "any value of the type",
            "" if gone else listed(tuple(after or ())),
        )
    if widened:
        yield Note(
            f"{side}-enum-widened",
            (),
            "" if come else listed(tuple(before or ())),
            listed(come) if come else "any value of the type",
        )
    if after is None and new.patterns and side is Side.REQUEST:
        # Whether each of the old values matches is not looked into.
        yield Note("request-pattern-unclear", (), "", _all(new.patterns))


def _patterns(old: frozenset[str], new: frozenset[str], patterns: Patterns) -> Relation:
    if old == new:
        return Relation.SAME
    if old < new:
        return Relation.TIGHTER
    if new < old:
        return Relation.LOOSER
    alone, other = old - new, new - old
    if len(alone) == 1 and len(other) == 1:
        return patterns.relation(next(iter(alone)), next(iter(other)))
    return Relation.UNKNOWN


def _formats(old: frozenset[str], new: frozenset[str]) -> Relation:
    if old == new:
        return Relation.SAME
    if old < new:
        return Relation.TIGHTER
    if new < old:
        return Relation.LOOSER
    alone, other = old - new, new - old
    if len(alone) == 1 and len(other) == 1:
        pair = (next(iter(alone)), next(iter(other)))
        if pair in _PARTS:
            return Relation.LOOSER
        if pair[::-1] in _PARTS:
            return Relation.TIGHTER
    return Relation.DIFFERENT


def _bound(keyword: str, old: Shape, new: Shape, side: Side, patterns: Patterns) -> Iterator[Note]:
    below = keyword.startswith("min")
    before, after = _limit(keyword, old, below=below), _limit(keyword, new, below=below)
    if before is None and after is None:
        return
    if keyword in {"minLength", "maxLength"}:
        # A pattern or format that bounds the length says as much as the keyword does.
        before, after = (
            _with_implied(before, old, patterns, below=below),
            _with_implied(after, new, patterns, below=below),
        )
    if before == after:
        return
    is_tighter = before is None or (after is not None and tighter(after, before, below=below))
    yield Note(
        f"{side}-bound-{'tightened' if is_tighter else 'loosened'}", (), _told(keyword, before), _told(keyword, after)
    )


def _limit(keyword: str, shape: Shape, *, below: bool) -> Limit | None:
    return (shape.lower if below else shape.upper).get(keyword)


def _with_implied(limit: Limit | None, shape: Shape, patterns: Patterns, *, below: bool) -> Limit | None:
    found = limit
    if below and found is None and shape.formats & _NEVER_EMPTY:
        found = (1, False)
    for pattern in shape.patterns:
        shortest, longest = patterns.lengths(pattern)
        length = (shortest or None) if below else longest
        if length is not None and (found is None or tighter((length, False), found, below=below)):
            found = (length, False)
    return found


def _multiples(old: Shape, new: Shape, side: Side) -> Iterator[Note]:
    if old.multiples == new.multiples:
        return
    before, after = (", ".join(f"{number:g}" for number in sorted(found)) for found in (old.multiples, new.multiples))
    if not old.multiples or _divides(old.multiples, new.multiples):
        yield Note(f"{side}-bound-tightened", (), _told_multiple(before), _told_multiple(after))
    elif not new.multiples or _divides(new.multiples, old.multiples):
        yield Note(f"{side}-bound-loosened", (), _told_multiple(before), _told_multiple(after))
    else:
        yield Note(f"{side}-bound-tightened", (), _told_multiple(before), _told_multiple(after))
        yield Note(f"{side}-bound-loosened", (), _told_multiple(before), _told_multiple(after))


def _divides(divisors: frozenset[float], numbers: frozenset[float]) -> bool:
    """Tell whether each of the first has a multiple among the second, so that the second demand the first too."""
    return all(any(number % divisor == 0 for number in numbers) for divisor in divisors)


def _told(keyword: str, limit: Limit | None) -> str:
    if limit is None:
        return ""
    number, exclusive = limit
    if exclusive:
        keyword = f"exclusive{keyword[0].upper()}{keyword[1:]}"
    return f"{keyword} {int(number) if float(number).is_integer() else number}"


def _told_multiple(text: str) -> str:
    return text and f"multipleOf {text}"


def _all(texts: frozenset[str]) -> str:
    return cut(" and ".join(sorted(texts)))


def listed(values: tuple[str, ...]) -> str:
    """Return canonical texts of values as a list for readers."""
    return cut(", ".join(values))


def cut(text: str) -> str:
    """Return a text that fits into a report."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
