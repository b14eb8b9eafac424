"""Locust's own users under the oracle, staged in a process of its own, for locust patches the interpreter it is in.

    python -m tests.load.attached URL

URL is a target with the base path ``/shop``. What the attachment saw, counted and held back is printed as JSON, scene
by scene; the tests say what it should be.
"""

from __future__ import annotations

import gevent.monkey

gevent.monkey.patch_all()

import json  # noqa: E402 - nothing may be imported before the patch
import sys  # noqa: E402 - likewise
import tempfile  # noqa: E402 - likewise
from collections.abc import Iterator, Mapping  # noqa: E402 - likewise
from contextlib import contextmanager  # noqa: E402 - likewise
from pathlib import Path  # noqa: E402 - likewise
from types import SimpleNamespace  # noqa: E402 - likewise
from typing import Any  # noqa: E402 - likewise

from locust.clients import HttpSession  # noqa: E402 - likewise
from locust.contrib.fasthttp import FastHttpSession, LocustUserAgent  # noqa: E402 - likewise
from locust.env import Environment  # noqa: E402 - likewise
from locust.exception import StopUser  # noqa: E402 - likewise

from contracts.budget import BudgetSpentError, Reservation  # noqa: E402 - likewise
from contracts.errors import UsageError  # noqa: E402 - likewise
from contracts.target import Keys  # noqa: E402 - likewise
from load.attach import Attachment, user_classes  # noqa: E402 - likewise
from load.call import Call, Reply, Seen  # noqa: E402 - likewise
from load.custody import Custody  # noqa: E402 - likewise

BASE = "/shop"
KEY = {"x-api-key": "owner-key"}


class Witness:
    """Clock, judge, recorder and guard in one: writes down what it is told."""

    def __init__(self, cap: int = 100) -> None:
        self.told: list[dict[str, Any]] = []
        self.reserved: list[str] = []
        self.settled: list[int] = []
        self._cap = cap

    def now(self) -> float:
        return 10.0

    def see(self, call: Call, reply: Reply) -> Seen:
        return Seen(reply, None, reply.status != 500)

    def record(self, call: Call, reply: Reply, *, lawful: bool) -> None:
        self.told.append(
            {
                "operation": call.operation.value, "method": call.method, "path": call.path,
                "body": call.body.decode(), "principal": call.principal, "status": reply.status,
                "headers": [list(pair) for pair in reply.headers], "answer": reply.body.decode(),
                "error": reply.error, "detail": reply.detail.decode(), "sent": round(reply.sent, 6),
                "ended": reply.ended, "lawful": lawful,
            }
        )  # fmt: skip

    def reserve(self, body: bytes, count: int = 1) -> Reservation:
        if len(self.reserved) >= self._cap:
            raise BudgetSpentError("the cap is reached")
        self.reserved.append(body.decode())
        return SimpleNamespace()  # type: ignore[return-value] # it is only handed back

    def settle(self, held: Reservation, reply: Reply, document: Mapping[str, Any] | None = None) -> None:
        self.settled.append(reply.status)

    def plain(self) -> dict[str, Any]:
        return {"told": self.told, "reserved": self.reserved, "settled": self.settled}


@contextmanager
def attached(cap: int = 100, url: str = "http://t") -> Iterator[tuple[Environment, Witness, Attachment]]:
    """Attach to a fresh environment; locust's clients are as they were afterwards."""
    environment, witness = Environment(), Witness(cap)
    sends = HttpSession.send, LocustUserAgent._urlopen
    try:
        keys = Keys("owner-key", "other-key")
        attachment = Attachment(environment, keys, witness, witness, witness, BASE)  # type: ignore[arg-type]
        Custody(url + BASE, None, witness, witness)  # type: ignore[arg-type]
        yield environment, witness, attachment
    finally:
        HttpSession.send, LocustUserAgent._urlopen = sends  # type: ignore[method-assign]


def response(status: int, headers: dict[str, Any] | None = None, body: Any = None, **request: Any) -> Any:
    return SimpleNamespace(
        status_code=status,
        headers={"Content-Type": "application/json"},
        content=b'{"id":7}',
        request=SimpleNamespace(headers=headers, body=body, **request),
    )


