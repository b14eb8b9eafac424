"""Which values of an operation are secret: phone numbers, codes and passwords, wherever a body shows them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Final, Literal

from contracts.document import parse
from contracts.history import Operation

Kind = Literal["code", "password", "phone"]

_KINDS: Final[dict[str, Kind]] = {"code": "code", "password": "password", "phone_number": "phone"}
_MAX_BODY: Final = 1024 * 1024
"""Bytes of a body that are searched; what the record keeps of one is far less."""

_MAX_NODES: Final = 50_000
"""Values of a decoded body that are looked at."""

_MAX_FOUND: Final = 5_000
"""Secrets learnt from one body; a page of fifty purchases holds 150."""

_MEMBER: Final = re.compile(
    r'"(phone_number|code|password)"\s{0,100}:\s{0,100}(?:"((?:[^"\\]|\\.){1,5000})|([0-9]{3,18})(?![0-9.eE]))',
    re.DOTALL,
)
_CREDENTIALS: Final = re.compile('"(?:verification|password|received_at)"')
_NEAR: Final = 200
"""Characters before and after a member in which the rest of the credentials is looked for."""

_LOGIN_CODE: Final = re.compile(r"[0-9]{4,8}")
_SHORTEST_FRAGMENT: Final = 6


def secrets_in(operation: Operation) -> Iterator[tuple[Kind, str]]:
    """Yield the kind and value of every secret that an operation shows.

    Bodies are searched as text, so that secrets of a body that is cut, nested beyond reason or has a key
    twice are found, and decoded, so that keys and values written with escapes are.

    Args:
        operation: any recorded call.
    """
    yield from _in_body(operation.input.body, served=False)
    for name, value in operation.input.query:
        kind = _KINDS.get(name)
        # The list takes a fragment of a phone number; a short one tells nothing and occurs everywhere.
        if kind is not None and len(value) >= _SHORTEST_FRAGMENT:
            yield kind, value
    if operation.answer is not None:
        yield from _in_body(operation.answer.body, served=200 <= operation.answer.status < 300)


def _in_body(body: bytes, *, served: bool) -> Iterator[tuple[Kind, str]]:
    part = body[:_MAX_BODY]
    if part:
        yield from islice(chain(_in_text(part, served=served), _in_document(part, served=served)), _MAX_FOUND)


def _in_text(body: bytes, *, served: bool) -> Iterator[tuple[Kind, str]]:
    # Without its NUL bytes, ASCII text in UTF-16 reads as UTF-8.
    text = body.decode("utf-8", "surrogateescape").replace("\0", "")
    for match in _MEMBER.finditer(text):
        kind = _KINDS[match.group(1)]
        value = _unescaped(match.group(2)) if match.group(2) is not None else int(match.group(3))
        near = text[max(0, match.start() - _NEAR) : match.end() + _NEAR]
        if _is_secret(value, kind, sure=_CREDENTIALS.search(near) is not None, served=served):
            yield kind, str(value)


def _in_document(body: bytes, *, served: bool) -> Iterator[tuple[Kind, str]]:
    """Walk a decoded body without recursion, for a target decides how deep it is."""
    pending: list[tuple[object, Kind | None, bool]] = [(parse(body).value, None, False)]
    looked = 0
    while pending and looked < _MAX_NODES:
        node, kind, sure = pending.pop()
        looked += 1
        if isinstance(node, dict):
            inside = sure or "password" in node or "received_at" in node
            pending.extend((child, _KINDS.get(key), inside or key == "verification") for key, child in node.items())
        elif isinstance(node, list):
            pending.extend((child, kind, sure) for child in node)
        elif kind is not None and _is_secret(node, kind, sure=sure, served=served):
            yield kind, str(node)


def _is_secret(value: object, kind: Kind, *, sure: bool, served: bool) -> bool:
    """Tell a secret from what else may be called ``code``: error documents have one, a word for programs."""
    if isinstance(value, int):
        return not isinstance(value, bool) and 0 <= value < 10**18 and (sure or served or kind != "code")
    if not isinstance(value, str):
        return False
    if kind != "code" or sure:
        return True
    return any(map(str.isdigit, value)) if served else _LOGIN_CODE.fullmatch(value) is not None


def _unescaped(raw: str) -> str:
    try:
        return str(json.loads(f'"{raw}"', strict=False))
    except ValueError:
        return raw
