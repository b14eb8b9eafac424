"""The bench: the contract's own checks and invariants, for answers that the screen and the rules did not pass."""

from __future__ import annotations

import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from contracts.checks.leak import LeakCheck
from contracts.checks.pagination import PaginationCheck
from contracts.checks.pressure import PressureCheck
from contracts.checks.shape import ShapeCheck
from contracts.checks.value import ValueCheck
from contracts.clauses import load_clauses
from contracts.finding import Severity, Violation
from contracts.history import ApiOperation, Operation
from contracts.invariants.book import Book, book_of
from contracts.invariants.credentials import StableCredentials
from contracts.invariants.identity import Identity
from contracts.invariants.lifecycle import Lifecycle
from contracts.invariants.ownership import Ownership
from contracts.invariants.pages import Pages
from contracts.invariants.requesting import Requesting
from contracts.invariants.uniqueness import Uniqueness
from contracts.invariants.visibility import Visibility
from contracts.monitor import Docket, Monitor, Setting
from contracts.reading import Reading
from contracts.schema import RustValidator

INVARIANTS: Final[tuple[type[Monitor], ...]] = (
    Lifecycle,
    StableCredentials,
    Identity,
    Uniqueness,
    Visibility,
    Requesting,
    Ownership,
)
"""What judges purchases that are suspect. Walks, refunds and balances are for runs that own the whole account."""

UNCOUNTED: Final = frozenset({"RACE-1", "RACE-3", "LIFE-7"})
"""Clauses whose exercises are counted elsewhere: the bench does not see every create, and no connection."""

MAX_EVIDENCE: Final = 24
MAX_PURCHASES: Final = 4_000
MAX_RECENT: Final = 512


def _is_beyond_us(violation: Violation) -> bool:
    """Tell whether a violation asks which connection was used, or for races of creates that are told again.

    The register keeps no connections, and tells creates again in another order than that of their answers; what is
    said of two creates by their own times holds all the same. Whatever else breaks these clauses breaks LIFE-2 or
    LIFE-6 too.
    """
    return violation.clause == "RACE-3" or (violation.clause, violation.cause) == ("RACE-1", "acknowledged-but-denied")


class OwnedValueCheck(ValueCheck):
    """Judges values, told by the register which purchases are the owner's."""

    def own(self, number: int) -> None:
        """Take note of a purchase of the owner."""
        self._remember(number)


class Desk:
    """A docket that hears what monitors say, and passes it on unless it is muted.

    Args:
        docket: the run's.
        severities: configured severity by clause id, over the catalogue's.
        withhold: asked of every violation; True leaves it out (see ``Oracle``).
    """

    def __init__(
        self,
        docket: Docket,
        severities: Mapping[str, Severity],
        withhold: Callable[[Violation], bool] | None = None,
    ) -> None:
        self._docket = docket
        self._severities = severities
        self._withhold = withhold
        self.muted = False
        self.heard: list[Violation] = []
        self.counted: list[tuple[str, int]] = []

    def exercise(self, clause: str, times: int = 1) -> None:
        """Count an exercise."""
        if not self.muted and clause not in UNCOUNTED:
            self.counted.append((clause, times))
            self._docket.exercise(clause, times)

    def violate(self, violation: Violation) -> None:
        """Report a violation."""
        if not self.muted and not _is_beyond_us(violation) and not (self._withhold and self._withhold(violation)):
            self.heard.append(violation)
            self._docket.violate(violation)

    def is_error(self, violation: Violation) -> bool:
        """Tell whether a violation is of severity error, after configuration."""
        if violation.severity is Severity.WARNING:
            return False
        clause = load_clauses()[violation.clause]
        return self._severities.get(violation.clause, violation.severity or Severity(clause.severity)) is Severity.ERROR


