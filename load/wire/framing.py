"""Where an answer's body ends and whether its connection lives on, told from the few fields that govern it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from load.wire.faults import MalformedError
from load.wire.limits import Limits

CHUNKED: Final = -1
"""Length of a body that comes in chunks."""

UNTIL_CLOSE: Final = -2
"""Length of a body that ends where the connection does."""

GOVERNING: Final = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding"})
"""Names of the fields that decide; no other field is looked at."""

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
_LENGTH_DIGITS: Final = 18
_BODILESS: Final = (204, 304)

Fields = tuple[tuple[str, str], ...]
"""Field names in lower case with their values, in order."""


class Framing(NamedTuple):
    """What the status line and the governing fields say.

    Attributes:
        status: HTTP status code, 100 to 999.
        length: of the body in bytes, or ``CHUNKED``, or ``UNTIL_CLOSE``; 0 where the status allows no body.
        keep: whether the server lets the connection persist (RFC 9112 section 9.3).
        coding: content coding in lower case, empty when there is none.
        plain: final, of a known and allowed length, without a content coding: its body needs no second look.
    """

    status: int
    length: int
    keep: bool
    coding: str
    plain: bool


def framing_of(status_line: bytes, governing: Fields, limits: Limits) -> Framing:
    """Decide how the body is framed.

    Args:
        status_line: first line of the head, without its CRLF.
        governing: the fields named in ``GOVERNING``, in their order.
        limits: that on the length of a body.

    Raises:
        MalformedError: the line is no status line, or the fields leave in doubt where the body ends (RFC 9112
            section 6.3).
    """
    opening = _STATUS_LINE.fullmatch(status_line)
    if opening is None:
        raise MalformedError("the first line is no status line of HTTP/1")
    # A later HTTP/1 is taken for HTTP/1.1 (RFC 9110 section 2.5).
    modern, status = opening[1] != b"0", int(opening[2])
    if status == 101:
        raise MalformedError("101 Switching Protocols, which was not asked for")
    length = _length(governing, status, modern=modern)
    coding = ", ".join(value for value in _values(governing, "content-encoding") if value).lower()
    if coding == "identity":
        coding = ""
    allowed = 0 <= length <= limits.body_bytes
    return Framing(
        status=status,
        length=length,
        keep=_keeps(governing, modern=modern),
        coding=coding,
        plain=allowed and status >= 200 and status not in _BODILESS and not coding,
    )


def _length(governing: Fields, status: int, *, modern: bool) -> int:
    """Tell where the body ends, by the rules of RFC 9112 section 6.3."""
    codings = _values(governing, "transfer-encoding")
    lengths = _values(governing, "content-length")
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


def _keeps(governing: Fields, *, modern: bool) -> bool:
    """Tell whether the connection persists, by RFC 9112 section 9.3."""
    options = {option.strip(" \t").lower() for value in _values(governing, "connection") for option in value.split(",")}
    return "close" not in options and (modern or "keep-alive" in options)


def _values(fields: Fields, name: str) -> list[str]:
    return [value for each, value in fields if each == name]
