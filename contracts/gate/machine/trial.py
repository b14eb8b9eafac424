"""Trying lives: playing them, telling which finding they show, and making the one that shows it short."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from contracts.budget import BudgetSpentError
from contracts.gate.allowance import Allowance
from contracts.gate.generator import FailedAgainError, HaltError
from contracts.gate.hits import Hits
from contracts.gate.machine.rules import Script
from contracts.gate.machine.shortening import shorten
from contracts.gate.machine.stage import Stage
from contracts.gate.machine.steps import Create

KINDS: Final = 3
"""Kinds of steps below which a life tells nothing; the very first one that Hypothesis thinks of has two."""

PART: Final = 0.75
"""Part of the purchases left for shortening that one finding may take."""

MOST_THOUGHTS: Final = 120
"""Shorter lives that Hypothesis may think of; most of them are not played."""


@dataclass(frozen=True, slots=True)
class _Played:
    """What came of one life.

    Attributes:
        script: the steps that were played; the last one showed the finding, if any did.
        first: index of the first operation of each step, and of the one after the last.
        shown: ids of the findings not yet explained that it shows.
        fails: whether the finding that is looked for is among them; any will do while none is.
    """

    script: Script
    first: tuple[int, ...]
    shown: frozenset[str]
    fails: bool


class Trial:
    """Plays the lives of one round until one shows a finding, then looks for the shortest that does.

    Args:
        stage: where lives are played.
        hits: tells which findings a step touched.
        known: ids of findings that need no explaining.
        search: purchases that lives may make.
        shrink: purchases that shorter lives may make.
    """

    def __init__(self, stage: Stage, hits: Hits, known: set[str], search: Allowance, shrink: Allowance) -> None:
        self._stage = stage
        self._hits = hits
        self._known = known
        self._search = search
        self._shrink = shrink
        # A part for each finding, so that the first one does not take all.
        self._part = (shrink.made + PART * (shrink.purchases - shrink.made)) / max(shrink.purchases, 1)
        self._failing: dict[Script, frozenset[str]] = {}
        self._passing: list[Script] = []
        self._thoughts = 0
        self.lives = 0
        self.spent = False
        self.finding: str | None = None

    @property
    def shortest(self) -> Script:
        """The shortest life that was played and showed the finding."""
        return min(self._failing, key=_length)

    @property
    def shown(self) -> tuple[str, ...]:
        """Ids of the findings that the shortest life shows, which it explains all at once."""
        return tuple(sorted(self._failing[self.shortest]))

    def __call__(self, script: Script) -> None:
        """Take a life that Hypothesis has written.

        Raises:
            FailedAgainError: it shows the finding of this round.
            HaltError: the round is over.
        """
        try:
            shows = self._explore(script) if self.finding is None else self._shows(script)
        except BudgetSpentError:
            self.spent = self.finding is None
            raise HaltError from None
        except Exception as error:
            raise HaltError(error) from error
        if shows:
            raise FailedAgainError

    def _explore(self, script: Script) -> bool:
        """Play a life for what it may show."""
        if len({type(step) for step in script}) < KINDS:
            return False
        if not self._search.affords(_purchases(script)):
            self.spent = True
            raise HaltError
        self.lives += 1
        with self._search.charged():
            played = self._play(script)
        if not played.fails:
            return False
        self.finding = min(played.shown)
        self._failing[played.script] = played.shown
        shorten(played.script, self._named(played, self.finding), self._fails)
        if len(self.shortest) == 1:
            raise HaltError
        return True

    def _shows(self, script: Script) -> bool:
        """Tell whether a life shows the finding, playing it only where nothing played before tells."""
        self._thoughts += 1
        if self._thoughts > MOST_THOUGHTS or not self._shrink.affords(part=self._part):
            raise HaltError
        return self._fails(script)

    def _fails(self, script: Script) -> bool:
        foreseen = self._foreseen(script)
        if foreseen is not None or not script:
            return bool(foreseen)
        if _length(script) >= _length(self.shortest) or not self._shrink.affords(_purchases(script), self._part):
            # It may well fail, but it would tell nothing that is not known, or cost too much.
            return False
        with self._shrink.charged():
            played = self._play(script)
        if played.fails:
            self._failing[played.script] = played.shown
        else:
            self._passing.append(script)
        return played.fails

    def _foreseen(self, script: Script) -> bool | None:
        """Tell what will come of a life from those played; None where it has to be played.

        More steps around a life that shows a finding show it too, fewer steps of one that does not do not.
        Where that is wrong a shorter life is missed; a life that was never played is never reported.
        """
        if any(_within(failing, script) for failing in self._failing):
            return True
        if any(_within(script, passing) for passing in self._passing):
            return False
        return None

    def _play(self, script: Script) -> _Played:
        stage = self._stage
        stage.clear()
        self._hits.look()
        first = [stage.session.counts.requests]
        shown: frozenset[str] = frozenset()
        for number, step in enumerate(script, 1):
            stage.session.check_time()
            step.play(stage)
            first.append(stage.session.counts.requests)
            shown |= self._hits.look().errors - self._known
            if self.finding in shown or (self.finding is None and shown):
                return _Played(script[:number], tuple(first), shown, fails=True)
        return _Played(script, tuple(first), shown, fails=False)

    def _named(self, played: _Played, finding: str) -> set[int]:
        """Return the places of the steps whose operations a finding names."""
        marks = {mark.index for mark in self._hits.finding(finding).marks}
        stretches = pairwise(played.first)
        return {place for place, stretch in enumerate(stretches) if marks & set(range(*stretch))}


def _length(script: Script) -> tuple[int, int]:
    """Return how long a life is to live, and to read."""
    return len(script), sum(len(str(step)) for step in script)


def _purchases(script: Script) -> int:
    return sum(isinstance(step, Create) for step in script)


def _within(part: Script, whole: Script) -> bool:
    """Tell whether a life's steps all occur in another's, in the same order."""
    rest = iter(whole)
    return all(step in rest for step in part)
