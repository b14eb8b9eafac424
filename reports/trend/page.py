"""A trend as one self-contained page: a chart for every series, worst first, with a table behind each."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from reports.compare.change import Change
from reports.compare.numbers import changed, measured
from reports.plaintext import plain
from reports.trend.judging import Series, Trend
from reports.trend.measures import MEASURES
from reports.trend.nights import Night
from reports.trend.terminal import SENTENCES, facts, rules, told_left_out

_WIDTH: Final = 720
_HEIGHT: Final = 150
_MARGIN: Final = 12
_MOST_CHARTS: Final = 100
_MAX_SHOWN: Final = 300
_MAX_MARK: Final = 24

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5a6675; --page: #ffffff; --line: #d5dbe3; --mark: #1f5fbf;
  --worse: #b3261e; --better: #1b7a3d; --doubt: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #a3afbe; --page: #12171e; --line: #38424f;
  --mark: #7fb0ff; --worse: #ff8a80; --better: #7bd69a; --doubt: #f0c060; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 46rem;
  margin: 2rem auto; padding: 0 1rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.05rem; margin: 2rem 0 .25rem; }
.soft { color: var(--soft); } .worse { color: var(--worse); } .better { color: var(--better); }
.cannot-tell { color: var(--doubt); } svg { width: 100%; height: auto; display: block; border: 1px solid var(--line); }
.night { fill: var(--mark); } .newest { fill: none; stroke: var(--mark); stroke-width: 2; }
.level { stroke: var(--soft); stroke-dasharray: 2 4; } .change { stroke: var(--doubt); }
text { font-size: 11px; fill: var(--soft); }
table { border-collapse: collapse; } td, th { text-align: right; padding: .1rem .75rem .1rem 0; font-weight: normal; }
td:nth-child(-n+2), th:nth-child(-n+2) { text-align: left; } summary { cursor: pointer; color: var(--soft); }
"""

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def page(trend: Trend) -> str:
    """Return a trend as an HTML document that needs no other file and no script."""
    return "\n".join(_lines(trend)) + "\n"


def _lines(trend: Trend) -> Iterator[str]:
    title = SENTENCES[trend.change]
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_text(title)}</title><style>{_STYLE}</style></head><body>"
    yield f'<h1 class="{_kind(trend.change)}">{_text(title)}</h1><ul>'
    yield from (f"<li>{_text(reason)}</li>" for reason in trend.reasons)
    yield '</ul><dl class="soft">'
    yield from (f"<dt>{_text(name)}</dt><dd>{_text(text)}</dd>" for name, text in facts(trend))
    yield f'</dl><p class="soft">{_text(rules(trend))}</p>'
    for series in trend.series[:_MOST_CHARTS]:
        yield from _chart(series, trend)
    if len(trend.series) > _MOST_CHARTS:
        yield f"<p>{len(trend.series) - _MOST_CHARTS} more series are in trend.json.</p>"
    left_out = list(told_left_out(trend))
    if left_out:
        yield "<h2>Left out</h2><ul>"
        yield from (f"<li>{_text(run)}</li>" for run in left_out)
        yield "</ul>"
    yield "</body></html>"


def _chart(series: Series, trend: Trend) -> Iterator[str]:
    """Give the heading, the chart and the table of a series."""
    unit = MEASURES[series.key.measure].unit
    name = f"{series.key.operation} {series.key.measure}"
    yield f'<h2>{_text(name)} <span class="{_kind(series.change)}">{_text(series.change)}</span></h2>'
    if series.newest is not None:
        levels = f"{measured(series.before, unit)} before, {measured(series.newest, unit)} newest"
        yield f'<p class="soft">{_text(f"{levels}, {changed(series.effect, unit)}")}</p>'
    known = [value for value in series.values if value is not None]
    if known:
        yield f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{_text(f"{name} by night")}">'
        yield from _drawing(series, trend, min(known), max(known))
        yield "</svg>"
    yield "<details><summary>Table</summary><table><tr><th>night</th><th>label</th><th>value</th><th>level</th></tr>"
    points = {point.index: changed(point.size, unit) for point in series.points}
    for index, (night, value) in enumerate(zip(trend.found.nights, series.values, strict=True)):
        cells = (night.started, night.label, measured(value, unit), points.get(index, ""))
        yield "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in cells) + "</tr>"
    yield "</table></details>"


def _drawing(series: Series, trend: Trend, low: float, high: float) -> Iterator[str]:
    """Give the marks of a chart: levels, changes, and a dot a night with its value as a title."""
    unit = MEASURES[series.key.measure].unit
    count = len(series.values)

    def across(index: float) -> float:
        return round(_MARGIN + (_WIDTH - 2 * _MARGIN) * (index + 0.5) / count, 1)

    def down(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return round(_HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * share, 1)

    yield f'<text x="4" y="12">{_text(measured(high, unit))}</text>'
    if high > low:
        yield f'<text x="4" y="{_HEIGHT - 4}">{_text(measured(low, unit))}</text>'
    if series.before is not None:
        level = down(min(max(series.before, low), high))
        yield f'<line class="level" x1="0" x2="{_WIDTH}" y1="{level}" y2="{level}"/>'
    for point in series.points:
        place = across(point.index - 0.5)
        night = trend.found.nights[point.index]
        told = _text(f"{_named(night)}: {changed(point.size, unit)}")
        yield f'<line class="change" x1="{place}" x2="{place}" y1="0" y2="{_HEIGHT}"><title>{told}</title></line>'
        # Written on the side of the line that has the room.
        side, anchor = (place - 4, "end") if place > _WIDTH / 2 else (place + 4, "start")
        name = plain(night.label, _MAX_MARK) or night.started[:10]
        yield f'<text x="{side}" y="24" text-anchor="{anchor}">{_text(f"{name} {changed(point.size, unit)}")}</text>'
    for index, value in enumerate(series.values):
        if value is not None:
            kind = "newest" if index >= count - trend.rules.newest else "night"
            told = f"{_named(trend.found.nights[index])}: {measured(value, unit)}"
            yield (
                f'<circle class="{kind}" cx="{across(index)}" cy="{down(value)}" r="3">'
                f"<title>{_text(told)}</title></circle>"
            )


def _named(night: Night) -> str:
    return f"{night.started} {night.label}".strip()


def _kind(change: Change) -> str:
    return change.replace(" ", "-")


def _text(text: str) -> str:
    return escape(plain(text, _MAX_SHOWN))
