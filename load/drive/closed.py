"""The closed model: users who live one journey after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from load.call import Seen
from load.drive.engine import Engine
from load.drive.life import End, Life
from load.drive.tally import Tally
from load.journeys.steps import Journey
from load.journeys.world import World

SHORTEST_REST: Final = 0.05
LONGEST_REST: Final = 5.0
"""Seconds a user rests after trouble: doubling from the one to the other, or what Retry-After asks up to it."""


class VirtualUser:
    """One user of the closed model.

    Args:
        engine: of the process.
        world: knows how long people think between two journeys.
        choose: returns a journey's name and the journey, by the plan's weights.
        tally: counts lives.
        over: told when the user has left.
    """

    def __init__(
        self,
        engine: Engine,
        world: World,
        choose: Callable[[], tuple[str, Journey]],
        tally: Tally,
        over: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._world = world
        self._choose = choose
        self._tally = tally
        self._over = over
        self._life: Life | None = None
        self._timer: Any = None
        self._rest = SHORTEST_REST
        self._closing = False
        self._left = False

    def start(self, delay: float) -> None:
        """Begin the first journey.

        Args:
            delay: seconds until then; users who start together stay in step, and queue inside the generator.
        """
        self._timer = self._engine.after(delay, self._next)

    def close(self) -> None:
        """Begin nothing more; the call under way is waited for."""
        self._closing = True
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None
        if self._life is not None:
            self._life.close()
        else:
            self._leave()

    def _next(self) -> None:
        self._timer = None
        name, journey = self._choose()
        self._tally.arrivals += 1
        self._tally.begin(name)
        self._life = Life(self._engine, name, journey, self._ended)
        self._life.begin(self._engine.now())

    def _ended(self, life: Life, how: End) -> None:
        self._life = None
        self._tally.end(life.name, how)
        if self._closing:
            self._leave()
            return
        pause = self._world.think()
        rest = pause.seconds if pause is not None else 0.0
        if life.trouble is not None or how is not End.FINISHED:
            rest = max(rest, self._resting(life.trouble))
        else:
            self._rest = SHORTEST_REST
        if rest <= 0 and life.answered:
            self._next()
        else:
            # Through the loop: a journey that ends without a call must not recurse.
            self._timer = self._engine.after(rest, self._next)

    def _resting(self, trouble: Seen | None) -> float:
        if trouble is not None and trouble.reply.status == 429:
            asked = dict(trouble.reply.headers).get("retry-after", "")
            if asked.isascii() and asked.isdigit():
                return min(float(asked[:6]), LONGEST_REST)
        rest, self._rest = self._rest, min(2 * self._rest, LONGEST_REST)
        return rest

    def _leave(self) -> None:
        if not self._left:
            self._left = True
            self._over()
