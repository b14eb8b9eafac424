"""What a run came to, in the words and the order that every document for people uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reports.plaintext import counted

_CONTRACT: Final = {
    "kept": "The target keeps its contract, as far as it was put to the test.",
    "broken": "The target does not keep its contract.",
    "inconclusive": "The target was not put to the whole test.",
}
_REPLAY: Final = "A finding of an earlier run, replayed: it {outcome}."
_LONGEST: Final = 1e9
"""Seconds beyond which no run goes."""

_NO_REASON: Final = "no reason was written down"


@dataclass(frozen=True, slots=True)
class Untested:
    """Clauses that were not exercised for one reason.

    Attributes:
        reason: why.
        clauses: their ids, in the order of the catalogue.
        required: those among them without which a run is inconclusive.
    """

    reason: str
    clauses: tuple[str, ...]
    required: frozenset[str]


def sentence(document: Mapping[str, Any]) -> str:
    """Return the verdict of a run in one sentence.

    Args:
        document: a valid ``run.json``.
    """
    if document.get("parts"):
        # A verification says it in the first of its reasons, with what it does not cover.
        return str(document["reasons"][0])
    if (replay := document.get("replay")) is not None:
        return _REPLAY.format(outcome=replay["outcome"])
    missed = sum(objective.get("ok") is False for objective in document.get("load", {}).get("objectives", ()))
    if document["verdict"] == "broken" and missed:
        objectives = f"misses {counted(missed, 'objective')}"
        errors = any(is_error(finding) for finding in document["findings"])
        return f"The target does not keep its contract and {objectives}." if errors else f"The target {objectives}."
    if document["verdict"] == "kept" and document.get("load", {}).get("objectives"):
        return "The target keeps its contract at this speed and meets every objective."
    return _CONTRACT[str(document["verdict"])]


def is_error(finding: Mapping[str, Any]) -> bool:
    """Return whether a finding breaks the run: of severity error and not accepted by a baseline."""
    return str(finding["severity"]) == "error"


def worst_first(findings: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return findings with the errors first, otherwise in their order."""
    return sorted(findings, key=lambda finding: not is_error(finding))


def label_of(finding: Mapping[str, Any]) -> str:
    """Return what a finding counts as: ``error``, ``warning``, or ``accepted`` while a baseline has it."""
    accepted = finding.get("accepted")
    return "accepted" if accepted is not None and not accepted["expired"] else str(finding["severity"])


def untested(clauses: Sequence[Mapping[str, Any]]) -> list[Untested]:
    """Return the clauses that were not exercised, those of one reason together, required ones first."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for clause in clauses:
        if clause["verdict"] == "not_exercised":
            groups.setdefault(clause["reason"] or _NO_REASON, []).append(clause)
    made = [
        Untested(
            reason,
            tuple(clause["id"] for clause in members),
            frozenset(clause["id"] for clause in members if clause["required"]),
        )
        for reason, members in groups.items()
    ]
    return sorted(made, key=lambda group: not group.required)


def costs(document: Mapping[str, Any]) -> list[str]:
    """Return what a run cost, one text a kind; empty when it was killed before it could write that down."""
    if document["partial"] and not document["requests"]:
        return []
    return [
        counted(document["requests"], "request"),
        counted(document["purchases"], "purchase"),
        f"{document['spend']} {document['spend_currency'] or 'spent'}",
    ]


def started(document: Mapping[str, Any]) -> str:
    """Return when a run began, as ``2026-02-23 10:15:00 UTC``."""
    return f"{str(document['started'])[:19].replace('T', ' ')} UTC"


def lasted(seconds: float) -> str:
    """Return a duration as people say it: ``14.3 s``, ``2 min 5 s``, ``3 h 20 min``."""
    seconds = min(seconds, _LONGEST)
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
