"""A comparison as Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reports.compare.cells import UNITS, Cell
from reports.compare.change import Change
from reports.compare.comparison import Comparison
from reports.compare.numbers import changed, measured
from reports.compare.terminal import SENTENCES, VERDICTS, described, interval, judgement, tolerances
from reports.markdown.text import prose
from reports.plaintext import counted

_MOST_ROWS: Final = 60
"""Of each table; a comment is for reading."""


def markdown(comparison: Comparison) -> str:
    """Return a comparison as a Markdown document."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"## {SENTENCES[comparison.change]}"
    yield ""
    yield from (f"- {prose(reason)}" for reason in comparison.reasons)
    yield ""
    for name, runs in (("baseline", comparison.baseline), ("candidate", comparison.candidate)):
        yield from (f"- {name}: {prose(described(run))}" for run in runs)
    yield from (f"- {prose(remark)}" for remark in comparison.remarks)
    yield f"- seed: {comparison.seed}"
    if comparison.calibrations:
        yield f"- calibration of the machine: {', '.join(f'{rate:,.0f}/s' for rate in comparison.calibrations)}"
    if comparison.cells:
        yield from _measures(comparison)
    yield from _findings(comparison)
    yield from _clauses(comparison)


def _measures(comparison: Comparison) -> Iterator[str]:
    yield ""
    yield "| operation | measure | baseline | candidate | change | interval | |"
    yield "|---|---|--:|--:|--:|---|---|"
    # What changed, or may have, comes before what did not when not all of it fits.
    shown = comparison.cells
    if len(shown) > _MOST_ROWS:
        shown = tuple(sorted(shown, key=lambda cell: cell.change is Change.SAME))[:_MOST_ROWS]
    yield from (_row(cell) for cell in shown)
    if len(shown) < len(comparison.cells):
        yield ""
        yield f"{counted(len(comparison.cells) - len(shown), 'more measure')} not shown."
    yield ""
    yield tolerances(comparison)


def _row(cell: Cell) -> str:
    unit = UNITS[cell.measure]
    word = f"**{cell.change}**" if cell.change is Change.WORSE else prose(judgement(cell))
    numbers = f"{measured(cell.baseline, unit)} | {measured(cell.candidate, unit)} | {changed(cell.effect, unit)}"
    return f"| {prose(cell.operation)} | {cell.measure} | {numbers} | {interval(cell)} | {word} |"


def _findings(comparison: Comparison) -> Iterator[str]:
    findings = comparison.promises.findings
    if not findings:
        return
    yield ""
    yield "| finding | | clause | |"
    yield "|---|---|---|---|"
    for finding in findings[:_MOST_ROWS]:
        sign = "appeared" if finding.appeared else "went"
        yield f"| {sign} | {finding.severity} | {prose(finding.clause)} | {prose(finding.title)} |"
    if len(findings) > _MOST_ROWS:
        yield ""
        yield f"{counted(len(findings) - _MOST_ROWS, 'more finding')} not shown."


def _clauses(comparison: Comparison) -> Iterator[str]:
    clauses = comparison.promises.clauses
    if not clauses:
        return
    yield ""
    yield "| clause | baseline | candidate | |"
    yield "|---|---|---|---|"
    for clause in clauses[:_MOST_ROWS]:
        words = [VERDICTS.get(word, word) for word in (clause.baseline, clause.candidate)]
        yield f"| {prose(clause.id)} | {words[0]} | {words[1]} | {prose(clause.reason or clause.change)} |"
    if len(clauses) > _MOST_ROWS:
        yield ""
        yield f"{counted(len(clauses) - _MOST_ROWS, 'more clause')} not shown."
