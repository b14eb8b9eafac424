"""Connections against servers that behave and that do not."""

from __future__ import annotations

import gzip
import socket
import threading
import time

import gevent
import pytest

from contracts.history import ApiOperation
from load.call import CLOSED, MALFORMED, RESET, TIMEOUT, TOO_LARGE, Call, Reply
from load.wire.limits import Limits, Timeouts
from tests.load.wire.servers import (
    OK,
    Client,
    answer,
    answering,
    client,
    get,
    post,
    read_request,
    reset,
    saying,
    serve,
    until,
)

HEAD_ONLY = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"


def test_a_whole_answer_arrives_with_its_times_in_order() -> None:
    with client(answering(OK)) as one:
        reply = one.get()
    assert (reply.status, reply.body, reply.error, reply.detail) == (200, b"{}", None, b"")
    assert reply.headers == (("content-type", "application/json"), ("content-length", "2"))
    assert 0.0 == reply.due < reply.sent < reply.ended


def test_a_kept_connection_serves_many_requests() -> None:
    with client(answering(*[answer(b"%d" % number) for number in range(5)])) as one:
        assert [one.get().body for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
        assert (one.engine.counts.opened, one.engine.counts.reconnected, one.pool.connections) == (1, 0, 1)
        assert len(one.told.connected) == 1


def test_connection_close_is_followed_by_a_new_connection() -> None:
    with client(answering(answer(b"x", "connection: close"))) as one:
        assert [one.get().body, one.get().body] == [b"x", b"x"]
        assert (one.engine.counts.opened, one.engine.counts.reconnected) == (2, 1)
        assert one.engine.counts.closed_idle == 0


def test_http_1_0_closes_unless_it_says_otherwise() -> None:
    plain = b"HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx"
    kept = b"HTTP/1.0 200 OK\r\ncontent-length: 1\r\nconnection: Keep-Alive\r\n\r\nx"
    with client(answering(kept, kept, plain)) as one:
        assert [one.get().status for _ in range(4)] == [200] * 4
        assert one.engine.counts.opened == 2


@pytest.mark.parametrize("cut", range(1, len(OK), 7))
def test_an_answer_in_two_pieces_is_one_answer(cut: int) -> None:
    with client(answering([OK[:cut], OK[cut:]])) as one:
        reply = one.get()
    assert (reply.status, reply.body) == (200, b"{}")


def test_a_chunked_answer_with_extensions_and_trailers_arrives() -> None:
    data = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n1\r\n \r\n0\r\nx-sum: 1\r\n\r\n"
    with client(answering([data[:50], data[50:70], data[70:]], OK)) as one:
        assert [one.get().body, one.get().body] == [b"{} ", b"{}"]
        assert one.engine.counts.opened == 1


def test_a_body_without_length_ends_with_the_connection() -> None:
    with client(answering([b"HTTP/1.1 200 OK\r\n\r\n{", b"}"])) as one:
        assert [(reply.status, reply.body) for reply in (one.get(), one.get())] == [(200, b"{}")] * 2
        assert one.engine.counts.opened == 2


def test_interim_answers_are_passed_over() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
    with client(answering(interim + OK, [interim[:30], interim[30:] + OK])) as one:
        assert [one.get().body, one.get().body] == [b"{}", b"{}"]
        assert one.engine.counts.opened == 1


def test_endless_interim_answers_are_too_large() -> None:
    with client(answering(b"HTTP/1.1 100 Continue\r\n\r\n" * 40)) as one:
        assert one.get().error == TOO_LARGE


def test_answers_to_head_and_of_204_and_304_have_no_body() -> None:
    head = Call(ApiOperation.OTHER, "HEAD", "/v1/profile")
    long = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n"
    none = b"HTTP/1.1 204 No Content\r\n\r\n"
    same = b"HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n"
    with client(answering(long, none, same, OK)) as one:
        replies = [one.ask(head)[0], one.get(), one.get(), one.get()]
        assert [(reply.status, reply.body) for reply in replies] == [(200, b""), (204, b""), (304, b""), (200, b"{}")]
        assert one.engine.counts.opened == 1


def test_a_gzip_body_is_unfolded() -> None:
    with client(answering(answer(gzip.compress(b'{"a":1}'), "content-encoding: gzip"))) as one:
        assert one.get().body == b'{"a":1}'


def test_a_gzip_bomb_is_too_large() -> None:
    bomb = answer(gzip.compress(bytes(1_000_000)), "content-encoding: gzip")
    with client(answering(bomb), limits=Limits(body_bytes=100_000)) as one:
        reply = one.get()
    assert (reply.status, reply.error, reply.body) == (0, TOO_LARGE, b"")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 99,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n63\r\n",
    ],
    ids=["length", "header count", "header bytes", "until close", "chunk"],
)
def test_an_answer_beyond_a_limit_is_too_large(data: bytes) -> None:
    with client(answering(data), limits=Limits(body_bytes=98)) as one:
        reply = one.get()
    assert (reply.status, reply.error, reply.detail) == (0, TOO_LARGE, data[:400])


