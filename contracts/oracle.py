"""The oracle: operations in, findings and exercise counts out, for every mode of assay."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from contracts.checks import CHECKS
from contracts.clauses import Clause, load_clauses
from contracts.finding import (
    ClauseResult,
    ClauseVerdict,
    Finding,
    Severity,
    Violation,
    finding_id,
)
from contracts.history import Operation
from contracts.invariants import INVARIANTS
from contracts.monitor import Monitor, Setting
from contracts.reading import Reading

MAX_SAMPLES: Final = 5
"""Further offending values kept beside a finding's first."""

MAX_FINDINGS: Final = 500
"""Distinct findings kept; more causes than that is a monitor that names a value in its cause.

The first of each clause and severity is kept beyond that, for the verdict hangs on it.
"""


_MAX_CRASH: Final = 4000
"""Characters kept of what a crashed check says: more than a report shows, for secrets are masked before it is cut."""


@dataclass(slots=True)
class _Case:
    first: Violation
    severity: Severity
    count: int = 1
    samples: list[str] = field(default_factory=list)


class Oracle:
    """The one place where operations are judged.

    Args:
        monitors: checks and invariants, made for this run.
        clauses: the catalogue; the packaged one by default.
        severities: configured severity by clause id, over the catalogue's.
        withhold: asked of every violation; True leaves it out (what a masked history cannot tell).

    Feeding it from several threads at once is the caller's business to prevent.
    """

    def __init__(
        self,
        monitors: Iterable[Monitor],
        *,
        clauses: Mapping[str, Clause] | None = None,
        severities: Mapping[str, Severity] | None = None,
        withhold: Callable[[Violation], bool] | None = None,
    ) -> None:
        self._monitors: Sequence[Monitor] = tuple(monitors)
        self._clauses = load_clauses() if clauses is None else clauses
        self._severities = dict(severities or {})
        self._withhold = withhold
        self._exercised = dict.fromkeys(self._clauses, 0)
        self._cases: dict[tuple[str, str], _Case] = {}
        self._crashes: dict[str, str] = {}
        self._touched: dict[tuple[str, str], None] = {}
        self._told: set[tuple[str, Severity]] = set()
        self._finished = False
        self._left_out = 0
        self.operations = 0

    def feed(self, operation: Operation) -> tuple[str, ...]:
        """Judge one operation.

        Args:
            operation: operations come in the order in which their answers arrived.

        Returns:
            Ids of the findings that this operation opened or added to.
        """
        self.operations += 1
        self._touched.clear()
        reading = Reading(operation)
        for monitor in self._monitors:
            try:
                monitor.observe(reading, self)
            except Exception as error:  # noqa: BLE001 - a crashing check is evidence, never a pass (style, rule 4)
                self._crash(monitor, error)
        return tuple(finding_id(*key) for key in self._touched)

    def finish(self) -> None:
        """Let every monitor judge what it held back; further calls do nothing."""
        if self._finished:
            return
        self._finished = True
        for monitor in self._monitors:
            try:
                monitor.finish(self)
            except Exception as error:  # noqa: BLE001 - as in feed
                self._crash(monitor, error)

    def exercise(self, clause: str, times: int = 1) -> None:
        """Count that a clause was put to the test (see ``Docket``)."""
        self._exercised[clause] += times

    def violate(self, violation: Violation) -> None:
        """Record a violation under its clause and cause (see ``Docket``)."""
        if self._withhold is not None and self._withhold(violation):
            return
        key = (violation.clause, violation.cause)
        severity = self._severity(violation)
        case = self._cases.get(key)
        if case is None:
            if len(self._cases) < MAX_FINDINGS or (violation.clause, severity) not in self._told:
                self._cases[key] = _Case(violation, severity)
                self._told.add((violation.clause, severity))
                self._touched[key] = None
            else:
                self._left_out += 1
            return
        self._touched[key] = None
        case.count += 1
        if severity is Severity.ERROR:
            case.severity = severity
        if len(case.samples) < MAX_SAMPLES and violation.observed not in {case.first.observed, *case.samples}:
            case.samples.append(violation.observed)

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the judging itself: what there was no room for."""
        if not self._left_out:
            return ()
        return (f"{self._left_out} violations are not told: {MAX_FINDINGS} findings with other causes came before",)

    @property
    def broken(self) -> bool:
        """True once a finding of severity error was opened."""
        return any(case.severity is Severity.ERROR for case in self._cases.values())

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings so far, errors first, then in the catalogue's order."""
        order = {clause: number for number, clause in enumerate(self._clauses)}
        found = [
            Finding(
                finding_id(*key),
                case.first.clause,
                case.first.cause,
                case.severity,
                case.first.title,
                case.first.expected,
                case.first.observed,
                case.count,
                case.first.marks,
                tuple(case.samples),
            )
            for key, case in self._cases.items()
        ]
        return tuple(sorted(found, key=lambda f: (f.severity is not Severity.ERROR, order[f.clause])))

    @property
    def exercised(self) -> Mapping[str, int]:
        """How often each clause was put to the test so far."""
        return dict(self._exercised)

    def results(self, *, mode: str, reasons: Mapping[str, str] | None = None) -> tuple[ClauseResult, ...]:
        """Return the verdict on every clause that a command can exercise at all.

        Args:
            mode: the command (``gate``, ``load``).
            reasons: by clause id, why the run could not exercise it.
        """
        found = self.findings
        results = []
        for clause in self._clauses.values():
            if mode not in clause.modes:
                continue
            mine = tuple(f for f in found if f.clause == clause.id)
            count = self._exercised[clause.id]
            if any(f.severity is Severity.ERROR for f in mine):
                verdict, reason = ClauseVerdict.BROKEN, ""
            elif clause.id in self._crashes:
                verdict, reason = ClauseVerdict.NOT_EXERCISED, self._crashes[clause.id]
            elif count < clause.min_exercise:
                verdict = ClauseVerdict.NOT_EXERCISED
                reason = (reasons or {}).get(clause.id, "the run met no occasion for it")
                if count:
                    reason = f"exercised {count} of at least {clause.min_exercise} times: {reason}"
            else:
                verdict, reason = ClauseVerdict.KEPT, ""
            results.append(
                ClauseResult(
                    clause.id,
                    self._severities.get(clause.id, Severity(clause.severity)),
                    clause.basis,
                    verdict,
                    count,
                    clause.required or clause.id in self._crashes,
                    tuple(f.id for f in mine),
                    reason,
                )
            )
        return tuple(results)

    def _severity(self, violation: Violation) -> Severity:
        configured = self._severities.get(violation.clause)
        own = violation.severity or Severity(self._clauses[violation.clause].severity)
        # A tolerance stays a warning whatever the clause's own severity was raised to.
        return own if configured is None or violation.severity is Severity.WARNING else configured

    def _crash(self, monitor: Monitor, error: Exception) -> None:
        last = traceback.extract_tb(error.__traceback__)[-1]
        text = f"the check crashed: {type(error).__name__}: {str(error)[:_MAX_CRASH]} ({last.name}, line {last.lineno})"
        for clause in monitor.clauses:
            self._crashes.setdefault(clause, text)


def make_oracle(
    setting: Setting,
    severities: Mapping[str, Severity] | None = None,
    withhold: Callable[[Violation], bool] | None = None,
) -> Oracle:
    """Return an oracle with every registered check and invariant, tolerances filled in from the catalogue."""
    clauses = load_clauses()
    tolerances = {
        clause.id: {**clause.tolerance, **setting.tolerances.get(clause.id, {})} for clause in clauses.values()
    }
    full = replace(setting, tolerances=tolerances)
    return Oracle(
        [make(full) for make in (*CHECKS, *INVARIANTS)], clauses=clauses, severities=severities, withhold=withhold
    )
