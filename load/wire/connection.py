"""One connection to the target, driven by callbacks of the event loop: one request at a time, each answered once."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from math import inf
from select import POLLIN
from time import perf_counter
from typing import Any, Final

from load.call import CLOSED, MALFORMED, RESET, TIMEOUT, TOO_LARGE, Call, Reply
from load.wire.engine import Engine
from load.wire.faults import MalformedError, TooLargeError
from load.wire.opening import READABLE, WRITABLE, Opening
from load.wire.response import DETAIL_BYTES, AnswerReader, read_at_once
from load.wire.tls import TlsStream, reason_of

_READ: Final = 65_536

HASTY_S: Final = 0.1
"""A connection lost so soon after its last answer was closed because of that answer, not because it was idle."""

_IDLE_TIMEOUT: Final = (b"HTTP/1.1 408", b"HTTP/1.0 408")

Done = Callable[[Reply], None]
"""Receives the one reply to a request. It runs on the event loop, where nothing may wait or switch greenlets."""


class _State(Enum):
    """What a connection is doing."""

    CLOSED = auto()
    OPENING = auto()
    IDLE = auto()
    BUSY = auto()


class Connection:
    """A place for one TCP connection, opened when a request needs it and opened anew after it was lost.

    Every ``send`` is followed by exactly one call of its ``done``, never from within ``send`` itself. Nothing is
    ever sent twice but a GET that met a connection which the server had just closed (RFC 9112 section 9.3.1).
    Errors ``connect`` and ``tls`` mean that no byte of the request left; so does any error of a reply whose ``sent``
    equals its ``ended``. After every other error the server may have acted on the request.

    Args:
        engine: what all connections share.
        released: told when the connection is free again, before ``done`` is called.

    Attributes:
        deadline: when the awaited will be given up, on the clock of ``time.perf_counter``.
    """

    __slots__ = (
        "_asked",
        "_at",
        "_call",
        "_cut",
        "_done",
        "_due",
        "_engine",
        "_look",
        "_opening",
        "_reader",
        "_recv",
        "_released",
        "_request",
        "_rest",
        "_sent",
        "_served",
        "_socket",
        "_soon",
        "_state",
        "_stood",
        "_stream",
        "_watch_read",
        "_watch_write",
        "deadline",
    )

    _call: Call
    _socket: Any
    _look: Any
    _recv: Any

    def __init__(self, engine: Engine, released: Callable[[Connection], None] | None = None) -> None:
        self._engine = engine
        self._released = released
        self._state = _State.CLOSED
        self._done: Done | None = None
        self._request = b""
        self._due = self._sent = self._at = 0.0
        self._rest = memoryview(b"")
        self._cut = ""
        self._asked = 0
        self._served = False
        self._stood = False
        self._opening: Opening | None = None
        self._reader: AnswerReader | None = None
        self._stream: TlsStream | None = None
        self._watch_read: Any = None
        self._watch_write: Any = None
        self._soon: Any = None
        self.deadline = inf

    @property
    def is_open(self) -> bool:
        """True while the connection stands."""
        return self._state is _State.IDLE or self._state is _State.BUSY

    @property
    def is_busy(self) -> bool:
        """True while a reply is awaited."""
        return self._done is not None

    def send(self, data: bytes, call: Call, due: float, done: Done) -> None:
        """Send a request, over a new connection where none stands.

        Args:
            data: the whole request.
            call: what it asks for.
            due: when it should have been sent, in seconds since the run began; handed on in the reply.
            done: receives the reply.

        Raises:
            RuntimeError: the reply to an earlier request is still awaited.
        """
        if self._done is not None:
            raise RuntimeError("a connection carries one request at a time; wait for its reply")
        # What came since the last answer must be seen before this request could be taken for its cause. Asking
        # whether there is anything costs a third of a read that finds nothing and raises.
        if self._state is _State.IDLE and self._look(0):
            self._on_readable()
        self._call = call
        self._due = due
        self._done = done
        self._request = data
        if self._state is _State.IDLE:
            self._write()
        else:
            self._state = _State.OPENING
            self._opening = Opening(self._engine, self._on_open, self._on_unopened)

    def close(self) -> None:
        """Close the connection; a reply still awaited becomes error ``closed``. May be called again."""
        self._fail(CLOSED, "closed by us")

    def expire(self) -> None:
        """Give up what was awaited, unless it has arrived and merely was not read yet."""
        self._on_readable()
        if self.deadline > perf_counter():
            return
        if self._reader is None:
            self._fail(TIMEOUT, "no byte of an answer in time")
        else:
            self._fail(TIMEOUT, "an answer that was begun and not ended in time")

    # Opening

    def _on_open(self, sock: Any, stream: TlsStream | None) -> None:
        engine = self._engine
        self._opening = None
        self._socket, self._recv, self._stream = sock, sock.recv, stream
        looker = engine.poll()
        looker.register(sock.fileno(), POLLIN)
        self._look = looker.poll
        self._watch_read = engine.loop.io(sock.fileno(), READABLE)
        self._watch_write = engine.loop.io(sock.fileno(), WRITABLE)
        self._watch_read.start(self._on_readable)
        engine.deadlines.add(self)
        engine.counts.opened += 1
        engine.counts.reconnected += self._stood
        self._stood = True
        self._asked = 0
        self._served = False
        self._write()

    def _on_unopened(self, error: str, reason: str) -> None:
        self._opening = None
        self._engine.counts.failed += 1
        self._fail(error, reason)

    # Sending

    def _write(self) -> None:
        self._state = _State.BUSY
        self._reader = None
        self._asked += 1
        data = self._request
        self._sent = now = perf_counter()
        self.deadline = now + self._engine.first_byte
        if self._stream is not None:
            try:
                data = self._stream.encrypt(data)
            except ssl.SSLError as error:
                self._fail_soon(RESET, reason_of(error))
                return
        self._push(data)

    def _push(self, data: bytes) -> None:
        """Hand bytes to the system, the rest of them as it takes them."""
        if self._rest:
            self._rest = memoryview(bytes(self._rest) + data)
            return
        try:
            taken = self._socket.send(data) if data else 0
        except BlockingIOError:
            taken = 0
        except OSError as error:
            self._cannot_send(error)
            return
        if taken < len(data):
            self._rest = memoryview(data)[taken:]
            self._watch_write.start(self._on_writable)

    def _on_writable(self) -> None:
        try:
            self._rest = self._rest[self._socket.send(self._rest) :]
        except BlockingIOError:
            return
        except OSError as error:
            self._cannot_send(error)
        if not self._rest or self._cut:
            self._watch_write.stop()

    def _cannot_send(self, error: OSError) -> None:
        """Leave it to the reading side: an answer such as 413 may lie there, sent before the request was whole."""
        self._cut = error.strerror or str(error)
        if error.errno not in {errno.EPIPE, errno.ECONNRESET}:
            self._fail_soon(RESET, self._cut)

    # Receiving

    def _on_readable(self) -> None:
        try:
            data = self._recv(_READ)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lost(RESET, error.strerror or str(error))
            return
        self._at = perf_counter()
        if self._stream is not None:
            self._take_records(self._stream, data)
        elif data:
            self._take(data)
        else:
            self._end(orderly=True)

    def _take_records(self, stream: TlsStream, data: bytes) -> None:
        if not data:
            self._end(orderly=False)
            return
        try:
            plain = stream.decrypt(data)
        except ssl.SSLError as error:
            self._lost(RESET, reason_of(error))
            return
        if reply := stream.drain():
            self._push(reply)
        if plain:
            self._take(plain)
        if stream.ended and stream is self._stream:
            self._end(orderly=True)

    def _take(self, data: bytes) -> None:
        """Take bytes of an answer."""
        if self._done is None:
            # A server may say that it tired of waiting for a request (RFC 9110 section 15.5.9).
            if not data.startswith(_IDLE_TIMEOUT):
                self._stray(self._call, data)
            self._drop()
            return
        engine = self._engine
        reader = self._reader
        if reader is None:
            bodiless = self._call.method == "HEAD"
            if not bodiless and (found := read_at_once(data, engine.heads)) is not None:
                head, body = found
                self._complete(head.status, head.headers, body, head.keep)
                return
            reader = self._reader = AnswerReader(engine.limits, engine.heads, bodiless=bodiless)
            self.deadline = self._sent + engine.timeouts.whole
        try:
            if reader.feed(data):
                call = self._call
                self._complete(reader.status, reader.headers, reader.body, reader.keep and not reader.excess)
                if reader.excess:
                    self._stray(call, reader.excess)
        except MalformedError as error:
            self._fail(MALFORMED, str(error), reader.first)
        except TooLargeError as error:
            self._fail(TOO_LARGE, str(error), reader.first)

    def _end(self, *, orderly: bool) -> None:
        """Take the end of what the server sends; over TLS it is orderly only when announced (RFC 8446 section 6.1)."""
        reader = self._reader
        if self._done is None or reader is None:
            self._lost(CLOSED, "the server closed the connection before the first byte of an answer")
            return
        try:
            if orderly and reader.finish():
                self._complete(reader.status, reader.headers, reader.body, keep=False)
            else:
                self._lost(CLOSED, "the server closed the connection in the middle of an answer")
        except MalformedError as error:
            self._fail(MALFORMED, str(error), reader.first)
        except TooLargeError as error:
            self._fail(TOO_LARGE, str(error), reader.first)

    def _stray(self, call: Call, data: bytes) -> None:
        self._engine.counts.strays += 1
        # The stray may be the answer to an earlier request, and what was taken for that one the answer before it.
        self._engine.counts.out_of_step += self._asked > 1
        self._engine.fresh_until = inf  # an answer too many, a little later, would be taken for the next one's
        self._engine.tell(self._engine.hooks.stray, call, data[:DETAIL_BYTES])

    # Ending

    def _complete(self, status: int, headers: tuple[tuple[str, str], ...], body: bytes, keep: bool) -> None:
        done = self._done
        assert done is not None
        began = self._engine.began
        reply = Reply(status, headers, body, None, b"", self._due, self._sent - began, self._at - began)
        self._done = None
        self._reader = None
        self._served = True
        self.deadline = inf
        worn = self._at < self._engine.fresh_until or (self._stream is not None and self._stream.ended)
        if not keep or worn or self._rest or self._cut:
            self._drop()
        else:
            self._state = _State.IDLE
        self._answer(done, reply)

    def _lost(self, error: str, reason: str) -> None:
        """Take the loss of the connection."""
        engine = self._engine
        stale = self._done is not None and self._served and self._reader is None
        if (stale or self._done is None) and self._served and perf_counter() - self._at < HASTY_S:
            engine.distrust()
        if self._done is None:
            engine.counts.closed_idle += 1
            self._drop()
        elif stale and self._call.method == "GET":
            engine.counts.resent += 1
            self._send_again()
        else:
            engine.counts.stale += stale
            self._fail(RESET if self._cut else error, reason)

    def _send_again(self) -> None:
        """Send the request once more, over a new connection: having served nothing, that one cannot be stale."""
        request = self._request
        self._drop()
        self._request = request
        self._state = _State.OPENING
        self._opening = Opening(self._engine, self._on_open, self._on_unopened)

    def _fail_soon(self, error: str, reason: str) -> None:
        """Fail from the loop rather than from within ``send``."""
        self._cut = reason
        if self._soon is None:
            self._soon = self._engine.loop.run_callback(self._fail, error, reason)

    def _fail(self, error: str, reason: str, detail: bytes = b"") -> None:
        done = self._done
        if done is None:  # what could not be sent was TLS's own, between two requests
            self._drop()
            return
        engine = self._engine
        ended = perf_counter() - engine.began
        left = self._state is _State.BUSY
        reply = Reply(0, (), b"", error, detail, self._due, self._sent - engine.began if left else ended, ended)
        self._done = None
        self._drop()
        engine.tell(engine.hooks.failed, self._call, error, reason)
        self._answer(done, reply)

    def _answer(self, done: Done, reply: Reply) -> None:
        if self._released is not None:
            self._released(self)
        try:
            done(reply)
        except Exception as error:  # noqa: BLE001 - whatever a caller's code raises, the other connections go on
            self._engine.hooks.crashed(error)

    def _drop(self) -> None:
        """Close the socket and forget everything of this connection."""
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        if self._soon is not None:
            self._soon.stop()
            self._soon = None
        if self._watch_read is not None:
            if self._stream is not None and not self._rest and not self._cut:
                with suppress(OSError):
                    self._socket.send(self._stream.farewell())
            for watcher in (self._watch_read, self._watch_write):
                watcher.stop()
                watcher.close()
            self._watch_read = self._watch_write = None
            self._socket.close()
            self._engine.deadlines.discard(self)
        self._state = _State.CLOSED
        self._stream = None
        self._reader = None
        self._request = b""
        self._rest = memoryview(b"")
        self._cut = ""
        self.deadline = inf
