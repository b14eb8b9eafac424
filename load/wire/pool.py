"""Connections under a cap, and the calls that wait for one: a virtual user's own, or one pool for all arrivals."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any, Final

from load.call import CLOSED, Call, Reply
from load.wire.connection import Connection, Done
from load.wire.engine import Engine

LISTEN_S: Final = 0.05
"""Seconds for which a connection is listened to."""


class Pool:
    """Connections to one target, the one used last first, so that those not needed stay idle.

    Args:
        engine: what all connections share.
        size: how many there may be at once.
        listens: after how many of the first answers a connection is listened to before it is used again. A server
            that answers twice is known by then, and no request gets another one's answer.

    Raises:
        ValueError: the size is below 1.
    """

    def __init__(self, engine: Engine, size: int, *, listens: int = 0) -> None:
        if size < 1:
            raise ValueError(f"a pool needs room for one connection, not {size}")
        self._engine = engine
        self._size = size
        self._listens = listens
        self._all: list[Connection] = []
        self._idle: list[Connection] = []
        self._shut: list[Connection] = []
        self._waiting: list[tuple[float, int, bytes, Call, Done]] = []
        self._turn = 0
        self._busy = 0
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many calls wait for a connection."""
        return len(self._waiting)

    @property
    def waited(self) -> int:
        """How many calls had to wait for a connection so far."""
        return self._turn

    @property
    def in_flight(self) -> int:
        """How many calls are on a connection."""
        return self._busy

    @property
    def connections(self) -> int:
        """How many connections stand."""
        return sum(connection.is_open for connection in self._all)

    def submit(self, data: bytes, call: Call, due: float, done: Done) -> None:
        """Send a request on a free connection, on a new one, or when it is its turn: the earliest due goes first.

        Args:
            data: the whole request.
            call: what it asks for.
            due: when it should have been sent, in seconds since the run began.
            done: receives the one reply, never from within this call.

        Raises:
            RuntimeError: the pool was closed.
        """
        if self._closed:
            raise RuntimeError("the pool is closed; submit nothing after close")
        connection = self._free()
        if connection is None:
            self._turn += 1
            heappush(self._waiting, (due, self._turn, data, call, done))
        else:
            self._busy += 1
            connection.send(data, call, due, done)

    def close(self) -> None:
        """Close every connection; what is awaited or waits becomes error ``closed``. May be called again."""
        self._closed = True
        waiting, self._waiting = sorted(self._waiting, key=lambda each: each[:2]), []
        for due, _, _, _, done in waiting:
            now = self._engine.now()
            self._engine.tell(done, Reply(0, (), b"", CLOSED, b"", due, now, now))
        for connection in self._all:
            connection.close()

    def _free(self) -> Connection | None:
        """Take a connection that no call is on: an open one first, then one to open again, then a new one."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
            self._shut.append(connection)  # the server closed it meanwhile
        if self._shut:
            return self._shut.pop()
        if len(self._all) == self._size:
            return None
        connection = Connection(self._engine, self._release)
        self._all.append(connection)
        return connection

    def _release(self, connection: Connection) -> None:
        if self._listens and connection.is_open:
            self._listens -= 1
            self._busy -= 1
            timer = self._engine.loop.timer(LISTEN_S)
            timer.start(self._hear_out, connection, timer)
            return
        if self._waiting:
            due, _, data, call, done = heappop(self._waiting)
            connection.send(data, call, due, done)
            return
        self._busy -= 1
        (self._idle if connection.is_open else self._shut).append(connection)

    def _hear_out(self, connection: Connection, timer: Any) -> None:
        """Use a connection again on which nothing came that nobody asked for, or what took its place."""
        timer.close()
        if not self._closed:
            self._busy += 1
            self._release(connection)