class Bench:
    """Judges operations as the gate does.

    Args:
        setting: what checks and invariants may know of the run.
        docket: where they report.
        severities: configured severity by clause id.
        crashes: by clause id, why a check of it crashed; filled here.
        withhold: asked of every violation; True leaves it out (see ``Oracle``).
        learn: told every operation that is judged here, for findings quote its secrets.

    Attributes:
        evidence: operations that findings refer to, by index; their bodies are as they came.
        left: purchases that the bench had no more room for.
        present: operations that the target is known to have, whoever saw them served.
    """

    def __init__(
        self,
        setting: Setting,
        docket: Docket,
        severities: Mapping[str, Severity],
        crashes: dict[str, str],
        withhold: Callable[[Violation], bool] | None = None,
        learn: Callable[[Operation], object] | None = None,
    ) -> None:
        self._learn = learn
        self._setting = setting
        self._crashes = crashes
        self._docket = docket
        self._severities = severities
        self._withhold = withhold
        self._values = OwnedValueCheck(setting)
        self._checks: tuple[Monitor, ...] = (
            ShapeCheck(setting, RustValidator),
            self._values,
            LeakCheck(setting),
            PressureCheck(setting),
            PaginationCheck(setting),
        )
        self._pages = Pages(setting)
        self._recent: OrderedDict[int, Operation] = OrderedDict()
        self.evidence: dict[int, Operation] = {}
        self._filed: set[tuple[str, str]] = set()
        self.left = 0
        self.present: set[ApiOperation] = set()
        self._open()

    def _open(self) -> None:
        self.desk = Desk(self._docket, self._severities, self._withhold)
        self.book: Book = book_of(self.desk)
        self._invariants = tuple(make(self._setting) for make in INVARIANTS)

    def judge_answer(self, operation: Operation, *, owned: int | None = None) -> None:
        """Judge an answer by itself.

        Args:
            operation: the call and its answer.
            owned: the purchase it names, where that is known for the owner's.
        """
        if owned is not None:
            self._values.own(owned)
        reading = Reading(operation)
        self._keep(operation)
        for check in self._checks:
            self._run(check, lambda check=check: check.observe(reading, self.desk))  # type: ignore[misc]
        # A book of its own: pages are judged by themselves, and are no views of purchases here.
        self._run(self._pages, lambda: self._pages.judge(Book().take(reading), self.desk))
        self.file(self.desk.heard)

    def judge_life(self, operation: Operation, whole: Operation | None = None) -> None:
        """Judge an operation in the light of what the bench knows of its purchases.

        Args:
            operation: what is judged.
            whole: the operation that it is only a part of.
        """
        self._keep(whole or operation)
        self.book.present |= self.present
        self._feed(operation)
        self.file(self.desk.heard)

    def tell(self, operations: Iterable[Operation]) -> None:
        """Let the invariants know what was seen and judged before."""
        self.desk.muted = True
        try:
            for operation in operations:
                # Findings to come quote what is only told here, such as the credentials seen first.
                if self._learn is not None:
                    self._learn(operation)
                self._feed(operation)
        finally:
            self.desk.muted = False

    def is_full(self) -> bool:
        """Tell whether the bench knows as many purchases as it may."""
        return len(self.book.purchases) >= MAX_PURCHASES

    def close(self) -> None:
        """Judge what was held back, forget every purchase, and begin anew."""
        self.book.present |= self.present
        for invariant in self._invariants:
            self._run(invariant, lambda invariant=invariant: invariant.finish(self.desk))  # type: ignore[misc]
        self.file(self.desk.heard)
        self.left += len(self.book.purchases)
        self._open()

    def keep(self, operation: Operation, found: Sequence[Violation]) -> None:
        """Keep an operation as evidence of violations that were found elsewhere."""
        self._keep(operation)
        self.file(found)

    def file(self, found: Sequence[Violation]) -> None:
        """Keep the operations of each finding's first violation, the only ones that reports show."""
        for one in found:
            key = (one.clause, one.cause)
            if key in self._filed:
                continue
            self._filed.add(key)
            for mark in one.marks[:MAX_EVIDENCE]:
                operation = self._recent.get(mark.index)
                if operation is not None:
                    self.evidence[mark.index] = operation

    def note_crash(self, clauses: Sequence[str], error: Exception) -> None:
        """Remember that a check crashed: its clauses have no verdict."""
        last = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__}: {str(error)[:200]} ({last.name}, line {last.lineno})"
        for clause in clauses:
            self._crashes.setdefault(clause, text)

    def _feed(self, operation: Operation) -> None:
        reading = Reading(operation)
        for invariant in self._invariants:
            self._run(invariant, lambda invariant=invariant: invariant.observe(reading, self.desk))  # type: ignore[misc]

    def _run(self, monitor: Monitor, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - a crashing check is evidence, never a pass (style, rule 4)
            self.note_crash(monitor.clauses, error)

    def _keep(self, operation: Operation) -> None:
        if self._learn is not None:
            self._learn(operation)
        self._recent[operation.index] = operation
        if len(self._recent) > MAX_RECENT:
            self._recent.popitem(last=False)
