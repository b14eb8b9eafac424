"""A master, its workers and locust's documents, staged in a process of their own: locust patches its interpreter.

    python -m tests.load.crewed

Workers are greenlets here. What every scene came to is printed as JSON; the tests say what it should be.
"""

from __future__ import annotations

import gevent.monkey

gevent.monkey.patch_all()

import contextlib  # noqa: E402 - nothing may be imported before the patch
import http.client  # noqa: E402 - likewise
import json  # noqa: E402 - likewise
import logging  # noqa: E402 - likewise
import os  # noqa: E402 - likewise
import signal  # noqa: E402 - likewise
import socket  # noqa: E402 - likewise
import sys  # noqa: E402 - likewise
import tempfile  # noqa: E402 - likewise
import time  # noqa: E402 - likewise
from collections.abc import Callable, Iterator, Mapping  # noqa: E402 - likewise
from dataclasses import replace  # noqa: E402 - likewise
from pathlib import Path  # noqa: E402 - likewise
from typing import Any  # noqa: E402 - likewise
from unittest.mock import patch  # noqa: E402 - likewise

import gevent  # noqa: E402 - likewise
from gevent.pywsgi import WSGIServer  # noqa: E402 - likewise
from locust import rpc, runners  # noqa: E402 - likewise
from locust.env import Environment  # noqa: E402 - likewise

import load.cast as cast_module  # noqa: E402 - likewise
import load.worker as worker_module  # noqa: E402 - likewise
from contracts.config import Settings  # noqa: E402 - likewise
from contracts.errors import UsageError  # noqa: E402 - likewise
from contracts.record.masking import Masker  # noqa: E402 - likewise
from contracts.target import Keys  # noqa: E402 - likewise
from load.cast import ORDERS, PARENT_VARIABLE, READY, SILENT_SECONDS, Crew  # noqa: E402 - likewise
from load.locustfiles import LocustFiles  # noqa: E402 - likewise
from load.measure.second import Second  # noqa: E402 - likewise
from load.orders import Orders  # noqa: E402 - likewise
from load.request import make_load_request  # noqa: E402 - likewise
from load.run import run_load  # noqa: E402 - likewise
from load.version import own_version  # noqa: E402 - likewise
from load.view import Silence  # noqa: E402 - likewise
from load.worker import work  # noqa: E402 - likewise

KEY = "key-of-the-owner-1"
SELF = {"ASSAY_API_KEY": KEY}
OPEN = {"plan": {"rate": "30/s", "duration": "30s", "timeout": "500ms"}, "journeys": {"buyer": 1}}
CLOSED = {"plan": {"users": 4, "duration": "30s", "timeout": "500ms"}, "journeys": {"poller": 1}}
SEARCH = {
    "plan": {"shape": "breakpoint", "timeout": "500ms"},
    "journeys": {"poller": 1},
    "breakpoint": {"start": "10/s", "max": "200/s", "hold": "3s"},
    "objectives": ["p99 < 1s"],
}
PATIENCE = 60.0


class Shop:
    """Sells to whoever asks, and counts."""

    def __init__(self) -> None:
        self.creates = 0
        self.keys: set[str] = set()
        self._server = WSGIServer(("127.0.0.1", 0), self._answer, log=None)
        self._server.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return int(self._server.address[1])

    def _answer(self, environ: Mapping[str, Any], start: Callable[..., Any]) -> list[bytes]:
        self.creates += environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] == "/v1/purchases"
        self.keys.add(environ.get("HTTP_X_API_KEY", ""))
        start("200 OK", [("content-type", "application/json")])
        price = b'{"amount":"0.50","currency_code":"USD"}'
        return [b'{"id":%d,"available":true,"price":%s}' % (max(self.creates, 1), price)]


def await_(ready: Callable[[], bool]) -> bool:
    """Wait until something is so; return whether it came to that."""
    until = time.monotonic() + PATIENCE
    while not ready() and time.monotonic() < until:
        gevent.sleep(0.01)
    return ready()


