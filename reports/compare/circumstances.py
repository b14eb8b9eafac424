"""What a load run was asked to do, and to whom: runs that differ in it cannot simply be set beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from reports.plaintext import plain

_LONGEST: Final = 120
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def setup(document: Mapping[str, Any]) -> dict[str, str]:
    """Return what a load run was asked to do, in words by name: host, profile, plan, model, shape, rate, users.

    Args:
        document: a valid ``run.json``; of its load section only what the schema promises is relied on.
    """
    load = document.get("load") or {}
    return {
        "host": host(str(document["target"])),
        "profile": _word(document["profile"]),
        **{name: _word(load.get(name)) for name in ("plan", "model", "shape")},
        "rate": _word(load.get("target_rate")),
        "users": _word(load.get("users")),
    }


def host(target: str) -> str:
    """Return where a target is: host and port, and for loopback one word, as its port is another every time.

    Args:
        target: a base URL.
    """
    try:
        parts = urlsplit(target)
        name, port = parts.hostname, parts.port
    except ValueError:
        return plain(target, _LONGEST)
    if not name:
        return plain(target, _LONGEST)
    if name in _LOOPBACK:
        return "loopback"
    return plain(name if port is None else f"{name}:{port}", _LONGEST)


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return in which names two setups differ, with both values."""
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def _word(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "none" if value is None or value == "" else plain(str(value), _LONGEST)
