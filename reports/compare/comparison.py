"""Two runs compared: the one word, why, and everything it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reports.compare.cells import Cell, Tolerance, cells
from reports.compare.change import Change, overall
from reports.compare.circumstances import differences, host, setup
from reports.compare.numbers import grouped
from reports.compare.promises import Promises, promises
from reports.compare.seconds import ALL, Measured, read_seconds
from reports.errors import DocumentError
from reports.plaintext import counted
from reports.rundocs import RESULT, load_run

_OF_THE_LOAD: Final = frozenset({"plan", "model", "shape", "rate", "users"})
"""Names in which load runs must agree: what was asked of the target decides how fast it answers."""

_LOAD: Final = "load"


@dataclass(frozen=True, slots=True)
class Run:
    """One of the runs that are compared.

    Attributes:
        path: its run directory.
        document: its ``run.json``.
        measured: what a load run measured, None for other runs and for one that was cut short before its end.
    """

    path: Path
    document: Mapping[str, Any]
    measured: Measured | None

    @property
    def is_load(self) -> bool:
        """Whether it is a load run, finished or not."""
        return self.document["command"] == _LOAD or _LOAD in self.document

    @property
    def label(self) -> str:
        """The commit or name given to it, empty without one."""
        return str(self.document.get("label", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two runs, or two groups of runs in turn, come to beside each other.

    Attributes:
        change: in one word.
        reasons: why, in sentences.
        remarks: what the reader should know besides: different targets, profiles, plans.
        baseline: the runs before, one or more.
        candidate: the runs after.
        cells: measures of load runs, all operations together first; empty for other runs.
        promises: clauses and findings that differ.
        tolerance: what difference did not matter.
        seed: of the resampling.
        calibrations: rates of a fixed calculation beside the runs, empty without them.
    """

    change: Change
    reasons: tuple[str, ...]
    remarks: tuple[str, ...]
    baseline: tuple[Run, ...]
    candidate: tuple[Run, ...]
    cells: tuple[Cell, ...]
    promises: Promises
    tolerance: Tolerance
    seed: int
    calibrations: tuple[float, ...] = ()


def open_run(path: Path) -> Run:
    """Read a run that is to be compared.

    Args:
        path: a run directory, or its ``run.json``.

    Raises:
        DocumentError: there is no run, or its seconds cannot be read.
    """
    document = load_run(path)
    directory = path.parent if path.name == RESULT else path
    load = document.get(_LOAD)
    return Run(directory, document, None if load is None else read_seconds(directory))


def compare(baseline: Run, candidate: Run, tolerance: Tolerance, seed: int) -> Comparison:
    """Compare two runs of one kind.

    Args:
        baseline: the run before.
        candidate: the run after.
        tolerance: what difference does not matter.
        seed: of the resampling.

    Raises:
        DocumentError: one is a load run and the other is not.
    """
    if baseline.is_load != candidate.is_load:
        load, other = (baseline, candidate) if baseline.is_load else (candidate, baseline)
        raise DocumentError(
            f"{load.path} is a load run and {other.path} a run of assay {other.document['command']}; "
            "give two of one kind"
        )
    found: list[Cell] = []
    if baseline.measured is not None and candidate.measured is not None:
        found = cells(baseline.measured, candidate.measured, tolerance, seed)
    differing = promises(baseline.document, candidate.document)
    doubts = reasons_for_doubt([baseline, candidate])
    change, reasons = conclude(found, differing, doubts, load=baseline.is_load)
    return Comparison(
        change=change,
        reasons=reasons,
        remarks=remarks(baseline, candidate),
        baseline=(baseline,),
        candidate=(candidate,),
        cells=tuple(found),
        promises=differing,
        tolerance=tolerance,
        seed=seed,
    )


def reasons_for_doubt(runs: Sequence[Run]) -> list[str]:
    """Return what stands against any conclusion from runs: cut short, saturated, of different loads.

    Args:
        runs: the baseline first; at least one.
    """
    doubts: list[str] = []
    wanted = setup(runs[0].document)
    for run in runs:
        name = run.path.name or str(run.path)
        load = run.document.get(_LOAD)
        if run.document["partial"] or (run.is_load and load is None):
            doubts.append(f"{name} ended before its time")
        if load is not None and load["saturated"]:
            doubts.append(f"the generator of {name} was saturated: it measured itself, not the target")
        if run.is_load:
            other = {key: both for key, both in differences(wanted, setup(run.document)).items() if key in _OF_THE_LOAD}
            doubts += [
                f"{name} was another load: {key} {theirs} instead of {ours}" for key, (ours, theirs) in other.items()
            ]
    return doubts


def remarks(baseline: Run, candidate: Run) -> tuple[str, ...]:
    """Return in what two runs differ besides their results."""
    before, after = baseline.document, candidate.document
    told = []
    if host(str(before["target"])) != host(str(after["target"])):
        told.append(f"different targets: {before['target']} and {after['target']}")
    told += [
        f"different {name}s: {before[name]} and {after[name]}"
        for name in ("profile", "command")
        if before[name] != after[name]
    ]
    return tuple(told)


def conclude(
    found: Sequence[Cell], differing: Promises, doubts: Sequence[str], *, load: bool
) -> tuple[Change, tuple[str, ...]]:
    """Return the word on a comparison, and why.

    Doubts of the runs take the word from what was measured, not from a promise that was broken: a saturated
    generator is no excuse for a wrong answer.

    Args:
        found: the measures of load runs.
        differing: clauses and findings that differ.
        doubts: what stands against any conclusion from what was measured.
        load: whether load runs were compared, which need measures.
    """
    counting = [cell for cell in found if cell.counts]
    changes = [*(each.change for each in differing.clauses), *(each.change for each in differing.findings)]
    changes += [Change.CANNOT_TELL] if doubts else [cell.change for cell in counting]
    if load and not doubts and not any(cell.operation == ALL for cell in counting):
        doubts = ["nothing was measured in both runs"]
        changes.append(Change.CANNOT_TELL)
    told = [*doubts, *_told([] if doubts else counting, differing)]
    return overall(changes or [Change.SAME]), tuple(told or ["no difference beyond the tolerance"])


def _told(counting: Sequence[Cell], differing: Promises) -> list[str]:
    """Return what changed, in a sentence for each kind of it."""
    told: list[str] = []
    for appeared, verb in ((True, "appeared"), (False, "went")):
        for change in Change:
            those = [each for each in differing.findings if each.appeared is appeared and each.change is change]
            if those:
                kinds = sorted({each.severity for each in those})
                clauses = ", ".join(dict.fromkeys(each.clause for each in those))
                untested = ", without its clause being tested again" if change is Change.CANNOT_TELL else ""
                told.append(f"{counted(len(those), 'finding')} ({'/'.join(kinds)}) {verb}: {clauses}{untested}")
    lost = [each.id for each in differing.clauses if each.change is Change.CANNOT_TELL]
    if lost:
        told.append(f"no longer exercised: {', '.join(lost)}")
    for change in (Change.WORSE, Change.CANNOT_TELL, Change.BETTER):
        names = grouped((cell.operation, cell.measure) for cell in counting if cell.change is change)
        if names:
            told.append(f"{change}: {names}")
    if any(cell.change is Change.CANNOT_TELL for cell in counting):
        told.append("longer runs tell more, and a larger --tolerance asks for less")
    return told
