"""How many purchases a request may make on a server that reads it as loosely as servers do.

The contract has one way to buy. A server under test may have more: another method on the same path, a path with
a slash too many or in capitals, a list of creates, a quantity nobody documented. What the caps on purchases count
is what might be bought, not what should be.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from contracts.document import parse

_HARMLESS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "DELETE"})
"""Methods that make nothing; all others, unknown ones included, may."""

_BUYING: Final = frozenset({"/v1/purchases", "/v1/purchases/bulk"})
_QUANTITIES: Final = frozenset({"quantity", "qty", "count", "number", "amount"})
_SLASHES: Final = re.compile(r"[/\\]+")
_ENCODINGS: Final = 3
"""How often a path is decoded: a proxy and the server behind it may each do so."""

_MOST: Final = 10**18


def most_purchases(method: str, path: str, body: bytes) -> int:
    """Return how many purchases a request may make at most, 0 where it can make none.

    Args:
        method: HTTP method.
        path: path below the base URL, percent-encoded.
        body: bytes of the body.
    """
    if method.upper() in _HARMLESS or _plain(path) not in _BUYING:
        return 0
    value = parse(body).value
    if isinstance(value, list):
        return max(1, sum(_quantity(each) for each in value))
    return _quantity(value)


def _plain(path: str) -> str:
    """Return a path as the most forgiving router reads it."""
    for _ in range(_ENCODINGS):
        path = unquote(path)
    parts: list[str] = []
    for part in _SLASHES.split(path):
        name = part.partition(";")[0].strip("\0 \t\r\n").lower()
        if name == "..":
            parts = parts[:-1]
        elif name not in {"", "."}:
            parts.append(name)
    return "/" + "/".join(parts)


def _quantity(value: object) -> int:
    """Return how many one create asks for."""
    if not isinstance(value, dict):
        return 1
    return max(1, 1, *(_number(value[name]) for name in _QUANTITIES & value.keys()))


def _number(value: object) -> int:
    """Return a quantity, written as a number or as a text, as a whole number of bounded size."""
    if isinstance(value, str):
        value = int(value) if value.isdigit() and value.isascii() and len(value) < 4_000 else 1
    if not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - not a number is no quantity
        return 1
    return int(min(max(value, 1), _MOST))
