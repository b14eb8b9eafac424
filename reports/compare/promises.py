"""Which clauses and findings appeared or went between two runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from reports.compare.change import Change

_BROKEN: Final = "broken"
_KEPT: Final = "kept"
_NOT_EXERCISED: Final = "not_exercised"
_ABSENT: Final = "absent"


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """A clause whose verdict is another one.

    Attributes:
        id: of the clause.
        title: of the clause.
        baseline: ``kept``, ``broken``, ``not_exercised``, or ``absent`` where the run does not know the clause.
        candidate: the same of the other run.
        change: what became of it.
        reason: why it was not exercised by the candidate, else empty.
    """

    id: str
    title: str
    baseline: str
    candidate: str
    change: Change
    reason: str


@dataclass(frozen=True, slots=True)
class FindingChange:
    """A finding that only one of the runs has, or that only the candidate counts as an error.

    Attributes:
        id: of the finding, stable over runs.
        clause: its clause.
        severity: ``error`` or ``warning``; an accepted finding is a warning until its acceptance expires.
        title: of the finding.
        appeared: whether the candidate has it; else it went.
        change: what became of it; a finding went for good only where its clause was put to the test again.
    """

    id: str
    clause: str
    severity: str
    title: str
    appeared: bool
    change: Change


@dataclass(frozen=True, slots=True)
class Promises:
    """What differs in clauses and findings.

    Attributes:
        clauses: in the order of the candidate's, then those it does not know.
        findings: those that appeared first, errors before warnings.
    """

    clauses: tuple[ClauseChange, ...]
    findings: tuple[FindingChange, ...]


def promises(baseline: Mapping[str, Any], candidate: Mapping[str, Any]) -> Promises:
    """Return the clauses and findings in which two runs differ.

    Args:
        baseline: a valid ``run.json``, the run before.
        candidate: a valid ``run.json``, the run after.
    """
    old, new = ({clause["id"]: clause for clause in run["clauses"]} for run in (baseline, candidate))
    clauses = tuple(
        _clause(old.get(id_), new.get(id_)) for id_ in {**new, **old} if _said(old.get(id_)) != _said(new.get(id_))
    )
    before, after = ({finding["id"]: finding for finding in run["findings"]} for run in (baseline, candidate))
    found = [_appeared(finding) for id_, finding in after.items() if id_ not in before or _graver(before[id_], finding)]
    found += [_went(finding, new) for id_, finding in before.items() if id_ not in after]
    found.sort(key=lambda finding: (not finding.appeared, finding.severity != "error"))
    return Promises(clauses, tuple(found))


def severity(finding: Mapping[str, Any]) -> str:
    """Return how a finding counts: one that the baseline file accepts is a warning while that has not expired."""
    accepted = finding.get("accepted")
    return "warning" if accepted is not None and not accepted["expired"] else str(finding["severity"])


def _said(clause: Mapping[str, Any] | None) -> str:
    return _ABSENT if clause is None else str(clause["verdict"])


def _clause(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> ClauseChange:
    before, after = _said(old), _said(new)
    known = new if new is not None else old
    assert known is not None
    required = bool((old or {}).get("required") or (new or {}).get("required"))
    reason = str(new["reason"]) if new is not None and after == _NOT_EXERCISED else ""
    return ClauseChange(
        known["id"], known["title"], before, after, _clause_change(before, after, required=required), reason
    )


def _clause_change(before: str, after: str, *, required: bool) -> Change:
    """Return what two verdicts on a clause come to; one that was lost from sight is known to be neither."""
    if after == _BROKEN:
        return Change.WORSE
    if after == _KEPT:
        return Change.BETTER if before == _BROKEN else Change.SAME
    return Change.CANNOT_TELL if required or before == _BROKEN else Change.SAME


def _appeared(finding: Mapping[str, Any]) -> FindingChange:
    counts = severity(finding)
    change = Change.WORSE if counts == "error" else Change.SAME
    return FindingChange(finding["id"], finding["clause"], counts, finding["title"], appeared=True, change=change)


def _graver(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Tell whether a finding counts as an error only now: its acceptance has expired, or its severity rose."""
    return severity(before) != "error" and severity(after) == "error"


def _went(finding: Mapping[str, Any], clauses: Mapping[str, Mapping[str, Any]]) -> FindingChange:
    counts = severity(finding)
    tested = _said(clauses.get(finding["clause"])) in {_KEPT, _BROKEN}
    change = Change.SAME if counts != "error" else Change.BETTER if tested else Change.CANNOT_TELL
    return FindingChange(finding["id"], finding["clause"], counts, finding["title"], appeared=False, change=change)
