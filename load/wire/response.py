"""The answer to one request, read from bytes as they arrive: framing by RFC 9112, strictly, within limits."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from load.wire.coding import decode
from load.wire.faults import MalformedError, TooLargeError
from load.wire.framing import CHUNKED, UNTIL_CLOSE, Fields
from load.wire.head import BARE_LINE_FEED, END, Head, Heads, check_opening
from load.wire.limits import Limits

DETAIL_BYTES: Final = 400
"""How many of an answer's first bytes are kept to show what was malformed."""

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED: Final = rb'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
_CHUNK_LINE: Final = re.compile(
    rb"([0-9A-Fa-f]{1,16})(?:[ \t]*;[ \t]*%b(?:[ \t]*=[ \t]*(?:%b|%b))?)*" % (_TOKEN, _TOKEN, _QUOTED)
)
_CHUNK_LINE_BYTES: Final = 4_096
_HEX_DIGITS: Final = b"0123456789abcdefABCDEF"
_CARRIAGE_RETURN: Final = 13


def read_at_once(data: bytes, heads: Heads) -> tuple[Head, bytes] | None:
    """Read the common answer: one that arrived whole in one piece, of known length and without a content coding.

    Args:
        data: everything that has come of the answer; its request was no HEAD.
        heads: heads seen before.

    Returns:
        Head and body; None for anything out of the ordinary, which ``AnswerReader`` then reads from the same bytes.
    """
    end = data.find(END) + 4
    block = data[:end]
    head = heads.known.get(block)
    if head is None:
        if end == 3:
            return None
        try:
            head = heads.read(block)
        except (MalformedError, TooLargeError):
            return None
    if head.plain and len(data) - end == head.length:
        return head, data[end:]
    return None


class _State(Enum):
    """What is read next."""

    HEAD = auto()
    BODY = auto()
    UNTIL_CLOSE = auto()
    CHUNK_LINE = auto()
    CHUNK = auto()
    TRAILER = auto()
    WHOLE = auto()


