"""The screen: tells cheaply that an answer by itself is surely lawful, or in a word why it may not be."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import orjson

from contracts.checks import dates
from contracts.checks.keys import KeyFinder
from contracts.checks.schemas import compiled
from contracts.history import ApiOperation
from contracts.invariants.pages import NEWEST_FIRST, OLDEST_FIRST
from contracts.monitor import Setting
from contracts.schema import RustValidator, Validator
from load.judge.facts import (
    BREAK,
    ERROR,
    MAX_HEAD,
    PENDING,
    STATUSES,
    SUCCESS,
    Facts,
    Kinds,
    created_of,
    is_keepable,
    received_of,
)

Trouble = Hashable
"""Why an answer was not passed: equal for answers that break a clause in the same way."""

_LABELS: Final = frozenset({"application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"})
_MAX_HARMLESS: Final = 10_000
_MAX_QUERIES: Final = 10_000
_MAX_PAGE_SIZE: Final = 50


class Query(NamedTuple):
    """What a list call asked for."""

    page: int
    size: int
    sort: str
    status: str | None


class _Keys(KeyFinder):
    """Looks for keys in every body of a run.

    Args:
        keys: the keys.
        signs: one of them stands in every text that holds a key in any form; empty where nothing is known of that.
    """

    def __init__(self, keys: Iterable[str], signs: Sequence[bytes]) -> None:
        super().__init__(keys)
        self._signs = signs

    def found_in(self, data: bytes) -> bool:
        """Tell whether any of the keys stands in the data."""
        if self._signs and not any(sign in data for sign in self._signs):
            return False
        for form in self._long:
            if form in data:
                return True
        return bool(self._short) and super().found_in(data)


class Screen:
    """Screens answers one by one.

    Args:
        setting: what checks may know of the run.
        kinds: gives kinds of purchases their numbers.
        signs: one of them stands in every text that holds a key; empty where nothing is known of that.
    """

    def __init__(self, setting: Setting, kinds: Kinds, signs: Sequence[bytes] = ()) -> None:
        profile = setting.profile
        self._kinds = kinds
        self._keys = _Keys(setting.secrets, signs)
        self._profile = profile
        self._width = len(profile.purchase_keys)
        self._skew = setting.tolerance("VALUE-5", "clock_skew_s", 300) + 1
        self._harmless: set[str] = set()
        self._date = ("", 0.0)
        self._queries: dict[str, Query | None] = {}
        self._validators: dict[ApiOperation, Validator] = {
            kind: compiled(RustValidator, profile.name, kind) for kind in ApiOperation if kind is not ApiOperation.OTHER
        }

    def head(self, headers: tuple[tuple[str, str], ...]) -> Trouble | None:
        """Screen the headers of a 200 (SHAPE-1, AUTH-3)."""
        label = None
        harmless = self._harmless
        for name, value in headers:
            if value not in harmless and not self._is_harmless(value):
                return ("a key in a header", name)
            if name == "content-type":
                if label is not None:
                    return "two labels"
                label = value
        return None if label in _LABELS else ("label", label)

    def hides_no_key(self, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> bool:
        """Tell whether no key stands in a body or among headers (AUTH-3)."""
        return not self._keys.found_in(body) and all(
            value in self._harmless or self._is_harmless(value) for _, value in headers
        )

    def _is_harmless(self, value: str) -> bool:
        if self._keys.found_in(value.encode(errors="replace")):
            return False
        if len(self._harmless) >= _MAX_HARMLESS:
            self._harmless.clear()
        self._harmless.add(value)
        return True

    def body(self, operation: ApiOperation, body: bytes) -> tuple[dict[str, Any] | None, list[Trouble]]:
        """Decode a body and screen it by its schema (SHAPE-2 to SHAPE-11, AUTH-3).

        Returns:
            The object, None where the body is none, and why the answer is not passed.
        """
        troubles: list[Trouble] = []
        if self._keys.found_in(body):
            troubles.append("a key in the body")
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None, [*troubles, ("no JSON", not body.strip())]
        if type(document) is not dict:
            return None, [*troubles, ("no object", type(document).__name__)]
        validator = self._validators[operation]
        if not validator.is_valid(document):
            troubles.append(("schema", *_breaks(validator, document)))
        return document, troubles

    def is_single(self, body: bytes, keys: int) -> bool:
        """Tell that no key stands twice in any object of a body (SHAPE-2).

        Every key of a body is followed by a quotation mark and a colon, unless blanks stand between them; where
        there are none and the decoded value has as many keys as there are such pairs, no two fell together.
        """
        return (
            body.count(b'":') == keys
            and b" :" not in body
            # Looking for one byte is many times faster than looking for two.
            and (b"\n" not in body or b"\n:" not in body)
            and (b"\t" not in body or b"\t:" not in body)
            and (b"\r" not in body or b"\r:" not in body)
        )

    def view(self, view: Mapping[str, Any], facts: Facts | None) -> Trouble | None:
        """Screen a purchase beyond its schema, but for what is the same in every view of it."""
        if len(view) != self._width:
            return ("keys", frozenset(view))
        if facts is None:
            return "odd"
        if not self._kinds.known[facts.kind].lawful:
            return ("kind", facts.kind)
        status, proof = facts.status, facts.proof
        if STATUSES[status] not in self._profile.statuses:
            return ("status", status)
        if proof is None:
            return ("bare", status) if status == SUCCESS else None
        return ("proof", status) if status in {PENDING, ERROR} else None

    def fresh(self, facts: Facts) -> Trouble | None:
        """Screen what of a purchase is new: its number, its time, its credentials (SHAPE-11, VALUE-2, VALUE-4)."""
        head, proof = facts.head, facts.proof
        if len(head) > MAX_HEAD or (proof is not None and not is_keepable(proof)):
            return "long"
        created = created_of(head)
        if created is None:
            return "created_at"
        codes = self._kinds.known[facts.kind].codes
        if head[0] != BREAK and codes and not head.startswith(codes):
            return "calling code"
        if proof is None:
            return None
        received = received_of(proof)
        if received is None:
            return "received_at"
        return "received before created" if received < created else None

    def bought(self, facts: Facts, kind: str, body: bytes, date: str | None, wall: float) -> Trouble | None:
        """Screen what only a create's answer must say (VALUE-1, VALUE-5, VALUE-7, VALUE-8).

        Args:
            facts: what the answer says.
            kind: its ``purchase_type``.
            body: of the request.
            date: the answer's ``Date``.
            wall: our clock, Unix seconds, for a server without one.
        """
        if facts.status != PENDING:
            return ("not PENDING", facts.status, facts.proof is None)
        if kind != "SINGLE":
            return "not SINGLE"
        # What is asked for in any other form is read the slow way.
        if body != b'{"country_code":"%b"}' % self._kinds.known[facts.kind].country.encode():
            return "another country"
        created = created_of(facts.head)
        now = wall if date is None else self._moment(date)
        if created is None or now is None or abs(created - now) > self._skew:
            return "created_at not now"
        return None

    def _moment(self, date: str) -> float | None:
        if date != self._date[0]:
            moment = dates.parse(date)
            if moment is None:
                return None
            self._date = (date, moment.timestamp())
        return self._date[1]

    def query(self, path: str) -> Query | None:
        """Return what the path of a list call asks for, None where it is nothing that a page can be held to."""
        if path not in self._queries:
            if len(self._queries) >= _MAX_QUERIES:
                self._queries.clear()
            self._queries[path] = self._parse(path)
        return self._queries[path]

    def _parse(self, path: str) -> Query | None:
        pairs = parse_qsl(urlsplit(path).query, keep_blank_values=True)
        asked = dict(pairs)
        if len(asked) != len(pairs) or not asked.keys() <= {"page", "page_size", "sort", "status"}:
            return None
        page, size = asked.get("page", ""), asked.get("page_size", "")
        if not all(text.isascii() and text.isdigit() and len(text) < 9 and text[0] != "0" for text in (page, size)):
            return None
        sort, status = asked.get("sort", NEWEST_FIRST), asked.get("status")
        if int(size) > _MAX_PAGE_SIZE or sort not in {NEWEST_FIRST, OLDEST_FIRST}:
            return None
        return Query(int(page), int(size), sort, status) if status is None or status in self._profile.statuses else None

    def page(self, query: Query, document: Mapping[str, Any]) -> Trouble | None:
        """Screen one page by what was asked for (LIST-2 to LIST-4, WIRE-3)."""
        items, told = document["items"], document.get("pagination")
        if type(told) is not dict:
            return "no pagination"
        current, total, has_next = told.get("current_page"), told.get("total_pages"), told.get("has_next")
        if type(current) is not int or type(total) is not int or type(has_next) is not bool or total < 0:
            return "pagination"
        if len(items) > query.size or has_next is not (query.page < total) or (items and total < query.page):
            return ("counts", len(items) > query.size, has_next)
        if current != query.page and query.page <= max(total, 1):
            return "current_page"
        if query.status is not None and any(item["status"] != query.status for item in items):
            return ("filter", query.status)
        if len({item["id"] for item in items}) != len(items):
            return "twice"
        times = [item["created_at"] for item in items]
        # Times of one length sort as texts do; where the lengths differ, the contract's own comparison decides.
        if len({len(time) for time in times}) > 1 or times != sorted(times, reverse=query.sort == NEWEST_FIRST):
            return ("order", query.sort)
        return None


def count_keys(value: object) -> int:
    """Return how many keys all objects of a decoded value have together."""
    if type(value) is dict:
        return len(value) + sum(map(count_keys, value.values()))
    return sum(map(count_keys, value)) if type(value) is list else 0


def _breaks(validator: Validator, document: object) -> tuple[tuple[object, ...], ...]:
    """Return where and how a schema is broken, whatever the item of a list."""
    return tuple(
        sorted(
            {
                (tuple("" if isinstance(step, int) else step for step in error.path), error.keyword, error.key or "")
                for error in validator.errors(document)
            }
        )
    )
