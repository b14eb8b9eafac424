"""Two patterns compared by the texts they match: tighter, looser, the same, or neither."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

from contracts.drift.regex import Automaton, IrregularError, automaton

MAX_PAIRS: Final = 4_000
"""Pairs of state sets looked at before a comparison is given up."""

MAX_WORK: Final = 2_000_000
"""Ranges of characters looked at, likewise."""

MAX_TOTAL_WORK: Final = 30_000_000
"""The same for all patterns of two documents together; a hostile one has thousands that are hard to compare."""

_STATE: Final = 50
"""Work that making a state comes to."""

_LONGEST: Final = 400


class Relation(Enum):
    """How a new demand stands to an old one."""

    SAME = "same"
    TIGHTER = "tighter"
    LOOSER = "looser"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


class Patterns:
    """Looks at the patterns of two documents, until that has come to too much work.

    Args:
        most: work that it may come to.
    """

    def __init__(self, most: int = MAX_TOTAL_WORK) -> None:
        self._left = most
        self._relations: dict[tuple[str, str], Relation] = {}
        self._lengths: dict[str, tuple[int, int | None]] = {}

    def relation(self, old: str, new: str) -> Relation:
        """Return how the texts that a new pattern matches stand to those of an old one.

        The two are compared as automata, so that ``^[A-Z]{2}$`` and ``^[A-Z][A-Z]$`` are the same. UNKNOWN
        for expressions that are not regular or too large to compare.
        """
        if old == new:
            return Relation.SAME
        if (old, new) not in self._relations:
            self._relations[old, new] = self._related(old, new)
        return self._relations[old, new]

    def lengths(self, pattern: str) -> tuple[int, int | None]:
        """Return how many characters the texts that a pattern matches have at least and at most.

        ``(0, None)`` where nothing can be told; None for no upper end.
        """
        if pattern not in self._lengths:
            try:
                self._lengths[pattern] = _lengths(self._made(pattern), self._spend)
            except IrregularError:
                self._lengths[pattern] = (0, None)
        return self._lengths[pattern]

    def _related(self, old: str, new: str) -> Relation:
        try:
            one, two = self._made(old), self._made(new)
            loses, gains = not _includes(two, one, self._spend), not _includes(one, two, self._spend)
        except IrregularError:
            return Relation.UNKNOWN
        return {
            (False, False): Relation.SAME,
            (True, False): Relation.TIGHTER,
            (False, True): Relation.LOOSER,
            (True, True): Relation.DIFFERENT,
        }[loses, gains]

    def _made(self, pattern: str) -> Automaton:
        if len(pattern) > _LONGEST:
            raise IrregularError("too long")
        self._spend(len(pattern) * _STATE)
        made = automaton(pattern)
        self._spend(len(made.moves) * _STATE)
        return made

    def _spend(self, work: int) -> None:
        self._left -= work
        if self._left < 0:
            raise IrregularError("too much to compare")


def pattern_relation(old: str, new: str) -> Relation:
    """Return what ``Patterns.relation`` does, for two patterns alone."""
    return Patterns().relation(old, new)


def pattern_lengths(pattern: str) -> tuple[int, int | None]:
    """Return what ``Patterns.lengths`` does, for one pattern alone."""
    return Patterns().lengths(pattern)


def _includes(outer: Automaton, inner: Automaton, spend: Callable[[int], None]) -> bool:
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
        here = len(cuts) * (1 + sum(map(len, ranges_here))) + len(within) + len(around)
        spend(here)
        work += here
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


def _lengths(made: Automaton, spend: Callable[[int], None]) -> tuple[int, int | None]:
    level = made.closure([0])
    shortest: int | None = None
    longest = 0
    length = 0
    seen: set[frozenset[int]] = set()
    useful = _useful(made)
    while level:
        spend(len(level))
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
