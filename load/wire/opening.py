"""A connection in the making: the host's addresses in turn, then the TLS handshake, within one time limit."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Callable
from math import inf
from time import perf_counter
from typing import Any, Final

from load.call import CONNECT, TLS
from load.wire.address import Address
from load.wire.engine import Engine
from load.wire.tls import TlsStream, reason_of

READABLE: Final = 1
WRITABLE: Final = 2
_READ: Final = 65_536
_UNDER_WAY: Final = (0, errno.EINPROGRESS)


class Opening:
    """One attempt to reach the target. It ends in one call of ``opened`` or ``failed``, or silently by ``cancel``.

    Args:
        engine: what all connections share.
        opened: receives the socket, which no watcher looks at any more, and over TLS the stream.
        failed: receives the error's word, ``connect`` or ``tls``, and the reason. Neither is called by the constructor.

    Attributes:
        deadline: when the present step will be given up, on the clock of ``time.perf_counter``.
    """

    __slots__ = (
        "_address",
        "_agreed",
        "_begun",
        "_connected",
        "_engine",
        "_failed",
        "_opened",
        "_rest",
        "_socket",
        "_soon",
        "_stream",
        "_untried",
        "_watch_read",
        "_watch_write",
        "deadline",
    )

    _address: Address

    def __init__(
        self, engine: Engine, opened: Callable[[Any, TlsStream | None], None], failed: Callable[[str, str], None]
    ) -> None:
        self._engine = engine
        self._opened = opened
        self._failed = failed
        self._socket: Any = None
        self._stream: TlsStream | None = None
        self._rest = b""
        self._agreed = False
        self._watch_read: Any = None
        self._watch_write: Any = None
        self._soon: Any = None
        self._untried = list(engine.addresses)
        self._begun = self._connected = perf_counter()
        self.deadline = inf
        engine.deadlines.add(self)
        self._try_next("no address")

    def cancel(self) -> None:
        """Stop; nothing is called back. May be called again."""
        self._engine.deadlines.discard(self)
        if self._soon is not None:
            self._soon.stop()
            self._soon = None
        self._stop_watching()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def expire(self) -> None:
        """Give up the present step: an address for the next one, or the handshake."""
        if self._stream is not None:
            self._fail(TLS, "the handshake was not done in time")
        elif self._soon is None:
            self._leave_address()
            self._try_next("no connection in time")

    def _try_next(self, reason: str) -> None:
        """Try the next address; what time is left for connecting is shared among those left."""
        engine = self._engine
        while self._untried:
            address = self._untried.pop(0)
            try:
                sock = engine.socket(address.family, socket.SOCK_STREAM)
            except OSError as error:
                reason = error.strerror or str(error)
                break
            sock.setblocking(False)
            code = sock.connect_ex(address.sockaddr)
            if code not in _UNDER_WAY:
                reason = os.strerror(code)
                sock.close()
                continue
            self._socket, self._address = sock, address
            now = perf_counter()
            left = max(0.0, self._begun + engine.timeouts.connect - now)
            self.deadline = now + left / (len(self._untried) + 1)
            self._watch_write = engine.loop.io(sock.fileno(), WRITABLE)
            self._watch_write.start(self._on_writable)
            return
        self.deadline = inf
        self._soon = engine.loop.run_callback(self._fail, CONNECT, reason)

    def _leave_address(self) -> None:
        self._stop_watching()
        self._socket.close()
        self._socket = None

    def _on_writable(self) -> None:
        if self._stream is not None:
            self._send(b"")
            self._finish_shaking()
            return
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._leave_address()
            self._try_next(os.strerror(code))
            return
        engine = self._engine
        self._watch_write.stop()
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        engine.prefer(self._address)
        self._connected = perf_counter()
        engine.tell(engine.hooks.connected, self._connected - self._begun)
        if self._socket is None:
            return  # cancelled by who was told
        if engine.security is None:
            self._finish()
            return
        self.deadline = self._begun + engine.timeouts.connect
        self._watch_read = engine.loop.io(self._socket.fileno(), READABLE)
        self._watch_read.start(self._on_readable)
        try:
            self._stream = TlsStream(engine.security)
        except ValueError as error:
            self._fail(TLS, str(error))
        else:
            self._shake(b"")

    def _on_readable(self) -> None:
        try:
            data = self._socket.recv(_READ)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._fail(TLS, f"during the handshake: {error.strerror or error}")
            return
        if data:
            self._shake(data)
        else:
            self._fail(TLS, "the server closed the connection during the handshake")

    def _shake(self, arrived: bytes) -> None:
        stream = self._stream
        assert stream is not None
        try:
            done = stream.shake(arrived)
        except ssl.SSLError as error:
            self._send(stream.drain())
            self._fail(TLS, reason_of(error))
            return
        self._send(stream.drain())
        if done:
            self._agreed = True
            self._finish_shaking()

    def _finish_shaking(self) -> None:
        """End the handshake once both sides agreed and our last word has left."""
        if self._agreed and not self._rest:
            self._engine.tell(self._engine.hooks.secured, perf_counter() - self._connected)
            self._finish()

    def _send(self, data: bytes) -> None:
        """Hand bytes of the handshake to the system; where it takes none for good, the reading side will tell."""
        self._rest += data
        try:
            self._rest = self._rest[self._socket.send(self._rest) :] if self._rest else b""
        except BlockingIOError:
            pass
        except OSError:
            self._rest = b""
        if self._rest:
            self._watch_write.start(self._on_writable)
        else:
            self._watch_write.stop()

    def _finish(self) -> None:
        sock, self._socket = self._socket, None
        self.cancel()
        if sock is not None:  # None where cancelled by who was told
            self._opened(sock, self._stream)

    def _fail(self, error: str, reason: str) -> None:
        self.cancel()
        self._failed(error, reason)

    def _stop_watching(self) -> None:
        for watcher in (self._watch_read, self._watch_write):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self._watch_read = self._watch_write = None
