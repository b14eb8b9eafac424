"""One ``run.json`` from the parts: their findings, their clauses, and the verdict on the release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from contracts.finding import ClauseVerdict, Severity, finding_id
from verify.part import Name, Part, State
from verify.verdict import Decision

SCHEMA: Final = 1

DRIFT: Final = "DRIFT-1"
COMPARE: Final = "COMPARE-1"
AGAINST: Final = "AGAINST-1"
"""Clauses of a verification alone: what the contract does not promise, and whoever releases does."""

_TITLES: Final = {
    DRIFT: "a consumer of the contract goes on working",
    COMPARE: "no worse than the release before",
    AGAINST: "the same answers as the release that runs beside it",
}
_PROMISES: Final = {
    DRIFT: "What the target says it serves breaks nobody who was built for the profile it is held to.",
    COMPARE: "No promise is broken that was kept before, and nothing became slower or failed more often beyond the "
    "tolerance.",
    AGAINST: "The same requests get answers that mean the same: statuses of one class, every key, every type.",
}
_OWN: Final = ((DRIFT, Name.DRIFT), (COMPARE, Name.COMPARE), (AGAINST, Name.AGAINST))
_RANK: Final = (ClauseVerdict.BROKEN, ClauseVerdict.KEPT, ClauseVerdict.NOT_EXERCISED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a verification beside its parts.

    Attributes:
        target: base URL, or how the embedded sandbox is called.
        profile: a profile's name.
        seed: of every random choice.
        started: when, in UTC.
        duration_s: how long it took.
        rerun: the command line that runs it again.
        label: commit or name of the release, empty without one.
        partial: whether it still goes on, or was killed.
    """

    target: str
    profile: str
    seed: int
    started: datetime
    rerun: str
    duration_s: float = 0.0
    label: str = ""
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """What drift or a comparison found, as a finding has it.

    Attributes:
        cause: stable over runs; part of the finding's id.
        severity: of the finding.
        title: in one line.
        expected: what was promised.
        observed: what was found.
    """

    cause: str
    severity: Severity
    title: str
    expected: str
    observed: str


def merged(
    facts: Facts,
    decision: Decision,
    parts: Sequence[Part],
    runs: Mapping[Name, Mapping[str, Any]],
    troubles: Mapping[Name, Sequence[Trouble]],
    below: Path,
) -> dict[str, Any]:
    """Return the ``run.json`` of a verification (its JSON Schema is ``reports/run.schema.json``).

    Args:
        facts: what is known of it.
        decision: what it came to.
        parts: in the order in which they are told.
        runs: ``run.json`` of the gate and of the load run, as far as they left one.
        troubles: what drift and the comparison found.
        below: the run directory.
    """
    documents = list(runs.values())
    found = {
        clause: [_finding(clause, trouble, facts.rerun) for trouble in troubles.get(name, ())] for clause, name in _OWN
    }
    states = {part.name: part for part in parts}
    own = [_own_clause(clause, states[name], found[clause]) for clause, name in _OWN if name in states]
    findings = _findings([*(document["findings"] for document in documents), *found.values()])
    currencies = [document["spend_currency"] for document in documents if document["spend_currency"]]
    return {
        "schema": SCHEMA,
        "command": "verify",
        "verdict": decision.verdict.value,
        "exit_code": decision.exit_code,
        "reasons": [decision.sentence, *decision.reasons],
        "partial": facts.partial,
        "started": facts.started.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "duration_s": round(facts.duration_s, 3),
        "target": facts.target,
        "profile": facts.profile,
        "seed": facts.seed,
        "purchases": sum(int(document["purchases"]) for document in documents),
        "spend": f"{sum((Decimal(document['spend']) for document in documents), Decimal(0)):.2f}",
        "spend_currency": currencies[0] if currencies else None,
        "requests": sum(int(document["requests"]) for document in documents),
        "rerun": facts.rerun,
        **({"label": facts.label} if facts.label else {}),
        "notes": [
            *(f"{part.name} was left out: {part.sentence}" for part in parts if part.state is State.LEFT_OUT),
            *(f"{name}: {note}" for name, document in runs.items() for note in document["notes"]),
        ],
        "phases": [
            {
                "name": part.name.value,
                "seconds": round(part.seconds, 3),
                "requests": int(runs[part.name]["requests"]) if part.name in runs else 0,
                "purchases": int(runs[part.name]["purchases"]) if part.name in runs else 0,
            }
            for part in parts
            if part.state is not State.LEFT_OUT
        ],
        "clauses": [*_clauses(document["clauses"] for document in documents), *own],
        "findings": findings,
        "parts": [part.as_json(below) for part in parts],
    }


def _clauses(lists: Iterable[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return each clause once: the worst verdict of those that exercised it, exercise counts summed."""
    known: dict[str, dict[str, Any]] = {}
    for clauses in lists:
        for clause in clauses:
            before = known.get(clause["id"])
            known[clause["id"]] = dict(clause) if before is None else _both(before, clause)
    return list(known.values())


def _both(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
    verdict = min((ClauseVerdict(one["verdict"]), ClauseVerdict(two["verdict"])), key=_RANK.index)
    missed = verdict is ClauseVerdict.NOT_EXERCISED
    return {
        **one,
        "verdict": verdict.value,
        "exercised": one["exercised"] + two["exercised"],
        "required": one["required"] or two["required"],
        "findings": list(dict.fromkeys([*one["findings"], *two["findings"]])),
        "reason": (one["reason"] or two["reason"]) if missed else "",
    }


def _findings(lists: Iterable[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return each finding once, errors first; one of two runs keeps the first one's evidence."""
    known: dict[str, dict[str, Any]] = {}
    for findings in lists:
        for finding in findings:
            before = known.get(finding["id"])
            if before is None:
                known[finding["id"]] = dict(finding)
            else:
                before["count"] += finding["count"]
                if finding["severity"] == Severity.ERROR and before["severity"] != Severity.ERROR:
                    known[finding["id"]] = {**finding, "count": before["count"]}
    return sorted(known.values(), key=lambda finding: str(finding["severity"]) != Severity.ERROR)


def _own_clause(clause: str, part: Part, findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    verdict = {State.KEPT: ClauseVerdict.KEPT, State.BROKEN: ClauseVerdict.BROKEN}.get(
        part.state, ClauseVerdict.NOT_EXERCISED
    )
    missed = verdict is ClauseVerdict.NOT_EXERCISED
    return {
        "id": clause,
        "title": _TITLES[clause],
        "promise": _PROMISES[clause],
        "severity": Severity.ERROR.value,
        "basis": "user",
        "verdict": verdict.value,
        "exercised": 0 if missed else 1,
        "required": part.state is not State.LEFT_OUT,
        "findings": [finding["id"] for finding in findings],
        "reason": part.sentence if missed else "",
    }


def _finding(clause: str, trouble: Trouble, rerun: str) -> dict[str, Any]:
    return {
        "id": finding_id(clause, trouble.cause),
        "clause": clause,
        "severity": trouble.severity.value,
        "title": trouble.title,
        "expected": trouble.expected,
        "observed": trouble.observed,
        "operation": None,
        "count": 1,
        "samples": [],
        "evidence": [],
        "curl": [],
        "replay": rerun,
    }
