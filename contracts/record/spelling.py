"""Other spellings of a text (escaped, encoded), each with a map back to what it was read from."""

from __future__ import annotations

import html
import re
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_LEVELS: Final = 2
"""How many encodings may lie over one another: a URL in a JSON string, HTML in HTML. A third would double the cost."""

_ROOM: Final = 16
_LEAST_ROOM: Final = 262_144
"""Characters of all spellings together, as a multiple of the text's and at least: a hostile text has no end of them."""

_PERCENT: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_FORM: Final = re.compile(rf"\+|{_PERCENT.pattern}")
_ESCAPE: Final = re.compile(
    r"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
    r"|\\u[0-9A-Fa-f]{4}|\\u\{[0-9A-Fa-f]{1,6}\}|\\x[0-9A-Fa-f]{2}|\\U00[0-9A-Fa-f]{6}|\\[0-3][0-7]{2}|\\[\s\S]"
)
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});?")
_NUL: Final = re.compile("\0+")
_NAMED: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "0": "\0"}

_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{6,}(?:\r?\n[A-Za-z0-9+/_-]{4,})*")
_PLAIN_ALPHABET: Final = str.maketrans("-_", "+/")
_LONG_BASE64: Final = 16
"""Characters from which base64 is read at every alignment; shorter runs are nearly always words."""

_DIGIT64: Final = re.compile(r"[A-Za-z0-9+/_-]")
_HEX: Final = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9A-Fa-f]{2}(?:(?:, ?0x|[ :-])?[0-9A-Fa-f]{2}){4,}")
_DIGITS16: Final = re.compile(r"(?!0x)[0-9A-Fa-f]{2}")
_LIST: Final = re.compile(r"(?<![0-9.])[0-9]{1,3}(?:,\s{0,40}[0-9]{1,3}){4,}")
_NUMBER: Final = re.compile(r"[0-9]+")
_READABLE: Final = re.compile(rb"[\x20-\x7e\0]{5}")
"""What bytes have that hold a secret among others; nearly all that are no text at all do not."""

_Pieces = Iterable[tuple[str, int]]
"""Decoded characters, each with the number of source characters it was written as."""

