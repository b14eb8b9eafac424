"""The steps of a replay: what is sent again in order, and what a sandbox's levers do in between."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from contracts.history import OWNER, ApiOperation, Operation
from contracts.routes import route


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        operation: as recorded.
        names: recorded id of the purchase that its path names, None where it names none that was ever seen.
        makes: recorded id of the purchase that it was answered with, a create's.
        marked: whether the finding names it.
        wanted: for a request-code the status that it led to, None where nothing tells.
    """

    operation: Operation
    names: int | None = None
    makes: int | None = None
    marked: bool = False
    wanted: str | None = None

    @property
    def purchases(self) -> frozenset[int]:
        """Recorded ids of the purchases that must be there first."""
        return frozenset() if self.names is None else frozenset({self.names})

    @property
    def made(self) -> frozenset[int]:
        """Recorded ids of the purchases that it makes."""
        return frozenset() if self.makes is None else frozenset({self.makes})

    @property
    def buys(self) -> int:
        """How many purchases it may cost."""
        return int(self.operation.api_operation is ApiOperation.CREATE)


@dataclass(frozen=True, slots=True)
class Together:
    """Requests that truly overlapped, fired at once.

    Attributes:
        calls: in the order in which they were sent.
    """

    calls: tuple[Call, ...]

    @property
    def marked(self) -> bool:
        """Whether the finding names one of them."""
        return any(call.marked for call in self.calls)

    @property
    def purchases(self) -> frozenset[int]:
        """Recorded ids of the purchases that must be there first."""
        return frozenset().union(*(call.purchases for call in self.calls)) - self.made

    @property
    def made(self) -> frozenset[int]:
        """Recorded ids of the purchases that they make."""
        return frozenset().union(*(call.made for call in self.calls))

    @property
    def buys(self) -> int:
        """How many purchases they may cost."""
        return sum(call.buys for call in self.calls)


@dataclass(frozen=True, slots=True)
class Walk:
    """The pages of one list to their end, however many there are now.

    Attributes:
        first: the first page as recorded.
        marked: whether the finding names one of its pages.
    """

    first: Operation
    marked: bool = False
    purchases: frozenset[int] = frozenset()
    made: frozenset[int] = frozenset()
    buys: int = 0


@dataclass(frozen=True, slots=True)
class Lever:
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
    marked: bool = False
    made: frozenset[int] = frozenset()
    buys: int = 0

    @property
    def purchases(self) -> frozenset[int]:
        """Recorded ids of the purchases that must be there first."""
        return frozenset() if self.purchase is None else frozenset({self.purchase})


Step = Call | Together | Walk | Lever
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
    """Return the countries that a script asks the accounts of, or that answers to its creates named."""
    asked = [route(call.operation.input.method, call.operation.input.path) for call in calls_of(script)]
    return tuple(
        dict.fromkeys(
            where.parameter
            for where in asked
            if where.api_operation is ApiOperation.ACCOUNT
            and where.parameter is not None
            and len(where.parameter) == 2
            and where.parameter.isascii()
            and where.parameter.isupper()
        )
    )


def without(script: Script, places: Collection[int]) -> Script:
    """Return a script without some steps, and without all that then has no purchase to act on.

    Args:
        script: any script.
        places: of the steps to leave out.
    """
    kept = [step for place, step in enumerate(script) if place not in places]
    lost = frozenset().union(*(script[place].made for place in places)) - frozenset().union(*(s.made for s in kept))
    left: list[Step] = []
    for step in kept:
        if isinstance(step, Together):
            calls = tuple(call for call in step.calls if not call.purchases & lost)
            if calls:
                left.append(replace(step, calls=calls) if len(calls) > 1 else calls[0])
        elif not step.purchases & lost:
            left.append(step)
    return tuple(left)
