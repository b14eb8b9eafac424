"""The load section of a page: figures as tables, and the same figures as data for the charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from reports.html.figures import number, told
from reports.html.text import island, visible

MAX_ROWS: Final = 2_000
"""Moments of the timeline that the charts get; of more, every nth."""

TABLE_ROWS: Final = 60
"""Rows of the table behind a chart; of more, every nth."""

_MAX_OPERATIONS: Final = 40
_MAX_ENTRIES: Final = 200
_MAX_POINTS: Final = 60
_PERCENTILES: Final = ("mean", "p50", "p90", "p95", "p99", "p999", "max")
_COLUMNS: Final = (
    "t", "asked", "achieved", "requests", "failures", "backpressure", "findings", "in_flight", "users",
    "p50", "p90", "p99", "max", "service_p50", "service_p99", "lag_p99", "cpu", "loop_delay_ms",
)  # fmt: skip
"""What the charts draw of one moment."""

_COUNTS: Final = frozenset({"requests", "failures", "backpressure", "findings"})
"""Columns that are sums over a row."""

_CHARTS: Final[tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...]] = (
    (
        "latency", "Latency over time", "ms, from the intended start of a request",
        (("p50", "p50"), ("p90", "p90"), ("p99", "p99"), ("max", "max"), ("service_p50", "service p50"),
         ("service_p99", "service p99")),
    ),
    (
        "rate", "Rate asked for and achieved", "journeys per second; requests per second on the right",
        (("asked", "asked"), ("achieved", "achieved"), ("requests", "requests")),
    ),
    (
        "trouble", "Errors and findings over time", "per second",
        (("failures", "failures"), ("backpressure", "429"), ("findings", "findings")),
    ),
    ("flight", "In flight", "requests under way", (("in_flight", "in flight"), ("users", "users"))),
    (
        "generator", "The generator itself", "ms; processor as share of one core on the right",
        (("lag_p99", "schedule lag p99"), ("loop_delay_ms", "loop delay"), ("cpu", "processor")),
    ),
)  # fmt: skip
"""Charts over time: name, title, unit, and the columns of each with their labels."""


def view_load(load: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of the load section.

    Only what its JSON Schema requires of ``load`` is relied on; what is not there is left out.

    Args:
        load: the member ``load`` of a valid ``run.json``.
    """
    rows = _thinned(_objects(load.get("timeline")), MAX_ROWS)
    series = {name: [_cell(row, name) for row in rows] for name in _COLUMNS}
    phases = _objects(load.get("phases"))[:_MAX_ENTRIES]
    operations = [_operation(entry) for entry in _objects(load["operations"])[:_MAX_OPERATIONS]]
    steps = _steps(load.get("breakpoint"))
    generator = _object(load.get("generator"))
    return {
        "facts": _facts(load),
        "saturation": str(load.get("saturation") or "") if load["saturated"] else "",
        "saturated": load["saturated"],
        "objectives": [_objective(entry) for entry in _objects(load["objectives"])[:_MAX_ENTRIES]],
        "operations": operations,
        "timings": [
            (label, _quantiles(load.get(name)))
            for name, label in (("lag_ms", "schedule lag"), ("connect_ms", "connecting"), ("tls_ms", "TLS handshake"))
            if _object(load.get(name))
        ],
        "more_operations": max(0, len(load["operations"]) - _MAX_OPERATIONS),
        "percentiles": _PERCENTILES,
        "charts": [_chart(*chart, series) for chart in _CHARTS] if rows else [],
        "moments": len(_objects(load.get("timeline"))),
        "phases": [_phase(phase) for phase in phases],
        "breakpoint": _object(load.get("breakpoint")),
        "steps": steps,
        "journeys": _objects(load.get("journeys"))[:_MAX_ENTRIES],
        "generator": generator,
        "workers": _objects((generator or {}).get("workers"))[:_MAX_ENTRIES],
        "forgetting": str(load.get("forgetting") or ""),
        "data": island(
            {
                "series": series,
                "phases": [
                    [visible(phase.get("name", ""), 60), number(phase.get("start_s")), number(phase.get("end_s")),
                     bool(phase.get("measured"))]
                    for phase in phases
                ],
                "distributions": [
                    {"name": operation["name"], "points": operation["distribution"]} for operation in operations
                ],
                "steps": [[step["rate"], step["p50"], step["p99"], step["achieved"], step["ok"]] for step in steps],
            }
        ),
    }  # fmt: skip


def _cell(row: Mapping[str, Any], column: str) -> float | None:
    """Return what a row has in a column; counts per second, for the row of a long run may stand for several."""
    value = number(row.get(column))
    span = number(row.get("span_s")) if column in _COUNTS else None
    return value if value is None or span is None or span <= 0 else number(value / span)


