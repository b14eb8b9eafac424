"""The steps of a replay: what is sent again in order, and what a sandbox's levers do in between."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from contracts.history import OWNER, Operation
from contracts.reading import Reading

LINGER: Final = 12
"""How often the last read that a finding names is sent again where it did not show at once."""

_COUNTRY: Final = re.compile("[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        marked: whether the finding names it.
    """

    marked: bool = field(default=False, kw_only=True)

    @property
    def purchases(self) -> frozenset[int]:
        """Recorded ids of the purchases that must be there first."""
        return frozenset()

    @property
    def made(self) -> frozenset[int]:
        """Recorded ids of the purchases that it makes."""
        return frozenset()

    @property
    def buys(self) -> int:
        """How many purchases it may cost."""
        return 0


@dataclass(frozen=True, slots=True)
class Call(Step):
    """One request.

    Attributes:
        operation: as recorded.
        names: recorded id of the purchase that its path names, None where it names none that was ever seen.
        makes: recorded id of the purchase that it was answered with, a create's.
        wanted: for a request-code the status that it led to, None where nothing tells.
        price: how many purchases it may cost.
    """

    operation: Operation
    names: int | None = None
    makes: int | None = None
    wanted: str | None = None
    price: int = 0

    @property
    def purchases(self) -> frozenset[int]:
        """The one that its path names."""
        return frozenset() if self.names is None else frozenset({self.names})

    @property
    def made(self) -> frozenset[int]:
        """The one that it was answered with."""
        return frozenset() if self.makes is None else frozenset({self.makes})

    @property
    def buys(self) -> int:
        """One for a create that may be served."""
        return self.price


@dataclass(frozen=True, slots=True)
class Together(Step):
    """Requests that truly overlapped, fired at once.

    Attributes:
        calls: in the order in which they were sent.
    """

    calls: tuple[Call, ...]

    @property
    def purchases(self) -> frozenset[int]:
        """Those that any of them names."""
        return frozenset().union(*(call.purchases for call in self.calls)) - self.made

    @property
    def made(self) -> frozenset[int]:
        """Those that any of them was answered with."""
        return frozenset().union(*(call.made for call in self.calls))

    @property
    def buys(self) -> int:
        """What all of them may cost."""
        return sum(call.buys for call in self.calls)


@dataclass(frozen=True, slots=True)
class Walk(Step):
    """The pages of one list to their end, however many there are now.

    Attributes:
        first: the first page as recorded.
    """

    first: Operation


@dataclass(frozen=True, slots=True)
class Lever(Step):
    """What no customer can do: an administrator's refund, a purchase that expires, a clock that moves.

    Attributes:
        action: ``refund``, ``expire`` or ``advance``.
        purchase: recorded id of the purchase, None for the clock.
        owner: whose it is.
        seconds: by how much the clock moves.
        needed: whether what follows tells nothing without it.
    """

    action: str
    purchase: int | None = None
    owner: str = OWNER
    seconds: float = 0.0
    needed: bool = True

    @property
    def purchases(self) -> frozenset[int]:
        """The one that it moves."""
        return frozenset() if self.purchase is None else frozenset({self.purchase})


@dataclass(frozen=True, slots=True)
class Settle(Step):
    """A last look at every purchase of this script: several promises are only judged by what is seen later."""


Script = tuple[Step, ...]


def calls_of(script: Sequence[Step]) -> Iterator[Call]:
    """Yield every single request of a script, walks apart."""
    for step in script:
        if isinstance(step, Together):
            yield from step.calls
        elif isinstance(step, Call):
            yield step


def purchases_of(script: Sequence[Step]) -> int:
    """Return how many purchases a script may cost."""
    return sum(step.buys for step in script)


def countries_of(script: Sequence[Step]) -> tuple[str, ...]:
    """Return the countries that a script buys in or asks about."""
    asked = [Reading(call.operation).asked_country for call in calls_of(script)]
    return tuple(dict.fromkeys(code for code in asked if code is not None and _COUNTRY.fullmatch(code)))


def without(script: Script, places: Collection[int]) -> Script:
    """Return a script without some steps, and without all that then has no purchase to act on.

    Args:
        script: any script.
        places: of the steps to leave out.
    """
    kept = [step for place, step in enumerate(script) if place not in places]
    made = frozenset[int]().union(*(script[place].made for place in places))
    lost = made - frozenset[int]().union(*(step.made for step in kept))
    left: list[Step] = []
    for step in kept:
        if isinstance(step, Together):
            calls = tuple(call for call in step.calls if not call.purchases & lost)
            if calls:
                left.append(replace(step, calls=calls) if len(calls) > 1 else calls[0])
        elif not step.purchases & lost:
            left.append(step)
    return tuple(left)


def lingering(script: Script) -> Script:
    """Return a script with the last read that the finding names sent again and again: some promises last a while."""
    reads = [
        step
        for step in script
        if isinstance(step, Call) and step.marked and step.operation.input.method == "GET" and step.purchases
    ]
    return (*script[:-1], *reads[-1:] * LINGER, *script[-1:])
