"""A trend in the terminal: a line a series, worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.compare.change import Change
from reports.compare.numbers import changed, measured
from reports.compare.terminal import STYLES
from reports.plaintext import counted, plain
from reports.trend.judging import Series, Trend
from reports.trend.measures import MEASURES

SENTENCES: Final = {
    Change.WORSE: "Worse: the newest nights are worse than those before.",
    Change.BETTER: "Better: the newest nights are better than those before, and worse in nothing.",
    Change.SAME: "Same: the newest nights are like those before.",
    Change.CANNOT_TELL: "Cannot tell: these nights do not show whether the newest are worse.",
}

MOST_POINTS: Final = 10
"""Change points told, the newest; the chart of years has more than anybody reads."""

MOST_LEFT_OUT: Final = 10

_MAX_SHOWN: Final = 300
_SPARKS: Final = "▁▂▃▄▅▆▇█"
_ASCII_SPARKS: Final = "_.-=+*#%"
_SPARK_NIGHTS: Final = 24
_FEW_NIGHTS: Final = 14
_NARROW: Final = 100
"""Columns below which fewer nights are drawn, so that the names of operations stay whole."""


def render(trend: Trend, console: Console) -> None:
    """Show a trend: the word first, then why, then every series with its newest nights drawn.

    Args:
        trend: what to show.
        console: where to; its width, colours and encoding are kept to.
    """
    ascii_only = not (console.encoding or "ascii").lower().startswith("utf")

    def line(text: str, style: str = "") -> None:
        console.print(Text(plain(text, _MAX_SHOWN, ascii_only=ascii_only), style=style), soft_wrap=True)

    line(SENTENCES[trend.change], STYLES[trend.change])
    for reason in trend.reasons:
        line(f"  {reason}")
    line("")
    for name, text in facts(trend):
        line(f"{name:<11}{text}")
    if trend.series:
        line("")
        nights = _FEW_NIGHTS if console.width < _NARROW else _SPARK_NIGHTS
        console.print(_table(trend.series, nights, ascii_only=ascii_only))
        line(rules(trend), "dim")
    points = list(told_points(trend))
    if points:
        line("")
        line("The level changed", "bold")
        for point in points:
            line(f"  {point}")
    left_out = list(told_left_out(trend))
    if left_out:
        line("")
        line("Left out", "bold")
        for run in left_out:
            line(f"  {run}")


def facts(trend: Trend) -> Iterator[tuple[str, str]]:
    """Give name and text of what the trend was made from."""
    nights = trend.found.nights
    if nights:
        yield "nights", f"{len(nights)}, from {nights[0].started} to {nights[-1].started}"
        yield "setup", ", ".join(f"{name} {value}" for name, value in nights[-1].setup.items() if value != "none")
    else:
        yield "nights", "none"
    if trend.found.others:
        yield "besides", f"{counted(trend.found.others, 'run')} of other commands"
    yield "seed", str(trend.rules.seed)


def rules(trend: Trend) -> str:
    """Return by what the series were judged, in a sentence."""
    held = trend.rules
    return (
        f"Judged: the newest {held.newest} nights by up to {held.before} before them, by ranks, from a change of "
        f"{held.min_effect:.0%}, of failures {100 * held.min_share:g} percentage points."
    )


def told_points(trend: Trend) -> Iterator[str]:
    """Give each night at which a level changed, with what changed there, the newest first."""
    nights: dict[int, list[str]] = {}
    for series in trend.series:
        unit = MEASURES[series.key.measure].unit
        for point in series.points:
            text = f"{series.key.operation} {series.key.measure} {changed(point.size, unit)}"
            nights.setdefault(point.index, []).append(text)
    for index in sorted(nights, reverse=True)[:MOST_POINTS]:
        night = trend.found.nights[index]
        label = f" ({night.label})" if night.label else ""
        yield f"{night.started}{label}: {', '.join(nights[index])}"
    if len(nights) > MOST_POINTS:
        yield f"{counted(len(nights) - MOST_POINTS, 'older night')} not shown"


def told_left_out(trend: Trend) -> Iterator[str]:
    """Give each run that was left out with the reason, the newest last."""
    runs = trend.found.left_out
    if len(runs) > MOST_LEFT_OUT:
        yield f"{counted(len(runs) - MOST_LEFT_OUT, 'run')} more, which --json tells"
    for run in runs[-MOST_LEFT_OUT:]:
        yield f"{run.path}: {run.reason}"


def sparkline(values: Sequence[float | None], *, ascii_only: bool, nights: int = _SPARK_NIGHTS) -> str:
    """Return values as one line of bars from the lowest to the highest of them; a gap is a space.

    Args:
        values: oldest first; the newest of them are shown.
        ascii_only: whether only ASCII can be shown.
        nights: values shown at most.
    """
    shown = values[-nights:]
    known = [value for value in shown if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    bars = _ASCII_SPARKS if ascii_only else _SPARKS
    top = len(bars) - 1
    return "".join(
        " " if value is None else bars[round(top * (value - low) / (high - low)) if high > low else 0]
        for value in shown
    )


def _table(series: Sequence[Series], nights: int, *, ascii_only: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("operation", overflow="fold")
    table.add_column("measure")
    for name in ("before", "newest", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(f"last {nights} nights", no_wrap=True)
    table.add_column("")
    for each in series:
        unit = MEASURES[each.key.measure].unit
        table.add_row(
            Text(plain(each.key.operation, _MAX_SHOWN, ascii_only=ascii_only)),
            Text(each.key.measure),
            Text(measured(each.before, unit)),
            Text(measured(each.newest, unit)),
            Text(changed(each.effect, unit)),
            Text(sparkline(each.values, ascii_only=ascii_only, nights=nights)),
            Text(str(each.change), style=STYLES[each.change]),
        )
    return table
