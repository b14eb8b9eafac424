"""A volley: requests held back by their last byte on open connections, then released together.

Threads that each send a whole request overlap by luck. Here every connection is open and every request is
with the target but for one byte, so that what is left to do at the release is a few microseconds of sending;
the histories then tell how many calls truly overlapped.
"""

from __future__ import annotations

import selectors
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import h11

from contracts.gate.connection import Connection, NoAnswerError, connect, prefer, security
from contracts.gate.message import Exchange, MalformedError, Place
from contracts.gate.wire import Reply
from contracts.history import Input
from contracts.target import Target

_PIECE: Final = 65536


@dataclass(slots=True)
class _Shot:
    """One connection of a volley."""

    connection: Connection
    exchange: Exchange
    invoked: float = 0.0
    returned: float = 0.0
    error: str | None = None
    done: bool = False

    def end(self, error: str | None = None) -> None:
        self.returned = time.perf_counter()
        self.error = error
        self.done = True

    @property
    def reply(self) -> Reply:
        return Reply(self.exchange.answer if self.error is None else None, self.error, self.invoked, self.returned)


def fire(target: Target, inputs: Sequence[Input], timeout: float) -> list[Reply]:
    """Send requests so that all are in flight at once.

    Args:
        target: where they go.
        inputs: the requests; each gets a connection of its own.
        timeout: seconds to wait for connections, and then for all answers.

    Returns:
        A reply for each, in order; ``invoked`` is when the last byte was about to leave, before which no
        target can have read the whole request.

    Raises:
        ForeignAddressError: a connection led to an address that is not loopback though the target was admitted
            as such; nothing was sent on it.
    """
    context = security(target)
    deadline = time.perf_counter() + timeout
    shots: list[_Shot | Reply] = []
    try:
        for sent in inputs:
            try:
                shot = _load(target, sent, context, deadline)
                shots.append(shot)
                target = prefer(target, shot.connection)
            except (NoAnswerError, h11.LocalProtocolError) as trouble:
                now = time.perf_counter()
                shots.append(Reply(None, str(trouble)[:160], now, now))
        loaded = [shot for shot in shots if isinstance(shot, _Shot)]
        # What the first of many connections cost must not be taken from the time for the answers.
        deadline = time.perf_counter() + timeout
        for shot in loaded:
            shot.invoked = time.perf_counter()
            try:
                shot.connection.send(shot.exchange.data[-1:], deadline)
            except NoAnswerError as trouble:
                shot.end(str(trouble))
        _collect(loaded, deadline)
    finally:
        for one in shots:
            if isinstance(one, _Shot):
                one.connection.close()
    return [shot.reply if isinstance(shot, _Shot) else shot for shot in shots]


def overlapping(replies: Sequence[Reply]) -> int:
    """Return how many of the replies truly overlapped with another one."""
    count = 0
    for number, one in enumerate(replies):
        others = (other for place, other in enumerate(replies) if place != number)
        count += any(one.invoked < other.returned and other.invoked < one.returned for other in others)
    return count


def _load(target: Target, sent: Input, context: ssl.SSLContext | None, deadline: float) -> _Shot:
    """Open a connection and send all of a request but its last byte."""
    exchange = Exchange(Place.of(target.url), sent, close=True)
    connection = connect(target, max(0.0, deadline - time.perf_counter()), context)
    try:
        connection.send(exchange.data[:-1], deadline)
    except BaseException:
        connection.close()
        raise
    return _Shot(connection, exchange)


def _collect(shots: Sequence[_Shot], deadline: float) -> None:
    with selectors.DefaultSelector() as selector:
        for shot in shots:
            if not shot.done:
                shot.connection.sock.setblocking(False)
                selector.register(shot.connection.sock, selectors.EVENT_READ, shot)
        while selector.get_map():
            left = deadline - time.perf_counter()
            if left <= 0:
                break
            for key, _ in selector.select(left):
                shot = key.data
                _read(shot)
                if shot.done:
                    selector.unregister(shot.connection.sock)
    for shot in shots:
        if not shot.done:
            shot.end("timeout")


def _read(shot: _Shot) -> None:
    try:
        while not shot.done:
            shot.exchange.feed(shot.connection.sock.recv(_PIECE))
            if shot.exchange.answer is not None:
                shot.end()
            elif not isinstance(shot.connection.sock, ssl.SSLSocket):
                return
    except (ssl.SSLWantReadError, BlockingIOError):
        # TLS may hold bytes that no selector sees; they were read until there were no more.
        return
    except MalformedError as trouble:
        shot.end(str(trouble))
    except OSError as trouble:
        shot.end(f"connection closed ({trouble.strerror or type(trouble).__name__})")
