"""The script of a replay: recorded operations put in order, with what a sandbox's levers did between them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from contracts.gate.replay.record import Recorded
from contracts.gate.replay.selection import overlaps
from contracts.gate.replay.states import Course, clock_moves, course_of
from contracts.gate.replay.steps import Call, Lever, Script, Settle, Step, Together, Walk
from contracts.gate.session import REDIRECTS
from contracts.history import OWNER, ApiOperation, Demand, Operation, Outcome
from contracts.reading import Reading


def script_of(recorded: Recorded, chosen: Collection[int], marked: Collection[int]) -> Script:
    """Return the script that sends some operations again.

    What the session does by itself is left out: following a redirect, and waiting for a rate limit.

    Args:
        recorded: the run.
        chosen: indices of the operations; without any there is no script.
        marked: indices of those that the finding names.
    """
    picked = [reading for reading in recorded.readings if reading.operation.index in chosen]
    kept = [reading for reading in picked if reading.operation.index in marked or not _is_passing(reading.operation)]
    kept.sort(key=lambda reading: (reading.operation.invoked, reading.operation.index))
    if not kept:
        return ()
    return (*_Builder(recorded, marked).build(kept), Settle())


class _Builder:
    """Puts steps together.

    Args:
        recorded: the run.
        marked: indices of the operations that the finding names.
    """

    def __init__(self, recorded: Recorded, marked: Collection[int]) -> None:
        self._recorded = recorded
        self._marked = marked
        self._known = recorded.seen | frozenset(recorded.births)
        self._made: set[int] = set()
        self._wanted: dict[int, str] = {}

    def build(self, readings: Sequence[Reading]) -> Iterator[Step]:
        """Yield the steps that send operations again, in the order in which these were sent."""
        levers = self._levers(readings)
        walked: set[int] = set()
        place = 0
        while place < len(readings):
            group = _group(readings, place)
            place += len(group)
            while levers and levers[0][0] <= group[0].operation.invoked:
                yield levers.pop(0)[1]
            first = group[0].operation
            if len(group) > 1:
                calls = tuple(self._call(reading) for reading in group)
                yield Together(calls, marked=any(call.marked for call in calls))
            elif first.walk and first.api_operation is ApiOperation.LIST:
                began = self._recorded.walks[first.index]
                if began not in walked:
                    walked.add(began)
                    yield Walk(first, marked=began in {self._recorded.walks.get(index) for index in self._marked})
            else:
                yield self._call(group[0])

    def _call(self, reading: Reading) -> Call:
        operation = reading.operation
        makes = None
        if reading.route.api_operation is ApiOperation.CREATE:
            makes = next((view.id for view in reading.views if view.id is not None), None)
            makes = None if makes in self._made else makes
            self._made |= set() if makes is None else {makes}
        return Call(
            operation,
            names=self._named(reading),
            makes=makes,
            wanted=self._wanted.get(operation.index),
            price=int(_may_buy(reading)),
            marked=operation.index in self._marked,
        )

    def _named(self, reading: Reading) -> int | None:
        raw = reading.route.parameter or ""
        number = int(raw) if raw.isascii() and raw.isdigit() and len(raw) <= 16 else None
        return number if number in self._known else None

    def _levers(self, readings: Sequence[Reading]) -> list[tuple[float, Lever]]:
        """Return what a sandbox's levers did between the operations, each with when it was done at the latest."""
        sent = {operation.index: operation.invoked for operation in self._recorded.operations}
        began, ended = readings[0].operation.invoked, readings[-1].operation.invoked
        found: list[tuple[float, Lever]] = []
        for number in sorted({n for n in map(self._named, readings) if n is not None}):
            birth = self._recorded.births.get(number)
            owner = OWNER if birth is None else birth.operation.principal
            course: Course = course_of(self._recorded, number, owner)
            self._wanted |= course.wanted
            found += [(sent[index], Lever(action, number, owner)) for index, action in course.moves]
        for index, seconds in clock_moves(self._recorded):
            needed = self._waits_for_age(readings, sent[index])
            found.append((sent[index], Lever("advance", seconds=seconds, needed=needed)))
        return sorted((f for f in found if began < f[0] <= ended), key=lambda f: f[0])

    def _waits_for_age(self, readings: Sequence[Reading], moved: float) -> bool:
        """Tell whether a refund after a move of the clock needs a purchase from before it to be old."""
        born = {n for n, birth in self._recorded.births.items() if birth.operation.returned <= moved}
        return any(
            reading.route.api_operation is ApiOperation.REFUND
            and reading.operation.invoked >= moved
            and reading.purchase_id in born
            and (reading.operation.index in self._marked or reading.operation.outcome is Outcome.OK)
            for reading in readings
        )


def _group(readings: Sequence[Reading], place: int) -> Sequence[Reading]:
    """Return the operations from a place on that were under way at the same time as one before them."""
    group = [readings[place]]
    for reading in readings[place + 1 :]:
        if not any(overlaps(reading.operation, one.operation) for one in group):
            break
        group.append(reading)
    return group


def _may_buy(reading: Reading) -> bool:
    """Tell whether a create was not refused, or is one that the contract wants served."""
    if reading.route.api_operation is not ApiOperation.CREATE:
        return False
    return reading.operation.outcome is not Outcome.FAIL or reading.judgement.demand is Demand.SERVE


def _is_passing(operation: Operation) -> bool:
    """Tell whether an operation was only a stage of the one that the session sent after it."""
    return operation.status == 429 or operation.status in REDIRECTS
