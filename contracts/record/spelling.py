"""Other spellings of a text (percent-encoded, escaped), each with a map back to what it was read from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_LEVELS: Final = 2
"""How many encodings may lie over one another: a URL in a JSON string, JSON in a JSON string."""

_PERCENT: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_FORM: Final = re.compile(rf"\+|{_PERCENT.pattern}")
_ESCAPE: Final = re.compile(
    r"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
    r"|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\U00[0-9A-Fa-f]{6}|\\[\s\S]"
)
_NUL: Final = re.compile("\0+")
_NAMED: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "0": "\0"}

_Pieces = Iterable[tuple[str, int]]
"""Decoded characters, each with the number of source characters it was written as."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A text as a reader of one encoding sees it.

    Attributes:
        text: the decoded text.
        starts: for each decoded character, where it starts in the source, and the source's length as the
            last; None where the text is the source itself.
    """

    text: str
    starts: Sequence[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return which characters of the source a part of the decoded text was read from."""
        return (start, end) if self.starts is None else (self.starts[start], self.starts[end])


def spellings(text: str, *, plus_is_space: bool = False) -> list[Spelling]:
    """Return a text and every way it reads once an encoding is taken off.

    Percent-encoding, the escapes of JSON and of Python's ``repr``, and the NUL bytes of ASCII text in
    UTF-16 are known; each is tried only where the text shows a sign of it.

    Args:
        text: any text.
        plus_is_space: whether a plus sign may stand for a space, as in an HTML form.
    """
    found = [Spelling(text)]
    level = found
    percent = (_FORM, _form) if plus_is_space else (_PERCENT, _percent)
    for _ in range(_LEVELS):
        level = [
            _decode(spelling, pattern, read)
            for spelling in level
            for pattern, read in (percent, (_ESCAPE, _escape), (_NUL, _nothing))
            if pattern.search(spelling.text)
        ]
        found += level
    return found


def _decode(source: Spelling, pattern: re.Pattern[str], read: Callable[[str], _Pieces]) -> Spelling:
    text = source.text
    parts: list[str] = []
    starts: list[int] = []
    at = 0
    for match in pattern.finditer(text):
        parts.append(text[at : match.start()])
        starts.extend(range(at, match.start()))
        begin = match.start()
        for character, width in read(match.group()):
            parts.append(character)
            starts.append(begin)
            begin += width
        at = match.end()
    parts.append(text[at:])
    starts.extend(range(at, len(text) + 1))
    if source.starts is not None:
        starts = [source.starts[start] for start in starts]
    return Spelling("".join(parts), starts)


def _percent(run: str) -> _Pieces:
    for character in bytes.fromhex(run.replace("%", "")).decode("utf-8", "surrogateescape"):
        yield character, 3 * len(character.encode("utf-8", "surrogateescape"))


def _form(run: str) -> _Pieces:
    return [(" ", 1)] if run == "+" else _percent(run)


def _escape(escape: str) -> _Pieces:
    kind, digits = escape[1], escape[2:]
    if kind in "uxU" and digits:
        units = [int(unit, 16) for unit in digits.split("\\u")]
        point = units[0]
        if len(units) == 2:
            point = 0x10000 + ((units[0] - 0xD800) << 10) + (units[1] - 0xDC00)
        # \U00110000 and above are no characters; the replacement keeps the map whole.
        return [(chr(point) if point <= 0x10FFFF else "\ufffd", len(escape))]
    return [(_NAMED.get(kind, kind), 2)]


def _nothing(_: str) -> _Pieces:
    return ()
