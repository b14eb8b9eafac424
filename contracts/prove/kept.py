"""The results of a proof, kept as they come and read again where a proof is taken up: one a line."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from contracts.errors import UsageError
from contracts.foreign import open_foreign
from contracts.prove.case import Shown

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of the largest file that is taken up; a result has some three hundred."""

_LONGEST_TEXT: Final = 10_000
_MOST_CLAUSES: Final = 1_000
_LARGEST: Final = 1e9


def load_shown(path: Path) -> dict[str, Shown]:
    """Return what an earlier proof showed, by case key; a line that is no result is left out.

    Args:
        path: the proof's file, written by ``keep``; it may come from a stranger.

    Raises:
        UsageError: it cannot be read, or is larger than any proof.
    """
    try:
        with open_foreign(path, links=False) as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise UsageError(f"{path} is larger than {MOST_BYTES} bytes; that is no proof's")
    found = (shown for line in content.splitlines() if (shown := _read(line)) is not None)
    return {one.key: one for one in found}


def keep(path: Path, shown: Shown) -> None:
    """Append one result to a proof's file.

    Raises:
        UsageError: it cannot be written.
    """
    line = json.dumps(asdict(shown)).encode("ascii") + b"\n"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        with os.fdopen(descriptor, "rb+", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                # A killed proof has left a line that broke off; this one is not to be lost with it.
                line = b"\n" + line
            if file.write(line) != len(line):
                raise UsageError(f"cannot write {path}: the disk is full")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def _read(line: bytes) -> Shown | None:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or fields.keys() != _FIELDS.keys():
        return None
    if not all(lawful(fields[name]) for name, lawful in _FIELDS.items()):
        return None
    if (fields["catch_seconds"] is None) is not (fields["catch_purchases"] is None):
        return None
    made: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    return Shown(**made)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT


def _is_clauses(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= _MOST_CLAUSES and all(_is_text(each) for each in value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _is_seconds(value: Any) -> bool:
    return _is_count(value) or (isinstance(value, float) and math.isfinite(value) and 0 <= value <= _LARGEST)


_FIELDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "key": _is_text,
    "name": _is_text,
    "kind": _is_text,
    "right": lambda value: isinstance(value, bool),
    "verdict": _is_text,
    "caught_by": _is_clauses,
    "warned_by": _is_clauses,
    "missed": _is_clauses,
    "seconds": _is_seconds,
    "requests": _is_count,
    "purchases": _is_count,
    "catch_seconds": lambda value: value is None or _is_seconds(value),
    "catch_purchases": lambda value: value is None or _is_count(value),
    "note": _is_text,
}
"""What each field of a result may be; a file from a stranger may say anything."""
