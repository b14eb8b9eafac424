"""What all connections of a run share: the loop, the target, the limits, the counts and who is told what."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import gevent
from gevent import monkey

from load.call import Call
from load.wire.address import Address, Origin, resolve
from load.wire.deadlines import Deadlines
from load.wire.head import Heads
from load.wire.limits import Limits, Timeouts
from load.wire.tls import Security

_logger: Final = logging.getLogger(__name__)


HASTY: Final = 2
"""Connections lost right after their answers that make a habit of it."""

FRESH_S: Final = 5.0
LONGEST_FRESH_S: Final = 300.0
"""Seconds for which no connection is used twice: at first, and what doubling ends at."""


def _ignore(*_: object) -> None:
    """Take no notice."""


def _log(error: Exception) -> None:
    """Log where a callback failed; not its message, which may hold what a reply held."""
    place = "".join(traceback.format_tb(error.__traceback__))
    _logger.error("a callback raised %s\n%s", type(error).__name__, place)


@dataclass(frozen=True, slots=True)
class Hooks:
    """Who is told what happens beside the replies. A hook that raises is reported to ``crashed``.

    Attributes:
        connected: a TCP connection stands; how long that took, in seconds.
        secured: a TLS handshake is done; how long it took, in seconds.
        failed: a call got no whole answer: the call, the error's word (``load.call.ERRORS``) and the reason in a
            few words; just before its reply.
        stray: bytes came that no request asked for: the last call on that connection, and the first 400 of them.
            The server is out of step; the connection is closed and the bytes are given to nobody.
        crashed: a callback raised this; by default its place is logged, without its message.
    """

    connected: Callable[[float], None] = _ignore
    secured: Callable[[float], None] = _ignore
    failed: Callable[[Call, str, str], None] = _ignore
    stray: Callable[[Call, bytes], None] = _ignore
    crashed: Callable[[Exception], None] = _log


@dataclass(slots=True)
class Counts:
    """What happened to connections since the run began.

    Attributes:
        opened: connections that stood, TLS included.
        reconnected: those of them that replaced an earlier one of the same place in a pool.
        failed: connections that never stood.
        closed_idle: connections that the server closed while no request was on them.
        stale: requests sent on a connection that had served before and was closed before the first byte of their
            answer. The server may or may not have acted on them; they are not sent again.
        resent: GETs to which the same happened, which were sent again.
        strays: connections on which bytes came that no request asked for.
        out_of_step: those of them that had carried several requests, whose answers cannot be told apart for certain
            (RFC 9112 section 6.3).
    """

    opened: int = 0
    reconnected: int = 0
    failed: int = 0
    closed_idle: int = 0
    stale: int = 0
    resent: int = 0
    strays: int = 0
    out_of_step: int = 0


class Engine:
    """Everything connections to one target share. Make it in the process and thread whose gevent loop is to run it.

    Args:
        origin: where requests go.
        began: the run's beginning on the clock of ``time.perf_counter``; the times of replies count from it.
        addresses: what the host stands for; looked up now when left out.
        timeouts: how long is waited.
        limits: how large an answer may be.
        hooks: who is told what.
        security: whom TLS trusts; by default the system's certificates.

    Attributes:
        counts: what happened to connections.
        first_byte: how long the first byte of an answer is waited for, in seconds.
        fresh_until: until when no connection is used twice, on the clock of ``time.perf_counter``.
    """

    def __init__(
        self,
        origin: Origin,
        began: float,
        *,
        addresses: tuple[Address, ...] = (),
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        hooks: Hooks | None = None,
        security: Security | None = None,
    ) -> None:
        self.origin = origin
        self.began = began
        self.addresses = addresses or resolve(origin)
        self.timeouts = timeouts or Timeouts()
        self.limits = limits or Limits()
        self.hooks = hooks or Hooks()
        self.security = (security or Security(origin)) if origin.secure else None
        self.first_byte = min(self.timeouts.first_byte, self.timeouts.whole)
        self.counts = Counts()
        self.fresh_until = 0.0
        self._fresh_for = FRESH_S
        self._hasty = 0
        self.heads = Heads(self.limits)
        self.loop: Any = gevent.get_hub().loop
        self.deadlines = Deadlines(self.loop, self.tell)
        self.socket: Any = monkey.get_original("socket", "socket")
        self.poll: Any = monkey.get_original("select", "poll")

    def now(self) -> float:
        """Return the seconds since the run began."""
        return perf_counter() - self.began

    def distrust(self) -> None:
        """Use no connection twice for a while: the server closes them without a word after it has answered.

        A request on such a connection is lost without its fault, and unless it is a GET nobody may send it again.
        After a while the server is tried anew, ever more rarely.
        """
        now = perf_counter()
        self._hasty += 1
        if self._hasty >= HASTY and now >= self.fresh_until:
            self.fresh_until = now + self._fresh_for
            self._fresh_for = min(2 * self._fresh_for, LONGEST_FRESH_S)

    def prefer(self, address: Address) -> None:
        """Try an address first from now on: it answered."""
        if self.addresses[0] is not address:
            self.addresses = (address, *(other for other in self.addresses if other is not address))

    def tell(self, callback: Callable[..., None], *args: object) -> None:
        """Call back; what it raises is reported instead of stopping the loop."""
        try:
            callback(*args)
        except Exception as error:  # noqa: BLE001 - whatever a caller's code raises, the other connections go on
            self.hooks.crashed(error)
