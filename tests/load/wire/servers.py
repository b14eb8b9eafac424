"""Servers on loopback that say exactly the bytes a test wrote, and a client on gevent's loop that hears them."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import gevent
from gevent.event import Event

from contracts.history import ApiOperation
from load.call import Call, Reply
from load.wire.address import Origin
from load.wire.encode import Encoder
from load.wire.engine import Engine, Hooks
from load.wire.limits import Limits, Timeouts
from load.wire.pool import Pool

PATIENCE = 10.0
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"

Handler = Callable[[socket.socket, int], object]


def get(path: str = "/v1/profile") -> Call:
    return Call(ApiOperation.PROFILE, "GET", path)


def post(body: bytes = b'{"country_code":"US"}') -> Call:
    return Call(ApiOperation.CREATE, "POST", "/v1/purchases", body)


def read_request(sock: socket.socket) -> bytes:
    """Read one request; empty when the client closed instead."""
    data = bytearray()
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65_536)
        if not piece:
            return b""
        data += piece
    end = data.index(b"\r\n\r\n") + 4
    length = 0
    for line in bytes(data[:end]).split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(data) < end + length:
        piece = sock.recv(65_536)
        if not piece:
            return b""
        data += piece
    return bytes(data)


def reset(sock: socket.socket) -> None:
    """Close with RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def answer(body: bytes, *fields: str, status: str = "200 OK") -> bytes:
    """An answer with its length and further fields."""
    lines = "".join(f"{field}\r\n" for field in fields)
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{lines}\r\n".encode() + body


def answering(*answers: bytes | Sequence[bytes]) -> Handler:
    """Answer the requests of each connection in turn, some piece by piece; then close."""

    def handle(sock: socket.socket, _number: int) -> None:
        for answer in answers:
            if not read_request(sock):
                return
            for number, piece in enumerate([answer] if isinstance(answer, bytes) else answer):
                if number:
                    time.sleep(0.01)
                sock.sendall(piece)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65_536):
            pass

    return handle


def saying(data: bytes) -> Handler:
    """Say something after the request and leave the connection open."""

    def handle(sock: socket.socket, _number: int) -> None:
        read_request(sock)
        sock.sendall(data)
        sock.recv(1)

    return handle


@contextmanager
def serve(handler: Handler, host: str = "127.0.0.1") -> Iterator[int]:
    """Serve each connection in a thread of its own; the handler is given the socket and its number from 0."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family, backlog=64)
    listener.settimeout(0.02)
    stopping = threading.Event()
    workers: list[threading.Thread] = []

    def work(sock: socket.socket, number: int) -> None:
        with sock:
            sock.settimeout(PATIENCE)
            with suppress(OSError):  # the client may leave first, which some tests ask for
                handler(sock, number)

    def accept() -> None:
        while not stopping.is_set():
            try:
                sock, _ = listener.accept()
            except TimeoutError:
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            worker = threading.Thread(target=work, args=(sock, len(workers)), daemon=True)
            workers.append(worker)
            worker.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stopping.set()
        acceptor.join(PATIENCE)
        listener.close()
        for worker in workers:
            worker.join(PATIENCE)
        assert not any(worker.is_alive() for worker in workers)


@dataclass
class Told:
    """What the hooks were told."""

    connected: list[float] = field(default_factory=list)
    secured: list[float] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    stray: list[tuple[Call, bytes]] = field(default_factory=list)
    crashed: list[Exception] = field(default_factory=list)

    def hooks(self) -> Hooks:
        return Hooks(
            connected=self.connected.append,
            secured=self.secured.append,
            failed=lambda _call, error, reason: self.failed.append((error, reason)),
            stray=lambda call, detail: self.stray.append((call, detail)),
            crashed=self.crashed.append,
        )


class Client:
    """A pool against one port, its calls awaited as a test reads best."""

    def __init__(
        self,
        port: int,
        *,
        host: str = "127.0.0.1",
        size: int = 1,
        timeouts: Timeouts | None = None,
        limits: Limits | None = None,
        scheme: str = "http",
        listens: int = 0,
        **engine: Any,
    ) -> None:
        origin = Origin.from_url(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}")
        self.told = Told()
        self.engine = Engine(
            origin,
            time.perf_counter(),
            timeouts=timeouts or Timeouts(PATIENCE, PATIENCE, PATIENCE),
            limits=limits,
            hooks=self.told.hooks(),
            **engine,
        )
        self.encoder = Encoder(origin, {"owner": "key-of-owner", "stranger:no key": None})
        self.pool = Pool(self.engine, size, listens=listens)

    def ask(self, *calls: Call) -> list[Reply]:
        """Submit calls at once and wait for all replies, given in the order of the calls."""
        replies: dict[int, list[Reply]] = {number: [] for number in range(len(calls))}
        settled = Event()

        def done(number: int, reply: Reply) -> None:
            replies[number].append(reply)
            if all(replies.values()):
                settled.set()

        for number, call in enumerate(calls):
            self.pool.submit(self.encoder.encode(call), call, 0.0, partial(done, number))
        assert not any(replies.values()), "a reply came from within submit"
        assert settled.wait(PATIENCE), f"no reply in time: {replies}"
        assert all(len(each) == 1 for each in replies.values()), "a call was answered twice"
        return [each[0] for each in replies.values()]

    def get(self, path: str = "/v1/profile") -> Reply:
        return self.ask(get(path))[0]

    def close(self) -> None:
        self.pool.close()


@contextmanager
def client(handler: Handler, **options: Any) -> Iterator[Client]:
    """A client of a server; both are gone afterwards, and no callback raised."""
    host = options.get("host", "127.0.0.1")
    with serve(handler, host) as port:
        one = Client(port, **options)
        try:
            yield one
        finally:
            one.close()
        assert one.told.crashed == []


def until(condition: Callable[[], object]) -> None:
    """Let the loop run until something holds."""
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "it did not come to hold"
        gevent.sleep(0.002)
