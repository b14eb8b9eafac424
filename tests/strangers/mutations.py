"""Mutations of documents that keep most of their structure: what reaches the code behind a parser's first line.

Every choice is drawn from a `Choices`, so that hypothesis, atheris and a seeded generator can all drive them.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

MOST_CHANGES: Final = 4

_PLACEHOLDER: Final = "\x00put here\x00"
_TOKEN: Final = re.compile(rb'"(?:[^"\\\n]|\\.)*"|[A-Za-z0-9_.+:/$#-]+|[^\sA-Za-z0-9_]')

VALUES: Final = (
    "null", "true", "false", "0", "-1", "1e400", "-1e308", "NaN", "Infinity", "1.5", "1" * 30, "9" * 5000,
    "0x" + "f" * 5000,
    '""', '"\\u0000"', '"\\ud800"', '"\\u202e"', '"x"', '"2026-02-30T25:61:61.000Z"', '"../../../etc/passwd"',
    '"http://user@other.example/"', '"//other.example"', '"<phone:1>"', '"' + "a" * 5000 + '"', '"' + '\\"' * 50 + '"',
    "[]", "{}", "[[]]", '[{"a":1}]', '{"a":{"b":null}}', "[" * 200 + "]" * 200, '{"a":' * 200 + "1" + "}" * 200,
    "[" * 5000 + "]" * 5000, "[0,0]", '["a","b"]', "1979-05-27", "1979-05-27T07:32:00Z", "inf", "-nan", "'''x'''",
)  # fmt: skip
"""Values that a reader meets too seldom: of another type, too large, too deep, not JSON at all."""

PIECES: Final = (
    b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r\n", b"\n", b"\x1b[31m", b"\\", b'"', b"'", b"{", b"}",
    b"[", b"]", b":", b",", b"=", b"#", b"&a ", b"*a", b"<<: *a", b"!!python/object:os.system ", b"!!binary ",
    b"%TAG ! x\n", b"---\n",
    b"? ", b"- ", b"|", b"$ref", b"a.a.a.a.a", b"\xe2\x80\xae",
)  # fmt: skip
"""Bytes that mean something to a parser."""


class Choices(Protocol):
    """Where choices come from."""

    def below(self, end: int) -> int:
        """Return a whole number from 0 to below `end`, which is at least 1."""


class SeededChoices:
    """Choices by a seed, for runs without hypothesis and atheris."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def below(self, end: int) -> int:
        return self._random.randrange(end)


def mutated(choices: Choices, seeds: Sequence[bytes]) -> bytes:
    """Return one of some documents with a few changes, at times with none."""
    content = seeds[choices.below(len(seeds))]
    for _ in range(choices.below(MOST_CHANGES + 1)):
        content = _CHANGES[choices.below(len(_CHANGES))](choices, content, seeds)
    return content


def _value_replaced(choices: Choices, content: bytes, seeds: Sequence[bytes]) -> bytes:
    """Replace, remove or rename something in a JSON document, or in one line of it."""
    lines = content.splitlines(keepends=True) or [b""]
    whole = content[:1] == b"{" and len(lines) > 1 and lines[0].strip() == b"{"
    place = 0 if whole else choices.below(len(lines))
    text = content if whole else lines[place]
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return _token_replaced(choices, content, seeds)
    node, step = _place(choices, tree)
    if node is None:
        return VALUES[choices.below(len(VALUES))].encode()
    what = choices.below(5)
    if what == 0:
        del node[step]
    elif what == 1 and isinstance(node, dict):
        node[_NAMES[choices.below(len(_NAMES))]] = node.pop(step)
    elif what == 2 and isinstance(node, list):
        node.extend([node[step]] * choices.below(50))
    else:
        node[step] = _PLACEHOLDER
    changed = json.dumps(tree, ensure_ascii=bool(choices.below(2)))
    changed = changed.replace(json.dumps(_PLACEHOLDER), VALUES[choices.below(len(VALUES))])
    changed = changed.replace(_PLACEHOLDER, "put here")
    made = changed.encode("utf-8", "surrogatepass")
    if whole:
        return made
    lines[place] = made + (b"\n" if text.endswith(b"\n") else b"")
    return b"".join(lines)


_NAMES: Final = ("", "$ref", "allOf", "a b", "index", "__class__", "<<", "findings", "plan")


def _place(choices: Choices, tree: Any) -> tuple[Any, Any]:
    """Choose a place in a tree; None where the tree has none."""
    node: Any = None
    step: Any = None
    below = tree
    while isinstance(below, dict | list) and below and (node is None or choices.below(4)):
        node = below
        keys = list(node) if isinstance(node, dict) else range(len(node))
        step = keys[choices.below(len(keys))]
        below = node[step]
    return node, step


def _token_replaced(choices: Choices, content: bytes, seeds: Sequence[bytes]) -> bytes:
    tokens = [match.span() for match in _TOKEN.finditer(content)]
    if not tokens:
        return content + PIECES[choices.below(len(PIECES))]
    start, end = tokens[choices.below(len(tokens))]
    return content[:start] + VALUES[choices.below(len(VALUES))].encode() + content[end:]


def _token_copied(choices: Choices, content: bytes, seeds: Sequence[bytes]) -> bytes:
    """Put a token of one document in the place of one of another."""
    other = seeds[choices.below(len(seeds))]
    ours = [match.span() for match in _TOKEN.finditer(content)]
    theirs = [match.group() for match in _TOKEN.finditer(other)]
    if not ours or not theirs:
        return content
    start, end = ours[choices.below(len(ours))]
    return content[:start] + theirs[choices.below(len(theirs))] + content[end:]


def _lines_changed(choices: Choices, content: bytes, seeds: Sequence[bytes]) -> bytes:
    """Drop, repeat or move a line."""
    lines = content.splitlines(keepends=True)
    if not lines:
        return content
    taken = lines.pop(choices.below(len(lines)))
    for _ in range(choices.below(3)):
        lines.insert(choices.below(len(lines) + 1), taken)
    return b"".join(lines)


def _piece_inserted(choices: Choices, content: bytes, seeds: Sequence[bytes]) -> bytes:
    at = choices.below(len(content) + 1)
    return content[:at] + PIECES[choices.below(len(PIECES))] * (1 + choices.below(3)) + content[at:]


def _byte_changed(choices: Choices, content: bytes, seeds: Sequence[bytes]) -> bytes:
    if not content:
        return content
    at = choices.below(len(content))
    return content[:at] + bytes([choices.below(256)]) + content[at + 1 :]


def _cut(choices: Choices, content: bytes, seeds: Sequence[bytes]) -> bytes:
    return content[: choices.below(len(content) + 1)]


def _spliced(choices: Choices, content: bytes, seeds: Sequence[bytes]) -> bytes:
    other = seeds[choices.below(len(seeds))]
    return content[: choices.below(len(content) + 1)] + other[choices.below(len(other) + 1) :]


def _encoded_otherwise(choices: Choices, content: bytes, seeds: Sequence[bytes]) -> bytes:
    text = content.decode("utf-8", "replace")
    return (
        text.encode("utf-16"),
        text.encode("utf-8-sig"),
        text.replace("\n", "\r\n").encode(),
        text.replace("\n", "\r").encode(),
    )[choices.below(4)]


_CHANGES: Final[tuple[Callable[[Choices, bytes, Sequence[bytes]], bytes], ...]] = (
    _value_replaced, _value_replaced, _value_replaced, _value_replaced, _token_replaced, _token_replaced,
    _token_copied, _lines_changed, _piece_inserted, _byte_changed, _cut, _spliced, _encoded_otherwise,
)  # fmt: skip
