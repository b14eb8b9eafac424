"""API keys in a text: as they are, in another letter case, cut short, in hexadecimal, or inside base64."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from contracts.record.store import SecretStore, Span, base64_forms

_SHORT: Final = 4
"""Keys of fewer characters are found only where no letter or digit adjoins."""

_LEAST_PART: Final = 8
"""Characters of the smallest part of a key that is masked; a probe with a truncated key (AUTH-1) shows one."""

_MOST_MISSING: Final = 64
_SHORTEST_BASE64: Final = 6


class _Key(NamedTuple):
    label: str
    text: str
    core: str
    pattern: re.Pattern[str]


class KeyFinder:
    """Finds a few API keys.

    A key that differs in letter case or lacks up to a quarter at one end still gives the key away; it gets
    the mask ``<key:owner:altered>``. Base64 is found at any alignment, as in HTTP Basic authentication.

    Args:
        keys: label to key; empty keys are left out.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        self.labels = tuple(keys)
        self._keys = [_Key(label, key, _core(key), _pattern(key)) for label, key in keys.items() if key]
        self._encoded = SecretStore()
        for key in self._keys:
            raw = key.text.encode("utf-8", "surrogatepass")
            for part in _base64_parts(raw):
                self._encoded.add_text(part, f"<key:{key.label}:base64>", padded=True)
            if len(raw) >= _SHORT:
                for digits in (raw.hex(), raw.hex().upper()):
                    self._encoded.add_text(digits, f"<key:{key.label}:hex>")

    def find(self, text: str) -> Iterator[Span]:
        """Yield where keys stand in a text; spans may overlap."""
        lower = text.lower()
        for key in self._keys:
            if key.core in lower:
                for match in key.pattern.finditer(text):
                    altered = "" if match.group() == key.text else ":altered"
                    yield Span(match.start(), match.end(), f"<key:{key.label}{altered}>")
        yield from self._encoded.find(text)


def _missing(key: str) -> int:
    """Return how many characters a part of a key may lack at one end."""
    return max(0, min(len(key) - _LEAST_PART, len(key) // 4, _MOST_MISSING))


def _core(key: str) -> str:
    """Return what every masked part of a key contains: a cheap test, for most texts contain none."""
    return key[_missing(key) : len(key) - _missing(key)].lower()


def _pattern(key: str) -> re.Pattern[str]:
    if len(key) < _SHORT:
        return re.compile(rf"(?<![^\W_]){re.escape(key)}(?![^\W_])", re.IGNORECASE)
    missing = _missing(key)
    kept = len(key) - missing
    beginning = re.escape(key[:kept]) + "".join(f"(?:{re.escape(c)}" for c in key[kept:]) + ")?" * missing
    end = "(?:" * missing + "".join(f"{re.escape(c)})?" for c in key[:missing]) + re.escape(key[missing:])
    return re.compile(f"{beginning}|{end}", re.IGNORECASE)


def _base64_parts(key: bytes) -> Iterator[str]:
    """Yield the characters that a key becomes in base64, whatever stands before and after it."""
    for before in range(3):
        for form in base64_forms(b"\0" * before + key):
            first = -(-before * 8 // 6)
            # The last character also depends on what follows, unless nothing does.
            last = (before + len(key)) * 8 // 6
            if last - first >= _SHORTEST_BASE64:
                yield form[first:last]
    yield from (form for form in base64_forms(key) if len(key) >= 3)
