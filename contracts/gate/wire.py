"""The wire: one HTTP request out, one whole answer or one named trouble back."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import h11

from contracts.gate.connection import (
    Connection,
    DesynchronisedError,
    EndedError,
    ForeignAddressError,
    NoAnswerError,
    UntrustedError,
    connect,
    prefer,
    security,
)
from contracts.gate.message import IDLE_TIMEOUT, MAX_BODY, MAX_KEPT, Exchange, Place
from contracts.history import Answer, Input
from contracts.target import Target

__all__ = ["MAX_BODY", "SAFE", "DesynchronisedError", "ForeignAddressError", "Reply", "UntrustedError", "Wire"]

MAX_HELD: Final = 96 * 1024 * 1024
"""Bytes of bodies that a run keeps; once they are spent, no body longer than ``MAX_KEPT`` is read to its end."""

DESYNCHRONISED: Final = "the target answers requests that nobody made, and answers cannot be told apart (RFC 9112, 6.3)"

FIRST_IN_DOUBT: Final = 2
"""Which request of a connection is the first whose answer may be one that came unasked after another."""

LINGER_S: Final = 0.25
"""Most seconds that a run waits at its end for what the target may still say unasked."""

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Safe methods (RFC 9110, section 9.2.1): whether the target has done them twice makes no difference."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What one request led to.

    Attributes:
        answer: the whole answer, None when there was none.
        error: why there was none (``timeout``, ``connection refused``), None with an answer.
        invoked: when the request that was answered was sent, ``time.perf_counter`` seconds.
        returned: when the answer had arrived or was given up, likewise.
    """

    answer: Answer | None
    error: str | None
    invoked: float
    returned: float


class Wire:
    """Sends requests to one target; never follows a redirect, never uses a proxy.

    Nothing is ever sent twice but a safe request that met a connection which had carried others and ended
    before one byte of the answer: servers close idle connections when they like (RFC 9112, section 9.3.1).

    Args:
        target: where requests go.
        timeout: seconds to wait for a connection (at most 5), and from the send to the whole answer.

    Attributes:
        unasked: how often bytes came that no request had asked for.
        desynchronised: whether some of them may have been taken for the answer to a later request.
        resent: requests that were sent once more, for the first had met a connection closed while idle.
        clock_moved: whether the run has moved the target's clock, of which ours then tells nothing.
    """

    def __init__(self, target: Target, timeout: float) -> None:
        self.unasked = 0
        self.desynchronised = False
        self.resent = 0
        self.clock_moved = False
        self._slowest = 0.0
        self._target = target
        self._place = Place.of(target.url)
        self._timeout = timeout
        self._context = security(target)
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
        """Close every connection; those that have spoken unasked are taken note of.

        Where a target says one thing too many, every answer is the one before, and the last of them is still
        on its way: it is waited for as long as the target ever took, at most ``LINGER_S``.
        """
        with self._lock:
            idle, self._idle = self._idle, []
        if idle:
            time.sleep(min(LINGER_S, self._slowest))
        for connection in idle:
            self._is_quiet(connection)
            connection.close()

    def send(self, sent: Input, within: float = math.inf) -> Reply:
        """Send one request and read its answer to the end.

        Args:
            sent: the request.
            within: seconds after which it is given up however long the timeout is, for the run has ended.

        Raises:
            ForeignAddressError: the connection led to an address that is not loopback though the target was
                admitted as loopback; nothing was sent.
            DesynchronisedError: an earlier answer may have been meant for another request.
        """
        # Writes go on connections of their own: one that a server closes while idle would otherwise leave
        # the outcome of a create unknown, and a create is never retried.
        # Nor is one kept of a target that speaks unasked: what it says next might be taken for an answer.
        keep = sent.method in SAFE and not self.unasked
        idle = self._take() if keep else None
        end = time.perf_counter() + within
        if idle is not None:
            try:
                return self._ask(sent, idle, end, keep=keep)
            except EndedError:
                # Of the first nothing was seen, and it has changed nothing. What will be seen is the target's
                # state after the second, on a connection that carries nothing else: the call begins with that.
                with self._lock:
                    self.resent += 1
        return self._ask(sent, None, end, keep=keep)

    def _ask(self, sent: Input, idle: Connection | None, end: float, *, keep: bool) -> Reply:
        """Send a request on a connection that was kept, or on a new one, and give up at a moment.

        Raises:
            EndedError: the one that was kept ended before a byte of an answer came.
            DesynchronisedError: two answers came, and the one before them may have been meant for another request.
            ForeignAddressError: the new one led elsewhere; nothing was sent.
        """
        invoked = time.perf_counter()
        connection = idle
        reusable = False
        try:
            exchange = Exchange(self._place, sent, limit=self._limit)
            connection = idle or self._open(end - invoked)
            invoked = time.perf_counter()
            deadline = min(invoked + self._timeout, end)
            connection.send(exchange.data, deadline)
            connection.receive(exchange, deadline)
            if idle is not None and exchange.timed_out:
                raise EndedError("the target had tired of waiting for a request")
            reusable = keep and exchange.reusable
            self._note(exchange, time.perf_counter() - invoked)
            if exchange.unasked and connection.asked > 1:
                # It may be the answer that nobody asked for, and what follows it the one that was.
                if exchange.doubled and connection.asked > FIRST_IN_DOUBT:
                    # So may be the one before it, and that was believed.
                    self.desynchronised = True
                    raise DesynchronisedError(DESYNCHRONISED)
                raise NoAnswerError("malformed HTTP (two answers to one request)")
        except (NoAnswerError, h11.LocalProtocolError) as trouble:
            if idle is not None and isinstance(trouble, EndedError):
                raise
            return Reply(None, str(trouble)[:160], invoked, time.perf_counter())
        finally:
            if connection is not None and not reusable:
                connection.close()
        if reusable:
            with self._lock:
                self._idle.append(connection)
        return Reply(exchange.answer, None, invoked, time.perf_counter())

    def _open(self, within: float) -> Connection:
        connection = connect(self._target, min(self._timeout, within), self._context)
        self._target = prefer(self._target, connection)
        return connection

    @property
    def _limit(self) -> int:
        """Bytes of the next body that are read."""
        with self._lock:
            return max(MAX_KEPT, min(MAX_BODY, MAX_HELD - self._held))

    def _note(self, exchange: Exchange, took: float) -> None:
        with self._lock:
            self._slowest = max(self._slowest, took)
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
        if waiting and not waiting.startswith(IDLE_TIMEOUT):
            with self._lock:
                self.unasked += 1
                # What is left over after several answers may be the last of them, and another taken in its place.
                self.desynchronised |= connection.asked > 1
        return waiting is None