def events() -> dict[str, Any]:
    """Fire locust's request event as its clients do, and as other code may."""
    scenes: dict[str, dict[str, Any]] = {
        "retrieve": {"url": "http://t/shop/v1/purchases/7", "response": response(200, KEY)},
        "list": {"url": "/shop/v1/purchases?page=1&page_size=5", "response": response(200, KEY)},
        "slash": {"url": "http://t/shop/v1/purchases/7/", "response": response(200, KEY)},
        "broken": {"url": "/shop/v1/purchases/7", "response": response(500, KEY)},
        "other": {"url": "/shop/v1/purchases/7", "response": response(404, {"X-API-Key": b"other-key"})},
        "stranger": {"url": "/shop/v1/purchases/7", "response": response(401, {"x-api-key": "x"})},
        "unseen key": {"url": "/shop/v1/purchases/7", "response": response(200, None)},
        "create": {
            "request_type": "post", "url": "/shop/v1/purchases",
            "response": response(200, KEY, '{"country_code": "US"}'),
        },
        "no answer": {"url": "/shop/v1/purchases/7", "response": None, "exception": ConnectionResetError("gone")},
        "elsewhere": {"url": "http://t/other", "response": response(200, KEY)},
    }  # fmt: skip
    found: dict[str, Any] = {}
    for name, scene in scenes.items():
        with attached() as (environment, witness, _):
            given = {
                "request_type": "GET", "name": "x", "response_time": 250.0, "response_length": 8, "exception": None,
                "context": {},
            }  # fmt: skip
            environment.events.request.fire(**{**given, **scene})
            found[name] = witness.told
    with attached() as (environment, witness, attachment):
        environment.events.request.fire(request_type="WSS", name="x", response_time=None, response_length=0, url=None)
        found["another protocol"] = {"told": witness.told, "unreadable": attachment.unreadable}
    return found


def creates(url: str) -> dict[str, Any]:
    """Send through locust's two clients, whose creates are held to a cap of two."""
    found: dict[str, Any] = {}
    for name, kind in (("fast", FastHttpSession), ("plain", HttpSession)):
        found[name] = _send(url, kind)
        found[f"{name}, nobody there"] = _refused(kind)
    return found


def _send(url: str, kind: type[Any]) -> dict[str, Any]:
    with attached(2, url) as (environment, witness, _):
        client = kind(url, environment.events.request, None)
        client.get(f"{BASE}/v1/purchases/7", headers=KEY)
        client.post(f"{BASE}/v1/purchases/7/request-code", headers=KEY)
        before = list(witness.reserved)
        client.post(f"{BASE}/v1/purchases", json={"country_code": "US"}, headers=KEY)
        # The target refuses Atlantis.
        client.request("POST", f"{url}{BASE}/v1/purchases/", data='{"country_code":"ZZ"}', headers=KEY)
        stopped = False
        try:
            client.post(f"{BASE}/v1/purchases", json={"country_code": "GB"}, headers=KEY)
        except StopUser:
            stopped = True
        return {**witness.plain(), "before": before, "stopped": stopped}


def _refused(kind: type[Any]) -> dict[str, Any]:
    with attached(url="http://127.0.0.1:9") as (environment, witness, _):
        client = kind("http://127.0.0.1:9", environment.events.request, None)
        client.post(f"{BASE}/v1/purchases", json={"country_code": "US"}, headers=KEY)
        return witness.plain()


def files() -> dict[str, Any]:
    """Load users' files, good and bad."""
    good = "from locust import FastHttpUser, task\nclass Base(FastHttpUser):\n    abstract = True\n"
    good += "class Buyer(Base):\n    @task\n    def buy(self): pass\n"
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {"good": good, "empty": "x = 1\n", "raises": "raise OSError('no room')\n"}.items():
            file = Path(folder, f"{name}_users.py")
            file.write_text(text)
            try:
                found[name] = [kind.__name__ for kind in user_classes(file)]
            except UsageError as error:
                found[name] = str(error)
    return found


if __name__ == "__main__":
    json.dump({"events": events(), "creates": creates(sys.argv[1]), "files": files()}, sys.stdout)
