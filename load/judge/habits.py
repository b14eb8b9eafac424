"""Habits of a target: what it gets wrong in the same way again and again is judged in full a number of times only."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final

from contracts.finding import Violation
from contracts.monitor import Docket
from load.judge.bench import Desk

ENOUGH: Final = 50
"""Judgements of one kind of trouble that must agree before the next ones are counted as they were."""

MAX_HABITS: Final = 2_000


@dataclass(slots=True)
class _Habit:
    """One kind of trouble, and what came of it every time so far."""

    causes: frozenset[tuple[str, str, str | None]]
    violations: tuple[Violation, ...]
    counted: tuple[tuple[str, int], ...]
    times: int = 1


@dataclass(slots=True)
class Habits:
    """Remembers what judging an answer in full came to, by why the screen did not pass it.

    A server that is broken in one way breaks thousands of answers alike. Each of them is screened in full; what the
    screen finds wrong with it decides what is counted. Once ``ENOUGH`` answers with the same trouble were judged
    alike by the contract's own checks, the others are counted alike without these.
    """

    _known: dict[Hashable, _Habit | None] = field(default_factory=dict)

    def judge(self, trouble: Hashable, desk: Desk, docket: Docket, act: Callable[[], object]) -> tuple[Violation, ...]:
        """Return the violations of an answer, by habit or by judging it in full; they are reported either way.

        Args:
            trouble: why the screen did not pass the answer.
            desk: hears what the judgement finds.
            docket: where violations that follow from habit are reported.
            act: judges in full.
        """
        habit = self._known.get(trouble)
        if habit is not None and habit.times >= ENOUGH and habit.violations:
            for clause, times in habit.counted:
                docket.exercise(clause, times)
            for violation in habit.violations:
                docket.violate(violation)
            return habit.violations
        desk.heard.clear()
        desk.counted.clear()
        act()
        found = tuple(desk.heard)
        self._learn(trouble, found, tuple(desk.counted))
        return found

    def is_settled(self, trouble: Hashable) -> bool:
        """Tell whether answers with this trouble are no longer judged in full."""
        habit = self._known.get(trouble)
        return habit is not None and habit.times >= ENOUGH and bool(habit.violations)

    def _learn(self, trouble: Hashable, found: tuple[Violation, ...], counted: tuple[tuple[str, int], ...]) -> None:
        causes = frozenset((v.clause, v.cause, v.severity) for v in found)
        if trouble not in self._known:
            if len(self._known) < MAX_HABITS:
                self._known[trouble] = _Habit(causes, found, counted)
            return
        habit = self._known[trouble]
        if habit is None:
            return
        if habit.causes != causes:
            # The same trouble stands for different things here; each answer must be looked at.
            self._known[trouble] = None
        else:
            habit.times += 1
