"""What a search for an order works on: calls with the intervals they took, and a model of what they may do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from contracts.history import Outcome

StateT = TypeVar("StateT", bound=Hashable)
InputT = TypeVar("InputT")
OutputT = TypeVar("OutputT")


@dataclass(frozen=True, slots=True)
class Call(Generic[InputT, OutputT]):
    """One call on one object, and the interval in which it took effect.

    Intervals are closed: a call that returned at the very moment when another was invoked overlaps it, since
    a clock cannot tell which came first, and an order that cannot be excluded must not be (Porcupine,
    "model.go").

    Attributes:
        invoked: when it was sent, on the clock of all calls of its history.
        returned: when its answer had arrived; means nothing where the outcome is unknown.
        input: what was asked.
        output: what was answered.
        outcome: ``ok``; ``fail`` for a definite refusal; ``unknown`` for a call that may have taken effect at
            any time after it was sent, or never (Jepsen's "info").
    """

    invoked: float
    returned: float
    input: InputT
    output: OutputT
    outcome: Outcome = Outcome.OK

    def precedes(self, later: Call[InputT, OutputT]) -> bool:
        """Tell whether this call must come before another in every order."""
        return self.outcome is not Outcome.UNKNOWN and self.returned < later.invoked


class Model(ABC, Generic[StateT, InputT, OutputT]):
    """The object as it would behave if one call came after the other.

    Attributes:
        idle_stays_idle: True where a call that leaves one state as it is leaves every state reachable from
            there as it is too, or is impossible in it. Such a call may be taken as soon as it is idle: no order
            is lost by that, and a hundred equal reads cost a hundred steps and not as many orders as they have.
            False for a register: writing 1 over 1 is idle, and no longer so once it holds 2.
    """

    idle_stays_idle: ClassVar[bool] = False

    @property
    @abstractmethod
    def initial(self) -> StateT:
        """The state before the first call."""

    @abstractmethod
    def step(self, state: StateT, call: Call[InputT, OutputT]) -> Iterable[StateT]:
        """Return every state that a call may leave behind, in a fixed order.

        Args:
            state: the state that the call finds.
            call: the call with its answer. One of unknown outcome is asked about only as having taken effect.

        Returns:
            The states; none where the call cannot have been answered like this in this state.
        """
