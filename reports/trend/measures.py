"""What a trend follows of each load run: percentiles and failures by operation, and the rate achieved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from reports.errors import DocumentError

ALL: Final = "all"
"""Name of the row that holds every operation together."""

PERCENTILES: Final = ("p50", "p99")
"""The typical answer and the bad one; those between say little more, and every series costs power."""

_MOST_OPERATIONS: Final = 200
_LONGEST_NAME: Final = 100
_MAX_SHOWN: Final = 60


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One series: an operation's name, or ``all``, and a measure."""

    operation: str
    measure: str


@dataclass(frozen=True, slots=True)
class Measure:
    """How a measure is read and judged.

    Attributes:
        unit: ``ms``, ``/s``, or ``%`` for a share that is kept as a number from 0 to 1.
        ratio: whether changes count by ratio; a share that may be 0 is judged by difference.
        worse_up: whether more is worse.
    """

    unit: str
    ratio: bool
    worse_up: bool


MEASURES: Final = {
    **{name: Measure("ms", ratio=True, worse_up=True) for name in PERCENTILES},
    "failures": Measure("%", ratio=False, worse_up=True),
    "rate": Measure("/s", ratio=True, worse_up=False),
}


def measures(load: Mapping[str, Any]) -> dict[Key, float]:
    """Return what a load run measured: milliseconds, shares from 0 to 1, arrivals per second.

    A percentile of an operation that had no answer, and what depends on a count of 0, is left out.

    Args:
        load: the load section of a valid ``run.json``; its operations may hold anything.

    Raises:
        DocumentError: a value is not what it says, which is told with the value.
    """
    rows = load["operations"]
    if len(rows) > _MOST_OPERATIONS:
        raise DocumentError(f"it has {len(rows):,} operations; a load run has at most {_MOST_OPERATIONS}")
    found: dict[Key, float] = {}
    for row in rows:
        name = row.get("name")
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
            raise DocumentError(f"an operation's name is {_shown(name)}")
        requests = _number(row.get("requests"), f"requests of {name}")
        failures = _number(row.get("failures"), f"failures of {name}")
        if requests:
            if failures > requests:
                raise DocumentError(f"{name} has {failures:g} failures in {requests:g} requests")
            found[Key(name, "failures")] = failures / requests
        latency = row.get("latency_ms")
        if not isinstance(latency, dict):
            raise DocumentError(f"latency_ms of {name} is {_shown(latency)}")
        for percentile in PERCENTILES:
            if latency.get(percentile) is not None:
                value = _number(latency[percentile], f"{percentile} of {name}")
                if value > 0:
                    found[Key(name, percentile)] = value
    rate = _number(load["achieved_rate"], "achieved_rate")
    if rate > 0 and found:
        found[Key(ALL, "rate")] = rate
    return found


def _number(value: object, what: str) -> float:
    """Return a number from 0, which JSON as Python reads it does not promise: NaN and Infinity pass there."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DocumentError(f"{what} is {_shown(value)}, not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or number < 0:
        raise DocumentError(f"{what} is {_shown(value)}, not a number from 0")
    return number


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