@pytest.mark.parametrize(
    "data",
    [
        b"220 mail.example.com ESMTP\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\ncontent-length: 0\n\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nbad header: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        b"\x15\x03\x03\x00\x02\x02\x28",
    ],
)
def test_a_malformed_answer_is_reported_at_once_with_its_bytes(data: bytes) -> None:
    with client(saying(data)) as one:
        reply = one.get()
        assert (reply.status, reply.error, reply.detail) == (0, MALFORMED, data)
        assert [error for error, _ in one.told.failed] == [MALFORMED]
        assert one.pool.connections == 0


def test_the_bytes_of_a_long_malformed_answer_are_cut_at_400() -> None:
    with client(answering(b"HTTP/1.1 200 OK\r\nx y: " + b"z" * 1_000 + b"\r\n\r\n")) as one:
        reply = one.get()
    assert reply.error == MALFORMED
    assert len(reply.detail) == 400


def test_a_connection_closed_while_idle_is_replaced_before_the_next_request() -> None:
    closed = threading.Event()

    def handle(sock: socket.socket, _number: int) -> None:
        read_request(sock)
        sock.sendall(OK)
        sock.shutdown(socket.SHUT_WR)
        closed.set()
        sock.recv(1)

    with client(handle) as one:
        assert one.get().status == 200
        closed.wait(5)  # the loop stands still: only the look before sending can notice
        assert one.get().status == 200
        until(lambda: one.pool.connections == 0)  # and here the watcher does
        assert one.get().status == 200
        assert one.engine.counts.opened == 3
        assert one.engine.counts.stale == 0


def test_a_close_before_the_first_byte_of_a_reused_connection_is_an_error_and_no_post_is_sent_twice() -> None:
    requests: list[bytes] = []

    def handle(sock: socket.socket, number: int) -> None:
        while request := read_request(sock):
            requests.append(request)
            if len(requests) == 2:
                return
            sock.sendall(OK)

    with client(handle) as one:
        assert one.get().status == 200
        reply = one.ask(post())[0]
        assert (reply.status, reply.error) == (0, CLOSED)
        assert one.engine.counts.stale == 1
        assert one.get().status == 200
    assert [request.split(b" ")[0] for request in requests] == [b"GET", b"POST", b"GET"]


def test_a_get_on_a_connection_that_was_just_closed_is_sent_once_more_over_a_new_one() -> None:
    requests: list[int] = []

    def handle(sock: socket.socket, number: int) -> None:
        while read_request(sock):
            requests.append(number)
            if len(requests) == 2:
                return
            sock.sendall(OK)

    with client(handle) as one:
        assert [one.get().status, one.get().status] == [200, 200]
        assert (one.engine.counts.stale, one.engine.counts.resent) == (0, 1)
    assert requests == [0, 0, 1]


def test_a_get_that_no_connection_answers_is_not_sent_for_ever() -> None:
    requests: list[int] = []

    def handle(sock: socket.socket, number: int) -> None:
        while read_request(sock):
            requests.append(number)
            if len(requests) > 1:
                return
            sock.sendall(OK)

    with client(handle) as one:
        assert [one.get().status, one.get().error] == [200, CLOSED]
    assert requests == [0, 0, 1]


def test_connections_that_are_closed_right_after_their_answers_are_not_used_twice() -> None:
    def handle(sock: socket.socket, number: int) -> None:
        read_request(sock)
        sock.sendall(OK)

    with client(handle) as one:
        statuses = [one.ask(post() if number % 2 else get())[0].status for number in range(20)]
        assert statuses.count(200) >= 18, "the first two show the habit"
        assert one.engine.fresh_until > 0


def test_a_connection_closed_once_right_after_its_answer_is_no_habit() -> None:
    def handle(sock: socket.socket, number: int) -> None:
        while read_request(sock):
            sock.sendall(OK)
            if number == 0:
                return

    with client(handle) as one:
        assert [one.get().status for _ in range(5)] == [200] * 5
        assert one.engine.fresh_until == 0
        assert one.engine.counts.opened == 2


def test_a_close_before_the_first_byte_of_a_fresh_connection_is_no_stale_one() -> None:
    def handle(sock: socket.socket, number: int) -> None:
        read_request(sock)
        if number == 0:
            sock.sendall(answer(b"x", "connection: close"))

    with client(handle) as one:
        assert [one.get().status, one.get().error] == [200, CLOSED]
        assert one.engine.counts.stale == 0