_Bytes = Iterator[tuple[bytes, Sequence[int]]]
"""Unpacked bytes, with where each starts in the source and where the last one ends."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A text as a reader of one encoding sees it.

    Attributes:
        text: the decoded text.
        starts: for each decoded character, where it starts in the source, and the source's length as the
            last; None where the text is the source itself.
        packing: ``base64``, ``hex`` or ``bytes`` where the text was unpacked from that, else empty.
    """

    text: str
    starts: Sequence[int] | None = None
    packing: str = ""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return which characters of the source a part of the decoded text was read from."""
        return (start, end) if self.starts is None else (self.starts[start], self.starts[end])


def spellings(text: str, *, plus_is_space: bool = False) -> list[Spelling]:
    """Return a text and every way it reads once an encoding is taken off.

    Percent-encoding, the escapes of JSON, JavaScript and of Python's ``repr``, the character references of HTML and
    the NUL bytes of ASCII text in UTF-16 are taken off in place. What stands in base64, in hexadecimal or as a list
    of byte values is read by itself, without the text around it. Each is tried only where the text shows a sign of it.

    Args:
        text: any text.
        plus_is_space: whether a plus sign may stand for a space, as in an HTML form.
    """
    found = [Spelling(text)]
    level = found
    seen: dict[str, list[Spelling]] = {}
    room = max(_ROOM * len(text), _LEAST_ROOM)
    for _ in range(_LEVELS):
        above, level = level, []
        for spelling in above:
            for decoded in _decoded(spelling, plus_is_space=plus_is_space):
                alike = seen.setdefault(decoded.text, [])
                # Taking two encodings off in either order mostly comes to the same; two places may hold the same text.
                if len(decoded.text) <= room and decoded not in alike:
                    room -= len(decoded.text)
                    alike.append(decoded)
                    level.append(decoded)
        found += level
    return found


def _decoded(spelling: Spelling, *, plus_is_space: bool) -> Iterator[Spelling]:
    """Yield the ways a text reads with one encoding less."""
    text = spelling.text
    if "%" in text or (plus_is_space and "+" in text):
        pattern, read = (_FORM, _form) if plus_is_space else (_PERCENT, _percent)
        yield _decode(spelling, pattern, read)
    if "\\" in text:
        yield _decode(spelling, _ESCAPE, _escape)
    if "&" in text:
        yield _decode(spelling, _ENTITY, _entity)
    if "\0" in text:
        yield _decode(spelling, _NUL, _nothing)
    for packing, (pattern, unpack) in _PACKINGS.items():
        if pattern.search(text) is not None:
            yield Spelling(*_unpacked(spelling, pattern, unpack), packing)


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
    return Spelling("".join(parts), _above(source, starts), source.packing)


def _unpacked(
    source: Spelling, pattern: re.Pattern[str], unpack: Callable[[re.Match[str]], _Bytes]
) -> tuple[str, Sequence[int]]:
    """Return what is packed into a text, one piece a line."""
    parts: list[str] = []
    starts: list[int] = []
    for match in pattern.finditer(source.text):
        for raw, places in unpack(match):
            if _READABLE.search(raw) is None:
                continue
            part = raw.decode("utf-8", "surrogateescape")
            parts.append(part)
            at = 0
            for character in part:
                starts.append(places[at])
                at += 1 if character.isascii() else len(character.encode("utf-8", "surrogateescape"))
            starts.append(places[at])
    # The end of a piece is where the line end after it starts.
    starts.append(len(source.text))
    return "".join(f"{part}\n" for part in parts), _above(source, starts)


def _above(source: Spelling, starts: Sequence[int]) -> Sequence[int]:
    return starts if source.starts is None else [source.starts[start] for start in starts]


def _base64(match: re.Match[str]) -> _Bytes:
    """Read base64 at every alignment, for what stands before it may look like a part of it.

    A short run is taken for base64 only where the whole of it is that of a text.
    """
    digits = "".join(match.group().split()).translate(_PLAIN_ALPHABET)
    short = len(digits) < _LONG_BASE64
    if short and not _is_text(_bytes64(digits)):
        return
    places = [digit.start() for digit in _DIGIT64.finditer(match.string, match.start(), match.end())]
    places.append(match.end())
    for skipped in range(1 if short else 4):
        raw = _bytes64(digits[skipped:])
        yield raw, [places[skipped + at * 8 // 6] for at in range(len(raw) + 1)]


def _is_text(raw: bytes) -> bool:
    return raw.isascii() and raw.decode("ascii").isprintable()


def _bytes64(digits: str) -> bytes:
    # One digit beyond the groups of four holds no byte.
    whole = digits[: len(digits) - (len(digits) % 4 == 1)]
    return a2b_base64(whole + "=" * (-len(whole) % 4))


def _hexadecimal(match: re.Match[str]) -> _Bytes:
    pairs = list(_DIGITS16.finditer(match.string, match.start(), match.end()))
    yield bytes(int(pair.group(), 16) for pair in pairs), [*(pair.start() for pair in pairs), match.end()]


def _byte_values(match: re.Match[str]) -> _Bytes:
    """Read a list of byte values, which is how JavaScript writes a buffer as JSON."""
    numbers = list(_NUMBER.finditer(match.string, match.start(), match.end()))
    values = bytes(value if (value := int(number.group())) < 256 else 0xFF for number in numbers)
    yield values, [*(number.start() for number in numbers), match.end()]


_PACKINGS: Final = {"base64": (_BASE64, _base64), "hex": (_HEX, _hexadecimal), "bytes": (_LIST, _byte_values)}


def _percent(run: str) -> _Pieces:
    for character in bytes.fromhex(run.replace("%", "")).decode("utf-8", "surrogateescape"):
        yield character, 3 * len(character.encode("utf-8", "surrogateescape"))


def _form(run: str) -> _Pieces:
    return [(" ", 1)] if run == "+" else _percent(run)


def _escape(escape: str) -> _Pieces:
    kind, digits = escape[1], escape[2:]
    if kind in "uxU" and digits:
        units = [int(unit, 16) for unit in digits.strip("{}").split("\\u")]
        point = units[0]
        if len(units) == 2:
            point = 0x10000 + ((units[0] - 0xD800) << 10) + (units[1] - 0xDC00)
        # \U00110000 and above are no characters; the replacement keeps the map whole.
        return [(chr(point) if point <= 0x10FFFF else "\ufffd", len(escape))]
    if digits:
        return [(chr(int(escape[1:], 8)), len(escape))]
    return [(_NAMED.get(kind, kind), 2)]


def _entity(reference: str) -> _Pieces:
    shown = html.unescape(reference)
    # A reference that stands for several characters, or for none, hides no secret: its text stays.
    return [(shown, len(reference))] if len(shown) == 1 else [(character, 1) for character in reference]


def _nothing(_: str) -> _Pieces:
    return ()