class AnswerReader:
    """Reads one answer of any lawful kind. Once ``feed`` or ``finish`` returned True its attributes hold it.

    Args:
        limits: what an answer may be.
        heads: heads seen before.
        bodiless: whether the request was a HEAD, whose answer has no body whatever its fields say.

    Attributes:
        status: HTTP status code of the final answer.
        headers: field names in lower case with their values; a trailer's fields are checked and left out.
        body: bytes of the body, its content coding undone.
        keep: whether the connection may serve another request.
        excess: bytes that came after the end of the answer; they belong to no request.
        first: the first bytes that came, at most ``DETAIL_BYTES``.
    """

    __slots__ = (
        "_bodiless",
        "_buffer",
        "_chunks",
        "_head",
        "_heads",
        "_interim",
        "_limits",
        "_looked",
        "_position",
        "_remaining",
        "_state",
        "_total",
        "body",
        "excess",
        "first",
        "headers",
        "keep",
        "status",
    )

    _head: Head

    def __init__(self, limits: Limits, heads: Heads, *, bodiless: bool = False) -> None:
        self._limits = limits
        self._heads = heads
        self._bodiless = bodiless
        self._state = _State.HEAD
        self._buffer = bytearray()
        self._position = 0
        self._looked = 0
        self._interim = 0
        self._remaining = 0
        self._total = 0
        self._chunks: list[bytes] = []
        self.status = 0
        self.headers: Fields = ()
        self.body = b""
        self.keep = False
        self.excess = b""
        self.first = b""

    def feed(self, data: bytes) -> bool:
        """Take bytes as they arrived.

        Returns:
            True once the answer is whole; nothing may be fed after that.

        Raises:
            MalformedError: they are no HTTP/1.1 answer.
            TooLargeError: the answer passes a limit.
        """
        if len(self.first) < DETAIL_BYTES:
            self.first += data[: DETAIL_BYTES - len(self.first)]
        self._buffer += data
        while self._step():
            pass
        if self._state is _State.WHOLE:
            self.excess = bytes(self._buffer[self._position :])
            return True
        del self._buffer[: self._position]
        self._looked = max(0, self._looked - self._position)
        self._position = 0
        return False

    def finish(self) -> bool:
        """Take the end of the connection.

        Returns:
            True where that ends the answer, as RFC 9112 section 6.3 allows without a length; False where it is cut.

        Raises:
            MalformedError: the body does not follow its content coding.
            TooLargeError: it unfolds beyond the limit.
        """
        if self._state is not _State.UNTIL_CLOSE:
            return False
        self._complete(bytes(self._buffer))
        self.keep = False
        return True

    def _step(self) -> bool:
        """Read the next part; return whether another may follow from what has come already."""
        match self._state:
            case _State.HEAD:
                return self._read_head()
            case _State.BODY:
                return self._read_body()
            case _State.UNTIL_CLOSE:
                return self._read_until_close()
            case _State.CHUNK_LINE:
                return self._read_chunk_line()
            case _State.CHUNK:
                return self._read_chunk()
            case _State.TRAILER:
                return self._read_trailer()
            case _State.WHOLE:
                return False

    def _read_head(self) -> bool:
        buffer, start = self._buffer, self._position
        end = buffer.find(END, max(start, self._looked - 3))
        if end < 0:
            if start:
                del buffer[:start]
                self._looked = max(0, self._looked - start)
                self._position = 0
            check_opening(buffer, self._looked, self._limits)
            self._looked = len(buffer)
            return False
        self._position = self._looked = end + 4
        head = self._heads.read(bytes(buffer[start : end + 4]))
        if head.status < 200:
            self._interim += 1
            if self._interim > self._limits.interim_count:
                raise TooLargeError(f"more than {self._limits.interim_count} interim answers before the final one")
            return True
        self._head = head
        self.status, self.headers, self.keep = head.status, head.headers, head.keep
        self._begin_body(0 if self._bodiless else head.length)
        return True

    def _begin_body(self, length: int) -> None:
        if length == CHUNKED:
            self._state = _State.CHUNK_LINE
        elif length == UNTIL_CLOSE:
            self._state = _State.UNTIL_CLOSE
        else:
            self._check_size(length)
            self._remaining = length
            self._state = _State.BODY

    def _read_body(self) -> bool:
        end = self._position + self._remaining
        if len(self._buffer) < end:
            return False
        body = bytes(self._buffer[self._position : end])
        self._position = end
        self._complete(body)
        return False

    def _read_until_close(self) -> bool:
        self._check_size(len(self._buffer) - self._position)
        return False

    def _read_chunk_line(self) -> bool:
        """Read a chunk's size and its extensions, which are ignored (RFC 9112 section 7.1.1)."""
        buffer, start = self._buffer, self._position
        end = buffer.find(b"\r\n", start, start + _CHUNK_LINE_BYTES)
        if end < 0:
            bare = BARE_LINE_FEED.search(buffer, start) is not None
            foreign = len(buffer) > start and buffer[start] not in _HEX_DIGITS
            if bare or foreign or len(buffer) - start >= _CHUNK_LINE_BYTES:
                raise MalformedError("a chunk that does not begin with its size")
            return False
        line = _CHUNK_LINE.fullmatch(buffer, start, end)
        if line is None:
            raise MalformedError("a chunk that does not begin with its size")
        self._remaining = int(line[1], 16)
        self._total += self._remaining
        self._check_size(self._total)
        self._position = self._looked = end + 2
        self._state = _State.CHUNK if self._remaining else _State.TRAILER
        if self._state is _State.TRAILER:
            self._position -= 2  # an empty trailer then ends like any other, in CRLF CRLF
        return True

    def _read_chunk(self) -> bool:
        end = self._position + self._remaining
        if len(self._buffer) > end and self._buffer[end] != _CARRIAGE_RETURN:
            raise MalformedError("a chunk longer than its size")
        if len(self._buffer) < end + 2:
            return False
        if self._buffer[end : end + 2] != b"\r\n":
            raise MalformedError("a chunk longer than its size")
        self._chunks.append(bytes(self._buffer[self._position : end]))
        self._position = end + 2
        self._state = _State.CHUNK_LINE
        return True

    def _read_trailer(self) -> bool:
        """Read the fields after the last chunk; they are checked and discarded (RFC 9112 section 7.1.2)."""
        buffer, start = self._buffer, self._position
        end = buffer.find(END, max(start, self._looked - 3))
        if (end if end >= 0 else len(buffer)) - start > self._limits.header_bytes:
            raise TooLargeError(f"a trailer of more than {self._limits.header_bytes} bytes")
        if end < 0:
            if BARE_LINE_FEED.search(buffer, max(start, self._looked)):
                raise MalformedError("a line of the trailer ends in LF without CR")
            self._looked = len(buffer)
            return False
        if end > start:
            self._heads.read_fields(bytes(buffer[start + 2 : end]))
        self._position = end + 4
        self._complete(b"".join(self._chunks))
        return False

    def _complete(self, body: bytes) -> None:
        self.body = decode(body, self._head.coding, self._limits.body_bytes)
        self._state = _State.WHOLE

    def _check_size(self, size: int) -> None:
        if size > self._limits.body_bytes:
            raise TooLargeError(f"a body of {size} bytes where {self._limits.body_bytes} are allowed")
