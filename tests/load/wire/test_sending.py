"""Requests that leave in parts, too late or not at all."""

from __future__ import annotations

import errno
import os
import socket
import time

from load.call import CLOSED, RESET, Reply
from load.wire.connection import Connection
from tests.load.wire.servers import (
    OK,
    answer,
    answering,
    client,
    get,
    post,
    read_request,
    reset,
    saying,
    until,
)


def test_a_large_request_leaves_in_parts() -> None:
    got: list[int] = []

    def handle(sock: socket.socket, _number: int) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        time.sleep(0.05)
        got.append(len(read_request(sock).partition(b"\r\n\r\n")[2]))
        sock.sendall(OK)
        got.append(len(read_request(sock)) and 1)
        sock.sendall(OK)

    with client(handle) as one:
        assert one.ask(post(b"x" * 6_000_000))[0].status == 200
        assert one.get().status == 200
        assert one.engine.counts.opened == 1
    assert got == [6_000_000, 1]


def test_an_answer_that_comes_before_the_request_left_whole_is_taken_and_the_connection_is_not_used_again() -> None:
    def handle(sock: socket.socket, number: int) -> None:
        sock.recv(100)
        sock.sendall(answer(b"no", status="413 Content Too Large") if number == 0 else OK)
        time.sleep(0.05)

    with client(handle) as one:
        reply = one.ask(post(b"x" * 16_000_000))[0]
        assert (reply.status, reply.body) == (413, b"no")
        assert one.get().status == 200
        assert one.engine.counts.opened == 2


def test_an_answer_sent_before_the_server_reset_the_upload_is_still_read() -> None:
    def handle(sock: socket.socket, _number: int) -> None:
        sock.recv(100)
        sock.sendall(answer(b"no", "connection: close", status="413 Content Too Large"))
        time.sleep(0.05)
        reset(sock)

    with client(handle) as one:
        assert one.ask(post(b"x" * 16_000_000))[0].status == 413


def test_a_server_that_resets_an_upload_without_an_answer_is_a_reset() -> None:
    def handle(sock: socket.socket, _number: int) -> None:
        sock.recv(100)
        reset(sock)

    with client(handle) as one:
        assert one.ask(post(b"x" * 16_000_000))[0].error == RESET


def refusing(code: int) -> type[socket.socket]:
    """A socket that cannot send."""

    class Refusing(socket.socket):
        def send(self, *_: object) -> int:
            raise OSError(code, os.strerror(code))

    return Refusing


def test_an_answer_is_still_read_where_nothing_can_be_sent_any_more() -> None:
    with client(lambda sock, _: sock.sendall(answer(b"no", status="503 Busy"))) as one:
        one.engine.socket = refusing(errno.EPIPE)
        assert one.get().status == 503
        assert one.pool.connections == 0


def test_a_close_after_nothing_could_be_sent_is_a_reset() -> None:
    with client(lambda sock, _: sock.shutdown(socket.SHUT_WR)) as one:
        one.engine.socket = refusing(errno.EPIPE)
        assert one.get().error == RESET


def test_a_system_that_takes_no_bytes_is_a_reset_at_once() -> None:
    with client(saying(b"")) as one:
        one.engine.socket = refusing(errno.ENOBUFS)
        assert one.get().error == RESET
        assert one.told.failed == [(RESET, "No buffer space available")]


def test_a_send_that_failed_and_was_closed_does_not_meet_a_later_call_either() -> None:
    with client(answering(OK, OK)) as one:
        connection = Connection(one.engine)
        replies: list[Reply] = []
        data = one.encoder.encode(get())
        connection.send(data, get(), 0.0, replies.append)
        until(lambda: replies)
        connection._socket = refusing(errno.ENOBUFS)(fileno=connection._socket.detach())
        connection._recv = connection._socket.recv
        connection.send(data, get(), 0.0, replies.append)
        connection.close()
        connection.send(data, get(), 0.0, replies.append)
        until(lambda: len(replies) == 3)
        connection.close()
    assert [(reply.status, reply.error) for reply in replies] == [(200, None), (0, CLOSED), (200, None)]
