"""A trend as plain data, for machines."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from reports.compare.change import EXIT_CODES
from reports.trend.judging import Series, Trend
from reports.trend.measures import MEASURES

SCHEMA: Final = 1
"""Version of the shape."""


def document(trend: Trend) -> dict[str, Any]:
    """Return a trend as JSON takes it: units as in ``Series``, changes in words."""
    return {
        "schema": SCHEMA,
        "change": trend.change,
        "exit_code": EXIT_CODES[trend.change],
        "reasons": list(trend.reasons),
        "rules": asdict(trend.rules),
        "setup": dict(trend.found.nights[-1].setup) if trend.found.nights else {},
        "nights": [
            {"run": str(night.path), "started": night.started, "label": night.label} for night in trend.found.nights
        ],
        "left_out": [
            {"run": str(run.path), "started": run.started or None, "reason": run.reason} for run in trend.found.left_out
        ],
        "other_runs": trend.found.others,
        "series": [_series(series) for series in trend.series],
    }


def _series(series: Series) -> dict[str, Any]:
    found = asdict(series)
    found |= found.pop("key")
    points = found.pop("points")
    return {**found, "unit": MEASURES[series.key.measure].unit, "change_points": points}
