"""Numbers as a page shows them: finite, short, and an en dash where there is none."""

from __future__ import annotations

import math


def number(value: object) -> float | None:
    """Return a finite number as the page shows it, at most seven significant digits; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(f"{value:.7g}") if math.isfinite(value) else None
    except OverflowError:
        return None


def told(value: object, unit: str = "") -> str:
    """Return a number for a table, an en dash where there is none."""
    known = number(value)
    if known is None:
        return "–"
    digits = 0 if known == int(known) and abs(known) < 1e15 else 2 if abs(known) < 10 else 1 if abs(known) < 1000 else 0
    return f"{known:,.{digits}f}{unit}"
