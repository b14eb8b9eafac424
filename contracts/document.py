"""Strict JSON: one value in valid UTF-8, no key twice, no NaN (RFC 8259, SHAPE-2).

The standard decoder accepts duplicate keys, ``NaN`` and a byte order mark in places; a contract that
promises "one JSON object in valid UTF-8, no key twice" needs to be told of each.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, NoReturn

import orjson

_MOST_CONTAINERS: Final = 400
"""Objects and arrays of a body that is decoded the fast way: a page of fifty purchases has some two hundred."""

MAX_DEPTH: Final = 500
"""Levels of a body that are read (RFC 8259, section 9, lets a reader set a bound): how many the interpreter's own
decoder manages depends on its version and on who calls, and a verdict must not."""

_TOO_DEEP: Final = "nested too deeply to read"

_BEFORE_COLON: Final = (b" :", b"\t:", b"\n:", b"\r:")
"""White space by which a key would not be counted that has a quote and a colon next to each other."""


@dataclass(frozen=True, slots=True)
class Document:
    """A body decoded once.

    Attributes:
        value: the decoded value, None when ``error`` is set.
        error: why the bytes are not one JSON value, None when they are.
        duplicates: object keys that stood twice in one object, in order of appearance.
    """

    value: object
    error: str | None = None
    duplicates: tuple[str, ...] = ()


class _NotJsonError(ValueError):
    """Raised inside the decoder for constants that JSON does not have."""


def _refuse_constant(name: str) -> NoReturn:
    raise _NotJsonError(f"{name} is not JSON")


def parse(body: bytes) -> Document:
    """Decode a body strictly.

    Args:
        body: the bytes of a request or response.

    Returns:
        The document; never raises for any bytes.
    """
    if not body:
        return Document(None, "empty body")
    fast = _parse_plain(body)
    return fast if fast is not None else _parse_strictly(body)


def _parse_plain(body: bytes) -> Document | None:
    """Return a document that both decoders read alike, None where only the slow one can tell.

    orjson refuses what RFC 8259 refuses, but takes the last of equal keys, makes floats of integers that need
    more than 64 bits, and nests to another depth: bodies that may be such are left to the other decoder.
    """
    if body.count(b"[") + body.count(b"{") > _MOST_CONTAINERS or any(space in body for space in _BEFORE_COLON):
        return None
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    # A quote and a colon inside of a text count as well, and only send the body the slow way.
    return Document(value) if _keys_of(value) == body.count(b'":') else None


def _keys_of(value: object) -> int | None:
    """Return how many members all objects of a decoded value have together, None where there is a float."""
    count = 0
    pending = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            count += len(node)
            pending += node.values()
        elif isinstance(node, list):
            pending += node
        elif isinstance(node, float):
            return None
    return count


def _parse_strictly(body: bytes) -> Document:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        return Document(None, f"not UTF-8 at byte {error.start}")
    if text.startswith("\ufeff"):
        return Document(None, "starts with a byte order mark")
    duplicates: list[str] = []

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        value = dict(items)
        if len(value) != len(items):
            seen: set[str] = set()
            for key, _ in items:
                if key in seen:
                    duplicates.append(key)
                seen.add(key)
        return value

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=_refuse_constant)
    except RecursionError:
        return Document(None, _TOO_DEEP)
    except _NotJsonError as error:
        return Document(None, str(error))
    except json.JSONDecodeError as error:
        return Document(None, "empty body" if not text.strip() else f"{error.msg} at character {error.pos}")
    except ValueError:
        # CPython refuses to convert integers of more than 4,300 digits.
        return Document(None, "a number too long to read")
    if _is_deeper(value, MAX_DEPTH):
        return Document(None, _TOO_DEEP)
    return Document(value, None, tuple(duplicates))


def _is_deeper(value: object, most: int) -> bool:
    """Tell whether a decoded value has more levels of objects and arrays than ``most``."""
    level = [value]
    for _ in range(most):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
