"""A trend as Markdown, short enough for the summary of a nightly job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reports.compare.change import Change
from reports.compare.numbers import changed, measured
from reports.markdown.text import prose
from reports.plaintext import counted
from reports.trend.judging import Series, Trend
from reports.trend.measures import MEASURES
from reports.trend.terminal import SENTENCES, facts, rules, sparkline, told_left_out, told_points

_MOST_ROWS: Final = 60


def markdown(trend: Trend) -> str:
    """Return a trend as a Markdown document."""
    return "\n".join(_lines(trend)) + "\n"


def _lines(trend: Trend) -> Iterator[str]:
    yield f"## {SENTENCES[trend.change]}"
    yield ""
    yield from (f"- {prose(reason)}" for reason in trend.reasons)
    yield ""
    yield from (f"- {name}: {prose(text)}" for name, text in facts(trend))
    if trend.series:
        yield ""
        yield "| operation | measure | before | newest | change | nights | |"
        yield "|---|---|--:|--:|--:|---|---|"
        yield from (_row(series) for series in trend.series[:_MOST_ROWS])
        yield ""
        if len(trend.series) > _MOST_ROWS:
            yield f"{counted(len(trend.series) - _MOST_ROWS, 'more measure')} not shown."
        yield rules(trend)
    yield from _listed("The level changed", told_points(trend))
    yield from _listed("Left out", told_left_out(trend))


def _row(series: Series) -> str:
    unit = MEASURES[series.key.measure].unit
    word = f"**{series.change}**" if series.change is Change.WORSE else series.change
    numbers = f"{measured(series.before, unit)} | {measured(series.newest, unit)} | {changed(series.effect, unit)}"
    nights = sparkline(series.values, ascii_only=False)
    return f"| {prose(series.key.operation)} | {series.key.measure} | {numbers} | {nights} | {word} |"


def _listed(title: str, texts: Iterator[str]) -> Iterator[str]:
    items = [f"- {prose(text)}" for text in texts]
    if items:
        yield ""
        yield f"### {title}"
        yield ""
        yield from items
