"""The head of an answer, status line and header fields, read strictly by RFC 9112 and remembered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from load.wire.limits import Limits

CHUNKED: Final = -1
"""Length of a body that comes in chunks."""

UNTIL_CLOSE: Final = -2
"""Length of a body that ends where the connection does."""

END: Final = b"\r\n\r\n"
"""What ends a head."""

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
_FIELD: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)")
_FOLD: Final = re.compile(rb"[ \t]*\r\n[ \t]+")
BARE_LINE_FEED: Final = re.compile(rb"(?<!\r)\n")
_OPENING: Final = b"HTTP/1."
_LENGTH_DIGITS: Final = 18
_BODILESS: Final = (204, 304)
_REMEMBERED: Final = 512
_REMEMBERED_BYTES: Final = 2_048


class MalformedError(Exception):
    """The bytes are no HTTP/1.1 answer; the message says which rule they break."""


class TooLargeError(Exception):
    """The answer passes one of the limits; the message says which."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and header fields of one answer.

    Attributes:
        status: HTTP status code, 100 to 999.
        headers: field names in lower case with their values, both as Latin-1, in order.
        length: of the body in bytes, or ``CHUNKED``, or ``UNTIL_CLOSE``; 0 where the status allows no body.
        keep: whether the server lets the connection persist (RFC 9112 section 9.3).
        coding: content coding in lower case, empty when there is none.
        plain: final, of a known and allowed length, without a content coding: its body needs no second look.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    length: int
    keep: bool
    coding: str
    plain: bool


class Heads:
    """Heads that came before: a server repeats itself, but for the second in its ``Date``.

    Args:
        limits: those every head is read under.
    """

    __slots__ = ("_limits", "known")

    known: dict[bytes, Head]
    """Heads by their bytes, at most 512 of at most 2 KiB each, to look into where the call of ``read`` is too dear."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.known = {}

    def read(self, block: bytes) -> Head:
        """Read a whole head as ``parse_head`` does, from memory where the very same bytes came before."""
        head = self.known.get(block)
        if head is None:
            head = parse_head(block, self._limits)
            if len(block) <= _REMEMBERED_BYTES:
                if len(self.known) >= _REMEMBERED:
                    self.known.clear()
                self.known[block] = head
        return head


def parse_head(block: bytes, limits: Limits) -> Head:
    """Read a whole head.

    Args:
        block: the bytes of the head with the empty line that ends it.
        limits: those on the number and the size of fields.

    Raises:
        MalformedError: the head breaks RFC 9112, or leaves in doubt where the body ends (section 6.3).
        TooLargeError: it passes a limit.
    """
    if len(block) > limits.header_bytes:
        raise TooLargeError(f"a head of more than {limits.header_bytes} bytes")
    first, separator, rest = block[:-4].partition(b"\r\n")
    opening = _STATUS_LINE.fullmatch(first)
    if opening is None:
        raise MalformedError("the first line is no status line of HTTP/1.0 or HTTP/1.1")
    headers = parse_fields(rest, limits) if separator else ()
    status = int(opening[2])
    if status == 101:
        raise MalformedError("101 Switching Protocols, which was not asked for")
    modern = opening[1] == b"1"
    length = _length(headers, status, modern=modern)
    coding = ", ".join(value for name, value in headers if name == "content-encoding" and value).lower()
    return Head(
        status=status,
        headers=headers,
        length=length,
        keep=_keeps(headers, modern=modern),
        coding="" if coding == "identity" else coding,
        plain=0 <= length <= limits.body_bytes
        and status >= 200
        and status not in _BODILESS
        and coding in {"", "identity"},
    )


def parse_fields(block: bytes, limits: Limits) -> tuple[tuple[str, str], ...]:
    """Read header or trailer fields.

    A folded value is joined by one space, as RFC 9112 section 5.2 demands of a user agent.

    Args:
        block: field lines with CRLF between them and none after the last.
        limits: that on their number.

    Raises:
        MalformedError: a line is no field, or a value holds a control character (RFC 9110 section 5.5).
        TooLargeError: there are too many.
    """
    if b"\r\n " in block or b"\r\n\t" in block:
        block = _FOLD.sub(b" ", block)
    lines = block.split(b"\r\n")
    if len(lines) > limits.header_count:
        raise TooLargeError(f"more than {limits.header_count} header fields")
    fields = []
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise MalformedError("a header field that breaks the grammar of RFC 9112 section 5")
        fields.append((match[1].decode("latin-1").lower(), match[2].strip(b" \t").decode("latin-1")))
    return tuple(fields)


def check_opening(received: bytearray, known: int, limits: Limits) -> None:
    """Refuse early what cannot become a head, so that it is reported as malformed rather than waited out.

    Args:
        received: what has come so far, without the end of a head.
        known: how many of its bytes were looked at before.
        limits: that on the size of a head.

    Raises:
        MalformedError: it does not begin as HTTP/1, or a line ends in a bare LF.
        TooLargeError: it passes the limit.
    """
    if not received.startswith(_OPENING[: len(received)]):
        raise MalformedError("the first line is no status line of HTTP/1.0 or HTTP/1.1")
    if BARE_LINE_FEED.search(received, known):
        raise MalformedError("a line of the head ends in LF without CR")
    if len(received) > limits.header_bytes:
        raise TooLargeError(f"a head of more than {limits.header_bytes} bytes")


def _length(headers: tuple[tuple[str, str], ...], status: int, *, modern: bool) -> int:
    """Tell where the body ends, by the rules of RFC 9112 section 6.3."""
    codings = [value for name, value in headers if name == "transfer-encoding"]
    lengths = [value for name, value in headers if name == "content-length"]
    if codings and lengths:
        raise MalformedError("both Transfer-Encoding and Content-Length")
    if codings and not modern:
        raise MalformedError("Transfer-Encoding in an answer of HTTP/1.0")
    if codings and (len(codings) > 1 or codings[0].lower() != "chunked"):
        raise MalformedError("a Transfer-Encoding other than chunked, which was not asked for")
    length = _content_length(lengths)
    if status < 200 or status in _BODILESS:
        return 0
    if codings:
        return CHUNKED
    return UNTIL_CLOSE if length is None else length


def _content_length(values: list[str]) -> int | None:
    """Return the one length that all values name; repeated equal ones are allowed (RFC 9110 section 8.6)."""
    if not values:
        return None
    said = {each.strip(" \t") for value in values for each in value.split(",")}
    if len(said) != 1:
        raise MalformedError("several Content-Lengths that differ")
    length = said.pop()
    if not (length.isascii() and length.isdigit() and len(length) <= _LENGTH_DIGITS):
        raise MalformedError("a Content-Length that is no number of bytes")
    return int(length)


def _keeps(headers: tuple[tuple[str, str], ...], *, modern: bool) -> bool:
    """Tell whether the connection persists, by RFC 9112 section 9.3."""
    options = {
        option.strip(" \t").lower() for name, value in headers if name == "connection" for option in value.split(",")
    }
    return "close" not in options and (modern or "keep-alive" in options)
