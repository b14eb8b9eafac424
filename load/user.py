"""The locust users: a process's arrivals, and virtual users, each driven by the event loop while locust counts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from gevent.event import Event
from locust import User
from locust.user.task import LOCUST_STATE_STOPPING

if TYPE_CHECKING:
    from load.agent import Agent


class _Driven(User):
    """A user whose greenlet only waits: what it does is done by callbacks of the event loop."""

    abstract = True
    agent: ClassVar[Agent]

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self._left = Event()

    def live(self) -> None:
        """Wait until the user has left; the task that locust runs."""
        self._left.wait()

    tasks = [live]  # noqa: RUF012 - locust declares it so

    def stop(self, force: bool = False) -> bool:
        """Let the user leave: at once, or after the call under way."""
        if not force and self._state != LOCUST_STATE_STOPPING:
            self.leave()
        return bool(super().stop(force))

    def leave(self) -> None:
        """Begin nothing more."""
        raise NotImplementedError


class OpenUser(_Driven):
    """Stands for all arrivals of one process in the open model: locust spawns one in each."""

    abstract = True

    def on_start(self) -> None:
        """Take the schedule up."""
        self.agent.begin_arrivals()

    def leave(self) -> None:
        """Let nobody else arrive."""
        self.agent.end_arrivals(self._left.set)


class ClosedUser(_Driven):
    """One virtual user of the closed model."""

    abstract = True

    def on_start(self) -> None:
        """Begin the first journey, at a moment of its own."""
        self._virtual = self.agent.new_user(self._left.set)

    def leave(self) -> None:
        """Begin no other journey."""
        self._virtual.close()
