"""A server that stops for a second in every ten and tells afterwards when it received and answered each request.

    python benchmarks/stage/stalling.py PORT [--delay 0.02] [--stall 1] [--every 10] [--seed 0]

It answers what the fast shop answers, each request a fixed time after it was received. During a stall it does nothing
at all, as a process does whose garbage is collected or whose disk hangs: requests wait in their sockets. Every span of
``--every`` seconds holds one stall, at a moment drawn by ``--seed``, so that stalls keep no step with a schedule.

``GET /log`` returns ``{"begun": T, "requests": [[kind, received, sent], ...]}`` and forgets it. Kind is ``retrieve``
or ``other``; times are CLOCK_MONOTONIC in seconds: ``received`` when the request was read, ``sent`` just before its
answer was handed to the system. ``GET /count`` is answered as the fast shop does; neither is logged nor delayed.
"""

from __future__ import annotations

import argparse
import json
import random
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.stage.fastshop import Shop

RETRIEVE = "retrieve"
OTHER = "other"


def stalls(begun: float, every: float, length: float, seed: int) -> Iterator[tuple[float, float]]:
    """Yield the stalls, one in every span, for ever.

    Args:
        begun: when the first span begins, seconds.
        every: length of a span, seconds.
        length: of a stall, seconds; at most a span.
        seed: of the moments.

    Yields:
        Start and end of each stall, in order.
    """
    chance = random.Random(seed)
    while True:
        start = begun + chance.uniform(0.0, every - length)
        yield start, start + length
        begun += every


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole requests that bytes begin with, and the rest."""
    found = []
    while (end := data.find(b"\r\n\r\n")) >= 0:
        head = data[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(data) < end + 4 + length:
            break
        found.append(data[: end + 4 + length])
        data = data[end + 4 + length :]
    return found, data


class Staller:
    """Serves one port.

    Args:
        port: on loopback; 0 takes a free one.
        delay: seconds from a request to its answer.
        stall: length of a stall, seconds; 0 for none.
        every: seconds that hold one stall.
        seed: of the stalls' moments.
    """

    def __init__(self, port: int, *, delay: float, stall: float, every: float, seed: int) -> None:
        self._shop = Shop()
        self._delay = delay
        self._begun = time.monotonic()
        self._stalls = stalls(self._begun, every, stall, seed)
        self._stall = next(self._stalls)
        self._log: list[tuple[str, float, float]] = []
        self._open: dict[int, socket.socket] = {}
        self._held: dict[int, bytes] = {}
        self._due: deque[tuple[float, int, float, bytes]] = deque()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        self._listener.setblocking(False)
        self._poll = select.epoll()
        self._poll.register(self._listener.fileno(), select.EPOLLIN)

    def serve(self) -> None:
        """Serve for ever."""
        while True:
            self._stand_still()
            wait = self._due[0][0] - time.monotonic() if self._due else 0.05
            ready = self._poll.poll(max(wait, 0.0))
            self._stand_still()
            for fd, _ in ready:
                if fd == self._listener.fileno():
                    self._accept()
                else:
                    self._read(fd)
            self._answer()

    def _stand_still(self) -> None:
        start, end = self._stall
        now = time.monotonic()
        if now >= start:
            if now < end:
                time.sleep(end - now)
            self._stall = next(self._stalls)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except BlockingIOError:
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open[sock.fileno()] = sock
            self._poll.register(sock.fileno(), select.EPOLLIN)

    def _read(self, fd: int) -> None:
        try:
            data = self._open[fd].recv(65536)
        except OSError:
            data = b""
        if not data:
            self._shut(fd)
            return
        received = time.monotonic()
        requests, rest = split(self._held.pop(fd, b"") + data)
        if rest:
            self._held[fd] = rest
        for request in requests:
            if request.startswith(b"GET /log"):
                # Megabytes do not fit into a socket's buffer at once, and nobody else is served meanwhile.
                self._open[fd].setblocking(True)
                self._send(fd, self._told())
                self._open[fd].setblocking(False)
            elif request.startswith(b"GET /count"):
                self._send(fd, self._shop.answer(request))
            else:
                self._due.append((received + self._delay, fd, received, request))

    def _answer(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            _, fd, received, request = self._due.popleft()
            answer = self._shop.answer(request)
            kind = RETRIEVE if request.startswith(b"GET /v1/purchases/") else OTHER
            self._log.append((kind, received, time.monotonic()))
            self._send(fd, answer)

    def _send(self, fd: int, answer: bytes) -> None:
        sock = self._open.get(fd)
        if sock is None:
            return
        try:
            sock.sendall(answer)
        except OSError:
            self._shut(fd)

    def _shut(self, fd: int) -> None:
        self._poll.unregister(fd)
        self._open.pop(fd).close()
        self._held.pop(fd, None)
        # The number may be given to the next connection, whose answers these are not.
        self._due = deque(each for each in self._due if each[1] != fd)

    def _told(self) -> bytes:
        body = json.dumps({"begun": self._begun, "requests": self._log}).encode()
        self._log = []
        return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--delay", type=float, default=0.02)
    parser.add_argument("--stall", type=float, default=1.0)
    parser.add_argument("--every", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if not 0 <= asked.stall <= asked.every:
        parser.error(f"--stall {asked.stall} is not within 0 and --every {asked.every}")
    Staller(asked.port, delay=asked.delay, stall=asked.stall, every=asked.every, seed=asked.seed).serve()


if __name__ == "__main__":
    main()
