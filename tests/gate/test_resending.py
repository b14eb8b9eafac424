"""A read that met a connection closed while idle is sent once more, and nothing else ever is."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from contracts.gate.wire import Reply, Wire
from contracts.history import Input
from contracts.target import Keys, admit
from tests.gate.rawserver import answer, raw_server, read_request

KEYS = Keys("owner-key-1234")
GET = Input("GET", "/v1/profile")
POST = Input("POST", "/v1/purchases", (), (("content-type", "application/json"),), b'{"country_code": "US"}')

End = Callable[[socket.socket], None]


def closes(sock: socket.socket) -> None:
    sock.close()


def closes_a_little_later(sock: socket.socket) -> None:
    time.sleep(0.05)
    sock.close()


def resets(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def tires(sock: socket.socket) -> None:
    sock.sendall(answer(b"", "408 Request Timeout", "connection: close"))


def begins(sock: socket.socket) -> None:
    sock.sendall(b"H")
    resets(sock)


def speaks_another_tongue(sock: socket.socket) -> None:
    sock.sendall(b"500 what?\r\n")


class Server:
    """Answers the first request of each connection; what becomes of the second is a test's."""

    def __init__(self, second: End, *, first: End | None = None) -> None:
        self.asked: list[tuple[int, float]] = []
        self._second = second
        self._first = first
        self._lock = threading.Lock()
        self._connections = 0

    def __call__(self, sock: socket.socket) -> None:
        with self._lock:
            self._connections += 1
            number = self._connections
        asked = read_request(sock)
        self._note(number)
        if self._first is not None and number > 1:
            self._first(sock)
            return
        sock.sendall(answer(b"" if asked.startswith(b"HEAD") else b'{"connection": %d}' % number))
        if read_request(sock):
            self._note(number)
            self._second(sock)

    @property
    def order(self) -> list[int]:
        return [number for number, _ in self.asked]

    def _note(self, number: int) -> None:
        with self._lock:
            self.asked.append((number, time.perf_counter()))


@contextmanager
def wired(server: Server, timeout: float = 5.0) -> Iterator[Wire]:
    with raw_server(server) as url, Wire(admit(url, KEYS), timeout) as wire:
        yield wire


def body(reply: Reply) -> bytes | None:
    return None if reply.answer is None else reply.answer.body


@pytest.mark.parametrize("end", [closes, resets, tires])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_read_on_a_connection_that_ended_while_idle_is_sent_once_more(end: End, method: str) -> None:
    server = Server(end)
    with wired(server) as wire:
        wire.send(GET)
        reply = wire.send(Input(method, "/v1/profile"))
    assert reply.answer is not None
    assert reply.answer.status == 200
    assert (server.order, wire.resent, wire.unasked) == ([1, 1, 2], 1, 0)


def test_the_call_begins_with_the_request_that_was_answered() -> None:
    """The first was never answered: what the answer shows is the state after the second was sent."""
    server = Server(closes_a_little_later)
    with wired(server) as wire:
        wire.send(GET)
        reply = wire.send(GET)
    assert server.order == [1, 1, 2]
    assert server.asked[1][1] < reply.invoked < server.asked[2][1]


def test_nothing_is_sent_a_third_time() -> None:
    server = Server(closes, first=closes)
    with wired(server) as wire:
        wire.send(GET)
        reply = wire.send(GET)
    assert body(reply) is None
    assert "closed" in str(reply.error)
    assert (server.order, wire.resent) == ([1, 1, 2], 1)


def test_a_read_on_a_new_connection_is_not_sent_again() -> None:
    server = Server(closes, first=closes)
    with wired(server) as wire:
        wire.send(POST)
        assert body(wire.send(GET)) is None
    assert (server.order, wire.resent) == ([1, 2], 0)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "QUERY"])
def test_a_write_is_never_sent_again(method: str) -> None:
    server = Server(closes, first=closes)
    with wired(server) as wire:
        wire.send(GET)
        assert body(wire.send(Input(method, "/v1/purchases", (), POST.headers, POST.body))) is None
    assert (server.order, wire.resent) == ([1, 2], 0)


@pytest.mark.parametrize("end", [begins, speaks_another_tongue])
def test_a_read_is_not_sent_again_after_a_byte_of_its_answer(end: End) -> None:
    server = Server(end)
    with wired(server) as wire:
        wire.send(GET)
        assert body(wire.send(GET)) is None
    assert (server.order, wire.resent) == ([1, 1], 0)


def test_a_read_is_not_sent_again_after_a_timeout() -> None:
    done = threading.Event()

    def waits(_: socket.socket) -> None:
        done.wait(5)

    server = Server(waits)
    with wired(server, timeout=0.2) as wire:
        wire.send(GET)
        reply = wire.send(GET)
        done.set()
    assert (reply.error, server.order, wire.resent) == ("timeout", [1, 1], 0)


def test_a_target_that_tired_of_waiting_has_said_nothing_unasked() -> None:
    """RFC 9110, section 15.5.9: 408 on a connection without a request is a farewell."""
    said = threading.Event()

    def script(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(answer(b"{}"))
        tires(sock)
        said.set()

    with raw_server(script) as url, Wire(admit(url, KEYS), 5.0) as wire:
        for _ in range(3):
            assert wire.send(GET).answer is not None
            assert said.wait(5)
            said.clear()
        assert (wire.unasked, wire.desynchronised) == (0, False)


def test_what_comes_a_moment_after_the_last_answer_is_waited_for_and_found() -> None:
    """Every answer but the first is the one before; the last of them is on its way when the run ends."""

    def script(sock: socket.socket) -> None:
        read_request(sock)
        time.sleep(0.1)
        sock.sendall(answer(b"1"))
        read_request(sock)
        sock.sendall(answer(b"unasked"))
        time.sleep(0.05)
        sock.sendall(answer(b"2"))
        read_request(sock)

    with raw_server(script) as url:
        with Wire(admit(url, KEYS), 5.0) as wire:
            assert [body(wire.send(GET)) for _ in range(2)] == [b"1", b"unasked"]
        assert (wire.unasked, wire.desynchronised) == (1, True)
