"""Whether a release is slower than the one before: pure decisions on what a comparison measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reports.compare.cells import PERCENTILES, RATE, SCATTER, Cell
from reports.compare.change import Change, overall

_MOST_FIGURES: Final = 6


@dataclass(frozen=True, slots=True)
class Weighed:
    """What became of the speed.

    Attributes:
        change: in one word.
        figures: what decides it, with numbers.
    """

    change: Change
    figures: tuple[str, ...]


def weigh_cells(cells: Sequence[Cell], floor_ms: float, *, open_model: bool) -> Weighed:
    """Return what the measures of two load runs come to.

    Args:
        cells: as compared, within their tolerance.
        open_model: whether arrivals follow a schedule. The rate is then the plan's and not the target's, and scatter
            in it takes nobody's word; one that fell for certain still counts.
        floor_ms: a latency that grew by less is no loss, whatever its ratio: of two milliseconds half a one is
            the machine's, and no buyer's.
    """
    judged = [
        (cell, _judged(cell, floor_ms))
        for cell in cells
        if cell.counts and not (open_model and cell.measure == RATE and cell.reason == SCATTER)
    ]
    if not judged:
        return Weighed(Change.CANNOT_TELL, ("nothing was measured in both runs",))
    change = overall(each for _, each in judged)
    figures = [_figure(cell) for cell, each in judged if each is change]
    if change not in {Change.WORSE, Change.CANNOT_TELL}:
        return Weighed(change, ())
    more = [f"{len(figures) - _MOST_FIGURES} more measures"] if len(figures) > _MOST_FIGURES else []
    return Weighed(change, (*figures[:_MOST_FIGURES], *more))


def weigh_breakpoints(before: Mapping[str, Any], after: Mapping[str, Any], tolerance: float) -> Weighed:
    """Return what two searches of the highest rate come to.

    A search brackets that rate: the highest that held and the lowest above it that did not. A release is worse where
    even its upper bound lies below the tolerated part of what held before, and the same where what held now is not
    below that; between the two nobody can tell.

    Args:
        before: ``load.breakpoint`` of the run before.
        after: the same of the run after.
        tolerance: loss of rate that does not matter; 0.2 is 20 %.
    """
    old, (held, failed) = before["highest"], _bounds(after)
    told = f"highest rate that held: {_rate(old)} before, {_rate(held or None)} now"
    if not old:
        return Weighed(Change.CANNOT_TELL, (f"{told}; nothing to compare with",))
    least = old / (1 + tolerance)
    if failed is not None and failed < least:
        return Weighed(Change.WORSE, (f"{told}, and {_rate(failed)} did not",))
    return Weighed(Change.SAME, ()) if held >= least else Weighed(Change.CANNOT_TELL, (told,))


def _bounds(found: Mapping[str, Any]) -> tuple[float, float | None]:
    held = float(found["highest"] or 0.0)
    failed = [float(step["rate"]) for step in found["steps"] if not step["ok"] and float(step["rate"]) > held]
    return held, min(failed, default=None)


def _judged(cell: Cell, floor_ms: float) -> Change:
    if cell.measure not in PERCENTILES or cell.baseline is None or cell.candidate is None or cell.high is None:
        return cell.change
    if cell.change is Change.WORSE and cell.candidate - cell.baseline < floor_ms:
        return Change.SAME
    if cell.change is Change.CANNOT_TELL and cell.reason == SCATTER and cell.baseline * cell.high < floor_ms:
        return Change.SAME
    return cell.change


def _figure(cell: Cell) -> str:
    name = f"{cell.operation} {cell.measure}"
    if cell.baseline is None or cell.candidate is None or cell.effect is None:
        return f"{name}: {cell.reason}"
    low, high = cell.low or 0.0, cell.high or 0.0
    if cell.measure in PERCENTILES:
        values, effect = f"{cell.baseline:.1f} to {cell.candidate:.1f} ms", f"{cell.effect:+.0%}"
        span = f"{low:+.0%} to {high:+.0%}"
    elif cell.measure == RATE:
        values, effect = f"{cell.baseline:.1f} to {cell.candidate:.1f}/s", f"{cell.effect:+.1%}"
        span = f"{low:+.1%} to {high:+.1%}"
    else:
        values, effect = f"{cell.baseline:.2%} to {cell.candidate:.2%}", f"{cell.effect:+.2%}"
        span = f"{low:+.2%} to {high:+.2%}"
    why = f"; {cell.reason}" if cell.reason and cell.change is Change.CANNOT_TELL else ""
    return f"{name} {values} ({effect}, {span}{why})"


def _rate(rate: float | None) -> str:
    return "none" if rate is None else f"{rate:g}/s"