class Stage:
    """A crew, its shares, and the workers that were hired for it; everybody is gone when the context is left."""

    def __init__(self, url: str, document: Mapping[str, Any], workers: int, *, own: int = 0, **more: Any) -> None:
        self.shares: dict[str, list[Mapping[str, Any]]] = {}
        orders = Orders(
            document=document, source="test", url=url, loopback=True, profile="2026-02", seed=0,
            identity="00" * 16, prices={"US": "0.50"}, workers=workers, **more,
        )  # fmt: skip
        self.crew = Crew(orders, Keys(KEY, "key-of-the-other-1"), self._take, bind=("127.0.0.1", 0), own=own)
        self.hired: list[Any] = []

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self.crew.close()
        gevent.killall(self.hired)

    def _take(self, name: str, share: Mapping[str, Any]) -> None:
        self.shares.setdefault(name, []).append(share)

    def hire(self, environment: Mapping[str, str] = SELF) -> Any:
        host, _, port = self.crew.address.rpartition(":")
        self.hired.append(gevent.spawn(work, host, int(port), environment))
        return self.hired[-1]

    def gather(self) -> str:
        """Return why the workers could not be gathered, nothing when they were."""
        try:
            self.crew.gather()
        except TimeoutError as error:
            return str(error)
        return ""

    def last(self, name: str) -> list[Any]:
        """Return a total of the last share of every worker."""
        return [shares[-1][name] for shares in self.shares.values()]

    def codes(self) -> list[int | None]:
        """Close, and return how the workers that were hired ended."""
        self.crew.close()
        return [worker.get(timeout=PATIENCE) for worker in self.hired]

    def states(self) -> list[str]:
        return sorted(worker.state for worker in self.crew.workers.values())


def together(shop: Shop) -> dict[str, Any]:
    """Two workers share a cap of three purchases; a third that nobody asked for comes as well."""
    with Stage(shop.url, OPEN, 2, max_purchases=3) as stage:
        stage.hire()
        stage.hire()
        trouble = stage.gather()
        late = stage.hire()
        stage.crew.begin()
        spent = await_(lambda: len(stage.shares) == 2 and all(stage.last("spent")))
        running = stage.states()
        left_out = not late.successful() and len(stage.crew.workers) == 2
        late.kill()
        stage.hired.remove(late)
        stage.crew.stop(at_once=False)
        return {
            "trouble": trouble, "spent": spent, "running": running, "left_out": left_out, "states": stage.states(),
            "names": sorted(worker.name for worker in stage.crew.workers.values()),
            "numbers": sorted(stage.last("worker")), "purchases": sum(stage.last("purchases")),
            "creates": shop.creates, "keys": sorted(shop.keys), "finished": stage.last("finished"),
            "codes": stage.codes(),
        }  # fmt: skip


def of_users(shop: Shop) -> dict[str, Any]:
    """Two workers share the users of a closed plan."""
    with Stage(shop.url, CLOSED, 2) as stage:
        stage.hire()
        stage.hire()
        trouble = stage.gather()
        stage.crew.begin()

        def users() -> list[int]:
            seconds = [[second for share in shares for second in share["seconds"]] for shares in stage.shares.values()]
            return [max((Second.from_plain(second).users for second in found), default=0) for found in seconds]

        await_(lambda: sum(users()) >= 4)
        found = sorted(users())
        stage.crew.stop(at_once=True)
        return {"trouble": trouble, "users": found, "states": stage.states(), "codes": stage.codes()}


def searching(shop: Shop) -> dict[str, Any]:
    """A worker takes up the step of a search that its master asks for."""
    with Stage(shop.url, SEARCH, 1) as stage:
        stage.hire()
        trouble = stage.gather()
        stage.crew.begin()
        gevent.sleep(0.2)
        before = [share["tally"]["arrivals"] for shares in stage.shares.values() for share in shares]
        stage.crew.step(1, 20.0, stage.crew.now(), 0.0)
        came = await_(lambda: bool(stage.shares) and stage.last("tally")[0]["arrivals"] > 0)
        stage.crew.stop(at_once=True)
        return {"trouble": trouble, "before": sum(before), "came": came, "states": stage.states()}


def silent(shop: Shop) -> dict[str, Any]:
    """A worker whose shares stop coming is lost, and stays so though it speaks again."""
    with Stage(shop.url, OPEN, 1) as stage:
        stage.hire()
        stage.gather()
        stage.crew.begin()
        await_(lambda: bool(stage.shares))
        stage.crew.listen()
        [worker] = stage.crew.workers.values()
        before = worker.state
        worker.heard -= SILENT_SECONDS + 1
        stage.crew.listen()
        told = len(stage.shares[worker.name])
        await_(lambda: len(stage.shares[worker.name]) > told)
        return {"before": before, "state": worker.state, "why": worker.why}


