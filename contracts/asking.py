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
from contracts.history import Input

_HARMLESS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "DELETE"})
"""Methods that make nothing; all others, unknown ones included, may."""

_BUYING: Final = ("/v1/purchases", "/v1/purchases/bulk")
"""How paths end that buy, whatever prefix the API is served below."""

_QUANTITIES: Final = frozenset({"quantity", "qty", "count", "number", "amount"})
_SLASHES: Final = re.compile(r"[/\\]+")
_QUERY: Final = re.compile("[?#]")
_ENCODINGS: Final = 3
"""How often a path is decoded: a proxy and the server behind it may each do so."""

_ASKED: Final = re.compile(r"(?:quantity|qty|count|number|amount)[\"']?\s*[:=]\s*[\"']?([+]?\d{1,30})", re.IGNORECASE)
"""A quantity in what is not one plain JSON value: a form, a key that stands twice, lines of JSON, another charset."""

_OVERRIDES: Final = frozenset({"x-http-method-override", "x-http-method", "x-method-override", "_method"})
"""Fields and query parameters by which servers let a method stand for another."""

_MOST: Final = 10**18
_LONGEST: Final = 4_000


def purchases_asked(sent: Input) -> int:
    """Return how many purchases a whole request may make at most, 0 where it can make none.

    Args:
        sent: its query may ask for several, and its fields for another method than its own.
    """
    pairs = [(name.lower(), value) for name, value in (*sent.headers, *sent.query)]
    methods = [sent.method, *(value.strip() for name, value in pairs if name in _OVERRIDES)]
    most = max(most_purchases(method, sent.path, sent.body) for method in methods)
    asked = [_number(value) for name, value in pairs if name in _QUANTITIES]
    return min(most * max(asked, default=1), _MOST)


def most_purchases(method: str, path: str, body: bytes) -> int:
    """Return how many purchases a request may make at most, 0 where it can make none.

    Args:
        method: HTTP method.
        path: path, percent-encoded; a prefix and a query do not matter.
        body: bytes of the body.
    """
    if method.upper() in _HARMLESS or not _may_buy(path):
        return 0
    document = parse(body)
    most = _quantity(document.value)
    if document.error is None and not document.duplicates:
        return most
    text = body.replace(b"\0", b"").decode("utf-8", "replace")
    return max(most, *map(_number, _ASKED.findall(text)), 1)


def _may_buy(path: str) -> bool:
    """Tell whether some router takes a path for one that buys; a query may begin within it, or may not."""
    for _ in range(_ENCODINGS):
        path = unquote(path)
    return any(_plain(each).endswith(_BUYING) for each in (path, _QUERY.split(path, maxsplit=1)[0]))


def _plain(path: str) -> str:
    """Return a decoded path as the most forgiving router reads it."""
    parts: list[str] = []
    for part in _SLASHES.split(path):
        name = part.partition(";")[0].strip("\0 \t\r\n").lower()
        if name == "..":
            parts = parts[:-1]
        elif name not in {"", "."}:
            parts.append(name)
    return "/" + "/".join(parts)


def _quantity(value: object) -> int:
    """Return how many a decoded body asks for: by a number, by a list of creates, or by a list within one."""
    if isinstance(value, list):
        return min(max(1, sum(_alone(each) for each in value)), _MOST)
    if not isinstance(value, dict):
        return 1
    lists = [sum(map(_alone, each)) for each in value.values() if isinstance(each, list)]
    return min(_alone(value) * max(1, *lists, 1), _MOST)


def _alone(value: object) -> int:
    """Return how many one create asks for by a number."""
    if not isinstance(value, dict):
        return 1
    return max(1, 1, *(_number(value[name]) for name in _QUANTITIES & value.keys()))


def _number(value: object) -> int:
    """Return a quantity, written as a number or as a text, as a whole number of bounded size."""
    if isinstance(value, str):
        try:
            # As loosely as servers read it: signs, spaces, other scripts' digits, an exponent.
            value = float(value) if len(value) < _LONGEST else _MOST
        except ValueError:
            return 1
    if not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - not a number is no quantity
        return 1
    return int(min(max(value, 1), _MOST))
