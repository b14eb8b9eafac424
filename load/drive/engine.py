"""The engine of one process: calls leave through it, and their answers are judged and counted on the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from contracts.budget import Reservation
from contracts.history import ApiOperation
from load.call import Call, Reply, Seen
from load.drive.books import Books
from load.drive.purse import Purse, outcome_of

_VIEWS: Final = frozenset({ApiOperation.RETRIEVE, ApiOperation.REQUEST_CODE})
"""What shows one purchase of ours again, once it was bought."""

Done = Callable[[Reply], None]
"""Told of the reply to a call, exactly once."""


class Sender(Protocol):
    """Sends encoded requests over connections."""

    def submit(self, data: bytes, call: Call, due: float, done: Done) -> None:
        """Send a request as soon as a connection is free."""

    def close(self) -> None:
        """Close every connection; calls under way end without an answer."""


class Coder(Protocol):
    """Turns calls into bytes."""

    def encode(self, call: Call) -> bytes:
        """Return the bytes of a request."""


class Judging(Protocol):
    """Judges answers."""

    def see(self, call: Call, reply: Reply) -> Seen:
        """Judge one answer."""


class Recording(Protocol):
    """Counts answers."""

    def record(self, call: Call, reply: Reply, *, lawful: bool) -> None:
        """Count one answer."""


class Engine:
    """Everything the journeys of one process share.

    Args:
        sender: its connections.
        coder: its encoder.
        judge: judges every answer.
        recorder: counts every answer.
        purse: holds creates to the caps.
        loop: the event loop, as gevent's hub has it.
        now: returns seconds since the run began.

    Attributes:
        books: what the creates were to cost.
    """

    def __init__(
        self,
        *,
        sender: Sender,
        coder: Coder,
        judge: Judging,
        recorder: Recording,
        purse: Purse,
        loop: Any,
        now: Callable[[], float],
    ) -> None:
        self._sender = sender
        self._coder = coder
        self._judge = judge
        self._recorder = recorder
        self._purse = purse
        self._loop = loop
        self.now = now
        self.books = Books()
        self.in_flight = 0
        self.crashes: dict[str, int] = {}

    def send(self, call: Call, due: float, done: Callable[[Seen], None]) -> None:
        """Send a call; its judged answer comes through ``done``.

        Raises:
            BudgetSpentError: a cap is reached; nothing was sent.
        """
        held: Reservation | None = None
        if call.operation is ApiOperation.CREATE:
            held = self._purse.reserve(call.body)
            self.books.asked += 1
        self.in_flight += 1

        def answered(reply: Reply) -> None:
            self.in_flight -= 1
            seen = self._judge.see(call, reply)
            if held is not None:
                self._purse.settle(held, reply, seen.document)
                self.books.create(outcome_of(reply.status), seen.document)
            elif call.operation in _VIEWS and seen.ok and seen.document is not None:
                self.books.view(seen.document)
            self._recorder.record(call, reply, lawful=seen.lawful)
            done(seen)

        self._sender.submit(self._coder.encode(call), call, due, answered)

    def after(self, seconds: float, act: Callable[[], None]) -> Any:
        """Do something later.

        Returns:
            The timer; ``stop()`` and ``close()`` take it back.
        """
        timer = self._loop.timer(max(seconds, 0.0))

        def fire() -> None:
            timer.close()
            act()

        timer.start(fire, update=True)
        return timer

    def crash(self, where: str, error: BaseException) -> None:
        """Take down that our own code failed: such a run has no verdict."""
        text = f"{where} crashed: {type(error).__name__}: {str(error)[:200]}"
        self.crashes[text] = self.crashes.get(text, 0) + 1
