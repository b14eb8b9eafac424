"""A stage for lives: virtual time, a target that answers as told, and everything that was sent."""

from __future__ import annotations

import heapq
import itertools
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from contracts.budget import Budget
from contracts.history import ApiOperation
from load.call import Call, Reply, Seen
from load.drive.engine import Engine
from load.drive.purse import Purse

Answerer = Callable[[Call], tuple[int, dict[str, Any], float]]


def purchase(number: int = 7, status: str = "PENDING") -> dict[str, Any]:
    return {"id": number, "status": status, "price": {"amount": "0.50", "currency_code": "USD"}}


def shop(call: Call) -> tuple[int, dict[str, Any], float]:
    """Answer every operation lawfully enough for a journey, after a tenth of a second."""
    if call.operation is ApiOperation.ACCOUNT:
        return 200, {"country_code": "US", "available": True}, 0.1
    if call.operation is ApiOperation.REQUEST_CODE:
        return 200, {"purchase": purchase(status="SUCCESS"), "code_request": {}}, 0.1
    if call.operation is ApiOperation.RETRIEVE:
        return 200, purchase(status="SUCCESS"), 0.1
    if call.operation is ApiOperation.LIST:
        return 200, {"items": [], "pagination": {"has_next": True}}, 0.1
    return 200, purchase(), 0.1


class _Timer:
    def __init__(self, stage: Stage, seconds: float) -> None:
        self._stage = stage
        self._seconds = seconds
        self.closed = False

    def start(self, act: Callable[[], None], update: bool = False) -> None:
        def fire() -> None:
            if not self.closed:
                act()

        self._stage.at(self._stage.time + self._seconds, fire)

    def stop(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True


class Stage:
    """Virtual time and a target; stands for the loop, the connections, the judge and the recorder."""

    def __init__(self, answer: Answerer = shop, budget: Budget | None = None) -> None:
        self.time = 0.0
        self.sent: list[tuple[float, Call]] = []
        self.replies: list[Reply] = []
        self.budget = budget or Budget()
        self._answer = answer
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.purse = Purse(self.budget, {"US": Decimal("0.50")})
        self.engine = Engine(
            sender=self, coder=self, judge=self, recorder=self,
            purse=self.purse, loop=self, now=lambda: self.time,
        )  # fmt: skip

    def at(self, when: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._order), act))

    def timer(self, seconds: float) -> _Timer:
        return _Timer(self, seconds)

    def encode(self, call: Call) -> bytes:
        return f"{call.method} {call.path}".encode()

    def submit(self, data: bytes, call: Call, due: float, done: Callable[[Reply], None]) -> None:
        self.sent.append((self.time, call))
        status, document, takes = self._answer(call)
        sent = self.time

        def arrive() -> None:
            body = json.dumps(document).encode() if status else b""
            headers = tuple(document.get("headers", {}).items())
            reply = Reply(status, headers, body, None if status else "timeout", b"", due, sent, self.time)
            done(reply)

        self.at(self.time + takes, arrive)

    def close(self) -> None:
        self._agenda.clear()

    def see(self, call: Call, reply: Reply) -> Seen:
        return Seen(reply, json.loads(reply.body) if reply.body else None, True)

    def record(self, call: Call, reply: Reply, *, lawful: bool) -> None:
        self.replies.append(reply)

    def run(self, until: float = 1e9, most: int = 100_000) -> None:
        """Let time pass until nothing is left to do, or a moment is reached."""
        for _ in range(most):
            if not self._agenda or self._agenda[0][0] > until:
                break
            when, _, act = heapq.heappop(self._agenda)
            self.time = max(self.time, when)
            act()
        else:
            raise AssertionError("the stage never came to rest")
        if until < 1e9:
            self.time = until

    @property
    def operations(self) -> list[str]:
        return [call.operation.value for _, call in self.sent]
