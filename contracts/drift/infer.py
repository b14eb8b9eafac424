"""The schema of values that no contract describes, inferred from those that were seen; no value is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.drift.shape import type_of

MAX_KEYS: Final = 50
"""Keys of one object that are told apart; what has more is a map."""

MAX_DEPTH: Final = 6
"""Levels that are looked into."""

_MAX_ITEMS: Final = 100
_FORMATS: Final[Mapping[str, re.Pattern[str]]] = {
    "date-time": re.compile(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
    ),
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "uri": re.compile(r"[a-z][a-z0-9+.-]*://[^\s]+"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
}
"""Formats (JSON Schema 2020-12 Validation, section 7.3) that are recognised by their form."""


@dataclass(slots=True)
class Inferred:
    """What all values seen at one place have in common.

    Attributes:
        types: JSON Schema types seen.
        formats: formats that every string so far has, None while there was no string.
        properties: by key of the objects seen, what was seen under it.
        items: what was seen in arrays, None while there was nothing.
        is_map: whether its objects have too many different keys to name.
    """

    types: set[str] = field(default_factory=set)
    formats: frozenset[str] | None = None
    properties: dict[str, Inferred] = field(default_factory=dict)
    items: Inferred | None = None
    is_map: bool = False

    def see(self, value: object, depth: int = 0) -> None:
        """Take one more value into account."""
        self.types.add(type_of(value))
        if isinstance(value, str):
            found = frozenset(name for name, form in _FORMATS.items() if form.fullmatch(value))
            self.formats = found if self.formats is None else self.formats & found
        elif depth >= MAX_DEPTH:
            return
        elif isinstance(value, list):
            for item in value[:_MAX_ITEMS]:
                if self.items is None:
                    self.items = Inferred()
                self.items.see(item, depth + 1)
        elif isinstance(value, dict):
            for key, inner in value.items():
                if key not in self.properties and len(self.properties) >= MAX_KEYS:
                    self.is_map = True
                    self.properties.clear()
                if self.is_map:
                    break
                self.properties.setdefault(key, Inferred()).see(inner, depth + 1)

    def schema(self) -> dict[str, Any]:
        """Return a schema that allows what was seen, requires nothing, and names no value."""
        types = self.types - ({"integer"} if "number" in self.types else set())
        kinds = sorted(types, key=lambda kind: (kind == "null", kind))
        found: dict[str, Any] = {"type": kinds[0] if len(kinds) == 1 else kinds} if kinds else {}
        if self.formats and len(self.formats) == 1:
            found["format"] = next(iter(self.formats))
        if self.properties:
            found["properties"] = {key: inner.schema() for key, inner in self.properties.items()}
        if self.items is not None:
            found["items"] = self.items.schema()
        return found
