"""After everything that may go wrong, no watcher and no descriptor is left."""

from __future__ import annotations

import gc
import socket
from pathlib import Path

import gevent
import pytest

from load.wire.limits import Timeouts
from tests.load.wire.servers import OK, Client, Handler, answering, client, get, post, read_request, reset, serve


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def watchers() -> int:
    """Watchers that keep the loop alive."""
    return int(gevent.get_hub().loop.activecnt)


def silent(sock: socket.socket, _number: int) -> None:
    read_request(sock)
    sock.recv(1)


def resetting(sock: socket.socket, _number: int) -> None:
    sock.recv(100)
    reset(sock)


@pytest.mark.parametrize(
    "handler",
    [
        answering(OK, OK),
        answering(OK[:-1]),
        answering(b"rubbish"),
        answering(OK + b"stray"),
        answering(b"HTTP/1.1 200 OK\r\n\r\nx"),
        resetting,
        silent,
        lambda sock, _: None,
    ],
    ids=["lawful", "cut", "malformed", "stray", "until close", "reset", "silent", "hang-up"],
)
def test_nothing_is_left_after_the_pool_was_closed(handler: Handler) -> None:
    gevent.sleep(0.001)  # the hub's own descriptors stand from here on
    before = descriptors(), watchers()
    with client(handler, size=3, timeouts=Timeouts(0.1, 0.1, 0.1)) as one:
        one.ask(get(), get(), post(b"x" * 3_000_000), get(), get())
        assert watchers() > 0 or one.pool.connections == 0
    gevent.sleep(0.001)
    gc.collect()
    assert (descriptors(), watchers()) == before


def test_nothing_is_left_after_connections_were_refused_or_given_up_while_opening() -> None:
    gevent.sleep(0.001)
    before = descriptors(), watchers()
    with serve(answering()) as port:
        pass
    for wait in (True, False):
        one = Client(port, size=5)
        if wait:
            one.ask(*[get()] * 9)
        else:
            for _ in range(9):
                one.pool.submit(one.encoder.encode(get()), get(), 0.0, lambda _: None)
        one.close()
        assert one.told.crashed == []
    gevent.sleep(0.001)
    gc.collect()
    assert (descriptors(), watchers()) == before


def test_the_timer_runs_only_while_something_is_open() -> None:
    before = watchers()
    with client(answering(OK)) as one:
        one.get()
        one.close()
        assert watchers() == before
