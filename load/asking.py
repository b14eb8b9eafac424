"""Questions put before a run, over connections like the run's own: the same limits, time limits and trust."""

from __future__ import annotations

from math import inf
from time import perf_counter
from types import TracebackType
from typing import Final, Self

from gevent.event import Event

from contracts.history import OWNER, STRANGER
from contracts.target import Target
from load.call import TLS, Call, Reply
from load.wire.address import Origin, resolve
from load.wire.encode import Encoder
from load.wire.engine import Engine, Hooks
from load.wire.limits import Timeouts
from load.wire.pool import Pool

LONGEST_CONNECT: Final = 5.0
"""Seconds waited for a connection, at most."""

_UNTRUSTED: Final = ("self-signed", "self signed", "local issuer")


class UnansweredError(Exception):
    """A question got no whole answer; the message says why."""


class Asker:
    """Asks one question after the other.

    Args:
        target: whom, and with whose key.
        timeout: seconds waited for a whole answer.

    Raises:
        UsageError: the URL is none, or its host does not resolve.
    """

    def __init__(self, target: Target, timeout: float) -> None:
        origin = Origin.from_url(target.url)
        self._reason = ""
        self._encoder = Encoder(origin, {OWNER: target.keys.owner, STRANGER: None})
        engine = Engine(
            origin,
            perf_counter(),
            addresses=resolve(origin, target.addresses),
            timeouts=Timeouts(min(LONGEST_CONNECT, timeout), timeout, timeout),
            hooks=Hooks(failed=self._note),
        )
        # An answer too many, a little later, would be taken for the next one's.
        engine.fresh_until = inf
        self._pool = Pool(engine, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def ask(self, call: Call) -> Reply:
        """Return the answer to a call.

        Raises:
            UnansweredError: none came that is whole.
        """
        replies: list[Reply] = []
        there = Event()

        def done(reply: Reply) -> None:
            replies.append(reply)
            there.set()

        self._pool.submit(self._encoder.encode(call), call, 0.0, done)
        there.wait()
        [reply] = replies
        if reply.error is not None:
            raise UnansweredError(f"{reply.error}: {self._reason}" if self._reason else reply.error)
        return reply

    def _note(self, _: Call, error: str, reason: str) -> None:
        self._reason = reason
        if error == TLS and any(word in reason for word in _UNTRUSTED):
            self._reason += "; if it is to be trusted, name its authority with --ca-file"
