"""A plain driver: lives journeys one after the other against an API on loopback, and lets a judge see the answers."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from load.call import Call, Reply, Seen
from load.journeys import JOURNEYS
from load.journeys.steps import Pause
from load.journeys.world import World
from load.judge.judge import Judge

HANDS = 4


class Driver:
    """Sends calls over connections of a few threads; answers are judged in the order in which they arrive.

    Args:
        url: of the API.
        key: of the owner.
        judge: sees every answer.
    """

    def __init__(self, url: str, key: str, judge: Judge) -> None:
        self._host = urlsplit(url).netloc
        self._key = key
        self._judge = judge
        self._lock = threading.Lock()
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(HANDS)
        self._epoch = time.perf_counter()
        self._connections: list[http.client.HTTPConnection] = []
        self.requests = 0

    def live(self, name: str, world: World) -> None:
        """Live one journey to its end."""
        journey = JOURNEYS[name](world)
        answer: Seen | tuple[Seen, ...] | None = None
        while True:
            try:
                want = journey.send(answer)
            except StopIteration:
                return
            if isinstance(want, Call):
                answer = self.send(want)
            elif isinstance(want, tuple):
                answer = tuple(self._pool.map(self.send, want))
            else:
                assert isinstance(want, Pause)
                time.sleep(min(want.seconds, 0.002))
                answer = None

    def send(self, call: Call) -> Seen:
        """Send one call and judge its answer."""
        sent = time.perf_counter() - self._epoch
        connection = self._connection()
        headers = {"x-api-key": self._key}
        if call.body or call.labelled:
            headers["content-type"] = "application/json"
        try:
            connection.request(call.method, call.path, call.body, headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return self._see(call, 0, (), b"", "closed", sent)
        pairs = tuple((name.lower(), value) for name, value in answer.getheaders())
        return self._see(call, answer.status, pairs, body, None, sent)

    def close(self) -> None:
        """End the threads and close their connections."""
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()

    def _see(
        self, call: Call, status: int, headers: tuple[tuple[str, str], ...], body: bytes, error: str | None, sent: float
    ) -> Seen:
        with self._lock:
            self.requests += 1
            ended = time.perf_counter() - self._epoch
            return self._judge.see(call, Reply(status, headers, body, error, b"", sent, sent, ended))

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection(self._host, timeout=10)
            self._connections.append(self._local.connection)
        return self._local.connection


def world(seed: int, judge: Judge, countries: dict[str, float] | None = None) -> World:
    """Return a world of impatient people."""
    return World(
        random.Random(seed),
        countries or {"US": 2, "KZ": 1, "DE": 1},
        patience=0.1,
        forget=judge.forget,
        watch=judge.watch,
        settle=judge.settle,
    )


def mixed(lives: int, seed: int) -> Iterator[str]:
    """Yield names of journeys, every kind among them."""
    names = list(JOURNEYS)
    chance = random.Random(seed)
    yield from names
    yield from (chance.choice(names) for _ in range(lives - len(names)))
