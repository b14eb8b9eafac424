"""The open model: arrivals on a schedule that does not care how the target fares."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from load.drive.engine import Engine
from load.drive.life import End, Life
from load.drive.tally import Tally
from load.journeys.steps import Journey


class Arrivals:
    """Begins a life at every due time; where too many are under way, arrivals wait, and in the end are dropped.

    Args:
        engine: of the process.
        choose: returns a journey's name and the journey, by the plan's weights.
        tally: counts lives and drops.
        max_in_flight: lives under way at the same time, at most.
        patience: seconds an arrival waits to begin before it is dropped.

    Attributes:
        waited: arrivals so far that had to wait for a life to end: their lag is the target's doing, or the cap's.
    """

    def __init__(
        self,
        engine: Engine,
        choose: Callable[[], tuple[str, Journey]],
        tally: Tally,
        *,
        max_in_flight: int,
        patience: float,
    ) -> None:
        self._engine = engine
        self._choose = choose
        self._tally = tally
        self._max = max_in_flight
        self._patience = patience
        self._lives: set[Life] = set()
        self._queue: deque[float] = deque()
        self._dues: Iterator[float] = iter(())
        self._next: float | None = None
        self._timer: Any = None
        self._closing = False
        self._over: Callable[[], None] | None = None
        self.waited = 0

    @property
    def lives(self) -> int:
        """Lives under way."""
        return len(self._lives)

    def feed(self, dues: Iterator[float]) -> None:
        """Take a schedule up; the one before it is over.

        Args:
            dues: times of arrival in order, seconds since the run began.
        """
        self._dues = dues
        self._next = next(dues, None)
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
        self._timer = None
        self._tick()

    def close(self, over: Callable[[], None]) -> None:
        """Begin nothing more; ``over`` is told when the last life has ended."""
        self._closing = True
        self._next = None
        # What is already due was meant to be sent and never was.
        self._tally.drop(len(self._queue))
        self._queue.clear()
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None
        self._over = over
        for life in tuple(self._lives):
            life.close()
        self._leave()

    def _tick(self) -> None:
        self._timer = None
        now = self._engine.now()
        while self._next is not None and self._next <= now:
            due, self._next = self._next, next(self._dues, None)
            self._tally.arrivals += 1
            if len(self._lives) < self._max:
                self._begin(due)
            else:
                self._queue.append(due)
        while self._queue and now - self._queue[0] > self._patience:
            self._queue.popleft()
            self._tally.drop(1)
        if self._next is not None and not self._closing:
            self._timer = self._engine.after(self._next - now, self._tick)

    def _begin(self, due: float) -> None:
        name, journey = self._choose()
        self._tally.begin(name)
        life = Life(self._engine, name, journey, self._ended)
        self._lives.add(life)
        life.begin(due)

    def _ended(self, life: Life, how: End) -> None:
        self._tally.end(life.name, how)
        self._lives.discard(life)
        if self._closing:
            self._leave()
            return
        now = self._engine.now()
        while self._queue and len(self._lives) < self._max:
            due = self._queue.popleft()
            if now - due > self._patience:
                self._tally.drop(1)
            else:
                self.waited += 1
                self._begin(due)

    def _leave(self) -> None:
        over = self._over
        if over is not None and not self._lives:
            self._over = None
            over()
