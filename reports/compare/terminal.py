"""A comparison in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from reports.compare.cells import CONFIDENCE, UNITS, Cell
from reports.compare.change import Change
from reports.compare.comparison import Comparison, Run
from reports.compare.numbers import changed, measured
from reports.plaintext import counted, plain

SENTENCES: Final = {
    Change.WORSE: "Worse: the candidate falls behind the baseline.",
    Change.BETTER: "Better: the candidate is ahead of the baseline, and behind it nowhere.",
    Change.SAME: "Same: the candidate does not fall behind the baseline.",
    Change.CANNOT_TELL: "Cannot tell: these runs do not show whether the candidate falls behind the baseline.",
}
STYLES: Final = {
    Change.WORSE: "bold red",
    Change.BETTER: "bold green",
    Change.SAME: "green",
    Change.CANNOT_TELL: "bold yellow",
}
VERDICTS: Final = {"not_exercised": "not exercised"}

_GAP: Final = "  "
_MAX_SHOWN: Final = 300
_MOST_FINDINGS: Final = 30


def render(comparison: Comparison, console: Console) -> None:
    """Show a comparison: the word first, then why, then what it rests on.

    Args:
        comparison: what to show.
        console: where to; its width, colours and encoding are kept to.
    """
    ascii_only = not (console.encoding or "ascii").lower().startswith("utf")

    def line(text: str, style: str = "") -> None:
        console.print(Text(plain(text, _MAX_SHOWN, ascii_only=ascii_only), style=style), soft_wrap=True)

    line(SENTENCES[comparison.change], STYLES[comparison.change])
    for reason in comparison.reasons:
        line(f"  {reason}")
    line("")
    for name, runs in (("baseline", comparison.baseline), ("candidate", comparison.candidate)):
        for run in runs:
            line(f"{name:<11}{described(run)}")
    for remark in comparison.remarks:
        line(f"{'note':<11}{remark}")
    line(f"{'seed':<11}{comparison.seed}")
    if comparison.calibrations:
        line(f"{'machine':<11}{', '.join(f'{rate:,.0f}/s' for rate in comparison.calibrations)} (calibration)")
    if comparison.cells:
        line("")
        for row in _measures(comparison.cells, console.width, ascii_only=ascii_only):
            console.print(row, soft_wrap=True)
        line(tolerances(comparison), "dim")
    _differing(comparison, line)


def described(run: Run) -> str:
    """Return a run in a line: where it is, its label, its verdict, when it began."""
    label = f" ({run.label})" if run.label else ""
    return f"{run.path}{label}: {run.document['verdict']}, {run.document['started']}"


def tolerances(comparison: Comparison) -> str:
    """Return by what the measures were judged, in a sentence."""
    return (
        f"Intervals of {CONFIDENCE:.0%} confidence. Tolerated: {comparison.tolerance.ratio:.1%}, of failures "
        f"{100 * comparison.tolerance.share:g} percentage points."
    )


def interval(cell: Cell) -> str:
    """Return the interval of a cell's effect."""
    unit = UNITS[cell.measure]
    return "" if cell.low is None else f"{changed(cell.low, unit)} to {changed(cell.high, unit)}"


def judgement(cell: Cell) -> str:
    """Return a cell's word, with the reason where nobody can tell."""
    return f"{cell.change}: {cell.reason}" if cell.reason else str(cell.change)


def _measures(cells: Sequence[Cell], width: int, *, ascii_only: bool) -> Iterator[Text]:
    """Yield the lines of a table; a judgement that has no room beside its figures stands below them."""
    rows = [("", "baseline", "candidate", "change", "interval"), *map(_figures, cells)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    yield Text(_aligned(rows[0], widths).rstrip(), style="dim")
    last = ""
    for cell, row in zip(cells, rows[1:], strict=True):
        if cell.operation != last:
            yield Text(plain(cell.operation, _MAX_SHOWN, ascii_only=ascii_only), style="bold")
            last = cell.operation
        figures, told = _aligned(row, widths), Text(judgement(cell), style=STYLES[cell.change])
        if len(figures) + len(_GAP) + len(told) <= width:
            yield Text.assemble(figures, _GAP, told)
        else:
            yield Text(figures.rstrip())
            yield Text.assemble(2 * _GAP, told)


def _figures(cell: Cell) -> tuple[str, str, str, str, str]:
    unit = UNITS[cell.measure]
    return (
        f"{_GAP}{cell.measure}",
        measured(cell.baseline, unit),
        measured(cell.candidate, unit),
        changed(cell.effect, unit),
        interval(cell),
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """Return a row with its words to the left and its numbers to the right."""
    ends = {0, len(row) - 1}
    return _GAP.join(
        f"{text:<{width}}" if place in ends else f"{text:>{width}}"
        for place, (text, width) in enumerate(zip(row, widths, strict=True))
    )


def _differing(comparison: Comparison, line: Callable[..., None]) -> None:
    findings = comparison.promises.findings
    if findings:
        line("")
        line("Findings", "bold")
    for finding in findings[:_MOST_FINDINGS]:
        sign = "appeared" if finding.appeared else "went"
        style = STYLES[finding.change] if finding.severity == "error" else ""
        line(f"  {sign:<9}{finding.severity} {finding.clause}  {finding.title} ({finding.id})", style)
    if len(findings) > _MOST_FINDINGS:
        line(f"  {counted(len(findings) - _MOST_FINDINGS, 'more finding')}; --json shows all")
    if comparison.promises.clauses:
        line("")
        line("Clauses", "bold")
    for clause in comparison.promises.clauses:
        words = [VERDICTS.get(word, word) for word in (clause.baseline, clause.candidate)]
        reason = f" ({clause.reason})" if clause.reason else ""
        line(f"  {clause.id:<9}{words[0]}, now {words[1]}{reason}", STYLES[clause.change])
