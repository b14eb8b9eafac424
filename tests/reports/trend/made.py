"""Nights made up for trends: values from a seeded generator, and run directories that hold them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from reports.trend.measures import ALL, Key
from reports.trend.nights import Night, Nights
from reports.trend.ranktest import Floats
from tests.reports.compare import made

P50 = Key(ALL, "p50")
FIRST = datetime(2026, 1, 1, 2, tzinfo=UTC)


def noise(seed: int, nights: int, spread: float = 0.06, alike: float = 0.0, wild: float = 0.0) -> Floats:
    """Milliseconds around 100, lognormal, each night like the one before, some of them wild."""
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal(nights)
    for night in range(1, nights):
        drawn[night] = alike * drawn[night - 1] + np.sqrt(1 - alike**2) * drawn[night]
    outliers = (rng.random(nights) < wild) * rng.uniform(np.log(1.3), np.log(3), nights)
    values: Floats = 100 * np.exp(spread * drawn + outliers)
    return values


def stepped(values: Floats, at: int, factor: float) -> Floats:
    changed = values.copy()
    changed[at:] *= factor
    return changed


def nights(series: Mapping[Key, Any], labels: Mapping[int, str] | None = None) -> Nights:
    """Nights of one setup; None stands for a measure that a night lacks."""
    count = max((len(values) for values in series.values()), default=0)
    found = tuple(
        Night(
            Path(f"night-{number:04}"),
            started(number),
            (labels or {}).get(number, ""),
            {"plan": "nightly"},
            {key: float(value) for key, values in series.items() if (value := values[number]) is not None},
        )
        for number in range(count)
    )
    return Nights(found, (), 0)


def started(number: int) -> str:
    return f"{FIRST + timedelta(days=number):%Y-%m-%dT%H:%M:%S}.000Z"


def row(name: str, p50: float, p99: float, failures: int = 0) -> dict[str, Any]:
    latency = {"mean": p50, "p50": p50, "p90": p50, "p95": p50, "p99": p99, "p999": p99, "max": p99}
    return {"name": name, "requests": 1000, "failures": failures, "latency_ms": latency, "service_ms": latency}


def load_night(number: int, p50: float, load: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A night's ``run.json``."""
    section = made.load_section(operations=[row("all", p50, 3 * p50), row("create_purchase", p50, 3 * p50)])
    return made.document({**section, **(load or {})}, started=started(number), **changes)


def directory(root: Path, values: Sequence[float] | Floats, labels: Mapping[int, str] | None = None) -> Path:
    for number, value in enumerate(values):
        label: dict[str, Any] = {"label": labels[number]} if labels and number in labels else {}
        night = load_night(number, float(value), **label)
        made.write(root / f"{FIRST + timedelta(days=number):%Y%m%dT%H%M%SZ}-load", night)
    return root


def put(root: Path, name: str, content: Mapping[str, Any] | str) -> Path:
    """Write a run directory of any content."""
    path = root / name
    path.mkdir(parents=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (path / "run.json").write_text(text)
    return path
