"""A volley: requests held back by their last byte on open connections, then released together.

Threads that each send a whole request overlap by luck. Here every connection is open and every request is
with the target but for one byte, so that what is left to do at the release is a few microseconds of sending;
the histories then tell how many calls truly overlapped.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import h11

from contracts.gate.wire import MAX_BODY, Reply
from contracts.history import Answer, Input
from contracts.target import Target

_CHUNK: Final = 65536


@dataclass(slots=True)
class _Shot:
    """One connection of a volley."""

    sock: socket.socket
    parser: h11.Connection
    rest: bytes
    invoked: float = 0.0
    returned: float = 0.0
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytearray = field(default_factory=bytearray)
    error: str | None = None
    done: bool = False

    def end(self, error: str | None = None) -> None:
        self.returned = time.perf_counter()
        self.error = error
        self.done = True

    @property
    def reply(self) -> Reply:
        answer = None
        if self.done and self.error is None:
            answer = Answer(self.status, self.headers, bytes(self.body[:MAX_BODY]), len(self.body) > MAX_BODY)
        return Reply(answer, self.error, self.invoked, self.returned)


def fire(target: Target, inputs: Sequence[Input], timeout: float) -> list[Reply]:
    """Send requests so that all are in flight at once.

    Args:
        target: where they go.
        inputs: the requests; each gets a connection of its own.
        timeout: seconds to wait for connections, and then for all answers.

    Returns:
        A reply for each, in order; ``invoked`` is when the last byte was about to leave, before which no
        target can have read the whole request.
    """
    shots: list[_Shot | Reply] = []
    for sent in inputs:
        try:
            shots.append(_load(target, sent, timeout))
        except (OSError, h11.LocalProtocolError) as trouble:
            now = time.perf_counter()
            shots.append(Reply(None, f"no connection ({str(trouble)[:80]})", now, now))
    loaded = [shot for shot in shots if isinstance(shot, _Shot)]
    try:
        for shot in loaded:
            shot.invoked = time.perf_counter()
            try:
                shot.sock.sendall(shot.rest)
            except OSError as trouble:
                shot.end(f"connection closed ({str(trouble)[:80]})")
        _collect(loaded, timeout)
    finally:
        for shot in loaded:
            shot.sock.close()
    return [shot.reply if isinstance(shot, _Shot) else shot for shot in shots]


def overlapping(replies: Sequence[Reply]) -> int:
    """Return how many of the replies truly overlapped with another one."""
    count = 0
    for number, one in enumerate(replies):
        others = (other for place, other in enumerate(replies) if place != number)
        count += any(one.invoked < other.returned and other.invoked < one.returned for other in others)
    return count


def _load(target: Target, sent: Input, timeout: float) -> _Shot:
    """Open a connection and send all of a request but its last byte."""
    parts = urlsplit(target.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    sock = socket.create_connection((parts.hostname or "", port), timeout=min(5.0, timeout))
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=parts.hostname)
        parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=1024 * 1024)
        path = quote(parts.path + sent.path, safe="/%:@!$&'()*+,;=-._~")
        query = f"?{urlencode(sent.query)}" if sent.query else ""
        headers = [
            ("host", parts.netloc),
            *sent.headers,
            ("content-length", str(len(sent.body))),
            ("connection", "close"),
        ]
        request = h11.Request(method=sent.method, target=path + query, headers=headers)
        data = parser.send(request) or b""
        data += parser.send(h11.Data(data=sent.body)) or b"" if sent.body else b""
        data += parser.send(h11.EndOfMessage()) or b""
        sock.sendall(data[:-1])
    except BaseException:
        sock.close()
        raise
    return _Shot(sock, parser, data[-1:])


def _collect(shots: Sequence[_Shot], timeout: float) -> None:
    deadline = time.perf_counter() + timeout
    with selectors.DefaultSelector() as selector:
        for shot in shots:
            if not shot.done:
                shot.sock.setblocking(False)
                selector.register(shot.sock, selectors.EVENT_READ, shot)
        while selector.get_map():
            left = deadline - time.perf_counter()
            if left <= 0:
                break
            for key, _ in selector.select(left):
                shot = key.data
                _read(shot)
                if shot.done:
                    selector.unregister(shot.sock)
    for shot in shots:
        if not shot.done:
            shot.end("timeout")


def _read(shot: _Shot) -> None:
    try:
        shot.parser.receive_data(shot.sock.recv(_CHUNK))
        while True:
            event = shot.parser.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return
            if isinstance(event, h11.Response):
                shot.status = event.status_code
                shot.headers = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in event.headers)
            elif isinstance(event, h11.Data):
                shot.body += event.data
                if len(shot.body) > MAX_BODY:
                    shot.end()
                    return
            elif isinstance(event, h11.EndOfMessage):
                shot.end()
                return
            elif isinstance(event, h11.ConnectionClosed):
                shot.end("connection closed without an answer")
                return
    except (ssl.SSLWantReadError, BlockingIOError):
        return
    except (OSError, h11.RemoteProtocolError) as trouble:
        shot.end(f"connection closed or malformed HTTP ({str(trouble)[:80]})")
