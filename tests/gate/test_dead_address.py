"""A name of several addresses, one of them dead: it costs a run one wait, and not one for each connection."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.gate.connection import Connection, prefer
from contracts.gate.volley import fire
from contracts.gate.wire import Wire
from contracts.history import Input
from contracts.target import Keys, Target
from tests.gate.rawserver import raw_server, read_request

ALIVE, DEAD, REFUSING = "127.0.0.1", "127.0.0.2", "127.0.0.3"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
CREATE = Input("POST", "/v1/purchases", (), (), b'{"country_code":"US"}')
TIMEOUT_S = 5.0


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which addresses were dialled; one is dead, as if what it is sent were dropped until the time is up."""
    seen: list[str] = []
    dial = socket.create_connection

    def create_connection(address: tuple[str, int], timeout: float) -> Any:
        seen.append(address[0])
        if address[0] == DEAD:
            raise TimeoutError
        return dial(address, timeout=timeout)

    monkeypatch.setattr(socket, "create_connection", create_connection)
    return seen


@contextlib.contextmanager
def target(*addresses: str) -> Iterator[Target]:
    """A target whose name stands for some addresses; it lives at the one."""

    def script(sock: socket.socket) -> None:
        while read_request(sock):
            sock.sendall(ANSWER)

    with raw_server(script) as url:
        yield Target(f"http://localhost:{url.rpartition(':')[2]}", url, True, Keys("K"), addresses=addresses)


@pytest.mark.parametrize("useless", [DEAD, REFUSING])
def test_an_address_that_takes_no_connection_is_tried_once(useless: str, dialled: list[str]) -> None:
    with target(useless, ALIVE) as place, Wire(place, TIMEOUT_S) as wire:
        assert [wire.send(CREATE).error for _ in range(3)] == [None] * 3
    assert dialled == [useless, ALIVE, ALIVE, ALIVE]


def test_a_volley_tries_it_once_as_well(dialled: list[str]) -> None:
    with target(DEAD, ALIVE) as place:
        assert [reply.error for reply in fire(place, [CREATE] * 3, TIMEOUT_S)] == [None] * 3
    assert dialled == [DEAD, ALIVE, ALIVE, ALIVE]


def test_where_every_address_is_dead_all_are_tried_each_time(dialled: list[str]) -> None:
    with target(DEAD, DEAD) as place, Wire(place, TIMEOUT_S) as wire:
        assert [wire.send(CREATE).error for _ in range(2)] == ["timeout"] * 2
    assert dialled == [DEAD] * 4


def test_only_an_address_of_the_name_is_preferred() -> None:
    place = Target("http://x", "http://x", False, Keys("K"), addresses=("192.0.2.1", "192.0.2.2"))
    with socket.socket() as sock:
        assert prefer(place, Connection(sock, "192.0.2.2")).addresses == ("192.0.2.2", "192.0.2.1")
        assert prefer(place, Connection(sock, "192.0.2.1")) is place
        assert prefer(place, Connection(sock, "198.51.100.9")) is place
        alone = Target("http://192.0.2.1", "http://192.0.2.1", False, Keys("K"))
        assert prefer(alone, Connection(sock, "192.0.2.1")) is alone
