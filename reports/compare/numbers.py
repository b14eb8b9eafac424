"""Measured numbers and their names as a reader wants them: three figures, a unit, a sign for changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_MOST_SHOWN: Final = 9.995
"""Change, as a share, beyond which only the order matters: 999.5 %."""


def measured(value: float | None, unit: str) -> str:
    """Return a measured value with its unit.

    Args:
        value: milliseconds, requests a second, or a share from 0 to 1; None where nothing was measured.
        unit: ``ms``, ``/s`` or ``%``.
    """
    if value is None:
        return "-"
    if unit == "%":
        return f"{100 * value:.2f} %"
    figures = f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return f"{figures}{unit}" if unit == "/s" else f"{figures} {unit}"


def changed(effect: float | None, unit: str) -> str:
    """Return a change with its sign: per cent, or for shares percentage points.

    Args:
        effect: a ratio less 1, or a difference of shares; None where there is none.
        unit: of what changed.
    """
    if effect is None:
        return "-"
    if unit != "%" and effect > _MOST_SHOWN:
        return "> +999 %"
    digits, name = (2, "pp") if unit == "%" else (1, "%")
    # Adding 0 turns what was rounded to -0.0 into 0.0.
    return f"{round(100 * effect, digits) + 0.0:+.{digits}f} {name}"


def grouped(measures: Iterable[tuple[str, str]]) -> str:
    """Return measures by operation: ``all (p50, p99), refund (p50)``; empty for none.

    Args:
        measures: operation and measure of each.
    """
    operations: dict[str, list[str]] = {}
    for operation, measure in measures:
        operations.setdefault(operation, []).append(measure)
    return ", ".join(f"{operation} ({', '.join(names)})" for operation, names in operations.items())
