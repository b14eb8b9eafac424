"""The result of a run: the verdict, and the document ``run.json`` that every report is made from."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from contracts.baseline import Baseline
from contracts.clauses import Clause, load_clauses
from contracts.finding import ClauseResult, ClauseVerdict, Finding, Severity, Verdict
from contracts.history import Mark, Operation
from contracts.places import place_of
from contracts.record.curl import curl, query_string
from contracts.record.line import readable
from contracts.record.masking import Masker

SCHEMA: Final = 1
"""Version of run.json's shape; it changes when a reader of the old one would misread the new one."""

INTERRUPTED: Final = 130

_MAX_BODY: Final = 4 * 1024
"""Characters of a body shown as evidence; the history keeps more."""

_MAX_TEXT: Final = 2000

_FEW: Final = 5
"""Clauses that are named one by one even where they are all that a run requires."""

_MAX_EVIDENCE: Final = 24
"""Operations shown of one finding, the first and the last half; a race may involve hundreds."""

_CUT_SHORT: Final = "the run was cut short before it could reach a verdict"


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of a run.

    Attributes:
        name: what the part does, a few words.
        seconds: how long it took.
        requests: how many requests it sent.
        purchases: how many purchases it made.
    """

    name: str
    seconds: float
    requests: int
    purchases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What is known of a run besides what was found.

    Attributes:
        command: ``gate``, ``load``.
        target: base URL.
        profile: the contract version that judged.
        seed: of every random choice.
        started: when it began, with a time zone.
        rerun: the command line that runs it again, seed included.
        duration_s: how long it took.
        purchases: purchases made, creates of unknown outcome included.
        spend: what they cost.
        spend_currency: in which currency, None when no price was seen.
        requests: requests sent.
        notes: remarks worth reading (a redirect not followed, a profile detected).
        phases: the parts of the run in order.
        partial: True when the run ended before its time; its verdict is then never "kept".
        interrupted: True when the user ended it; the exit code is then 130.
        run_dir: where it is written to, by which its findings are replayed; None where nobody will find it again.
    """

    command: str
    target: str
    profile: str
    seed: int
    started: datetime
    rerun: str
    duration_s: float = 0.0
    purchases: int = 0
    spend: Decimal = Decimal(0)
    spend_currency: str | None = None
    requests: int = 0
    notes: tuple[str, ...] = ()
    phases: tuple[Phase, ...] = ()
    partial: bool = False
    interrupted: bool = False
    run_dir: Path | None = None


def decide(
    results: Sequence[ClauseResult], findings: Sequence[Finding], troubles: Sequence[str]
) -> tuple[Verdict, list[str]]:
    """Return the verdict on a run, and why.

    Broken outranks inconclusive, which outranks kept. A run in which no clause was exercised is
    inconclusive, whatever was required.

    Args:
        results: what the run says of each clause.
        findings: everything found.
        troubles: what kept the run from being whole (target unreachable, budget spent, interrupted).
    """
    errors = [finding.clause for finding in findings if finding.severity is Severity.ERROR]
    broken = dict.fromkeys([*errors, *(result.id for result in results if result.verdict is ClauseVerdict.BROKEN)])
    missed = [result for result in results if result.required and result.verdict is ClauseVerdict.NOT_EXERCISED]
    doubts = [*troubles, *_missed_reasons(missed, sum(result.required for result in results))]
    if not doubts and all(result.verdict is ClauseVerdict.NOT_EXERCISED for result in results):
        doubts.append("no clause was exercised")
    if broken:
        number = max(len(errors), len(broken))
        return Verdict.BROKEN, [f"{_counted(number, 'finding')} of severity error: {', '.join(broken)}", *doubts]
    if doubts:
        return Verdict.INCONCLUSIVE, doubts
    kept = sum(result.verdict is ClauseVerdict.KEPT for result in results)
    return Verdict.KEPT, [f"{_counted(kept, 'clause')} exercised and kept, {_counted(len(findings), 'warning')}"]


def build_run(
    facts: RunFacts,
    results: Sequence[ClauseResult],
    findings: Sequence[Finding],
    operations: Mapping[int, Operation],
    masker: Masker,
    *,
    troubles: Sequence[str] = (),
    load: Mapping[str, Any] | None = None,
    baseline: Baseline | None = None,
) -> dict[str, Any]:
    """Return the document ``run.json`` (its JSON Schema is ``reports/run.schema.json``).

    Args:
        facts: what is known of the run.
        results: what it says of each clause.
        findings: everything found, worst first.
        operations: recorded operations by index; those that findings refer to and that are missing here
            are shown by their marks alone.
        masker: knows the run's secrets.
        troubles: as for ``decide``.
        load: what a load run measured; taken as it is, for it holds numbers and names of ours.
        baseline: the findings that somebody has accepted.
    """
    cut_short = [_CUT_SHORT] if (facts.partial or facts.interrupted) and not troubles else []
    verdict, reasons = decide(results, findings, [*troubles, *cut_short])
    scribe = _Scribe(facts, operations, masker, baseline)
    catalogue = load_clauses()
    return {
        **_head(facts, verdict, [scribe.text(reason) for reason in reasons]),
        "notes": [scribe.text(note) for note in facts.notes],
        "phases": [
            {
                "name": phase.name,
                "seconds": round(phase.seconds, 3),
                "requests": phase.requests,
                "purchases": phase.purchases,
            }
            for phase in facts.phases
        ],
        "clauses": [
            {
                "id": result.id,
                **_described(catalogue.get(result.id), result.id),
                "severity": result.severity.value,
                "basis": result.basis,
                "verdict": result.verdict.value,
                "exercised": result.exercised,
                "required": result.required,
                "findings": list(result.findings),
                "reason": scribe.text(result.reason),
            }
            for result in results
        ],
        "findings": [scribe.finding(finding) for finding in findings],
        **({} if load is None else {"load": dict(load)}),
    }


