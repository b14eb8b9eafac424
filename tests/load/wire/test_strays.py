"""Bytes that no request asked for: they are nobody's answer, and put in doubt what came before them."""

from __future__ import annotations

import socket
import threading

from tests.load.wire.servers import OK, answer, client, read_request, until


def test_bytes_after_a_whole_answer_are_reported_and_given_to_nobody() -> None:
    forged = answer(b"forged")

    def handle(sock: socket.socket, number: int) -> None:
        read_request(sock)
        sock.sendall(OK + forged if number == 0 else OK)
        sock.recv(1)

    with client(handle) as one:
        assert [one.get("/first").body, one.get("/second").body] == [b"{}", b"{}"]
        assert [(call.path, detail) for call, detail in one.told.stray] == [("/first", forged)]
        assert (one.engine.counts.strays, one.engine.counts.opened) == (1, 2)
        assert one.engine.counts.out_of_step == 0, "it came behind the only answer, which can be no other's"


def test_a_stray_after_several_requests_puts_the_answers_before_it_in_doubt() -> None:
    def handle(sock: socket.socket, _number: int) -> None:
        for stray in (b"", b"", answer(b"forged")):
            read_request(sock)
            sock.sendall(OK + stray)
        sock.recv(1)

    with client(handle) as one:
        for path in ("/first", "/second", "/third"):
            assert one.get(path).body == b"{}"
        assert (one.engine.counts.strays, one.engine.counts.out_of_step) == (1, 1)


def test_bytes_that_come_while_idle_are_reported_and_given_to_nobody() -> None:
    go = threading.Event()
    gone = threading.Event()

    def handle(sock: socket.socket, number: int) -> None:
        read_request(sock)
        sock.sendall(OK)
        if number == 0:
            go.wait(5)
            sock.sendall(answer(b"forged"))
            gone.set()
        sock.recv(1)

    with client(handle) as one:
        first = one.get("/first")
        go.set()
        gone.wait(5)  # the loop stands still meanwhile: the bytes lie unread when the next request is submitted
        second = one.get("/second")
        assert [first.body, second.body] == [b"{}", b"{}"]
        assert [(call.path, detail) for call, detail in one.told.stray] == [("/first", answer(b"forged"))]
        assert one.engine.counts.opened == 2


def test_a_408_while_idle_is_a_lawful_farewell() -> None:
    go = threading.Event()

    def handle(sock: socket.socket, number: int) -> None:
        read_request(sock)
        sock.sendall(OK)
        if number == 0:
            go.wait(5)
            sock.sendall(b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")

    with client(handle) as one:
        one.get()
        go.set()
        until(lambda: one.pool.connections == 0)
        assert one.told.stray == []
        assert one.get().status == 200
