"""Finding an API key in bytes, in each form in which a server may give it back."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, quote_plus

MIN_LENGTH: Final = 6
"""Shorter keys are not looked for: they stand in innocent text by chance."""

DISTINCT_LENGTH: Final = 12
"""From this length on a key is looked for inside of words and in other encodings too."""

_WORD: Final = rb"[A-Za-z0-9_-]"


class KeyFinder:
    """Looks for keys in bytes.

    Args:
        keys: the keys; those shorter than ``MIN_LENGTH`` are left out.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        wanted = sorted({key for key in keys if len(key) >= MIN_LENGTH})
        self._long = tuple(dict.fromkeys(form for key in wanted if len(key) >= DISTINCT_LENGTH for form in _forms(key)))
        self._short = tuple(
            re.compile(rb"(?<!%b)%b(?!%b)" % (_WORD, re.escape(key.encode()), _WORD))
            for key in wanted
            if len(key) < DISTINCT_LENGTH
        )

    def found_in(self, data: bytes) -> bool:
        """Tell whether any of the keys stands in the data."""
        return any(form in data for form in self._long) or any(short.search(data) for short in self._short)


def _forms(key: str) -> tuple[bytes, ...]:
    """Return a key as it is, escaped for JSON, HTML and URLs, in base64 and hexadecimal, and as a list of its bytes."""
    raw = key.encode()
    quoted = [quote(key, safe=""), quote(key), quote_plus(key)]
    lowered = [re.sub(r"%[0-9A-F]{2}", lambda match: match.group().lower(), text) for text in quoted]
    written = json.dumps(key)[1:-1]
    texts = [key, written, written.replace("/", "\\/"), html.escape(key), *quoted, *lowered]
    spelt = ["".join(f"%{byte:02X}" for byte in raw), "".join(f"%{byte:02x}" for byte in raw)]
    # As JavaScript writes a buffer, with and without spaces.
    listed = [separator.join(map(str, raw)) for separator in (",", ", ")]
    texts += [*spelt, raw.hex(), raw.hex().upper(), *listed]
    return (*(text.encode() for text in texts), *_in_base64(raw))


def _in_base64(raw: bytes) -> list[bytes]:
    """Return what base64 makes of a text wherever it begins within the encoded one.

    Three bytes become four characters, so that there are three ways; characters that also depend on what stands
    before or after are left out, as is padding, which is often stripped.
    """
    found = []
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + raw)
        start, end = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        found += [whole[start:end], whole[start:end].translate(bytes.maketrans(b"+/", b"-_"))]
    return found
