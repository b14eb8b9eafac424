"""What invariants have in common: they read one book, and wait where only the rest of the run can tell."""

from __future__ import annotations

from typing import Final

from contracts.finding import Violation
from contracts.history import ApiOperation
from contracts.invariants.book import Book, Entry, book_of
from contracts.monitor import Docket, Monitor, Setting
from contracts.reading import Reading

MAX_HELD: Final = 500
"""Judgements of one kind that an invariant holds back; the first ones tell as much as the rest would."""


class Invariant(Monitor):
    """A monitor that judges entries of the run's book.

    Args:
        setting: what it may know of the run.
    """

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.book = Book()
        self._bound = False
        self._held: list[tuple[ApiOperation, str | None, tuple[Violation, ...]]] = []

    def observe(self, reading: Reading, docket: Docket) -> None:
        """Read one operation in the light of the book, and judge it."""
        if not self._bound:
            self.book, self._bound = book_of(docket), True
        self.judge(self.book.take(reading), docket)

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Judge one operation, which the book has filed already."""
        raise NotImplementedError

    def finish(self, docket: Docket) -> None:
        """Report what was held back about operations that the target turned out to have."""
        for kind, exercised, violations in self._held:
            if kind in self.book.present:
                _report(docket, exercised, violations)
        self._held.clear()

    def unless_lacking(self, docket: Docket, kind: ApiOperation, exercised: str | None, *violations: Violation) -> None:
        """Report at once where the target is known to have an operation, else once the run has shown it.

        Args:
            docket: where to report.
            kind: the operation that must not be lacking.
            exercised: the clause that was put to the test thereby, None when it is counted elsewhere.
            violations: what is wrong, if anything.
        """
        if kind in self.book.present:
            _report(docket, exercised, violations)
        elif len(self._held) < MAX_HELD:
            self._held.append((kind, exercised, violations))


def _report(docket: Docket, exercised: str | None, violations: tuple[Violation, ...]) -> None:
    if exercised is not None:
        docket.exercise(exercised)
    for violation in violations:
        docket.violate(violation)
