"""The ledger: what an owner was charged and credited between two looks at the balance."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from contracts.history import Mark
from contracts.invariants.purchase import Purchase
from contracts.invariants.values import ERROR, EXPIRED, Money

LATE_S: Final = 60.0
"""For so many seconds a request of unknown outcome may still take effect."""

MAX_MARKS: Final = 4

_ZERO: Final = Decimal(0)


@dataclass(slots=True)
class Window:
    """What happened between two looks.

    Attributes:
        spent: prices of acknowledged creates.
        refunds: amounts of acknowledged refunds.
        loss: what may have been charged beyond that.
        gain: what may have been credited beyond that.
        blind: True when a price could not be read, so that nothing can be said.
        creates: acknowledged creates.
        credits: acknowledged refunds.
        failures: purchases answered as ERROR.
        denied: creates refused.
        raced: True when two of the creates overlapped.
        moved: True when anything that could move the balance was done, or may have been.
        marks: some of the operations.
        refusals: some of the refused requests, by the clause that forbids them an effect.
        currencies: of all sums.
    """

    spent: Decimal = _ZERO
    refunds: Decimal = _ZERO
    loss: Decimal = _ZERO
    gain: Decimal = _ZERO
    blind: bool = False
    creates: int = 0
    credits: int = 0
    failures: int = 0
    denied: int = 0
    raced: bool = False
    moved: bool = False
    marks: list[Mark] = field(default_factory=list)
    refusals: dict[str, list[Mark]] = field(default_factory=dict)
    currencies: frozenset[str] = frozenset()

    def join(self, later: Window) -> Window:
        """Return this window and a later one as one."""
        refusals = {
            clause: [*self.refusals.get(clause, ()), *later.refusals.get(clause, ())][:MAX_MARKS]
            for clause in {**self.refusals, **later.refusals}
        }
        return Window(
            self.spent + later.spent,
            self.refunds + later.refunds,
            self.loss + later.loss,
            self.gain + later.gain,
            self.blind or later.blind,
            self.creates + later.creates,
            self.credits + later.credits,
            self.failures + later.failures,
            self.denied + later.denied,
            self.raced or later.raced,
            self.moved or later.moved,
            [*self.marks, *later.marks][:MAX_MARKS],
            refusals,
            self.currencies | later.currencies,
        )

    def note(self, mark: Mark) -> None:
        """Keep an operation as evidence, if there is room."""
        self.moved = True
        if len(self.marks) < MAX_MARKS:
            self.marks.append(mark)

    def refuse(self, clause: str, mark: Mark) -> None:
        """Keep a refused request as evidence, if there is room."""
        marks = self.refusals.setdefault(clause, [])
        if len(marks) < MAX_MARKS:
            marks.append(mark)


@dataclass(slots=True)
class Look:
    """One look at the balance, and what happened since the look before."""

    mark: Mark
    balance: Money
    window: Window


@dataclass(slots=True)
class Late:
    """A request of unknown outcome and what it may move, None where that is not known."""

    mark: Mark
    amount: Decimal | None
    charge: bool


@dataclass(slots=True)
class Ledger:
    """One owner's looks at the balance, none of which anything overlapped.

    Answers come in order of arrival: what overlaps a look may arrive after it, and then the windows on both
    sides of that look become one.
    """

    looks: deque[Look] = field(default_factory=deque)
    open: Window = field(default_factory=Window)
    late: list[Late] = field(default_factory=list)
    busy_until: float = float("-inf")
    first: Look | None = None
    excess: Decimal = _ZERO

    def reach(self, mark: Mark) -> Window:
        """Return the window that an operation belongs to, looks that it overlapped taken out."""
        while self.looks and self.looks[-1].mark.returned >= mark.invoked:
            self.open = self.looks.pop().window.join(self.open)
        self.busy_until = max(self.busy_until, mark.returned)
        return self.open

    def look(self, mark: Mark, balance: Money) -> None:
        """Take in a look, unless something is known to have overlapped it."""
        if self.busy_until >= mark.invoked or (self.looks and not self.looks[-1].mark.precedes(mark)):
            return
        self.looks.append(Look(mark, balance, self.open))
        self.open = Window()

    def late_between(self, before: Look, after: Look) -> tuple[Decimal | None, Decimal | None]:
        """Return what requests of unknown outcome may have charged and credited, None where it is not known.

        A create of unknown outcome is charged within a minute if at all; the purchase that it made, which
        nobody knows of, may be credited whenever it ends.
        """
        loss: Decimal | None = _ZERO
        gain: Decimal | None = _ZERO
        for late in self.late:
            if late.mark.invoked > after.mark.returned:
                continue
            recent = late.mark.returned + LATE_S >= before.mark.invoked
            if recent and late.charge:
                loss = _sum(loss, late.amount)
            if recent or late.charge:
                gain = _sum(gain, late.amount)
        return loss, gain


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def _ended_before_run(record: Purchase, before: Mark, after: Mark) -> bool:
    """Tell whether a purchase was found ended, and has not become REFUND: what its end credits came with it.

    An account with a history has many that failed, which together would explain any excess.
    """
    ended = record.ended
    found = record.created is None and record.refunded is None
    return found and ended is not None and ended.precedes(before) and after.returned < record.seen


def credits_after_failure(records: Iterable[Purchase]) -> Decimal:
    """Return the prices of what was refunded after it had failed, and may have been credited for each of the two."""
    both = (one for one in records if one.refunded is not None and one.settled_status in {ERROR, EXPIRED})
    return sum((one.price.amount for one in both if one.price is not None), _ZERO)


def credits_between(records: Iterable[Purchase], counted: set[int], before: Mark, after: Mark) -> Decimal | None:
    """Return how much the shop may have credited of its own accord between two looks.

    A purchase that ended in ERROR, EXPIRED or REFUND during the run may have been credited, and one that
    nobody saw standing after the second look may have ended unseen.

    Args:
        records: the owner's purchases.
        counted: ids of those whose refund was acknowledged and is counted.
        before: the first look.
        after: the second look.

    Returns:
        The sum of their prices; None where one of them is not known.
    """
    total = _ZERO
    for record in records:
        if record.id in counted or (record.created is not None and after.precedes(record.created)):
            continue
        stood = after.returned < record.stood
        over = record.refunded is not None and record.refunded.precedes(before)
        if stood or over or _ended_before_run(record, before, after):
            continue
        if record.price is None:
            return None
        total += record.price.amount
    return total
