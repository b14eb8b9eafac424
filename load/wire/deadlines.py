"""Deadlines of connections, looked at every 25 ms instead of a timer for every request."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, Final, Protocol

PERIOD: Final = 0.025
"""Seconds between two looks: how late a timeout may be on an idle loop. It is never early."""


class Expiring(Protocol):
    """What can run out of time.

    Attributes:
        deadline: on the clock of ``time.perf_counter``; infinite while nothing is awaited.
    """

    deadline: float

    def expire(self) -> None:
        """Give up what was awaited."""


class Deadlines:
    """Sweeps over everything that is open; its timer runs only while something is.

    A look at one deadline costs about 40 ns, so that a thousand connections take 0.2 % of a core.

    Args:
        loop: gevent's event loop.
        guard: runs a callback and reports what it raises.
    """

    def __init__(self, loop: Any, guard: Callable[[Callable[[], None]], None]) -> None:
        self._loop = loop
        self._guard = guard
        self._open: set[Expiring] = set()
        self._timer: Any = None

    def add(self, one: Expiring) -> None:
        """Begin to watch a deadline."""
        self._open.add(one)
        if self._timer is None:
            self._timer = self._loop.timer(PERIOD, PERIOD)
            self._timer.start(self._sweep)

    def discard(self, one: Expiring) -> None:
        """Watch it no longer."""
        self._open.discard(one)
        if not self._open and self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None

    def _sweep(self) -> None:
        now = perf_counter()
        for one in [each for each in self._open if each.deadline <= now]:
            if one.deadline <= now:  # an earlier one's end may have changed it
                self._guard(one.expire)
