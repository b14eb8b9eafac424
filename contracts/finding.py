"""Findings and verdicts: what the oracle says, as frozen data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from contracts.history import Mark


class Severity(StrEnum):
    """``error`` fails the gate; ``warning`` is reported and does not."""

    ERROR = "error"
    WARNING = "warning"


class Verdict(StrEnum):
    """The verdict on a whole run. Broken outranks inconclusive, which outranks kept."""

    KEPT = "kept"
    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"

    @property
    def exit_code(self) -> int:
        """The process exit code of the verdict (design, "Exit codes")."""
        return {Verdict.KEPT: 0, Verdict.BROKEN: 1, Verdict.INCONCLUSIVE: 3}[self]


class ClauseVerdict(StrEnum):
    """The verdict on one clause."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_EXERCISED = "not_exercised"


@dataclass(frozen=True, slots=True)
class Violation:
    """One time a clause was seen broken, as a check or invariant reports it.

    Attributes:
        clause: the clause's id.
        cause: a short stable slug of *why*; violations of one clause and cause are one finding with a count.
            It holds no value of the run (no id, number or time).
        title: one line that says what went wrong, in a reader's words.
        expected: what the clause promises here.
        observed: the offending value or course of events.
        marks: the operations involved, in order of time.
        severity: None for the clause's own; WARNING where the contract tolerates but reports.
    """

    clause: str
    cause: str
    title: str
    expected: str
    observed: str
    marks: tuple[Mark, ...]
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """All violations of one clause with one cause.

    Attributes:
        id: stable over runs: the clause and a digest of the cause.
        clause: the clause's id.
        cause: the slug that groups violations.
        severity: after configuration.
        title: one line that says what went wrong.
        expected: what the clause promises, for the first violation.
        observed: the offending values, the first violation's first.
        count: how many violations were seen.
        marks: the operations of the first violation, in order of time.
        samples: ``observed`` of up to a few further violations.
    """

    id: str
    clause: str
    cause: str
    severity: Severity
    title: str
    expected: str
    observed: str
    count: int
    marks: tuple[Mark, ...]
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClauseResult:
    """What a run says of one clause.

    Attributes:
        id: the clause's id.
        severity: after configuration.
        basis: documented, published, implied or user.
        verdict: kept, broken or not exercised.
        exercised: how often the clause was really put to the test.
        required: whether a run that did not exercise it is inconclusive.
        findings: ids of its findings, warnings included.
        reason: why it was not exercised and what would make it possible; the exception when a check crashed.
    """

    id: str
    severity: Severity
    basis: str
    verdict: ClauseVerdict
    exercised: int
    required: bool
    findings: tuple[str, ...] = ()
    reason: str = ""


def finding_id(clause: str, cause: str) -> str:
    """Return the stable id of a finding: ``LIFE-3-1f0c9a``."""
    digest = hashlib.sha256(f"{clause}\n{cause}".encode()).hexdigest()
    return f"{clause}-{digest[:6]}"
