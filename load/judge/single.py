"""Judging an answer by itself: the screen first, the contract's checks where it does not pass."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from contracts.finding import Violation
from contracts.history import ApiOperation
from contracts.monitor import Docket
from load.call import Call, Reply
from load.judge.bench import Bench
from load.judge.facts import BREAK, SPLIT, SUCCESS, Facts, Kinds, is_readable
from load.judge.habits import Habits
from load.judge.operations import operation_of, purchase_of
from load.judge.register import CREATED, KNOWN_BY, Register
from load.judge.rules import LIST
from load.judge.screen import Screen, Trouble, count_keys
from load.judge.tally import (
    ANSWER,
    BALANCE,
    DATED,
    FILTERED,
    HEAD,
    JUDGED,
    NAMED,
    NEW,
    OFFER,
    ORDERED,
    OWED,
    PAGE,
    PHONE,
    PRESSED,
    PROOF,
    VIEW,
)

MAX_RECENT: Final = 4_096
"""Bodies kept to recognise those that come again, byte by byte: the same bytes have the same judgement."""

MAX_PAGES: Final = 512

_CREATE_BITS: Final = ANSWER | HEAD | VIEW | NEW


class Single(NamedTuple):
    """What an answer comes to by itself.

    Attributes:
        document: its body as an object, None where it is none.
        facts: what it says of its purchase, None where that cannot be read.
        bits: what it exercised, see ``load.judge.tally``; 0 where the checks have counted that already.
        violations: what is wrong with it.
        skip: True where its purchase is to be left alone: the answer is too odd to say anything of it.
    """

    document: dict[str, Any] | None
    facts: Facts | None
    bits: int
    violations: tuple[Violation, ...] = ()
    skip: bool = False


class Answers:
    """Judges answers one by one.

    Args:
        screen: passes what is surely lawful.
        kinds: gives kinds of purchases their numbers.
        register: what is known of every purchase.
        bench: judges the rest.
        docket: where violations that follow from habit are reported.
    """

    def __init__(self, screen: Screen, kinds: Kinds, register: Register, bench: Bench, docket: Docket) -> None:
        self._screen = screen
        self._kinds = kinds
        self._register = register
        self._bench = bench
        self._docket = docket
        self._habits = Habits()
        self._recent: dict[int, tuple[bytes, dict[str, Any], Facts, int]] = {}
        self._pages: dict[str, tuple[bytes, dict[str, Any], int]] = {}

    def create(self, call: Call, reply: Reply, index: int) -> Single:
        """Judge a create's answer by itself."""
        troubles = self._head(reply)
        document, facts = self._purchase(call, reply, troubles)
        bits = _CREATE_BITS
        if facts is not None and document is not None:
            date = next((value for name, value in reply.headers if name == "date"), None)
            wall = time.time() if date is None else 0.0
            trouble = self._screen.bought(facts, document["purchase_type"], call.body, date, wall)
            if trouble is not None:
                troubles.append(trouble)
            bits |= DATED | self._bits(facts, owned=True)
        return self._end(call, reply, index, troubles, document, facts, bits)

    def retrieve(self, call: Call, reply: Reply, index: int, number: int) -> Single:
        """Judge a retrieve's answer by itself."""
        troubles = self._head(reply)
        body = reply.body
        recent = self._recent.get(number)
        if recent is not None and recent[0] == body and not troubles:
            return Single(recent[1], recent[2], recent[3])
        document, facts = self._purchase(call, reply, troubles)
        bits = ANSWER | HEAD | VIEW
        if facts is not None:
            bits |= self._bits(facts, owned=self._is_owned(number))
            # Another purchase than the one asked for is a matter of its history (LIFE-5).
            if facts.number == number and not troubles and document is not None:
                if len(self._recent) >= MAX_RECENT and recent is None:
                    del self._recent[next(iter(self._recent))]
                self._recent[number] = (body, document, facts, bits)
        return self._end(call, reply, index, troubles, document, facts, bits)

    def request_code(self, call: Call, reply: Reply, index: int) -> Single:
        """Judge a served request-code by itself."""
        troubles = self._head(reply)
        document, facts = self._purchase(call, reply, troubles)
        bits = ANSWER | HEAD | VIEW
        if facts is not None:
            bits |= self._bits(facts, owned=self._is_owned(facts.number))
        return self._end(call, reply, index, troubles, document, facts, bits)

    def page(self, call: Call, reply: Reply, index: int) -> tuple[Single, list[Facts | None]]:
        """Judge a page of the list by itself; returns with it what each item says."""
        troubles = self._head(reply)
        screen = self._screen
        document, more = screen.body(ApiOperation.LIST, reply.body)
        troubles += more
        items = document.get("items") if document is not None else None
        rows: list[Any] = items if isinstance(items, list) else []
        facts = [self._kinds.read(item) if isinstance(item, dict) else None for item in rows]
        bits = ANSWER | HEAD | PAGE
        if document is not None and not more:
            if not screen.is_single(reply.body, _keys_of_page(document, rows)):
                troubles.append("a key twice")
            query = screen.query(call.path)
            trouble = "query" if query is None else screen.page(query, document)
            if trouble is not None:
                troubles.append(trouble)
            elif query is not None and query.status is not None and rows:
                bits |= FILTERED
            if len(rows) > 1 and rows[0]["created_at"] != rows[-1]["created_at"]:
                bits |= ORDERED
            for item, fact in zip(rows, facts, strict=True):
                self._view(item, fact, troubles)
        single = self._end(call, reply, index, troubles, document, None, bits)
        if document is None and single.document is not None:
            items = single.document.get("items")
            rows = items if isinstance(items, list) else []
            facts = [self._kinds.read(item) if isinstance(item, dict) else None for item in rows]
        return single, facts

    def other(self, call: Call, reply: Reply, index: int) -> Single:
        """Judge an account or profile by itself."""
        troubles = self._head(reply)
        known = self._pages.get(call.path)
        if known is not None and known[0] == reply.body and not troubles:
            return Single(known[1], None, known[2])
        document, more = self._screen.body(call.operation, reply.body)
        troubles += more
        bits = ANSWER | HEAD
        if document is not None and not more:
            if not self._screen.is_single(reply.body, count_keys(document)):
                troubles.append("a key twice")
            bits |= BALANCE if call.operation is ApiOperation.PROFILE else OFFER
            if call.operation is ApiOperation.ACCOUNT and document.get("display_name") is not None:
                bits |= NAMED
            # Names of white space, currencies that are none: the checks look once at every new body.
            troubles.append("new")
        single = self._end(call, reply, index, troubles, document, None, bits)
        if troubles == ["new"] and not single.violations and document is not None:
            if len(self._pages) >= MAX_PAGES:
                self._pages.clear()
            self._pages[call.path] = (reply.body, document, bits)
        return single

    def refusal(self, call: Call, reply: Reply, index: int) -> Single:
        """Judge an answer other than a 200 by itself (AUTH-3, LOAD-3, and SHAPE-1 for a 201)."""
        status = reply.status
        document = None
        if reply.body[:1] == b"{":
            try:
                document = orjson.loads(reply.body)
            except orjson.JSONDecodeError:
                document = None
        if status == 0:
            return Single(None, None, 0)
        troubles: list[Trouble] = []
        bits = ANSWER
        if not self._screen.hides_no_key(reply.body, reply.headers):
            troubles.append("a key")
        if status == 429:
            bits |= PRESSED
            wait = next((value for name, value in reply.headers if name == "retry-after"), None)
            if wait is None or not (wait.isascii() and wait.isdigit()):
                troubles.append(("429", wait))
        if 200 <= status < 300:
            troubles.append(("status", status, call.operation, len(reply.body) > 0))
        return self._end(call, reply, index, troubles, document, None, bits)

    def whole(self, call: Call, reply: Reply, index: int) -> Single:
        """Judge an answer by the contract's checks, whatever it is."""
        try:
            value = orjson.loads(reply.body)
            document = value if type(value) is dict else None
        except orjson.JSONDecodeError:
            document = None
        desk = self._bench.desk
        desk.heard.clear()
        self._bench.judge_answer(operation_of(call, reply, index))
        return Single(document, None, JUDGED, tuple(desk.heard))

    def drop(self, number: int) -> None:
        """Forget the body of a purchase that left the run."""
        self._recent.pop(number, None)

    def _head(self, reply: Reply) -> list[Trouble]:
        trouble = self._screen.head(reply.headers)
        return [] if trouble is None else [trouble]

    def _purchase(
        self, call: Call, reply: Reply, troubles: list[Trouble]
    ) -> tuple[dict[str, Any] | None, Facts | None]:
        """Decode and screen an answer that shows one purchase."""
        body = reply.body
        document, more = self._screen.body(call.operation, body)
        if more:
            troubles += more
        if document is None:
            return None, None
        view: Any = document
        keys = 0
        if call.operation is not ApiOperation.CREATE and call.operation is not ApiOperation.RETRIEVE:
            view = document.get("purchase")
            if type(view) is not dict:
                return document, None
            keys = 1 + count_keys({key: value for key, value in document.items() if key != "purchase"})
        facts = self._kinds.read(view)
        if facts is None:
            troubles.append("odd")
            return document, None
        if not self._screen.is_single(body, keys + _keys_of(view)):
            troubles.append("a key twice")
        self._view(view, facts, troubles)
        return document, facts

    def _view(self, view: Mapping[str, Any], facts: Facts | None, troubles: list[Trouble]) -> None:
        trouble = self._screen.view(view, facts)
        if trouble is not None:
            troubles.append(trouble)
        if facts is None:
            return
        register = self._register
        row = register.rows.get(facts.number)
        if row is not None and register.kind[row] == facts.kind:
            text = facts.head if facts.proof is None else f"{facts.head}{SPLIT}{facts.proof}"
            if register.text[row] == text:
                return
        trouble = self._screen.fresh(facts)
        if trouble is not None:
            troubles.append(trouble)

    def _bits(self, facts: Facts, *, owned: bool) -> int:
        bits = PHONE if facts.head[0] != BREAK and self._kinds.known[facts.kind].codes else 0
        if facts.proof is not None:
            bits |= PROOF
        if facts.status == SUCCESS:
            return bits | OWED if owned else bits
        return bits | OWED if facts.status <= 2 else bits

    def _is_owned(self, number: int) -> bool:
        row = self._register.rows.get(number)
        if row is None:
            return number in self._bench.book.purchases
        flags = self._register.flags[row]
        return flags & CREATED != 0 or flags >> KNOWN_BY & 7 == LIST

    def _end(
        self,
        call: Call,
        reply: Reply,
        index: int,
        troubles: list[Trouble],
        document: dict[str, Any] | None,
        facts: Facts | None,
        bits: int,
    ) -> Single:
        if not troubles:
            return Single(document, facts, bits)
        trouble = (call.operation, *dict.fromkeys(troubles))
        settled = self._habits.is_settled(trouble)

        def act() -> None:
            # What a create or a list shows is the owner's by itself.
            number = purchase_of(call)
            owned = number if number is not None and self._is_owned(number) else None
            self._bench.judge_answer(operation_of(call, reply, index), owned=owned)

        found = self._habits.judge(trouble, self._bench.desk, self._docket, act)
        if document is None and not any(map(self._bench.desk.is_error, found)):
            document = _read_slowly(reply.body)
        readable = facts is not None and document is not None and _is_readable(document, facts)
        return Single(document, facts if readable else None, JUDGED, found, skip=settled and not readable)


def _read_slowly(body: bytes) -> dict[str, Any] | None:
    """Read an object that is odd and breaks no clause: half a surrogate pair, escaped, is JSON that orjson refuses."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _keys_of(view: Mapping[str, Any]) -> int:
    """Return how many keys a purchase has, in it and in what it is known to hold."""
    proof = view["verification"]
    return len(view) + len(view["display_name"]) + len(view["price"]) + (0 if proof is None else len(proof))


def _keys_of_page(document: Mapping[str, Any], rows: list[Any]) -> int:
    """Return how many keys a page has whose items keep their schema."""
    around = {key: value for key, value in document.items() if key != "items"}
    return 1 + count_keys(around) + sum(map(_keys_of, rows))


def _is_readable(document: Mapping[str, Any], facts: Facts) -> bool:
    view = document.get("purchase", document)
    return isinstance(view, dict) and is_readable(view, facts)
