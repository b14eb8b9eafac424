"""Two patterns compared by the texts they match: tighter, looser, the same, or neither."""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import Final

from contracts.drift.regex import Automaton, IrregularError, automaton

MAX_PAIRS: Final = 4_000
"""Pairs of state sets looked at before a comparison is given up."""

MAX_WORK: Final = 2_000_000
"""Moves looked at, likewise."""

_LONGEST: Final = 400


class Relation(Enum):
    """How a new demand stands to an old one."""

    SAME = "same"
    TIGHTER = "tighter"
    LOOSER = "looser"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@cache
def pattern_relation(old: str, new: str) -> Relation:
    """Return how the texts that a new pattern matches stand to those of an old one.

    The two are compared as automata, so that ``^[A-Z]{2}$`` and ``^[A-Z][A-Z]$`` are the same. UNKNOWN
    for expressions that are not regular or too large to compare.
    """
    if old == new:
        return Relation.SAME
    if max(len(old), len(new)) > _LONGEST:
        return Relation.UNKNOWN
    try:
        one, two = automaton(old), automaton(new)
        loses, gains = not _includes(two, one), not _includes(one, two)
    except IrregularError:
        return Relation.UNKNOWN
    return {
        (False, False): Relation.SAME,
        (True, False): Relation.TIGHTER,
        (False, True): Relation.LOOSER,
        (True, True): Relation.DIFFERENT,
    }[loses, gains]


@cache
def pattern_lengths(pattern: str) -> tuple[int, int | None]:
    """Return how many characters the texts that a pattern matches have at least and at most.

    ``(0, None)`` where nothing can be told; None for no upper end.
    """
    try:
        made = automaton(pattern) if len(pattern) <= _LONGEST else None
        return (0, None) if made is None else _lengths(made)
    except IrregularError:
        return 0, None


def _includes(outer: Automaton, inner: Automaton) -> bool:
    """Tell whether every text of one automaton is one of another."""
    start = (inner.closure([0]), outer.closure([0]))
    seen = {start}
    pending = [start]
    work = 0
    while pending:
        within, around = pending.pop()
        if 1 in within and 1 not in around:
            return False
        inner_moves = [move for state in within for move in inner.moves[state]]
        outer_moves = [move for state in around for move in outer.moves[state]]
        # Between two neighbouring ends of intervals every character leads to the same states.
        ranges_here = [ranges for ranges, _ in (*inner_moves, *outer_moves)]
        cuts = sorted({cut for ranges in ranges_here for low, high in ranges for cut in (low, high + 1)})
        work += len(cuts) * len(ranges_here)
        if work > MAX_WORK:
            raise IrregularError("too large to compare")
        for point in cuts:
            left = {to for ranges, to in inner_moves if any(low <= point <= high for low, high in ranges)}
            if not left:
                continue
            right = {to for ranges, to in outer_moves if any(low <= point <= high for low, high in ranges)}
            pair = (inner.closure(left), outer.closure(right))
            if pair not in seen:
                if len(seen) >= MAX_PAIRS:
                    raise IrregularError("too large to compare")
                seen.add(pair)
                pending.append(pair)
    return True


def _lengths(made: Automaton) -> tuple[int, int | None]:
    level = made.closure([0])
    shortest: int | None = None
    longest = 0
    length = 0
    seen: set[frozenset[int]] = set()
    useful = _useful(made)
    while level:
        if 1 in level:
            shortest = length if shortest is None else shortest
            longest = length
        level = made.closure({to for state in level for ranges, to in made.moves[state] if ranges and to in useful})
        length += 1
        if level in seen or length > MAX_PAIRS:
            return (0 if shortest is None else shortest), None
        seen.add(level)
    return (0, None) if shortest is None else (shortest, longest)


def _useful(made: Automaton) -> frozenset[int]:
    """Return the states from which the end can be reached."""
    back: list[list[int]] = [[] for _ in made.moves]
    for state, (moves, free) in enumerate(zip(made.moves, made.free, strict=True)):
        for to in [*(to for _, to in moves), *free]:
            back[to].append(state)
    found = {1}
    pending = [1]
    while pending:
        for state in back[pending.pop()]:
            if state not in found:
                found.add(state)
                pending.append(state)
    return frozenset(found)
