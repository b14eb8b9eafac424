"""Connections that come to stand, or do not."""

from __future__ import annotations

import errno
import os
import socket
import time

import pytest

from load.call import CLOSED, CONNECT, Reply
from load.wire.address import Address
from load.wire.connection import Connection
from load.wire.limits import Timeouts
from load.wire.opening import Opening
from tests.load.wire.servers import (
    OK,
    Client,
    answering,
    client,
    get,
    serve,
    until,
)


def test_a_refused_connection_is_an_error_and_nothing_was_sent() -> None:
    with serve(answering()) as port:
        pass
    one = Client(port)
    replies = one.ask(get(), get(), get())
    assert [(reply.status, reply.error) for reply in replies] == [(0, CONNECT)] * 3
    assert all(reply.sent == reply.ended for reply in replies)
    assert (one.engine.counts.failed, one.engine.counts.opened) == (3, 0)
    assert {reason for _, reason in one.told.failed} == {"Connection refused"}
    one.close()


def none_left(*_: object) -> None:
    """What the system says instead of giving a socket."""
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_a_process_without_descriptors_is_an_error_and_nothing_was_sent() -> None:
    with client(answering(OK)) as one:
        good, one.engine.socket = one.engine.socket, none_left
        reply = one.get()
        assert (reply.error, reply.sent) == (CONNECT, reply.ended)
        assert one.told.failed == [(CONNECT, "Too many open files")]
        one.engine.socket = good
        assert one.get().status == 200


def test_the_second_address_is_tried_and_then_preferred() -> None:
    with serve(answering()) as refused:
        pass
    with serve(answering(OK)) as port:
        first, second = (Address(socket.AF_INET, ("127.0.0.1", each)) for each in (refused, port))
        one = Client(port, addresses=(first, second))
        assert one.get().status == 200
        assert one.engine.addresses == (second, first)
        one.close()


def test_ipv6_is_spoken() -> None:
    with client(answering(OK), host="::1") as one:
        assert one.get().status == 200


def full_backlog() -> tuple[socket.socket, list[socket.socket]]:
    """A listener that takes no further connection: the handshake of the next one is never answered."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    return listener, fillers


def test_a_connection_that_is_not_answered_is_given_up_in_time() -> None:
    listener, fillers = full_backlog()
    try:
        one = Client(listener.getsockname()[1], timeouts=Timeouts(0.2, 9, 9))
        began = time.perf_counter()
        reply = one.get()
        took = time.perf_counter() - began
        one.close()
    finally:
        for sock in (listener, *fillers):
            sock.close()
    assert (reply.error, reply.sent) == (CONNECT, reply.ended)
    assert one.told.failed == [(CONNECT, "no connection in time")]
    assert took >= 0.2


def test_an_address_that_is_not_answered_leaves_time_for_the_next() -> None:
    listener, fillers = full_backlog()
    try:
        with serve(answering(OK)) as port:
            silent = Address(socket.AF_INET, ("127.0.0.1", listener.getsockname()[1]))
            good = Address(socket.AF_INET, ("127.0.0.1", port))
            one = Client(port, addresses=(silent, good), timeouts=Timeouts(0.8, 9, 9))
            assert one.get().status == 200
            assert one.told.connected[0] >= 0.4
            one.close()
    finally:
        for sock in (listener, *fillers):
            sock.close()


def test_the_addresses_left_share_the_time_that_is_left() -> None:
    with serve(answering()) as port:
        one = Client(port, timeouts=Timeouts(9, 9, 9))
        one.engine.addresses = one.engine.addresses * 3
        began = time.perf_counter()
        opening = Opening(one.engine, lambda _sock, _stream: None, lambda _error, _reason: None)
        assert began + 3 <= opening.deadline <= time.perf_counter() + 3
        opening.cancel()
        one.close()


def test_a_failure_that_waits_for_the_loop_does_not_meet_a_later_call() -> None:
    with client(answering(OK)) as one:
        connection = Connection(one.engine)
        replies: list[Reply] = []
        data = one.encoder.encode(get())
        good, one.engine.socket = one.engine.socket, none_left
        connection.send(data, get(), 0.0, replies.append)
        connection.close()
        one.engine.socket = good
        connection.send(data, get(), 0.0, replies.append)
        with pytest.raises(RuntimeError, match="one request at a time"):
            connection.send(data, get(), 0.0, replies.append)
        until(lambda: len(replies) == 2)
        connection.close()
        assert [(reply.status, reply.error) for reply in replies] == [(0, CLOSED), (200, None)]
        assert one.engine.counts.failed == 0