def interrupted(shop: Shop) -> dict[str, Any]:
    """Somebody asks a worker to end."""
    with Stage(shop.url, OPEN, 1) as stage:
        worker = stage.hire()
        stage.gather()
        stage.crew.begin()
        os.kill(os.getpid(), signal.SIGTERM)
        return {"code": worker.get(timeout=PATIENCE)}


def orphaned(shop: Shop) -> dict[str, Any]:
    """The process that started a worker is gone; no process is a child of itself."""
    with Stage(shop.url, OPEN, 1) as stage:
        return {"code": stage.hire({**SELF, PARENT_VARIABLE: str(os.getpid())}).get(timeout=PATIENCE)}


def of_another_version(shop: Shop) -> dict[str, Any]:
    with Stage(shop.url, OPEN, 1) as stage, patch.object(worker_module, "own_version", lambda: "0.0.1"):
        worker = stage.hire()
        return {"trouble": stage.gather(), "version": own_version(), "code": worker.get(timeout=PATIENCE)}


@contextlib.contextmanager
def master() -> Iterator[tuple[runners.MasterRunner, list[dict[str, Any]]]]:
    """Yield a master that is not ours, and what workers answer to it."""
    runner = Environment(user_classes=[]).create_master_runner("127.0.0.1", 0)
    told: list[dict[str, Any]] = []
    runner.register_message(READY, lambda environment, msg: told.append(msg.data))
    try:
        yield runner, told
    finally:
        runner.quit()


def misled(orders: object, number: object = 0) -> dict[str, Any]:
    """A worker gets orders that no master of this version would give."""
    with master() as (runner, told):
        worker = gevent.spawn(work, "127.0.0.1", runner.server.port, SELF)

        def answered() -> bool:
            # What comes before a worker listens for it is lost.
            for client in runner.clients.all:
                message = {"version": own_version(), "orders": orders, "worker": number}
                runner.send_message(ORDERS, message, client.id)
            gevent.sleep(0.1)
            return bool(told)

        await_(answered)
        return {"code": worker.get(timeout=PATIENCE), "trouble": told[0]["trouble"]}


def complaint(host: str, port: int, environment: Mapping[str, str]) -> str:
    try:
        work(host, port, environment)
    except UsageError as error:
        return str(error)
    return "none"


def unanswered() -> dict[str, Any]:
    """Who speaks the language of masters and takes nobody, and a master of another kind, which gives no orders."""
    with rpc.zmqrpc.Server("127.0.0.1", 0).socket as deaf, patch.object(runners, "CONNECT_TIMEOUT", 0.05):
        port = int(deaf.last_endpoint.rpartition(b":")[2])
        found = {"port": port, "deaf": complaint("127.0.0.1", port, SELF), "keyless": complaint("127.0.0.1", port, {})}
    with master() as (runner, _), patch.object(worker_module, "ORDERS_SECONDS", 0.3):
        return {**found, "no orders": work("127.0.0.1", runner.server.port, SELF)}


def too_few(shop: Shop) -> dict[str, Any]:
    with Stage(shop.url, OPEN, 2) as stage, patch.object(cast_module, "GATHER_SECONDS", 0.2):
        return {"trouble": stage.gather()}


def children(shop: Shop, place: Path) -> dict[str, Any]:
    """Stand-ins for a worker's interpreter: one that ends by itself, and one that must be told."""
    scripts = {
        "ends": f'echo "$@" > {place}/said; echo "$ASSAY_API_KEY $ASSAY_OTHER_API_KEY" > {place}/keys; exit 7',
        "lingers": "exec sleep 60",
    }
    found: dict[str, Any] = {}
    for name, text in scripts.items():
        script = place / name
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(0o700)
        with contextlib.ExitStack() as stack:
            stack.enter_context(patch.object(sys, "executable", str(script)))
            stack.enter_context(patch.object(cast_module, "GATHER_SECONDS", PATIENCE if name == "ends" else 0.1))
            stack.enter_context(patch.object(cast_module, "LEAVE_SECONDS", 0.1))
            stage = stack.enter_context(Stage(shop.url, OPEN, 1, own=1))
            found[name] = {"trouble": stage.gather()}
            [child] = stage.crew._children
        found[name]["code"] = child.returncode
    return {**found, "said": (place / "said").read_text(), "keys": (place / "keys").read_text()}


