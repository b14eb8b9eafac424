"""The head of an answer, status line and header fields, read strictly by RFC 9112 and remembered."""

from __future__ import annotations

import re
from typing import Final, NamedTuple, TypeVar

from load.wire.faults import MalformedError, TooLargeError
from load.wire.framing import GOVERNING, Fields, Framing, framing_of
from load.wire.limits import Limits

END: Final = b"\r\n\r\n"
"""What ends a head."""

BARE_LINE_FEED: Final = re.compile(rb"(?<!\r)\n")
"""A line that ends in LF alone."""

_FIELD: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)")
_FOLD: Final = re.compile(rb"[ \t]*\r\n[ \t]+")
_OPENING: Final = b"HTTP/1."
_REMEMBERED: Final = 512
_REMEMBERED_BYTES: Final = 2_048

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Head(NamedTuple):
    """Status line and header fields of one answer; the attributes of ``Framing``, and the fields.

    Attributes:
        status: HTTP status code, 100 to 999.
        length: of the body in bytes, or ``CHUNKED``, or ``UNTIL_CLOSE``.
        keep: whether the server lets the connection persist.
        coding: content coding in lower case, empty when there is none.
        plain: whether the body needs no second look.
        headers: field names in lower case with their values, both as Latin-1, in order.
    """

    status: int
    length: int
    keep: bool
    coding: str
    plain: bool
    headers: Fields


class Heads:
    """Reads heads, and remembers what came before: a server repeats itself, but for a date, a length or a request id.

    Whole heads, single lines and framings are each remembered in a table of at most 512; a table that is full is
    emptied. What is longer than 2 KiB is read anew each time.

    Args:
        limits: those every head is read under.

    Attributes:
        known: heads by their bytes, to look into where the call of ``read`` is too dear.
    """

    __slots__ = ("_framings", "_limits", "_lines", "known")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lines: dict[bytes, tuple[str, str]] = {}
        self._framings: dict[tuple[bytes, Fields], Framing] = {}
        self.known: dict[bytes, Head] = {}

    def read(self, block: bytes) -> Head:
        """Read a whole head.

        Args:
            block: the bytes of the head with the empty line that ends it.

        Raises:
            MalformedError: the head breaks RFC 9112, or leaves in doubt where the body ends (section 6.3).
            TooLargeError: it passes a limit.
        """
        head = self.known.get(block)
        if head is not None:
            return head
        if len(block) > self._limits.header_bytes:
            raise TooLargeError(f"a head of more than {self._limits.header_bytes} bytes")
        first, separator, rest = block[:-4].partition(b"\r\n")
        headers = self.read_fields(rest) if separator else ()
        governing = tuple([field for field in headers if field[0] in GOVERNING])
        framing = self._framings.get((first, governing))
        if framing is None:
            framing = framing_of(first, governing, self._limits)
            if len(block) <= _REMEMBERED_BYTES:
                _remember(self._framings, (first, governing), framing)
        head = Head(*framing, headers)
        if len(block) <= _REMEMBERED_BYTES:
            _remember(self.known, block, head)
        return head

    def read_fields(self, block: bytes) -> Fields:
        """Read header or trailer fields.

        A folded value is joined by one space, as RFC 9112 section 5.2 demands of a user agent.

        Args:
            block: field lines with CRLF between them and none after the last.

        Raises:
            MalformedError: a line is no field, or a value holds a control character (RFC 9110 section 5.5).
            TooLargeError: there are too many.
        """
        if b"\r\n " in block or b"\r\n\t" in block:
            block = _FOLD.sub(b" ", block)
        lines = block.split(b"\r\n")
        if len(lines) > self._limits.header_count:
            raise TooLargeError(f"more than {self._limits.header_count} header fields")
        known = self._lines
        return tuple([known.get(line) or self._read_line(line) for line in lines])

    def _read_line(self, line: bytes) -> tuple[str, str]:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise MalformedError("a header field that breaks the grammar of RFC 9112 section 5")
        field = (match[1].decode("latin-1").lower(), match[2].strip(b" \t").decode("latin-1"))
        if len(line) <= _REMEMBERED_BYTES:
            _remember(self._lines, line, field)
        return field


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
        raise MalformedError("the first line is no status line of HTTP/1")
    if BARE_LINE_FEED.search(received, known):
        raise MalformedError("a line of the head ends in LF without CR")
    if len(received) > limits.header_bytes:
        raise TooLargeError(f"a head of more than {limits.header_bytes} bytes")


def _remember(table: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(table) >= _REMEMBERED:
        table.clear()
    table[key] = value
