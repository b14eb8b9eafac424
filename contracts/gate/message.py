"""One exchange of HTTP/1.1 as bytes: a request written, its answer read strictly and within bounds (RFC 9112).

No sockets here: bytes go in as they come, in pieces of any size. What is no lawful answer is refused; what
follows an answer without having been asked for is never taken for another answer (RFC 9112, section 6.3).
"""

from __future__ import annotations

import http
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import h11

from contracts.gate.coding import CodingError, Decoder, TooLongError
from contracts.history import Answer, Input

MAX_BODY: Final = 4 * 1024 * 1024
"""Bytes of a body that are read, as sent and decoded; a purchase has 500, a page of fifty 25,000."""

MAX_KEPT: Final = 64 * 1024
"""Bytes that are kept of a body that was longer than what is read: enough to show what it was."""

MAX_HEAD: Final = 64 * 1024
"""Bytes of status line and headers, and of a trailer."""

MAX_HEADERS: Final = 256
"""Header fields of one answer."""

MAX_INTERIM: Final = 16
"""Answers of status 1xx before the final one (RFC 9110, section 15.2)."""

IDLE_TIMEOUT: Final = (b"HTTP/1.1 408", b"HTTP/1.0 408")
"""How a target begins to say that it has tired of waiting for a request (RFC 9110, section 15.5.9)."""

_WORDS: Final = {
    "Receive buffer too long": f"a head of more than {MAX_HEAD // 1024} KiB",
    "illegal request line": "no status line",
    "illegal status line": "no status line",
    "Received server _SWITCH_UPGRADE event without a pending proposal": "another protocol that nobody asked for",
    "Only Transfer-Encoding": "a Transfer-Encoding other than chunked",
    "malformed chunk footer": "a chunk longer than its size",
    "illegal chunk header": "a chunk without a size",
    "peer closed connection without sending complete message body": "closed within the body",
}
"""What h11 says of some faults, in the words of a report."""

_OPENING: Final = b"HTTP/"
_BARE_LINE_FEED: Final = re.compile(rb"(?<!\r)\n")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_PATH_SAFE: Final = "/%:@!$&'()*+,;=-._~"
_OURS: Final = (("user-agent", "assay"), ("accept-encoding", "gzip, deflate"))


class MalformedError(Exception):
    """What came is no lawful answer; the message says what is wrong, without quoting it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where requests go.

    Attributes:
        host: as the header ``Host`` gives it.
        prefix: path of the base URL, without a trailing slash.
    """

    host: str
    prefix: str

    @classmethod
    def of(cls, url: str) -> Place:
        """Return the place of a base URL."""
        parts = urlsplit(url)
        return cls(parts.netloc, parts.path)


