"""Small models with known answers, and the search by trying everything."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import chain, combinations, permutations
from typing import Any, TypeVar

from contracts.history import Outcome
from contracts.linear.model import Call, Model

S = TypeVar("S", bound=Hashable)

Action = tuple[Any, ...]
RegisterCall = Call[Action, int | None]


class Register(Model[int, Action, int | None]):
    """A number that can be written, read, and swapped for another if it is the one expected."""

    @property
    def initial(self) -> int:
        return 0

    def step(self, state: int, call: RegisterCall) -> Iterable[int]:
        verb, *values = call.input
        if verb == "write":
            return (values[0],)
        if verb == "read":
            return (state,) if call.output == state else ()
        expected, new = values
        if call.outcome is Outcome.FAIL:
            return (state,) if state != expected else ()
        return (new,) if state == expected else ()


class Drifting(Model[int, Action, int | None]):
    """A counter of which an add may count once or twice."""

    @property
    def initial(self) -> int:
        return 0

    def step(self, state: int, call: RegisterCall) -> Iterable[int]:
        if call.input[0] == "add":
            return (state + 1, state + 2)
        return (state,) if call.output == state else ()


class Counting(Register):
    """A register that counts how often it was asked."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self, state: int, call: RegisterCall) -> Iterable[int]:
        self.steps += 1
        return super().step(state, call)


class Stock(Model[tuple[int, int], str, None]):
    """A shelf from which two of one thing can be taken, and one of another."""

    @property
    def initial(self) -> tuple[int, int]:
        return (2, 1)

    def step(self, state: tuple[int, int], call: Call[str, None]) -> Iterable[tuple[int, int]]:
        plenty, scarce = state
        left = (plenty - 1, scarce) if call.input == "plenty" else (plenty, scarce - 1)
        return (left,) if min(left) >= 0 else ()


def take(what: str, moment: float) -> Call[str, None]:
    return Call(moment, moment, what, None)


def write(value: int, begin: float, end: float, outcome: Outcome = Outcome.OK) -> RegisterCall:
    return Call(begin, end, ("write", value), None, outcome)


def read(value: int, begin: float, end: float) -> RegisterCall:
    return Call(begin, end, ("read",), value)


def swap(expected: int, new: int, begin: float, end: float, outcome: Outcome = Outcome.OK) -> RegisterCall:
    return Call(begin, end, ("swap", expected, new), None, outcome)


def can_be_ordered(model: Model[S, Any, Any], calls: Sequence[Call[Any, Any]]) -> bool:
    """Try every order of the answered calls with every choice of those of unknown outcome."""
    certain = [call for call in calls if call.outcome is not Outcome.UNKNOWN]
    unsure = [call for call in calls if call.outcome is Outcome.UNKNOWN]
    chosen = chain.from_iterable(combinations(unsure, size) for size in range(len(unsure) + 1))
    return any(_in_some_order(model, [*certain, *more]) for more in chosen)


def _in_some_order(model: Model[S, Any, Any], calls: Sequence[Call[Any, Any]]) -> bool:
    return any(_respects_time(order) and _fits(model, order) for order in permutations(calls))


def _respects_time(order: Sequence[Call[Any, Any]]) -> bool:
    return not any(later.precedes(earlier) for earlier, later in combinations(order, 2))


def _fits(model: Model[S, Any, Any], order: Sequence[Call[Any, Any]]) -> bool:
    states = {model.initial}
    for call in order:
        states = {after for state in states for after in model.step(state, call)}
    return bool(states)
