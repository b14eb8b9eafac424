"""Leaks: whether an answer contains the code or the password of a purchase, wherever it stands (AUTH-4)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from contracts.document import parse
from contracts.history import Answer
from contracts.invariants.values import Credentials

LONG_ENOUGH: Final = 6
"""Characters from which a text is searched for anywhere; shorter ones occur in ids and times by chance."""

SHORTEST: Final = 4
"""Characters below which a text says nothing: ``404`` is a status as well as a code."""

MAX_DEPTH: Final = 40

MAX_ENCODED: Final = 10_000
"""Characters of a text that are looked through for encoded ones."""

_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{6,}")
_PLAIN_ALPHABET: Final = str.maketrans("-_", "+/")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?|\d\d:\d\d:\d\d")


def find_leak(answer: Answer, known: Credentials, harmless: frozenset[str]) -> str | None:
    """Return what an answer gives away of a purchase's credentials.

    Args:
        answer: the answer to somebody who does not own the purchase.
        known: the credentials, whenever they came.
        harmless: texts that stand in the answer for another reason, such as the purchase's id.

    Returns:
        The leaked value's name and where it stands (``code in the body``), None without a leak.
    """
    values = {"password": known.password, "code": known.code}
    for key, value in values.items():
        if value is None or len(value) < SHORTEST or value in harmless:
            continue
        for where, text, whole in _texts(answer):
            if _contains(text, value, whole=whole, secret=key == "password"):
                return f"{key} in the {where}"
            if any(re.search(rf"(?<!\w){re.escape(value)}(?!\w)", plain) for plain in _decoded(text)):
                return f"{key}, encoded, in the {where}"
    return None


def _texts(answer: Answer) -> Iterator[tuple[str, str, bool]]:
    """Yield every text of an answer, where it stands, and whether only the whole of it counts."""
    for name, value in answer.headers:
        if name.lower() != "content-length":
            # Numbers abound in headers: part of one is a coincidence.
            yield f"header {name[:40]}", value, True
    document = parse(answer.body)
    if document.error is None:
        yield from (("body", text, False) for text in _strings(document.value, MAX_DEPTH))
    else:
        yield "body", answer.body.decode("utf-8", "replace"), False


def _decoded(text: str) -> Iterator[str]:
    """Yield the texts that a text holds in base64 or percent-encoded."""
    if "%" in text:
        yield unquote(text)
    for match in _BASE64.finditer(text[:MAX_ENCODED]):
        token = match.group().translate(_PLAIN_ALPHABET)
        try:
            plain = base64.b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
        except ValueError:
            continue
        # Random bytes are hardly ever all printable; a token that is was a text.
        if plain.isprintable():
            yield plain


def _strings(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if isinstance(inner, int) and not isinstance(inner, bool) and "code" in key.lower():
                yield str(inner)[:40]
            yield from _strings(inner, depth - 1)
    elif depth and isinstance(value, list):
        for inner in value:
            yield from _strings(inner, depth - 1)


def _contains(text: str, value: str, *, whole: bool, secret: bool) -> bool:
    if text == value:
        return True
    if value not in text:
        return False
    if secret and len(value) >= LONG_ENOUGH:
        return True
    if whole and len(value) < LONG_ENOUGH:
        return False
    # Neither part of a word or number, nor a group of a date, an address or an identifier.
    bare = _TIME.sub(" ", text)
    return re.search(rf"(?<![\w.:+-]){re.escape(value)}(?!\w|[.:-]\w)", bare) is not None