class Exchange:
    """One request and its answer.

    Args:
        place: where it goes.
        sent: the request.
        close: whether the target is asked to close the connection afterwards.
        limit: bytes of the body that are read.

    Attributes:
        data: the bytes of the request.
        answer: the answer once it is whole, or as much as is read of it; None before.

    Raises:
        h11.LocalProtocolError: the request cannot be written as HTTP.
    """

    def __init__(self, place: Place, sent: Input, *, close: bool = False, limit: int = MAX_BODY) -> None:
        self.answer: Answer | None = None
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        self._limit = limit
        self._closed = False
        self._interim = 0
        self._heads = bytearray()
        self._status = 0
        self._headers: tuple[tuple[str, str], ...] = ()
        self._read = 0
        self._decoder = Decoder("", limit)
        self.data = self._write(place, sent, close)

    @property
    def started(self) -> bool:
        """Whether the head of the final answer has arrived."""
        return self._status > 0

    @property
    def timed_out(self) -> bool:
        """Whether it says that no request came in time, and ends the connection (RFC 9110, section 15.5.9)."""
        return self._status == http.HTTPStatus.REQUEST_TIMEOUT and not self.reusable

    @property
    def unasked(self) -> bool:
        """Whether bytes came after the end of the answer, but a farewell."""
        rest = self._parser.trailing_data[0]
        return bool(rest) and not rest.startswith(IDLE_TIMEOUT)

    @property
    def doubled(self) -> bool:
        """Whether what came after the end of the answer begins as another answer does."""
        rest = self._parser.trailing_data[0]
        return self.unasked and rest.startswith(_OPENING[: len(rest)])

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another request (RFC 9112, section 9.3)."""
        return (
            not self._closed
            and self._parser.our_state is h11.DONE
            and self._parser.their_state is h11.DONE
            and not self._parser.trailing_data[0]
            and self.answer is not None
            and not self.answer.truncated
        )

    def feed(self, data: bytes) -> None:
        """Take bytes of the answer; none say that the target has closed.

        Raises:
            MalformedError: this is no lawful answer, or it is not whole.
        """
        self._closed = not data
        if not self.started:
            self._heads += data
            if not self._heads.startswith(_OPENING[: len(self._heads)]):
                # Whoever speaks another protocol may never say what would end a head.
                raise MalformedError("malformed HTTP (no status line)")
        try:
            self._parser.receive_data(data)
            while self.answer is None:
                event = self._parser.next_event()
                if event is h11.NEED_DATA:
                    return
                self._take(event)
        except h11.RemoteProtocolError as error:
            # What it quotes may be anything, a key that was sent among it.
            why = str(error).partition(": ")[0].partition(" (")[0][:80]
            raise MalformedError(f"connection closed or malformed HTTP ({_WORDS.get(why, why)})") from None
        except CodingError as error:
            raise MalformedError(f"malformed HTTP ({error})") from None

    def _write(self, place: Place, sent: Input, close: bool) -> bytes:
        given = {name.lower() for name, _ in sent.headers}
        headers = [] if "host" in given else [("host", place.host)]
        headers += [(name, value) for name, value in _OURS if name not in given]
        headers += sent.headers
        if sent.body or sent.method in {"POST", "PUT", "PATCH"}:
            headers.append(("content-length", str(len(sent.body))))
        if close:
            headers.append(("connection", "close"))
        query = f"?{urlencode(sent.query)}" if sent.query else ""
        target = quote(place.prefix + sent.path, safe=_PATH_SAFE) + query
        data = self._parser.send(h11.Request(method=sent.method, target=target, headers=headers)) or b""
        if sent.body:
            data += self._parser.send(h11.Data(data=sent.body)) or b""
        return data + (self._parser.send(h11.EndOfMessage()) or b"")

    def _take(self, event: object) -> None:
        if isinstance(event, h11.InformationalResponse):
            self._interim += 1
            if self._interim > MAX_INTERIM:
                raise MalformedError(f"malformed HTTP (more than {MAX_INTERIM} answers of status 1xx)")
        elif isinstance(event, h11.Response):
            self._begin(event)
        elif isinstance(event, h11.Data):
            self._add(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            _check_values(value for _, value in event.headers)
            self._decoder.end()
            self._end(truncated=False)
        else:
            raise MalformedError("connection closed or malformed HTTP (closed without an answer)")

    def _begin(self, event: h11.Response) -> None:
        self._check_head(event)
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
        if len(headers) > MAX_HEADERS:
            raise MalformedError(f"malformed HTTP (more than {MAX_HEADERS} headers)")
        names = {name.lower() for name, _ in headers}
        if {"content-length", "transfer-encoding"} <= names:
            # Which of them holds is how answers are smuggled (RFC 9112, section 6.3).
            raise MalformedError("malformed HTTP (Content-Length beside Transfer-Encoding)")
        self._status, self._headers = event.status_code, headers
        codings = [value for name, value in headers if name.lower() == "content-encoding"]
        self._decoder = Decoder(", ".join(codings), self._limit)

    def _check_head(self, event: h11.Response) -> None:
        """Refuse what h11 lets pass in a head, the interim ones before it included.

        Raises:
            MalformedError: a line ends in LF alone (RFC 9112, section 2.2), a value holds a control character
                (RFC 9110, section 5.5), or the version is none that this connection can speak. A later HTTP/1 is
                taken for HTTP/1.1 (RFC 9110, section 2.5).
        """
        heads = self._heads.split(b"\r\n\r\n", self._interim + 1)
        self._heads = bytearray()
        if len(heads) <= self._interim + 1 or any(_BARE_LINE_FEED.search(head) for head in heads[:-1]):
            raise MalformedError("malformed HTTP (a line that ends in LF alone)")
        _check_values(value for _, value in event.headers)
        if not event.http_version.startswith(b"1."):
            raise MalformedError("malformed HTTP (a version other than 1)")
        if event.http_version == b"1.0" and any(name == b"transfer-encoding" for name, _ in event.headers):
            # Whoever speaks HTTP/1.0 knows no chunks; the framing is faulty (RFC 9112, section 6.1).
            raise MalformedError("malformed HTTP (Transfer-Encoding in an answer of HTTP/1.0)")

    def _add(self, data: bytes) -> None:
        self._read += len(data)
        try:
            self._decoder.feed(data)
        except TooLongError:
            self._end(truncated=True)
            return
        if self._read > self._limit:
            self._end(truncated=True)

    def _end(self, *, truncated: bool) -> None:
        body = self._decoder.take(MAX_KEPT if truncated else self._limit)
        self.answer = Answer(self._status, self._headers, body, truncated)


def _check_values(values: Iterable[bytes]) -> None:
    if any(_CONTROL.search(value) for value in values):
        raise MalformedError("malformed HTTP (a control character in a header)")
