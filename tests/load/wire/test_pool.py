"""Pools: the cap, who goes first, and which connection is used."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import gevent
import pytest

from load.call import Reply
from tests.load.wire.servers import OK, answer, client, get, read_request, until


def test_no_more_connections_are_opened_than_the_cap_allows() -> None:
    seen: list[int] = []

    def handle(sock: socket.socket, number: int) -> None:
        seen.append(number)
        while read_request(sock):
            sock.sendall(OK)

    with client(handle, size=3) as one:
        assert [reply.status for reply in one.ask(*[get()] * 40)] == [200] * 40
        assert one.pool.connections == 3
    assert sorted(seen) == [0, 1, 2]


def test_the_earliest_due_goes_first_and_equals_in_their_order() -> None:
    order: list[bytes] = []

    def handle(sock: socket.socket, _number: int) -> None:
        while request := read_request(sock):
            order.append(request.split(b" ")[1])
            sock.sendall(OK)

    with client(handle) as one:
        replies: list[Reply] = []
        for path, due in (("/first", 9.0), ("/d", 4.0), ("/b", 2.0), ("/a", 1.0), ("/c", 2.0)):
            call = get(path)
            one.pool.submit(one.encoder.encode(call), call, due, replies.append)
        assert (one.pool.in_flight, one.pool.waiting) == (1, 4)
        until(lambda: len(replies) == 5)
        assert (one.pool.in_flight, one.pool.waiting) == (0, 0)
    assert order == [b"/first", b"/a", b"/b", b"/c", b"/d"]
    assert [reply.due for reply in replies] == [9.0, 1.0, 2.0, 2.0, 4.0]


def test_the_connection_used_last_is_used_first() -> None:
    used: list[int] = []
    together = threading.Barrier(3)

    def handle(sock: socket.socket, number: int) -> None:
        read_request(sock)
        together.wait(5)
        sock.sendall(OK)
        while read_request(sock):
            used.append(number)
            sock.sendall(OK)

    with client(handle, size=3) as one:
        one.ask(*[get()] * 3)
        for _ in range(5):
            one.get()
    assert len(used) == 5
    assert len(set(used)) == 1


def test_an_open_connection_is_preferred_to_one_the_server_closed() -> None:
    together = threading.Barrier(2)

    def handle(sock: socket.socket, number: int) -> None:
        read_request(sock)
        together.wait(5)
        sock.sendall(OK)
        if number == 0:
            while read_request(sock):
                sock.sendall(OK)

    with client(handle, size=2) as one:
        one.ask(get(), get())
        until(lambda: one.pool.connections == 1)
        for _ in range(3):
            assert one.get().status == 200
        assert one.engine.counts.opened == 2


def test_nothing_may_be_submitted_to_a_closed_pool() -> None:
    with client(lambda sock, _: None) as one:
        one.close()
        with pytest.raises(RuntimeError, match="closed"):
            one.pool.submit(b"", get(), 0.0, lambda _: None)


def test_a_pool_has_room_for_one_at_least() -> None:
    with pytest.raises(ValueError, match="not 0"), client(lambda sock, _: None, size=0):
        pass


def test_a_call_may_be_made_of_a_pool_from_several_greenlets() -> None:
    def handle(sock: socket.socket, _number: int) -> None:
        while read_request(sock):
            sock.sendall(OK)

    with client(handle, size=2) as one:
        answered: list[Reply] = []
        jobs = [gevent.spawn(lambda: answered.extend(one.ask(get(), get()))) for _ in range(5)]
        gevent.joinall(jobs, timeout=5, raise_error=True)
        assert [reply.status for reply in answered] == [200] * 10


def test_a_second_answer_that_comes_a_little_later_is_nobodys_where_connections_are_listened_to() -> None:
    def handle(sock: socket.socket, _number: int) -> None:
        while request := read_request(sock):
            sock.sendall(answer(request.split(b" ")[1]))
            time.sleep(0.01)
            with contextlib.suppress(OSError):
                sock.sendall(answer(b"a second answer"))

    with client(handle, size=4, listens=4) as one:
        for turn in range(12):
            path = f"/{turn}"
            assert one.get(path).body == path.encode()
        assert one.engine.counts.strays >= 1


def test_listening_ends_and_connections_are_used_again() -> None:
    def handle(sock: socket.socket, _number: int) -> None:
        while read_request(sock):
            sock.sendall(OK)

    with client(handle, size=2, listens=3) as one:
        assert [reply.status for reply in one.ask(*[get()] * 30)] == [200] * 30
        assert one.pool.connections == 2
        assert (one.pool.in_flight, one.pool.waiting) == (0, 0)
