"""What checks and invariants have in common: they read operations and report to a docket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from contracts.finding import Severity, Violation
from contracts.history import Mark
from contracts.profiles import Profile
from contracts.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What every monitor may know of the run.

    Attributes:
        profile: the contract version that judges.
        secrets: API keys that no answer may contain (AUTH-3).
        tolerances: per clause id, its numeric tolerances (``{"VALUE-5": {"clock_skew_s": 300}}``).
    """

    profile: Profile
    secrets: Sequence[str] = ()
    tolerances: dict[str, dict[str, float]] = field(default_factory=dict)

    def tolerance(self, clause: str, name: str, default: float) -> float:
        """Return a clause's numeric tolerance, in the unit its name ends with."""
        return self.tolerances.get(clause, {}).get(name, default)


class Docket(Protocol):
    """Where monitors report."""

    def exercise(self, clause: str, times: int = 1) -> None:
        """Count that a clause was really put to the test, whatever came of it."""

    def violate(self, violation: Violation) -> None:
        """Report one violation. The clause counts as exercised only through ``exercise``."""


class Monitor:
    """One check (stateless, one answer) or invariant (bounded state, many operations).

    A monitor is made once a run, sees every operation once, in the order in which answers arrived, and is
    asked at the end for what it held back. It must not raise for any answer; when it does, its clauses are
    inconclusive and the exception is the evidence.
    """

    clauses: ClassVar[tuple[str, ...]] = ()

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    def observe(self, reading: Reading, docket: Docket) -> None:
        """Judge one operation in the light of those before it."""
        raise NotImplementedError

    def finish(self, docket: Docket) -> None:
        """Judge what could only be judged once everything was seen."""


def violation(
    clause: str,
    cause: str,
    title: str,
    *marks: Mark,
    expected: str,
    observed: str,
    severity: Severity | None = None,
) -> Violation:
    """Return a violation with its operations in order of time."""
    ordered = tuple(sorted(set(marks), key=lambda mark: (mark.invoked, mark.index)))
    return Violation(clause, cause, title, expected, observed, ordered, severity)


def excerpt(value: object, limit: int = 120) -> str:
    """Return a value as Python would show it, cut in the middle of nowhere rather than without end."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
