"""A comparison as plain data, for machines."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from reports.compare.cells import CONFIDENCE, UNITS, Cell
from reports.compare.change import EXIT_CODES
from reports.compare.comparison import Comparison, Run

SCHEMA: Final = 1
"""Version of the shape."""


def document(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON takes it: units as in ``Cell``, changes in words."""
    return {
        "schema": SCHEMA,
        "change": comparison.change,
        "exit_code": EXIT_CODES[comparison.change],
        "reasons": list(comparison.reasons),
        "remarks": list(comparison.remarks),
        "baseline": [_run(run) for run in comparison.baseline],
        "candidate": [_run(run) for run in comparison.candidate],
        "tolerance": asdict(comparison.tolerance),
        "confidence": CONFIDENCE,
        "seed": comparison.seed,
        "calibrations": list(comparison.calibrations),
        "measures": [_cell(cell) for cell in comparison.cells],
        "clauses": [asdict(clause) for clause in comparison.promises.clauses],
        "findings": [asdict(finding) for finding in comparison.promises.findings],
    }


def _run(run: Run) -> dict[str, Any]:
    held = run.document
    return {
        "run": str(run.path),
        "label": run.label,
        **{name: held[name] for name in ("command", "verdict", "started", "target", "profile", "seed")},
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {**asdict(cell), "unit": UNITS[cell.measure]}
