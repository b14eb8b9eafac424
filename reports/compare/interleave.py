"""Baseline and candidate in turn, A B B A, beside a calibration that tells the machine from the release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from reports.compare.cells import Cell, Tolerance, cells
from reports.compare.change import Change
from reports.compare.comparison import Comparison, Run, conclude, reasons_for_doubt, remarks
from reports.compare.promises import promises
from reports.compare.seconds import pool
from reports.errors import DocumentError

BASELINE: Final = "A"
CANDIDATE: Final = "B"

_GRAVITY: Final = {"not_exercised": 0, "kept": 1, "broken": 2}


def turns(rounds: int) -> str:
    """Return who runs when: ABBA, and for more rounds ABBABAAB and so on, each round mirroring the one before.

    A machine that slows down steadily meets both alike in every four turns.

    Args:
        rounds: pairs of a baseline and a candidate; a positive even number.

    Raises:
        DocumentError: it is not.
    """
    if rounds < 2 or rounds % 2:
        raise DocumentError(f"{rounds} rounds cannot be balanced; give an even number from 2")
    return "".join(("ABBA", "BAAB")[four % 2] for four in range(rounds // 2))


def drift(calibrations: Sequence[float]) -> float:
    """Return how far a machine drifted: its fastest calibration over its slowest, less 1.

    Args:
        calibrations: rates of the same calculation, taken before, between and after the runs; at least two.

    Raises:
        DocumentError: there are fewer, or one is no rate.
    """
    if len(calibrations) < 2:
        raise DocumentError(
            f"{len(calibrations)} calibrations tell nothing of drift; take one before and after each run"
        )
    if not all(0 < rate < float("inf") for rate in calibrations):
        raise DocumentError("a calibration is no rate above 0: " + ", ".join(f"{rate:g}" for rate in calibrations))
    return max(calibrations) / min(calibrations) - 1


def compare_interleaved(
    runs: Sequence[Run], order: str, calibrations: Sequence[float], tolerance: Tolerance, seed: int
) -> Comparison:
    """Compare runs that took turns.

    The runs of each side are pooled, with blocks resampled within their own run. A calibration that drifted by
    more than the tolerance, and pairs that do not agree on which side is slower, both mean that nobody can tell.

    Args:
        runs: in the order in which they ran.
        order: whose turn each was, ``A`` for the baseline and ``B`` for the candidate, from ``turns``.
        calibrations: rates of the same calculation, before the first run and after each.
        tolerance: what difference does not matter; also what drift does not.
        seed: of the resampling.

    Raises:
        DocumentError: runs, turns and calibrations do not fit together, or a run is no load run.
    """
    _fitting(runs, order, calibrations)
    before = [run for run, turn in zip(runs, order, strict=True) if turn == BASELINE]
    after = [run for run, turn in zip(runs, order, strict=True) if turn == CANDIDATE]
    doubts = reasons_for_doubt(runs)
    drifted = drift(calibrations)
    if drifted > tolerance.ratio:
        doubts.append(f"the machine drifted by {drifted:.1%} between calibrations, more than {tolerance.ratio:.1%}")
    pairs = [
        cells(old.measured, new.measured, tolerance, seed)
        for old, new in zip(before, after, strict=True)
        if old.measured is not None and new.measured is not None
    ]
    old_parts, new_parts = ([run.measured for run in side if run.measured is not None] for side in (before, after))
    found: list[Cell] = []
    if len(pairs) == len(before):
        found = [agreed(cell, pairs) for cell in cells(pool(old_parts), pool(new_parts), tolerance, seed)]
    differing = promises(_together(before), _together(after))
    change, reasons = conclude(found, differing, doubts, load=True)
    return Comparison(
        change=change,
        reasons=reasons,
        remarks=remarks(before[0], after[0]),
        baseline=tuple(before),
        candidate=tuple(after),
        cells=tuple(found),
        promises=differing,
        tolerance=tolerance,
        seed=seed,
        calibrations=tuple(calibrations),
    )


def agreed(pooled: Cell, pairs: Sequence[Sequence[Cell]]) -> Cell:
    """Return a pooled cell, which nobody can tell when its pairs contradict its word.

    Args:
        pooled: from all runs together.
        pairs: the cells of each pair of runs alone.
    """
    if pooled.change not in {Change.WORSE, Change.BETTER} or pooled.effect is None:
        return pooled
    same = [
        cell for pair in pairs for cell in pair if (cell.operation, cell.measure) == (pooled.operation, pooled.measure)
    ]
    effects = [cell.effect for cell in same if cell.effect is not None]
    if len(effects) == len(pairs) and all(effect * pooled.effect > 0 for effect in effects):
        return pooled
    told = ", ".join(f"{effect:+.1%}" for effect in effects) or "nothing"
    return replace(pooled, change=Change.CANNOT_TELL, reason=f"the pairs of runs do not agree: {told}")


def _fitting(runs: Sequence[Run], order: str, calibrations: Sequence[float]) -> None:
    if len(runs) != len(order) or len(calibrations) != len(runs) + 1:
        raise DocumentError(
            f"{len(runs)} runs, {len(order)} turns and {len(calibrations)} calibrations do not fit; "
            "there is one calibration more than runs"
        )
    if order != turns(order.count(BASELINE)):
        raise DocumentError(f"the order {order!r} is not balanced; use ABBA")
    for run in runs:
        if not run.is_load:
            raise DocumentError(f"{run.path} is a run of assay {run.document['command']}; load runs take turns")


def _together(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the clauses and findings of several runs as those of one: what any of them broke is broken."""
    clauses: dict[str, Mapping[str, Any]] = {}
    findings: dict[str, Mapping[str, Any]] = {}
    for run in runs:
        for clause in run.document["clauses"]:
            known = clauses.get(clause["id"])
            if known is None or _GRAVITY[clause["verdict"]] > _GRAVITY[known["verdict"]]:
                clauses[clause["id"]] = clause
        for finding in run.document["findings"]:
            findings.setdefault(finding["id"], finding)
    return {"clauses": list(clauses.values()), "findings": list(findings.values())}
