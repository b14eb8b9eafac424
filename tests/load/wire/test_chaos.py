"""A server that does anything at all: every call is answered once, by its own answer or by an error."""

from __future__ import annotations

import random
import socket
import time

import gevent
import pytest
from gevent.event import Event

from load.call import ERRORS, Reply
from load.wire.limits import Limits, Timeouts
from tests.load.wire.servers import Handler, client, get, read_request, reset

CALLS = 300


def body_of(path: str) -> bytes:
    """What the server answers under a path, and under no other."""
    return f"<{path}>".encode() * 3


def answer_of(path: str, chance: random.Random) -> bytes:
    """A lawful answer in one of its forms."""
    body = body_of(path)
    match chance.randrange(4):
        case 0:
            return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        case 1:
            return b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
        case _:
            return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


def chaotic(seed: int) -> Handler:
    """Answer in pieces, too much, too little, wrongly, or not at all, each connection by its own chance."""

    def handle(sock: socket.socket, number: int) -> None:
        chance = random.Random(f"{seed} {number}")
        while request := read_request(sock):
            answer = answer_of(request.split(b" ")[1].decode(), chance)
            match chance.randrange(12):
                case 0:
                    return
                case 1:
                    reset(sock)
                    return
                case 2:
                    sock.sendall(answer[: chance.randrange(len(answer))])
                    return
                case 3:
                    sock.sendall(answer + answer_of("/forged", chance))
                case 4:
                    sock.sendall(answer.replace(b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nbad header"))
                case 5:
                    sock.recv(1)
                    return
                case 6:
                    sock.sendall(answer)
                    return
                case 7:
                    cut = chance.randrange(len(answer))
                    sock.sendall(answer[:cut])
                    time.sleep(0.001)
                    sock.sendall(answer[cut:])
                case _:
                    sock.sendall(answer)

    return handle


@pytest.mark.parametrize("seed", range(3))
def test_every_call_is_answered_once_by_its_own_answer_or_by_an_error(seed: int) -> None:
    gevent.sleep(0.001)
    watchers = gevent.get_hub().loop.activecnt
    replies: dict[str, list[Reply]] = {f"/call-{number}": [] for number in range(CALLS)}
    rest = list(replies)
    settled = Event()
    limits = Limits(body_bytes=10_000)
    with client(chaotic(seed), size=8, timeouts=Timeouts(5, 0.1, 0.2), limits=limits) as one:

        def submit() -> None:
            path = rest.pop()
            call = get(path)

            def done(reply: Reply) -> None:
                replies[path].append(reply)
                if rest:
                    submit()
                elif all(replies.values()):
                    settled.set()

            one.pool.submit(one.encoder.encode(call), call, 0.0, done)

        for _ in range(20):
            submit()
        assert settled.wait(30)
        one.close()
        assert one.engine.counts.strays > 0
    assert gevent.get_hub().loop.activecnt == watchers
    assert {len(each) for each in replies.values()} == {1}
    whole = {path: each[0] for path, each in replies.items() if each[0].error is None}
    assert all((reply.status, reply.body) == (200, body_of(path)) for path, reply in whole.items())
    assert CALLS / 4 < len(whole) < CALLS
    failed = {each[0].error for each in replies.values()} - {None}
    assert failed <= set(ERRORS)
    assert len(failed) >= 4
