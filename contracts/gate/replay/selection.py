"""Selection: which recorded operations matter for a finding."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from contracts.gate.replay.record import Recorded, UnreplayableError
from contracts.history import OWNER, ApiOperation, Operation, Outcome
from contracts.reading import Reading

MOST_LOOKS: Final = 12
"""Looks between the operations of a finding beyond which they are a phase of their own, not part of its story."""

MOST_BETWEEN: Final = 40
"""Operations between two looks up to which all of them are sent again."""

AFTER: Final = 12
"""Operations after one of a finding among which the look that helps to judge it is searched for."""

_NAMED: Final = re.compile(r"\b(?:purchases?|and|id) ([1-9][0-9]{0,15})\b")
_LOOKS: Final = frozenset({ApiOperation.PROFILE, ApiOperation.ACCOUNT, ApiOperation.LIST})
_TELLS_PRESENCE: Final = frozenset({*range(200, 300), 400, 402, 409, 410, 422})
"""Statuses by which a target shows that it has an operation; several clauses wait for that."""

_WINDOWS: Final = ("MONEY-", "INPUT-2", "AUTH-2", "RACE-1")
"""Clauses that add up what happened between two looks."""


def marks_of(recorded: Recorded, finding: Mapping[str, Any]) -> tuple[Operation, ...]:
    """Return the operations that a finding names, in the order in which they were sent.

    Raises:
        UnreplayableError: it names none, or the history does not hold them.
    """
    by_index = {operation.index: operation for operation in recorded.operations}
    indices = [call["index"] for call in finding["evidence"]]
    missing = [index for index in indices if index not in by_index]
    if missing:
        raise UnreplayableError(f"its operation {missing[0]} is not in {recorded.path}/history.jsonl")
    if not indices:
        raise UnreplayableError("the run wrote down no operation that shows it")
    return tuple(sorted((by_index[index] for index in indices), key=_sent))


def select(recorded: Recorded, finding: Mapping[str, Any]) -> frozenset[int]:
    """Return the indices of the operations that are to be sent again for a finding.

    Those that it names; the lives until then of the purchases that it is about; walks and volleys as a
    whole; and what the clauses need besides to judge at all.

    Args:
        recorded: the run.
        finding: one of its findings.

    Raises:
        UnreplayableError: the run did not write down what shows it.
    """
    marks = marks_of(recorded, finding)
    last = max(mark.returned for mark in marks)
    chosen = {mark.index for mark in marks} | _support(recorded, finding, marks)
    chosen |= _wholes(recorded, chosen)
    about = _purchases(recorded, chosen, f"{finding['observed']} {finding['title']}")
    chosen |= {index for number in about for index in _life(recorded, number, _contested(recorded, number, last))}
    chosen |= _wholes(recorded, chosen)
    for operation in _presence(recorded, chosen, {mark.api_operation for mark in marks}):
        chosen.add(operation.index)
        for number in _purchases(recorded, {operation.index}, ""):
            chosen.update(_life(recorded, number, operation.returned))
    # A volley or a walk brings in purchases of its own, which must be there as well.
    births = (recorded.births.get(number) for number in _purchases(recorded, chosen, ""))
    return frozenset(chosen | {birth.operation.index for birth in births if birth is not None})


def with_lists(recorded: Recorded, finding: Mapping[str, Any]) -> frozenset[int]:
    """Return what ``select`` does, and what filled the lists that the finding names; nothing where it names none.

    A list is what it is through every purchase made before. The lives are needed of those alone that it shows.

    Raises:
        UnreplayableError: as for ``select``.
    """
    marks = marks_of(recorded, finding)
    chosen = select(recorded, finding)
    pages = {mark.index for mark in marks if mark.api_operation is ApiOperation.LIST}
    pages |= _walked(recorded, pages)
    lists = [reading for reading in recorded.readings if reading.operation.index in pages]
    if not lists:
        return frozenset()
    last = max(mark.returned for mark in marks)
    births = {b.operation.index for b in recorded.births.values() if b.operation.invoked <= last}
    shown = {view.id for reading in lists for view in reading.views if view.id is not None}
    return chosen | births | {index for number in shown for index in _life(recorded, number, last)}


def whole(recorded: Recorded, finding: Mapping[str, Any]) -> frozenset[int]:
    """Return the indices of all operations up to the last one that a finding names.

    Raises:
        UnreplayableError: as for ``select``.
    """
    last = max(mark.returned for mark in marks_of(recorded, finding))
    return frozenset(operation.index for operation in recorded.operations if operation.invoked <= last)


def overlaps(one: Operation, other: Operation) -> bool:
    """Tell whether two operations were under way at the same time."""
    return one.invoked < other.returned and other.invoked < one.returned


def _sent(operation: Operation) -> tuple[float, int]:
    return operation.invoked, operation.index


def _purchases(recorded: Recorded, chosen: Collection[int], text: str) -> set[int]:
    """Return the purchases that some operations name or make, and those that a text speaks of."""
    about = {int(match) for match in _NAMED.findall(text)} & recorded.seen
    for reading in recorded.readings:
        if reading.operation.index in chosen:
            about |= _acted_on(reading) & (recorded.seen | set(recorded.births))
            if reading.route.api_operation is ApiOperation.CREATE:
                about |= {view.id for view in reading.views if view.id is not None}
    return about


def _acted_on(reading: Reading) -> set[int]:
    """Return the id in a path, whatever the method."""
    raw = reading.route.parameter or ""
    return {int(raw)} if raw.isascii() and raw.isdigit() and len(raw) <= 16 else set()


def _life(recorded: Recorded, number: int, until: float) -> Iterable[int]:
    """Yield what made a purchase, and all that anybody did to it until a moment."""
    birth = recorded.births.get(number)
    if birth is not None:
        yield birth.operation.index
    for reading in recorded.readings:
        if number in _acted_on(reading) and reading.operation.invoked <= until:
            yield reading.operation.index


def _contested(recorded: Recorded, number: int, last: float) -> float:
    """Return until when the life of a purchase matters: till calls on it overlapped, if they did later on.

    What no order explains is judged for purchases alone on which calls overlapped (``invariants.ordering``),
    and the calls that no order explains may all have come before.
    """
    life = [
        reading.operation
        for reading in recorded.readings
        if reading.operation.outcome is Outcome.OK and any(view.id == number for view in reading.views)
    ]
    for one, other in pairwise(sorted(life, key=_sent)):
        if overlaps(one, other) and {one.input.method, other.input.method} != {"GET"}:
            return max(last, one.returned, other.returned)
    return last


def _wholes(recorded: Recorded, chosen: Collection[int]) -> set[int]:
    """Return the walks and the volleys that some operations are part of."""
    picked = [operation for operation in recorded.operations if operation.index in chosen]
    whole = _walked(recorded, chosen)
    for one in picked:
        whole |= {other.index for other in _near(recorded.operations, one) if overlaps(one, other)}
    return whole


def _walked(recorded: Recorded, chosen: Collection[int]) -> set[int]:
    """Return every page of the walks that some operations are part of."""
    walks = {recorded.walks[index] for index in chosen if index in recorded.walks}
    return {index for index, first in recorded.walks.items() if first in walks}


def _near(operations: Sequence[Operation], one: Operation) -> Sequence[Operation]:
    """Return the operations around one in the record, where alone others can overlap it in a gate."""
    place = next(number for number, operation in enumerate(operations) if operation.index == one.index)
    return operations[max(0, place - 64) : place + 64]


def _support(recorded: Recorded, finding: Mapping[str, Any], marks: Sequence[Operation]) -> set[int]:
    """Return operations without which the clauses would not judge those that a finding names."""
    chosen: set[int] = set()
    first, last = marks[0], max(marks, key=lambda mark: mark.returned)
    between = [o for o in recorded.operations if first.invoked <= o.invoked <= last.returned]
    looks = [o.index for o in between if o.api_operation in _LOOKS and not o.walk and o.authenticated]
    if len(looks) <= MOST_LOOKS:
        chosen.update(looks)
    if finding["clause"].startswith(_WINDOWS) and {first.api_operation, last.api_operation} <= _LOOKS:
        # Even a read may move the balance; of a long stretch only what is meant to move something is sent.
        chosen |= {o.index for o in between if len(between) <= MOST_BETWEEN or o.input.method != "GET"}
    for mark in marks:
        after = [o for o in recorded.operations if o.index > mark.index][:AFTER]
        for kind in (ApiOperation.PROFILE, ApiOperation.ACCOUNT):
            chosen |= {o.index for o in [o for o in after if o.api_operation is kind][:1]}
    return chosen


def _presence(recorded: Recorded, chosen: Collection[int], kinds: Collection[ApiOperation]) -> Iterable[Operation]:
    """Yield operations that showed the target to have each of some kinds, where the chosen ones do not."""
    for kind in set(kinds) - {ApiOperation.OTHER, ApiOperation.CREATE}:
        telling = [operation for operation in recorded.operations if _tells(operation, kind)]
        if telling and not any(operation.index in chosen for operation in telling):
            yield telling[0]


def _tells(operation: Operation, kind: ApiOperation) -> bool:
    if operation.api_operation is not kind or operation.principal != OWNER:
        return False
    return operation.outcome is Outcome.OK or operation.status in _TELLS_PRESENCE
