"""API keys in a text: as they are, in another letter case, cut short, halved, in hexadecimal, or inside base64."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from contracts.record.store import SecretStore, Span, base64_forms

_SHORT: Final = 8
"""Keys of fewer characters are found only where no letter or digit adjoins: they may be words, such as ``test``."""

_SHORTEST_HEX: Final = 4
"""Characters of the shortest key that is looked for in hexadecimal."""

_LEAST_PART: Final = 8
"""Characters of the smallest part of a key that is masked; a probe with a truncated key (AUTH-1) shows one."""

_HALVED: Final = 24
"""Characters from which on half of a key is masked, too, as where a target shows one in two members."""

PUBLIC: Final = frozenset(
    "true false null True False None PENDING SUCCESS ERROR REFUND EXPIRED SINGLE BULK ADMIN BOT WEB API USD "
    "country_code display_name phone_number price amount currency_code status purchase_type verification code "
    "password received_at created_at purchase items pagination error message".split()
)
"""Words of the wire itself. A target that sends one as a password must not make every report unreadable."""

_COMMON: Final = frozenset(word.lower() for word in PUBLIC)

_MOST_MISSING: Final = 64
_SHORTEST_BASE64: Final = 6


class _Key(NamedTuple):
    label: str
    text: str
    ends: tuple[str, str]
    pattern: re.Pattern[str]


class KeyFinder:
    """Finds a few API keys.

    A key that differs in letter case or lacks up to a quarter at one end, a long one up to half, still gives the key
    away; it gets the mask ``<key:owner:altered>``. Base64 is found at any alignment, as in HTTP Basic authentication.

    Args:
        keys: label to key; those that ``is_common`` are left out, for they stand in answers by chance.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        self.labels = tuple(keys)
        self._keys = [_Key(label, key, _ends(key), _pattern(key)) for label, key in keys.items() if not is_common(key)]
        self._encoded = SecretStore()
        for key in self._keys:
            raw = key.text.encode("utf-8", "surrogatepass")
            for part in _base64_parts(raw):
                self._encoded.add_text(part, f"<key:{key.label}:base64>", padded=True)
            if len(raw) >= _SHORTEST_HEX:
                for digits in (raw.hex(), raw.hex().upper()):
                    self._encoded.add_text(digits, f"<key:{key.label}:hex>")

    def find(self, text: str) -> Iterator[Span]:
        """Yield where keys stand in a text; spans may overlap."""
        lower = text.lower()
        altered: list[Span] = []
        for key in self._keys:
            if key.ends[0] in lower or key.ends[1] in lower:
                for match in key.pattern.finditer(text):
                    if match.group() == key.text:
                        yield Span(match.start(), match.end(), f"<key:{key.label}>")
                    else:
                        altered.append(Span(match.start(), match.end(), f"<key:{key.label}:altered>"))
        # One key may be the beginning of another: of spans alike the first one's mask is taken.
        yield from altered
        yield from self._encoded.find(text)


def is_common(value: str) -> bool:
    """Tell whether a value stands in answers and reports by chance, so that hiding it would hide those."""
    return not value or (value.isdigit() and len(value) < _SHORT) or value.lower() in _COMMON


def _missing(key: str) -> int:
    """Return how many characters a part of a key may lack at one end."""
    part = -(-len(key) // 2) if len(key) >= _HALVED else len(key) // 4
    return max(0, min(len(key) - _LEAST_PART, part, _MOST_MISSING))


def _ends(key: str) -> tuple[str, str]:
    """Return the smallest beginning and end that are masked: a cheap test, for most texts contain neither."""
    return key[: len(key) - _missing(key)].lower(), key[_missing(key) :].lower()


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