@pytest.mark.parametrize(
    "said", [HEAD_ONLY + b"{", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12"]
)
def test_an_end_in_the_middle_of_an_answer_is_closed(said: bytes) -> None:
    with client(answering(said)) as one:
        reply = one.get()
    assert (reply.status, reply.error, reply.body) == (0, CLOSED, b"")


@pytest.mark.parametrize("said", [b"", HEAD_ONLY, b"HTTP/1.1 200 OK\r\n\r\npart of"])
def test_a_reset_is_a_reset_even_where_a_close_would_have_ended_the_body(said: bytes) -> None:
    def handle(sock: socket.socket, _number: int) -> None:
        read_request(sock)
        sock.sendall(said)
        time.sleep(0.02)
        reset(sock)

    with client(handle) as one:
        assert one.get().error == RESET


def test_a_reset_while_idle_is_noticed() -> None:
    def handle(sock: socket.socket, _number: int) -> None:
        read_request(sock)
        sock.sendall(OK)
        time.sleep(0.02)
        reset(sock)

    with client(handle) as one:
        assert one.get().status == 200
        until(lambda: one.pool.connections == 0)
        assert one.get().status == 200


@pytest.mark.parametrize(
    ("said", "timeouts", "reason"),
    [
        (b"", Timeouts(9, 0.15, 9), "no byte of an answer in time"),
        (b"", Timeouts(9, 9, 0.15), "no byte of an answer in time"),
        (HEAD_ONLY + b"{", Timeouts(9, 0.15, 0.3), "an answer that was begun and not ended in time"),
    ],
    ids=["first byte", "first byte by the whole", "whole"],
)
def test_an_answer_that_does_not_come_is_a_timeout_and_never_an_early_one(
    said: bytes, timeouts: Timeouts, reason: str
) -> None:
    with client(saying(said), timeouts=timeouts) as one:
        reply = one.get()
        assert (reply.status, reply.error) == (0, TIMEOUT)
        assert one.told.failed == [(TIMEOUT, reason)]
        limit = timeouts.whole if said else min(timeouts.first_byte, timeouts.whole)
        assert reply.ended - reply.sent >= limit
        assert one.pool.connections == 0


def test_an_answer_that_waited_in_the_kernel_while_the_loop_stood_still_is_no_timeout() -> None:
    go = threading.Event()

    def handle(sock: socket.socket, _number: int) -> None:
        read_request(sock)
        go.wait(5)
        sock.sendall(OK)
        sock.recv(1)

    with client(handle, timeouts=Timeouts(9, 0.5, 0.5)) as one:
        replies: list[Reply] = []
        one.pool.submit(one.encoder.encode(get()), get(), 0.0, replies.append)
        until(lambda: one.pool.connections == 1)
        go.set()
        time.sleep(0.6)  # the loop stands still beyond the deadline
        one.engine.deadlines._sweep()
        assert [reply.status for reply in replies] == [200]


def test_closing_answers_what_is_awaited_once_and_may_be_repeated() -> None:
    with client(saying(b""), size=2) as one:
        replies: list[Reply] = []
        for _ in range(5):
            one.pool.submit(one.encoder.encode(get()), get(), 0.0, replies.append)
        until(lambda: one.pool.connections == 2)
        assert (one.pool.in_flight, one.pool.waiting) == (2, 3)
        one.close()
        one.close()
        gevent.sleep(0.05)
        assert [reply.error for reply in replies] == [CLOSED] * 5
        assert [reply.sent == reply.ended for reply in replies] == [True] * 3 + [False] * 2
        assert (one.pool.in_flight, one.pool.waiting, one.pool.connections) == (0, 0, 0)


def test_a_callback_that_raises_is_reported_and_the_others_go_on() -> None:
    with serve(answering(OK, OK)) as port:
        one = Client(port)

        def fail(_reply: Reply) -> None:
            raise ArithmeticError("ours")

        one.pool.submit(one.encoder.encode(get()), get(), 0.0, fail)
        until(lambda: one.told.crashed)
        assert one.get().status == 200
        assert [type(error) for error in one.told.crashed] == [ArithmeticError]
        assert one.engine.counts.opened == 1
        one.close()


def test_a_reply_may_be_followed_by_the_next_request_from_within() -> None:
    with client(answering(*[OK] * 50)) as one:
        replies: list[Reply] = []

        def again(reply: Reply) -> None:
            replies.append(reply)
            if len(replies) < 50:
                one.pool.submit(one.encoder.encode(get()), get(), 0.0, again)

        one.pool.submit(one.encoder.encode(get()), get(), 0.0, again)
        until(lambda: len(replies) == 50)
        assert {reply.status for reply in replies} == {200}
        assert one.engine.counts.opened == 1
