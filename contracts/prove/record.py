"""The record of a proof: its directory, what is known already, and the document ``proof.json``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from contracts.errors import UsageError
from contracts.finding import Verdict
from contracts.prove.case import NOT_SHOWN, Case, Shown, complaint, without_gate
from contracts.prove.kept import keep, load_shown
from contracts.prove.proof import Summary, summarise
from contracts.record.result import INTERRUPTED
from contracts.record.rundir import RESULT, RunDirectory

SCHEMA: Final = 1
"""Version of proof.json's shape; it changes when a reader of the old one would misread the new one."""

DOCUMENT: Final = "proof.json"
RESULTS: Final = "proof.jsonl"
EMBEDDED: Final = "embedded sandbox"

REWRITE_S: Final = 5.0
"""Seconds after which the document is written anew while the proof runs, so that a killed one can be reported."""

_UNTOLD: Final = "the proof ended before it"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFacts:
    """What is known of a proof besides its cases.

    Attributes:
        target: base URL of what is seeded, or `EMBEDDED`.
        profile: contract version.
        depth: of every gate.
        seeds: of the cases.
        started: when it began, with a time zone.
    """

    target: str
    profile: str
    depth: str
    seeds: Sequence[int]
    started: datetime = field(default_factory=lambda: datetime.now(UTC))


class Record:
    """What a proof has shown so far, in memory and in its directory.

    Args:
        out: the directory the user wants, None for a fresh one below ``reports/runs``.
        facts: of the proof.
        cases: those selected, in order.

    Attributes:
        path: the directory.
        todo: the cases that no earlier proof in this directory has shown.
        stopped: why the proof ended before all were shown, None while it has not.
        interrupted: True when the user ended it.

    Raises:
        UsageError: the directory cannot be made or written, or holds another command's run.
    """

    def __init__(self, out: Path | None, facts: ProofFacts, cases: Sequence[Case]) -> None:
        self._directory = _open(out, facts.started)
        self._facts = facts
        self._cases = list(cases)
        self._began = self._written = time.perf_counter()
        wanted = {case.key for case in cases}
        earlier = load_shown(self.path / RESULTS)
        self._known = {key: one for key, one in earlier.items() if key in wanted}
        self.todo = [case for case in cases if case.key not in self._known]
        self.stopped: str | None = None
        self.interrupted = False
        self.write(partial=True)

    @property
    def path(self) -> Path:
        """The directory of the proof."""
        return self._directory.path

    @property
    def results(self) -> list[Shown]:
        """What came of each case, in order; those not reached are not shown."""
        why = self.stopped or _UNTOLD
        return [self._known.get(case.key) or without_gate(case, NOT_SHOWN, why) for case in self._cases]

    def add(self, shown: Shown) -> None:
        """Keep what came of a case; what was not shown is tried again when the proof is taken up again."""
        self._known[shown.key] = shown
        if shown.verdict != NOT_SHOWN:
            keep(self.path / RESULTS, shown)
        if time.perf_counter() - self._written > REWRITE_S:
            self.write(partial=True)

    def write(self, *, partial: bool) -> dict[str, Any]:
        """Write ``proof.json``, whole or not at all, and return it."""
        seconds = time.perf_counter() - self._began
        document = build_proof(
            self._facts,
            self._cases,
            self.results,
            duration_s=seconds,
            stopped=self.stopped,
            interrupted=self.interrupted,
            partial=partial or self.interrupted,
        )
        self._directory.write_json(DOCUMENT, document)
        self._written = time.perf_counter()
        return document


def build_proof(
    facts: ProofFacts,
    cases: Sequence[Case],
    results: Sequence[Shown],
    *,
    duration_s: float,
    stopped: str | None = None,
    interrupted: bool = False,
    partial: bool = False,
) -> dict[str, Any]:
    """Return the document of a proof, as ``reports/proof.schema.json`` describes it.

    Args:
        facts: what is known of it.
        cases: in order.
        results: what came of each, in the same order.
        duration_s: how long it took.
        stopped: why not all cases were shown, None where the proof came to its end.
        interrupted: whether the user ended it.
        partial: whether it was cut short, or still runs.
    """
    summary = summarise(results)
    verdict, reasons = judge(summary, stopped=stopped, partial=partial)
    return {
        "schema": SCHEMA,
        "command": "prove",
        "verdict": verdict.value,
        "exit_code": INTERRUPTED if interrupted else verdict.exit_code,
        "reasons": reasons,
        "partial": partial,
        "started": facts.started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{facts.started.microsecond // 1000:03d}Z",
        "duration_s": round(duration_s, 3),
        "target": facts.target,
        "profiles": [facts.profile],
        "depth": facts.depth,
        "seeds": list(facts.seeds),
        "summary": {name: value for name, value in asdict(summary).items() if name != "wrong"},
        "cases": [_entry(case, shown) for case, shown in zip(cases, results, strict=True)],
    }


def judge(summary: Summary, *, stopped: str | None, partial: bool) -> tuple[Verdict, list[str]]:
    """Return the verdict on a proof, and why.

    What is wrong outranks what was not shown. Cases that the target cannot show do not make a proof
    inconclusive, unless nothing else is left.

    Args:
        summary: of its results.
        stopped: why it ended early, None where it did not.
        partial: whether it was cut short, or still runs.
    """
    doubts = [stopped] if stopped else []
    doubts += ["the proof was cut short"] if partial else []
    told = (
        (summary.caught, summary.defects, "defects caught"),
        (summary.caught_mutants, summary.mutants, "mutants caught"),
        (summary.silent, summary.variants, "variants and controls silent"),
    )
    reasons = [f"{right} of {of} {what}" for right, of, what in told if of]
    if summary.wrong:
        return Verdict.BROKEN, [*reasons, *doubts]
    if not reasons:
        doubts.append("no case was shown")
    return (Verdict.INCONCLUSIVE, [*doubts, *reasons]) if doubts else (Verdict.KEPT, reasons)


def _entry(case: Case, shown: Shown) -> dict[str, Any]:
    ran = shown.seconds > 0
    note = complaint(shown) if shown.wrong and not shown.caught_by else shown.note
    return {
        "name": case.name,
        "kind": case.kind,
        "family": case.family,
        "statement": case.statement,
        "clauses": list(case.clauses),
        "right": None if shown.verdict == NOT_SHOWN else shown.right,
        "verdict": shown.verdict,
        "caught_by": list(shown.caught_by),
        "warned_by": list(shown.warned_by),
        "seconds": shown.seconds if ran else None,
        "catch_seconds": shown.catch_seconds,
        "purchases": shown.purchases if ran else None,
        "catch_purchases": shown.catch_purchases,
        "note": note,
        "seed": case.seed,
        "depth": case.depth,
        "profile": case.profile,
    }


def _open(out: Path | None, now: datetime) -> RunDirectory:
    if out is None:
        return RunDirectory.create("prove", None, now)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"{out} is a file, not a directory") from None
    except OSError as error:
        raise UsageError(f"cannot create {out}: {error.strerror}") from None
    if (out / RESULT).exists():
        raise UsageError(f"{out} holds a run of another command; choose another --out")
    return RunDirectory(out)
