"""Restoring a recorded request: keys from the environment, ids of now, bodies that the record cut short."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

from contracts.demand import MAX_ID
from contracts.gate.nearmisses import Subject, body_misses, country_misses, key_misses
from contracts.gate.refusals import UNKNOWN_AHEAD
from contracts.gate.replay.record import UnreplayableError
from contracts.gate.replay.sendable import why_not
from contracts.history import STRANGER, Input, Operation
from contracts.routes import route

_MASK: Final = re.compile(r"<(key|code|password|phone):[^<>]{1,120}>")
_KEY_HEADERS: Final = frozenset({"x-api-key", "cookie", "authorization"})
_KEY_QUERY: Final = frozenset({"x-api-key", "api_key"})
_UNKNOWN_AIM: Final = "INPUT-8"
_COUNTRY: Final = "US"
_MAX_DIGITS: Final = 4_000

Pairs = tuple[tuple[str, str], ...]


class Restorer:
    """Turns recorded requests into ones that can be sent now.

    Args:
        cut: by index, how many bytes a request's body had of which only the beginning was kept.
        key: the owner's key.
        wrong_key: a key of the same shape that nobody has.
    """

    def __init__(self, cut: Mapping[int, int], key: str, wrong_key: str) -> None:
        self._cut = cut
        self._subject = Subject(_COUNTRY, 1, key, wrong_key)

    def restore(self, operation: Operation, number: int | None, highest: int) -> Input:
        """Return the request of an operation, without the key of a principal who has one.

        Args:
            operation: as recorded.
            number: id of the purchase that its path is to name, None to leave the path alone.
            highest: the highest id that the target has shown.

        Raises:
            UnreplayableError: the record does not hold all of it; the message says what is missing.
        """
        sent = operation.input
        trouble = why_not(sent)
        if trouble is not None:
            raise UnreplayableError(f"operation {operation.index} is not sent again: {trouble}")
        headers = tuple(pair for pair in sent.headers if pair[0].lower() not in _KEY_HEADERS)
        query = sent.query
        if operation.principal.startswith(STRANGER):
            shown, asked = self._stranger(operation.principal)
            headers = (*headers, *shown)
            query = (*(pair for pair in query if pair[0] not in _KEY_QUERY), *asked)
        path = _path(operation, number, highest)
        for what, pairs in (("header", headers), ("query parameter", query)):
            hidden = next((name for name, value in pairs if _MASK.search(value)), None)
            if hidden is not None:
                raise UnreplayableError(f"the {what} {hidden} of operation {operation.index} was masked")
        if _MASK.search(path):
            raise UnreplayableError(f"the path of operation {operation.index} was masked")
        return Input(sent.method, path, query, headers, self._body(operation))

    def _stranger(self, principal: str) -> tuple[Pairs, Pairs]:
        found = self._strangers.get(principal)
        if found is None:
            raise UnreplayableError(f"how a {principal} showed a key was not written down")
        return found

    @cached_property
    def _strangers(self) -> dict[str, tuple[Pairs, Pairs]]:
        """By principal, the headers and the query by which somebody without a valid key asks."""
        found: dict[str, tuple[Pairs, Pairs]] = {f"{STRANGER}:no key": ((), ())}
        for miss in key_misses(self._subject, accounts=False, profile=False):
            if miss.name.startswith("key/create/"):
                shown = tuple(pair for pair in miss.headers if pair[0] in _KEY_HEADERS)
                found[miss.principal] = (shown, miss.query)
        return found

    def _body(self, operation: Operation) -> bytes:
        body = operation.input.body
        length = self._cut.get(operation.index)
        if length is not None:
            whole = next((known for known in self._long_bodies() if known[: len(body)] == body), b"")
            if len(whole) != length:
                raise UnreplayableError(f"the body of operation {operation.index} was cut: it had {length} bytes")
            return whole
        if _MASK.search(body.decode("utf-8", "replace")):
            raise UnreplayableError(f"the body of operation {operation.index} held what the record masks")
        return body

    def _long_bodies(self) -> Iterator[bytes]:
        """Yield the bodies of the catalogue of near misses, which are the same in every run."""
        for miss in (*body_misses(self._subject), *country_misses(self._subject)):
            yield miss.body


def _path(operation: Operation, number: int | None, highest: int) -> str:
    """Return a path with the id of now in the place of the recorded one."""
    path = operation.input.path
    raw = route(operation.input.method, path).parameter or ""
    is_number = raw.isascii() and raw.isdigit() and len(raw) <= _MAX_DIGITS
    if number is None and operation.aim is not None and operation.aim.clause == _UNKNOWN_AIM and is_number:
        # Nobody's when it was recorded; now somebody may have been given it.
        number = int(raw) if int(raw) > highest + UNKNOWN_AHEAD // 2 else min(highest + UNKNOWN_AHEAD, MAX_ID)
    return path if number is None else path.replace(f"/{raw}", f"/{number}", 1)
