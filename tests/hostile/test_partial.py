"""Targets that misbehave on some requests only: which, and what is done for them."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from fixtures.hostile.catalogue import find
from fixtures.hostile.client import Client
from fixtures.hostile.exchange import Answer, Exchange
from fixtures.hostile.front import Front, Onset
from fixtures.hostile.partial import LONG, SEGMENT, acts, buys, lists
from tests.gate.rawserver import answer, raw_server, read_request
from tests.hostile.probe import BODY, CLOSED, REQUEST, RESET, SILENT, Seen, ask

CREATE = b'POST /v1/purchases HTTP/1.1\r\nhost: x\r\ncontent-length: 21\r\n\r\n{"country_code":"US"}'
SPACED = CREATE.replace(b":", b": ").replace(b"21", b"22").replace(b"purchases", b"purchases/")
NEAR_MISS = CREATE.replace(b"US", b"us")
CODE = b"POST /v1/purchases/7/request-code HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"
REFUND = CODE.replace(b"request-code", b"refund/")
LIST = b"GET /v1/purchases?page=1&page_size=50 HTTP/1.1\r\nhost: x\r\n\r\n"


class Shop:
    """A Purchases API of one answer, which remembers what it was asked."""

    def __init__(self, body: bytes = BODY) -> None:
        self._body = body
        self._asked: list[bytes] = []
        self._heard = threading.Condition()

    def script(self, sock: socket.socket) -> None:
        while raw := read_request(sock):
            with self._heard:
                self._asked.append(raw)
                self._heard.notify_all()
            sock.sendall(answer(self._body))

    def times_asked(self, raw: bytes, times: int) -> bool:
        """Tell whether it is asked something so many times, within 5 s."""
        with self._heard:
            return self._heard.wait_for(lambda: self._asked.count(raw) == times, 5)


@contextlib.contextmanager
def facing(name: str, shop: Shop) -> Iterator[str]:
    """A target of the catalogue before a shop, each request of the kind met badly."""
    with raw_server(shop.script) as url, Front(url, find(name).make(), Onset()) as target:
        yield target.url


@pytest.mark.parametrize(
    ("raw", "kinds"),
    [
        (CREATE, {"buys"}),
        (SPACED, {"buys"}),
        (NEAR_MISS, set()),
        (CREATE.replace(b"POST", b"PUT"), set()),
        (CODE, {"acts"}),
        (REFUND, {"acts"}),
        (LIST, {"lists"}),
        (LIST.replace(b"?page=1&page_size=50", b"/"), {"lists"}),
        (REQUEST, set()),
    ],
)
def test_a_request_is_of_one_kind(raw: bytes, kinds: set[str]) -> None:
    one, other = socket.socketpair()
    with one, other:
        exchange = Exchange(Client(one, threading.Event()), raw, "", "", lambda _: Answer(200))
        assert {test.__name__ for test in (buys, acts, lists) if test(exchange)} == kinds


@pytest.mark.parametrize(("name", "raw"), [("loses-answers-to-creates", CREATE), ("loses-answers-to-actions", CODE)])
def test_a_write_is_done_and_its_answer_lost(name: str, raw: bytes) -> None:
    shop = Shop()
    with facing(name, shop) as url:
        assert ask(url, data=raw).body == BODY
        assert ask(url, data=raw, wait=5.0) == Seen(b"", RESET)
        assert shop.times_asked(raw, 2)
        assert ask(url, data=NEAR_MISS).body == BODY


@pytest.mark.parametrize("name", ["gateway-504-to-creates", "gateway-504-before-creates"])
def test_a_create_is_done_before_or_after_a_gateway_has_answered(name: str) -> None:
    shop = Shop()
    with facing(name, shop) as url:
        assert ask(url, data=CREATE).body == BODY
        seen = ask(url, data=SPACED, wait=5.0)
        assert (seen.head[:13], seen.end) == (b"HTTP/1.1 504 ", CLOSED)
        assert shop.times_asked(SPACED, 1)


def test_a_list_alone_is_not_had() -> None:
    with facing("gateway-502-to-lists", Shop()) as url:
        assert ask(url, data=LIST).head.startswith(b"HTTP/1.1 502 ")
        assert ask(url, data=CREATE).body == BODY


def test_what_is_long_is_cut_and_what_is_brief_is_not() -> None:
    with facing("cuts-long-answers", Shop(b"x" * LONG)) as url:
        seen = ask(url, wait=5.0)
    assert (len(seen.raw), seen.end) == (SEGMENT, RESET)
    with facing("cuts-long-answers", Shop()) as url:
        assert ask(url).body == BODY


def test_a_second_request_ends_its_connection() -> None:
    with facing("closes-on-the-second-request", Shop()) as url:
        assert ask(url, data=REQUEST * 2, wait=5.0).end == CLOSED
        for _ in range(4):
            seen = ask(url)
            assert (seen.body, seen.end) == (BODY, SILENT)
