"""The wire: one HTTP request out, one whole answer or one named trouble back."""

from __future__ import annotations

import ssl
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import h11

from contracts.gate.connection import (
    Connection,
    DesynchronisedError,
    ForeignAddressError,
    NoAnswerError,
    UntrustedError,
    connect,
)
from contracts.gate.message import MAX_BODY, MAX_KEPT, Exchange, Place
from contracts.history import Answer, Input
from contracts.target import Target

__all__ = ["MAX_BODY", "DesynchronisedError", "ForeignAddressError", "Reply", "UntrustedError", "Wire"]

MAX_HELD: Final = 96 * 1024 * 1024
"""Bytes of bodies that a run keeps; once they are spent, no body longer than ``MAX_KEPT`` is read to its end."""

DESYNCHRONISED: Final = "the target answers requests that nobody made, and answers cannot be told apart (RFC 9112, 6.3)"

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Reply:
    """What one request led to.

    Attributes:
        answer: the whole answer, None when there was none.
        error: why there was none (``timeout``, ``connection refused``), None with an answer.
        invoked: when it was sent, ``time.perf_counter`` seconds.
        returned: when the answer had arrived or was given up, likewise.
    """

    answer: Answer | None
    error: str | None
    invoked: float
    returned: float


class Wire:
    """Sends requests to one target; never retries, never follows a redirect, never uses a proxy.

    Args:
        target: where requests go.
        timeout: seconds to wait for a connection (at most 5), and from the send to the whole answer.

    Attributes:
        unasked: how often bytes came that no request had asked for.
        desynchronised: whether some of them may have been taken for the answer to a later request.
    """

    def __init__(self, target: Target, timeout: float) -> None:
        self.unasked = 0
        self.desynchronised = False
        self._target = target
        self._place = Place.of(target.url)
        self._timeout = timeout
        self._context = ssl.create_default_context() if target.url.startswith("https:") else None
        self._idle: list[Connection] = []
        self._held = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection; those that have spoken unasked are taken note of."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            self._is_quiet(connection)
            connection.close()

    def send(self, sent: Input) -> Reply:
        """Send one request and read its answer to the end.

        Raises:
            ForeignAddressError: the connection led to an address that is not loopback though the target was
                admitted as loopback; nothing was sent.
            DesynchronisedError: an earlier answer may have been meant for another request.
        """
        # Writes go on connections of their own: one that a server closes while idle would otherwise leave
        # the outcome of a create unknown, and a create is never retried.
        # Nor is one kept of a target that speaks unasked: what it says next might be taken for an answer.
        keep = sent.method in _READS and not self.unasked
        invoked = time.perf_counter()
        connection: Connection | None = None
        reusable = False
        try:
            exchange = Exchange(self._place, sent, limit=self._limit)
            connection = (self._take() if keep else None) or connect(self._target, self._timeout, self._context)
            invoked = time.perf_counter()
            deadline = invoked + self._timeout
            connection.send(exchange.data, deadline)
            connection.receive(exchange, deadline)
            reusable = keep and exchange.reusable
            self._note(exchange)
            if exchange.unasked and connection.asked > 1:
                # It may be the answer that nobody asked for, and what follows it the one that was.
                raise NoAnswerError("malformed HTTP (two answers to one request)")
        except (NoAnswerError, h11.LocalProtocolError) as trouble:
            return Reply(None, str(trouble)[:160], invoked, time.perf_counter())
        finally:
            if connection is not None and not reusable:
                connection.close()
        if reusable:
            with self._lock:
                self._idle.append(connection)
        return Reply(exchange.answer, None, invoked, time.perf_counter())

    @property
    def _limit(self) -> int:
        """Bytes of the next body that are read."""
        with self._lock:
            return max(MAX_KEPT, min(MAX_BODY, MAX_HELD - self._held))

    def _note(self, exchange: Exchange) -> None:
        with self._lock:
            self.unasked += exchange.unasked
            self._held += len(exchange.answer.body) if exchange.answer is not None else 0

    def _take(self) -> Connection | None:
        """Return a connection that is open and quiet, None where there is none.

        Raises:
            DesynchronisedError: one has spoken unasked, and had carried several requests.
        """
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if self._is_quiet(connection):
                return connection
            connection.close()
            if self.desynchronised:
                raise DesynchronisedError(DESYNCHRONISED)

    def _is_quiet(self, connection: Connection) -> bool:
        """Tell whether a connection is open, and whatever it has sent was asked for (RFC 9112, section 6.3)."""
        waiting = connection.waiting()
        if waiting:
            with self._lock:
                self.unasked += 1
                # What is left over after several answers may be the last of them, and another taken in its place.
                self.desynchronised |= connection.asked > 1
        return waiting is None
