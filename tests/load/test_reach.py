"""Whether a worker reaches its master is told within seconds, in one line, by what answers where it was sent."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import zmq

from contracts.errors import UsageError
from load.reach import reach

HOST = "127.0.0.1"

Serve = Callable[[socket.socket], None]


@contextlib.contextmanager
def listening(serve: Serve) -> Iterator[int]:
    """Yield the port of a server that hands its listening socket to ``serve`` in a thread."""
    with socket.create_server((HOST, 0)) as listener:
        listener.settimeout(5)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            thread.join()


def saying(*texts: bytes, hold: float = 0.0) -> Serve:
    """Return a server that says something to each that comes, one after the other, and hangs up after a while."""

    def serve(listener: socket.socket) -> None:
        for text in texts:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(text)
                time.sleep(hold)

    return serve


def complaint(port: int, **within: float) -> str:
    with pytest.raises(UsageError) as refused:
        reach(HOST, port, lambda _: None, **within)
    text = str(refused.value)
    assert f"{HOST}:{port}" in text
    assert "give --worker the address that the master prints" in text
    assert "\n" not in text
    return text


def test_a_master_is_reached_at_once() -> None:
    said: list[str] = []
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        reach(HOST, router.bind_to_random_port(f"tcp://{HOST}"), said.append)
    assert said == []


def test_who_accepts_and_stays_silent_is_named_within_the_time_for_an_answer() -> None:
    with listening(saying(b"", hold=0.3)) as port:
        assert "nothing was said for 0.1 s" in complaint(port, answer_within=0.1)


def test_half_a_greeting_is_no_answer() -> None:
    with listening(saying(b"\xff\0\0", hold=0.3)) as port:
        assert "nothing was said for 0.1 s" in complaint(port, answer_within=0.1)


@pytest.mark.parametrize("text", [b"SSH-2.0-OpenSSH\r\n", b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x18\xff"])
def test_what_answers_and_is_no_master_is_told_at_once(text: bytes) -> None:
    with listening(saying(text)) as port:
        assert "is no master" in complaint(port)


def test_where_nobody_listens_a_master_is_waited_for_as_long_as_it_may_take() -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = int(listener.getsockname()[1])
    assert complaint(port, up_within=0.1).startswith(
        f"no master answers at {HOST}:{port}: Connection refused; start it"
    )


def test_a_master_that_comes_late_is_reached_and_its_absence_was_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("load.reach.LOOK_EVERY", 0.01)
    said: list[str] = []
    with listening(saying(b"", b"", b"\xff" + bytes(8) + b"\x7f")) as port:
        reach(HOST, port, said.append)
    assert said == [f"no master at {HOST}:{port} yet (the connection was closed); waiting for it up to 60 s"]
