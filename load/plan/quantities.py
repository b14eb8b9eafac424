"""Rates, shares and limits as people write them."""

from __future__ import annotations

import re
from typing import Final

_PER: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}
_NUMBER: Final = r"([0-9]{1,9}(?:\.[0-9]{1,6})?)"
_RATE: Final = re.compile(rf"{_NUMBER}(?:/(s|m|h))?")
_SHARE: Final = re.compile(rf"{_NUMBER}\s?%")
_SHOWN: Final = 40
_LARGEST: Final = 1e300
"""An integer of TOML may be too large for a float."""


def parse_rate(text: str | float) -> float:
    """Return a rate in events per second.

    Args:
        text: ``200/s``, ``12/m``, ``3600/h``; a bare number is per second.

    Raises:
        ValueError: it is no rate; the message shows it and what one looks like.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        if not 0 <= text <= _LARGEST:
            raise ValueError("that number is no rate; write 200/s, 12/m or 3600/h")
        return float(text)
    match = _RATE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{str(text)[:_SHOWN]!r} is no rate; write 200/s, 12/m or 3600/h")
    return float(match[1]) / _PER[match[2] or "s"]


def parse_share(text: str) -> float:
    """Return a percentage as a share of one: ``0.1%`` is 0.001.

    Raises:
        ValueError: it is no percentage; the message shows it and what one looks like.
    """
    match = _SHARE.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{str(text)[:_SHOWN]!r} is no percentage; write 0.1% or 5%")
    return float(match[1]) / 100


def tell_rate(per_second: float) -> str:
    """Return a rate as it is written, per minute where that reads better: ``200/s``, ``12/m``."""
    if 0 < per_second < 1:
        return f"{per_second * 60:.4g}/m"
    return f"{tell_number(per_second)}/s"


def tell_number(value: float) -> str:
    """Return a number without trailing zeros, at most three decimals: ``200``, ``12.5``."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
