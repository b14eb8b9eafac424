"""One life: a journey driven from answer to answer by the event loop, without a greenlet of its own."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any

from contracts.budget import BudgetSpentError
from load.call import Call, Seen
from load.drive.engine import Engine
from load.journeys.steps import Journey, Pause


class End(Enum):
    """How a life ended: told to its end, cut short by the end of the run or a cap, or by our own failure."""

    FINISHED = "finished"
    ABANDONED = "abandoned"
    CRASHED = "crashed"


class Life:
    """A journey being lived.

    Args:
        engine: sends its calls.
        name: the journey's.
        journey: not begun yet.
        ended: told once when it is over.

    Attributes:
        trouble: the last answer, where it was none, a 5xx or a 429.
        answered: whether any call had an answer.
    """

    __slots__ = (
        "_answers",
        "_closing",
        "_ended",
        "_engine",
        "_journey",
        "_timer",
        "_waiting",
        "answered",
        "name",
        "trouble",
    )

    def __init__(self, engine: Engine, name: str, journey: Journey, ended: Callable[[Life, End], None]) -> None:
        self.name = name
        self.trouble: Seen | None = None
        self.answered = False
        self._engine = engine
        self._journey = journey
        self._ended = ended
        self._closing = False
        self._waiting = 0
        self._answers: list[Seen | None] = []
        self._timer: Any = None

    def begin(self, due: float) -> None:
        """Live until it is over.

        Args:
            due: when its first call should be sent.
        """
        self._go(None, due)

    def close(self) -> None:
        """Take no further step; a call under way is waited for, a pause is not."""
        self._closing = True
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None
            self._end(End.ABANDONED)

    def _go(self, value: Any, due: float) -> None:
        try:
            want = self._journey.send(value)
            if type(want) is Call:
                self._engine.send(want, due, self._answered)
                return
            if type(want) is tuple:
                self._together(want, due)
                return
        except StopIteration:
            self._end(End.FINISHED)
            return
        except BudgetSpentError:
            self._end(End.ABANDONED)
            return
        except Exception as error:  # noqa: BLE001 - our own failure must not pass for the target's, nor stop the loop
            self._engine.crash(f"journey {self.name}", error)
            self._end(End.CRASHED)
            return
        assert isinstance(want, Pause)
        self._timer = self._engine.after(want.seconds, self._resume)

    def _resume(self) -> None:
        self._timer = None
        self._go(None, self._engine.now())

    def _answered(self, seen: Seen) -> None:
        status = seen.reply.status
        self.answered = True
        self.trouble = seen if status == 0 or status >= 500 or status == 429 else None
        if self._closing:
            self._end(End.ABANDONED)
        else:
            # A step that follows an answer is due as soon as that is there.
            self._go(seen, seen.reply.ended)

    def _together(self, calls: tuple[Call, ...], due: float) -> None:
        self._answers = [None] * len(calls)
        self._waiting = len(calls)
        for place, call in enumerate(calls):
            self._engine.send(call, due, partial(self._answered_one, place))

    def _answered_one(self, place: int, seen: Seen) -> None:
        self._answers[place] = seen
        self._waiting -= 1
        if self._waiting:
            return
        answers = tuple(self._answers)
        if self._closing:
            self._end(End.ABANDONED)
        else:
            self._go(answers, max(answer.reply.ended for answer in answers if answer is not None))

    def _end(self, how: End) -> None:
        self._journey.close()
        self._ended(self, how)