def _facts(load: Mapping[str, Any]) -> list[tuple[str, str]]:
    asked, users = number(load["target_rate"]), number(load.get("users"))
    open_model = load["model"] == "open"
    facts = [
        ("Model", f"{load['model']}, {load['shape']}" if load.get("shape") else str(load["model"])),
        *([("Asked", f"{told(asked)} journeys/s")] if asked is not None else []),
        *([("Users", told(users))] if users is not None else []),
        ("Achieved", f"{told(load['achieved_rate'])} journeys/s"),
        ("Requests", _joined((load.get("requests"), ""), (load.get("request_rate"), "/s"))),
        ("Failures", told(load.get("failures"))),
        *(
            [("Dropped", _joined((load["dropped"], ""), (_share(load.get("dropped_share")), " %")))]
            if open_model
            else []
        ),
        ("429", told(load.get("backpressure"))),
        ("Connections", _joined((load.get("connections"), ""), (load.get("reconnects"), " reconnects"))),
        ("Measured", _joined((load.get("measured_s"), " s"), (load.get("warmup_s"), " s warm-up before"))),
    ]
    return [(name, text) for name, text in facts if text not in {"–", ""}]


def _joined(*pairs: tuple[object, str]) -> str:
    return ", ".join(told(value, unit) for value, unit in pairs if number(value) is not None)


def _share(value: object) -> float | None:
    known = number(value)
    return None if known is None else known * 100


def _objective(entry: Mapping[str, Any]) -> dict[str, Any]:
    unit = str(entry.get("unit") or "")
    observed, margin = number(entry.get("observed")), number(entry.get("margin"))
    ok = entry.get("ok") is True
    if observed is None:
        word = "not observed"
    elif margin is None:
        word = ""
    elif observed == number(entry.get("limit")):
        word = "at the limit"
    elif number(entry.get("limit")) == 0:
        # No share of nothing tells by how much.
        word = "" if ok else f"over by {told(observed, f' {unit}' if unit else '')}"
    elif margin >= 0:
        word = f"{told(round(margin * 100, 1))} % to spare"
    else:
        missed = "short" if ">" in str(entry.get("expr", "")) else "over"
        word = f"{missed} by {told(round(-margin * 100, 1))} %"
    return {
        "expr": str(entry.get("expr", "")),
        "observed": told(observed, f" {unit}" if unit else ""),
        "limit": told(entry.get("limit"), f" {unit}" if unit else ""),
        "ok": ok,
        "abort": entry.get("abort") is True,
        "word": word,
        # Of the limit, how much is used: half of the bar is the limit, so that a miss can be seen too.
        "used": None if margin is None else max(0.0, min(100.0, (1 - margin) * 50)),
    }


def _operation(entry: Mapping[str, Any]) -> dict[str, Any]:
    given = entry.get("distribution")
    points = [
        [number(part) for part in point[:3]]
        for point in _thinned(given if isinstance(given, list) else [], _MAX_POINTS)
        if isinstance(point, list) and len(point) >= 3
    ]
    statuses = _object(entry.get("statuses")) or {}
    return {
        "name": visible(entry.get("name", ""), 80),
        "requests": told(entry.get("requests")),
        "failures": told(entry.get("failures")),
        "statuses": [(visible(name, 30), told(count)) for name, count in list(statuses.items())[:30]],
        "latency": _quantiles(entry.get("latency_ms")),
        "service": _quantiles(entry.get("service_ms")),
        "distribution": [point for point in points if point[0] is not None],
    }


def _quantiles(values: object) -> list[str]:
    return [told(values.get(name)) if isinstance(values, Mapping) else "–" for name in _PERCENTILES]


def _chart(
    name: str, title: str, unit: str, columns: Sequence[tuple[str, str]], series: Mapping[str, Sequence[float | None]]
) -> dict[str, Any]:
    there = [(column, label) for column, label in columns if any(value is not None for value in series[column])]
    picked = _thinned(range(len(series["t"])), TABLE_ROWS)
    return {
        "name": name,
        "title": title,
        "unit": unit,
        "labels": [label for _, label in there],
        "rows": [[told(series["t"][row]), *(told(series[column][row]) for column, _ in there)] for row in picked],
        "thinned": len(picked) < len(series["t"]),
        "summary": "; ".join(_range(label, series[column]) for column, label in there),
    }


def _range(label: str, values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{label} from {told(min(known))} to {told(max(known))}"


def _phase(phase: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": str(phase.get("name", "")),
        "measured": bool(phase.get("measured")),
        "figures": [
            told(phase.get(name))
            for name in ("start_s", "end_s", "rate", "users", "requests", "failures", "p50", "p90", "p99", "max")
        ],
    }


def _steps(breakpoint_: object) -> list[dict[str, Any]]:
    if not isinstance(breakpoint_, Mapping):
        return []
    return [
        {
            **{name: number(step.get(name)) for name in ("rate", "achieved", "p50", "p99")},
            "figures": [told(step.get(name)) for name in ("rate", "achieved", "p50", "p99")],
            "errors": told(_share(step.get("error_rate")), " %"),
            "dropped": told(_share(step.get("dropped_share")), " %"),
            "ok": step.get("ok") is True,
            "reason": str(step.get("reason") or ""),
        }
        for step in _objects(breakpoint_.get("steps"))[:_MAX_ENTRIES]
    ]


def _object(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _thinned(items: Sequence[Any], most: int) -> list[Any]:
    """Return items evenly spaced, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]