def documents(shop: Shop, place: Path) -> dict[str, Any]:
    """What users' code raises and logs, as locust's documents and its web UI show it."""
    masker = Masker({"owner": KEY})
    environment = Environment(user_classes=[])
    runner = environment.create_local_runner()
    port = free_port()
    try:
        with LocustFiles(environment, place, masker, web=shop.port):
            taken = "none"
    except UsageError as error:
        taken = str(error)
    with LocustFiles(environment, place, masker, web=port):
        logging.getLogger("user").error("a line with %s", KEY)
        runner.log_exception("local", f"raised with {KEY}", f"line 7: {KEY}")
        environment.stats.log_error("GET", "look", ValueError(f"no answer for {KEY}"))
        environment.stats.log_error("GET", "list", ValueError("no answer"))
        await_(lambda: _listens(port))
        shown = "".join(read(port, path) for path in ("/", "/exceptions", "/stats/requests"))
    written = {file.name: file.read_text("utf-8") for file in place.iterdir()}
    return {
        "taken": taken, "port": shop.port, "leaks": [name for name, text in written.items() if KEY in text],
        "leaks on screen": KEY in shown, "log": written["locust.log"], "failures": written["locust_failures.csv"],
        "exceptions": written["locust_exceptions.csv"], "listens after": _listens(port),
    }  # fmt: skip


class Said(Silence):
    """Keeps what a run says of itself."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def whole(shop: Shop, place: Path) -> dict[str, Any]:
    """A run by a master with a worker from elsewhere, to its documents, its metrics read while it goes on."""
    port, metrics, view = free_port(), free_port(), Said()
    request = make_load_request(
        Settings(), plan=None, url=shop.url, profile=None, seed=7, allow_host=None, max_purchases=2, max_spend=None,
        out=place / "run", options={"rate": "20/s", "duration": "1s", "warmup": "0s", "timeout": "500ms"},
        master=f"127.0.0.1:{port}", expected=1, metrics=metrics, label=f"release {KEY}",
    )  # fmt: skip
    running = gevent.spawn(run_load, replace(request, environment=SELF), view)
    await_(lambda: _listens(port) and _listens(metrics))
    told, elsewhere = read(metrics, "/metrics"), read(metrics, "/")
    worker = gevent.spawn(work, "127.0.0.1", port, SELF)
    finished = running.get(timeout=PATIENCE)
    document = finished.document
    return {
        "said": view.lines, "code": worker.get(timeout=PATIENCE), "metrics": told, "elsewhere": elsewhere,
        "creates": shop.creates,
        "purchases": document["purchases"], "label": document["label"], "reasons": document["reasons"],
        "workers": document["load"]["generator"]["workers"], "exit_code": finished.exit_code,
        "files": sorted(file.name for file in (place / "run").iterdir()), "expected": f"127.0.0.1:{port}",
        "spend": document["spend"],
    }  # fmt: skip


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def read(port: int, path: str) -> str:
    """Return what a page shows, of errors as well."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(asked):
        asked.request("GET", path)
        return asked.getresponse().read().decode()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    plain = _plain(Shop())
    # What waits most, side by side; the others change what all scenes share.
    side_by_side: dict[str, Any] = {
        "together": gevent.spawn(together, Shop()),
        "of users": gevent.spawn(of_users, Shop()),
        "searching": gevent.spawn(searching, Shop()),
        "silent": gevent.spawn(silent, Shop()),
        "no orders": gevent.spawn(misled, {"nonsense": 1}),
        "no plan": gevent.spawn(misled, {**plain, "document": {"plan": {"rate": "fast"}}}),
        "no number": gevent.spawn(misled, plain, "first"),
    }
    scenes = {name: scene.get() for name, scene in side_by_side.items()}
    with tempfile.TemporaryDirectory() as place:
        scenes |= {
            "interrupted": interrupted(Shop()),
            "orphaned": orphaned(Shop()),
            "of another version": of_another_version(Shop()),
            "unanswered": unanswered(),
            "too few": too_few(Shop()),
            "children": children(Shop(), Path(place)),
            "whole": whole(Shop(), Path(place)),
        }
    with tempfile.TemporaryDirectory() as place:
        scenes |= {
            "documents": documents(Shop(), Path(place)),
        }
    sys.stdout.write(json.dumps(scenes))


def _plain(shop: Shop) -> dict[str, Any]:
    return Orders(
        document=OPEN, source="test", url=shop.url, loopback=True, profile="2026-02", seed=0, identity="00" * 16,
        prices={"US": "0.50"},
    ).plain()  # fmt: skip


if __name__ == "__main__":
    main()