def build_started(facts: RunFacts) -> dict[str, Any]:
    """Return the ``run.json`` that stands while a run goes on, and for ever if it is killed."""
    head = _head(replace(facts, partial=True), Verdict.INCONCLUSIVE, [_CUT_SHORT])
    return {**head, "notes": list(facts.notes), "phases": [], "clauses": [], "findings": []}


def _head(facts: RunFacts, verdict: Verdict, reasons: list[str]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "command": facts.command,
        "verdict": verdict.value,
        "exit_code": INTERRUPTED if facts.interrupted else verdict.exit_code,
        "reasons": reasons,
        "partial": facts.partial,
        "started": facts.started.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "duration_s": round(facts.duration_s, 3),
        "target": facts.target,
        "profile": facts.profile,
        "seed": facts.seed,
        "purchases": facts.purchases,
        "spend": f"{facts.spend:.2f}",
        "spend_currency": facts.spend_currency,
        "requests": facts.requests,
        "rerun": facts.rerun,
    }


def _described(clause: Clause | None, name: str) -> dict[str, str]:
    return {"title": name} if clause is None else {"title": clause.title, "promise": clause.promise}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _missed_reasons(missed: Sequence[ClauseResult], required: int) -> list[str]:
    """Say which required clauses were not exercised, those of one reason together."""
    by_reason: dict[str, list[str]] = {}
    for result in missed:
        by_reason.setdefault(result.reason, []).append(result.id)
    return [
        f"required but not exercised: {_named(clauses, required)}" + (f" ({reason})" if reason else "")
        for reason, clauses in by_reason.items()
    ]


def _named(clauses: Sequence[str], required: int) -> str:
    """Name clauses; where a run came to none of them, a list of all would hide what it says."""
    return f"all {required} clauses" if len(clauses) == required > _FEW else ", ".join(clauses)


@dataclass(frozen=True, slots=True)
class _Scribe:
    """Writes findings down, masked."""

    facts: RunFacts
    operations: Mapping[int, Operation]
    masker: Masker
    baseline: Baseline | None

    def text(self, text: str) -> str:
        masked = _writable(self.masker.mask(text))
        return masked if len(masked) <= _MAX_TEXT else f"{masked[:_MAX_TEXT]}… ({len(masked)} characters)"

    def finding(self, finding: Finding) -> dict[str, Any]:
        marks = _some(finding.marks)
        recorded = [self.operations[mark.index] for mark in marks if mark.index in self.operations]
        # The operation whose answer completed the violation is the last.
        operation = finding.marks[-1].api_operation.value if finding.marks else None
        return {
            "id": finding.id,
            "clause": finding.clause,
            "severity": finding.severity.value,
            "title": self.text(finding.title),
            "expected": self.text(finding.expected),
            "observed": self.text(finding.observed),
            "operation": operation,
            **self.location(finding.clause, operation),
            "count": finding.count,
            "samples": [self.text(sample) for sample in finding.samples],
            "evidence": [self.evidence(mark) for mark in marks],
            "curl": [curl(operation, self.facts.target, self.masker) for operation in recorded],
            "replay": self.replay(finding),
            **self.accepted(finding),
        }

    def location(self, clause: str, operation: str | None) -> dict[str, Any]:
        place = place_of(self.facts.profile, clause, operation)
        return {} if place is None else {"location": place._asdict()}

    def replay(self, finding: Finding) -> str:
        run_dir = self.facts.run_dir
        return self.facts.rerun if run_dir is None else shlex.join(["assay", "replay", str(run_dir), finding.id])

    def accepted(self, finding: Finding) -> dict[str, Any]:
        entry = None if self.baseline is None else self.baseline.accepted(finding.id)
        if self.baseline is None or entry is None:
            return {}
        expired = self.baseline.is_expired(entry)
        said = {"reason": self.text(entry.reason), "expires": entry.expires.isoformat(), "expired": expired}
        return {"accepted": said}

    def evidence(self, mark: Mark) -> dict[str, Any]:
        operation = self.operations.get(mark.index)
        shown: dict[str, Any] = {
            "index": mark.index,
            "principal": mark.principal,
            "operation": mark.api_operation.value,
            "method": None,
            "path": None,
            "status": None,
            "outcome": None,
            "error": None,
            "invoked": round(mark.invoked, 6),
            "returned": round(mark.returned, 6),
            "request": None,
            "response": None,
        }
        if operation is None:
            return shown
        sent, answer = operation.input, operation.answer
        return shown | {
            "method": sent.method,
            "path": self.text(sent.path + query_string(sent.query)),
            "status": operation.status,
            "outcome": operation.outcome.value,
            "error": None if operation.error is None else self.text(operation.error),
            "request": self.body(sent.body) if sent.body else None,
            "response": None if answer is None else self.body(answer.body),
        }

    def body(self, body: bytes) -> str:
        text, _, cut = readable(body, self.masker, _MAX_BODY)
        return f"{_writable(text)}… ({len(body)} bytes)" if cut else _writable(text)


def _writable(text: str) -> str:
    """Return a text that UTF-8 can hold: a byte that was not UTF-8, a lone surrogate here, as an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _some(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    half = _MAX_EVIDENCE // 2
    return marks if len(marks) <= _MAX_EVIDENCE else (*marks[:half], *marks[-half:])
