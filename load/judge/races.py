"""Races told as one order: purchases that many hands reach for at once, judged as a whole when all are done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from contracts.finding import Violation
from contracts.history import ApiOperation, Operation
from contracts.invariants.ordering import Ordering
from contracts.monitor import Docket, Setting
from contracts.reading import Reading
from load.call import Call, Reply
from load.judge.operations import operation_of, purchase_of

A_SECOND: Final = 10
"""Races judged a second, at most: a search costs as much as a hundred answers, and would make the generator late."""

MAX_CALLS: Final = 64
"""Calls of one race that are kept; those after them are left out, which never makes a lawful history unlawful."""

_OF_ONE: Final = frozenset({ApiOperation.RETRIEVE, ApiOperation.REQUEST_CODE})


class _Ear:
    """A docket that passes everything on and remembers the violations.

    Args:
        docket: the run's.
    """

    def __init__(self, docket: Docket) -> None:
        self._docket = docket
        self.heard: list[Violation] = []

    def exercise(self, clause: str, times: int = 1) -> None:
        """Count an exercise."""
        self._docket.exercise(clause, times)

    def violate(self, violation: Violation) -> None:
        """Report a violation."""
        self.heard.append(violation)
        self._docket.violate(violation)


class Races:
    """Keeps the calls of watched purchases, and judges each race as a whole when it is over.

    Args:
        setting: what the invariant may know of the run.
        docket: where it reports.
        keep: told every operation that violations refer to, and these.
        note_crash: told the clauses of a judgement that crashed, and why.
    """

    def __init__(
        self,
        setting: Setting,
        docket: Docket,
        keep: Callable[[Operation, Sequence[Violation]], None],
        note_crash: Callable[[Sequence[str], Exception], None],
    ) -> None:
        self._setting = setting
        self._docket = docket
        self._keep = keep
        self._note_crash = note_crash
        self._left = A_SECOND
        self.watched: dict[int, list[Operation]] = {}

    def watch(self, number: int, call: Call, reply: Reply, index: int) -> None:
        """Keep what is called about a purchase from now on, as long as this second has room for another race.

        Args:
            number: its id.
            call: the create that it came from.
            reply: its answer.
            index: of that operation.
        """
        if self._left > 0:
            self._left -= 1
            self.watched[number] = [operation_of(call, reply, index)]

    def note(self, call: Call, reply: Reply, index: int) -> None:
        """Keep a call, where it names a purchase that is watched."""
        if call.operation in _OF_ONE:
            held = self.watched.get(purchase_of(call) or 0)
            if held is not None and len(held) < MAX_CALLS:
                held.append(operation_of(call, reply, index))

    def settle(self, number: int) -> tuple[Violation, ...]:
        """Judge a race that is over, and forget it; returns what is wrong with it."""
        operations = self.watched.pop(number, None)
        if operations is None:
            return ()
        ear = _Ear(self._docket)
        ordering = Ordering(self._setting)
        try:
            for operation in operations:
                ordering.observe(Reading(operation), ear)
            ordering.finish(ear)
        except Exception as error:  # noqa: BLE001 - a crashing check is evidence, never a pass (style, rule 4)
            self._note_crash(("RACE-3",), error)
        found = tuple(ear.heard)
        if found:
            marked = {mark.index for one in found for mark in one.marks}
            for operation in operations:
                if operation.index in marked:
                    self._keep(operation, ())
            self._keep(operations[0], found)
        return found

    def refill(self) -> None:
        """Let a new second have races of its own."""
        self._left = A_SECOND
