"""Bytes of a JSON or YAML document into one bounded tree of plain values.

YAML is read by the core schema of YAML 1.2 (section 10.3.2), as the OpenAPI Specification recommends (3.1,
section 4.3): under the 1.1 rules of PyYAML's own loaders the country code ``NO`` would be a boolean and a version
such as ``2026-02-01`` a date. The tree is built from parser events, without recursion, so that neither deep nesting
nor an alias of an alias of an alias can exhaust memory or stack.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import yaml

from contracts.errors import UsageError

MAX_BYTES: Final = 8 * 1024 * 1024
"""Bytes of the largest document that is read; large published descriptions have two or three million."""

MAX_NODES: Final = 400_000
"""Values of the largest tree, those behind a YAML alias counted each time they are referred to."""

MAX_DEPTH: Final = 150
"""Levels of the deepest tree."""

MAX_DIRECTIVES: Final = 50
"""Lines that begin with ``%``. Each may be a ``%TAG``, which libyaml compares with all before it."""

_DIRECTIVE: Final = re.compile(r"^%", re.MULTILINE)
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG: Final = "tag:yaml.org,2002:"
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_OTHER_INTEGER: Final = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,16}")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final[dict[str, object]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_SHOWN: Final = 60


def parse_tree(content: bytes, name: str) -> object:
    """Return a document's value: dicts with string keys, lists, strings, numbers, booleans and None.

    Args:
        content: the bytes of the document, UTF-8.
        name: what the document is called in messages.

    Raises:
        UsageError: the bytes are no JSON or YAML document within the limits of this module, a key stands twice in
            one object, or a YAML tag asks for anything but plain values.
    """
    if len(content) > MAX_BYTES:
        raise UsageError(f"{name} is larger than {MAX_BYTES:,} bytes; that is no OpenAPI document")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 text (byte {error.start})") from None
    is_json = name.lower().endswith(".json")
    if is_json or text.lstrip()[:1] in {"{", "["}:
        try:
            return _from_json(text, name)
        except json.JSONDecodeError as error:
            # YAML has braces and brackets too.
            if is_json:
                raise UsageError(
                    f"{name} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
                ) from None
    return _from_yaml(text, name)


def _from_json(text: str, name: str) -> object:
    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        value = dict(items)
        if len(value) != len(items):
            twice = Counter(key for key, _ in items).most_common(1)[0][0]
            raise UsageError(f"{name} has the key {_shown(twice)} twice in one object")
        return value

    def refuse(constant: str) -> NoReturn:
        raise UsageError(f"{name} is not JSON: {constant} is no number that JSON has")

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=refuse)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise UsageError(f"{name} is nested too deeply to read") from None
    except ValueError:
        # CPython refuses to convert integers of more than 4,300 digits.
        raise UsageError(f"{name} holds a number too long to read") from None
    _measure(value, name)
    return value


def _measure(root: object, name: str) -> None:
    """Hold a tree without aliases to the limits, level by level."""
    level: list[object] = [root]
    nodes = depth = 0
    while level:
        nodes += len(level)
        depth += 1
        if nodes > MAX_NODES:
            raise UsageError(f"{name} holds more than {MAX_NODES:,} values")
        if depth > MAX_DEPTH:
            raise UsageError(f"{name} is nested more than {MAX_DEPTH} levels deep")
        if any(isinstance(node, float) and not math.isfinite(node) for node in level):
            raise UsageError(f"{name} holds a number too large for a double")
        below: list[object] = []
        for node in level:
            if isinstance(node, dict):
                below += node.values()
            elif isinstance(node, list):
                below += node
        level = below


def _from_yaml(text: str, name: str) -> object:
    builder = _Builder(name)
    if len(_DIRECTIVE.findall(text)) > MAX_DIRECTIVES:
        raise UsageError(f"{name} has more than {MAX_DIRECTIVES} lines that begin with %; that is no OpenAPI document")
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f" at line {mark.line + 1}, column {mark.column + 1}"
        problem = error.problem or error.context or "it cannot be read"
        raise UsageError(f"{name} is not YAML: {problem}{where}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{name} is not YAML: {' '.join(str(error).split())[:200]}") from None
    except RecursionError:
        raise UsageError(f"{name} is nested too deeply to read") from None
    return builder.root()


@dataclass(slots=True)
class _Open:
    """A collection that has begun and not ended."""

    value: dict[str, object] | list[object]
    anchor: str | None
    size: int = 1
    height: int = 1
    key: str | None = None
    merged: list[dict[str, object]] = field(default_factory=list)
    given: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Whole:
    """A value with what it counts for: how many values it holds, and how many levels."""

    value: object
    size: int
    height: int


class _Builder:
    """Builds a tree from YAML events."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Whole] = {}
        self._pending: set[str] = set()
        self._result: list[object] = []

    def root(self) -> object:
        """Return the tree; None for an empty document."""
        return self._result[0] if self._result else None

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        match event:
            case yaml.DocumentStartEvent():
                if self._result:
                    raise UsageError(f"{self._name} holds more than one YAML document")
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end()
            case _:
                pass

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        kind: dict[str, object] | list[object] = {} if isinstance(event, yaml.MappingStartEvent) else []
        wanted = "map" if isinstance(kind, dict) else "seq"
        if event.tag not in {None, "!", _TAG + wanted}:
            self._refuse_tag(str(event.tag))
        if self._stack and self._wants_key():
            raise UsageError(f"{self._name} has a YAML collection for a key; keys are texts")
        if len(self._stack) >= MAX_DEPTH:
            raise UsageError(f"{self._name} is nested more than {MAX_DEPTH} levels deep")
        if event.anchor is not None:
            self._pending.add(event.anchor)
            self._anchors.pop(event.anchor, None)
        self._stack.append(_Open(kind, event.anchor))

    def _end(self) -> None:
        done = self._stack.pop()
        if isinstance(done.value, dict):
            for source in done.merged:
                for key, value in source.items():
                    done.value.setdefault(key, value)
        whole = _Whole(done.value, done.size, done.height)
        if done.anchor is not None:
            self._pending.discard(done.anchor)
            self._anchors[done.anchor] = whole
        self._place(whole)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if self._stack and self._wants_key():
            self._key(event.value, merge=event.value == "<<" and event.implicit[0])
            return
        whole = _Whole(self._value(event), 1, 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = whole
        self._place(whole)

    def _alias(self, event: yaml.AliasEvent) -> None:
        anchor = str(event.anchor)
        if anchor in self._pending:
            raise UsageError(f"{self._name} has a YAML anchor &{anchor[:_SHOWN]} that contains itself")
        if anchor not in self._anchors:
            raise UsageError(f"{self._name} refers to a YAML anchor &{anchor[:_SHOWN]} that it does not have")
        whole = self._anchors[anchor]
        if self._stack and self._wants_key():
            if not isinstance(whole.value, str):
                raise UsageError(f"{self._name} has the alias *{anchor[:_SHOWN]} for a key; keys are texts")
            self._key(whole.value, merge=False)
            return
        self._place(whole)

    def _wants_key(self) -> bool:
        top = self._stack[-1]
        return isinstance(top.value, dict) and top.key is None

    def _key(self, text: str, *, merge: bool) -> None:
        top = self._stack[-1]
        if text in top.given and not merge:
            raise UsageError(f"{self._name} has the key {_shown(text)} twice in one object")
        top.given.add(text)
        top.key = "<<" if merge else text
        if not merge and text == "<<":
            raise UsageError(f"{self._name} has the key '<<', which is kept for merging")

    def _place(self, whole: _Whole) -> None:
        if not self._stack:
            self._result.append(whole.value)
            return
        top = self._stack[-1]
        top.size += whole.size
        top.height = max(top.height, whole.height + 1)
        if top.size > MAX_NODES:
            raise UsageError(f"{self._name} holds more than {MAX_NODES:,} values, those behind YAML aliases counted")
        if top.height + len(self._stack) - 1 > MAX_DEPTH:
            raise UsageError(f"{self._name} is nested more than {MAX_DEPTH} levels deep")
        if isinstance(top.value, list):
            top.value.append(whole.value)
            return
        assert top.key is not None
        if top.key == "<<":
            top.merged += self._merged(whole.value)
        else:
            top.value[top.key] = whole.value
        top.key = None

    def _merged(self, value: object) -> list[dict[str, object]]:
        given = value if isinstance(value, list) else [value]
        found = [source for source in given if isinstance(source, dict)]
        if len(found) != len(given):
            raise UsageError(f"{self._name} merges (<<) what is no object")
        return found

    def _value(self, event: yaml.ScalarEvent) -> object:
        text: str = event.value
        tag = event.tag
        plain = event.implicit[0]
        if tag in {None, "!"} or tag == _TAG + "str":
            return self._plain(text) if plain and tag is None else text
        if tag not in {_TAG + kind for kind in ("int", "float", "bool", "null")}:
            self._refuse_tag(tag)
        return self._plain(text)

    def _plain(self, text: str) -> object:
        if text in _WORDS:
            return _WORDS[text]
        try:
            if _INTEGER.fullmatch(text):
                return int(text)
            if _OTHER_INTEGER.fullmatch(text):
                return int(text, 0)
            if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
                return number
        except ValueError:
            raise UsageError(f"{self._name} holds a number too long to read") from None
        return text

    def _refuse_tag(self, tag: str) -> NoReturn:
        raise UsageError(f"{self._name} has the YAML tag {_shown(tag)}; only plain values are read")


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
