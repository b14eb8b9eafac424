"""A release beside the accepted one: their gates and their load runs, pair by pair."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from contracts.finding import Severity
from reports.compare.cells import DEFAULT, Tolerance
from reports.compare.change import EXIT_CODES, Change, overall
from reports.compare.comparison import Comparison, Run, compare, open_run, reasons_for_doubt
from reports.compare.document import document
from reports.compare.promises import Promises
from reports.errors import DocumentError
from reports.rundocs import load_run
from reports.writing import write_document
from verify.merge import Trouble
from verify.part import Name, Part, State, left_out
from verify.weighing import Weighed, weigh_breakpoints, weigh_cells

FILE: Final = "compare.json"
SCHEMA: Final = 1

_STATES: Final = {
    Change.WORSE: State.BROKEN,
    Change.CANNOT_TELL: State.INCONCLUSIVE,
    Change.SAME: State.KEPT,
    Change.BETTER: State.KEPT,
}
_PAIRS: Final = (Name.GATE, Name.LOAD)
_MOST_NAMED: Final = 8


@dataclass(frozen=True, slots=True)
class Pair:
    """The gates, or the load runs, of two releases.

    Attributes:
        name: which.
        change: what became of it.
        reasons: why, with figures; empty where nothing became worse.
        comparison: everything that it rests on.
    """

    name: Name
    change: Change
    reasons: tuple[str, ...]
    comparison: Comparison


def compare_with(
    baseline: Path, runs: Mapping[Name, Path], directory: Path, *, tolerance: float, floor_ms: float, seed: int
) -> tuple[Part, list[Trouble]]:
    """Compare the runs of a release with an accepted one, and write ``compare.json``.

    Args:
        baseline: run directory of a verification, a gate or a load run.
        runs: run directories of the release, as far as they left a result.
        directory: the run directory of the verification.
        tolerance: loss of latency or rate that does not matter; 0.2 is 20 %.
        floor_ms: growth of a latency that does not matter.
        seed: of the resampling.

    Raises:
        DocumentError: a run cannot be read, or the document cannot be written.
    """
    before = _runs_of(baseline)
    pairs = [
        _pair(name, open_run(before[name]), open_run(runs[name]), tolerance, floor_ms, seed)
        for name in _PAIRS
        if name in before and name in runs
    ]
    if not pairs:
        return left_out(Name.COMPARE, f"{baseline} and this run have nothing in common to compare"), []
    change = overall(pair.change for pair in pairs)
    content = {
        "schema": SCHEMA,
        "command": "compare",
        "baseline": str(baseline),
        "change": change,
        "exit_code": EXIT_CODES[change],
        "floor_ms": floor_ms,
        "pairs": [
            {"name": pair.name, "change": pair.change, "reasons": list(pair.reasons), **_whole(pair.comparison)}
            for pair in pairs
        ],
    }
    path = write_document(directory / FILE, (json.dumps(content, indent=2) + "\n").encode("ascii"))
    alone = [name for name in _PAIRS if (name in before) is not (name in runs)]
    part = Part(
        name=Name.COMPARE,
        state=_STATES[change],
        sentence=_sentence(baseline, pairs, alone),
        exit_code=EXIT_CODES[change],
        document=path,
    )
    return part, [_trouble(pair, baseline) for pair in pairs if pair.change is Change.WORSE]


def judge_pair(found: Comparison, doubts: Sequence[str], speed: Weighed | None) -> tuple[Change, tuple[str, ...]]:
    """Return what became of a pair, and why.

    Doubts take the word from what was measured, and not from a promise that was broken.

    Args:
        found: the comparison.
        doubts: what stands against any conclusion from what was measured.
        speed: what the measures came to, None for runs that measure none.
    """
    kinds = [(each.change, text) for each, text in _broken_promises(found.promises)]
    if doubts:
        kinds += [(Change.CANNOT_TELL, doubt) for doubt in doubts]
    elif speed is not None:
        kinds += [(speed.change, figure) for figure in speed.figures or ("",)]
    change = overall([each for each, _ in kinds] or [Change.SAME])
    if change not in {Change.WORSE, Change.CANNOT_TELL}:
        return change, ()
    told = list(dict.fromkeys(text for each, text in kinds if each is change and text))
    more = [f"{len(told) - _MOST_NAMED} more"] if len(told) > _MOST_NAMED else []
    return change, (*told[:_MOST_NAMED], *more)


def _pair(name: Name, before: Run, after: Run, tolerance: float, floor_ms: float, seed: int) -> Pair:
    found = compare(before, after, Tolerance(tolerance, DEFAULT.share), seed)
    old, new = _search(before), _search(after)
    speed: Weighed | None = None
    runs = [before, after]
    if old is not None and new is not None:
        speed = weigh_breakpoints(old, new, tolerance)
        # What a search asked for is its outcome, and no circumstance.
        runs = [_without_rate(run) for run in runs]
    elif before.is_load:
        load = after.document.get("load") or {}
        speed = weigh_cells(found.cells, floor_ms, open_model=load.get("model") == "open")
    change, reasons = judge_pair(found, reasons_for_doubt(runs), speed)
    return Pair(name, change, reasons, found)


def _broken_promises(promises: Promises) -> list[tuple[Any, str]]:
    """Return what became of findings and clauses, findings first: they say more."""
    told: list[tuple[Any, str]] = [
        (each, f"{'new' if each.appeared else 'gone, and not tested again'}: {each.clause} {each.title}")
        for each in promises.findings
    ]
    named = {each.clause for each in promises.findings}
    return told + [
        (each, f"{each.id} was {each.baseline.replace('_', ' ')} and is {each.candidate.replace('_', ' ')}")
        for each in promises.clauses
        if each.id not in named or each.change is not Change.WORSE
    ]


def _sentence(baseline: Path, pairs: Sequence[Pair], alone: Sequence[Name]) -> str:
    told = [
        f"{pair.name} {'the same' if pair.change is Change.SAME else pair.change}"
        + (f": {'; '.join(pair.reasons)}" if pair.reasons else "")
        for pair in pairs
    ]
    only = [f"no {name} to compare" for name in alone]
    return f"beside {baseline}: {'. '.join([*told, *only])}"


def _trouble(pair: Pair, baseline: Path) -> Trouble:
    return Trouble(
        cause=f"the {pair.name} is worse",
        severity=Severity.ERROR,
        title=f"the {pair.name} is worse than that of the release before",
        expected=f"as {baseline}, within the tolerance",
        observed="; ".join(pair.reasons),
    )


def _runs_of(baseline: Path) -> dict[Name, Path]:
    """Return the runs that an accepted run consists of.

    Raises:
        DocumentError: it cannot be read, or is of another command.
    """
    held = load_run(baseline)
    directory = baseline.parent if baseline.name == "run.json" else baseline
    command = held["command"]
    if command in set(_PAIRS):
        return {Name(command): directory}
    if command != "verify":
        raise DocumentError(f"{baseline} is a run of assay {command}; compare with one of verify, gate or load")
    return {name: directory / name for name in _PAIRS if (directory / name / "run.json").is_file()}


def _whole(found: Comparison) -> dict[str, Any]:
    """Return a comparison as `assay compare --json` has it, but for its own word and reasons."""
    return {key: value for key, value in document(found).items() if key not in {"schema", "change", "reasons"}}


def _search(run: Run) -> Mapping[str, Any] | None:
    found = (run.document.get("load") or {}).get("breakpoint")
    return found if isinstance(found, dict) else None


def _without_rate(run: Run) -> Run:
    load = {**run.document["load"], "target_rate": None}
    return replace(run, document={**run.document, "load": load})
