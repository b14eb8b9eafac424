"""Who sends: this process alone, or a master with workers; both speak through locust's runners."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import gevent
from gevent.event import Event
from locust import LoadTestShape, runners
from locust.env import Environment
from locust.exception import RPCError
from locust.rpc import Message
from locust.runners import MasterRunner
from locust.stats import RequestStats, StatsEntry, StatsError

from contracts.errors import UsageError
from contracts.target import KEY_VARIABLES, Keys, without_keys
from load.agent import Agent
from load.attach import user_classes
from load.orders import Orders
from load.plan.plan import Plan
from load.plan.shapes import Shape
from load.staff import Worker
from load.user import ClosedUser, OpenUser
from load.version import own_version
from reports.plaintext import plain

ORDERS: Final = "assay_orders"
READY: Final = "assay_ready"
BEGIN: Final = "assay_begin"
STEP: Final = "assay_step"
"""Messages between master and workers."""

PARENT_VARIABLE: Final = "ASSAY_LOAD_PARENT"
"""Tells a worker which process started it, so that it ends with it."""

GATHER_SECONDS: Final = 60.0
"""How long a master waits for its workers."""

AGAIN_SECONDS: Final = 5.0
"""After how long a worker that has not answered is told its orders again."""

LAST_SHARE_SECONDS: Final = 5.0
"""How long a master waits for the last share of a worker that has stopped."""

LEAVE_SECONDS: Final = 2.0
"""How long workers of this machine may take to leave by themselves once they are told to."""

SILENT_SECONDS: Final = 6.0
"""Without a share for so long, a worker counts as lost."""

Share = Mapping[str, Any]
Taker = Callable[[str, Share], None]
"""Told a worker's name and what it shared."""

# Reports every second instead of every third, so that a view and objectives are of now.
runners.WORKER_REPORT_INTERVAL = 1.0


class PlanShape(LoadTestShape):
    """A plan's users over time, as locust asks for them.

    Args:
        shape: its level is the number of users.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._shape = shape

    def tick(self) -> tuple[int, float] | None:
        """Return how many users there shall be, and how fast they may come."""
        users = round(self._shape.level(min(self._run_time(), self._shape.end - 1e-6)))
        return users, max(float(users), 1.0)

    def _run_time(self) -> float:
        return float(self.get_run_time())  # type: ignore[no-untyped-call]


def make_environment(plan: Plan, user_classes: list[Any], host: str) -> Environment:
    """Return locust's environment for a plan."""
    shape = None if plan.open_model else PlanShape(plan.timetable())
    return Environment(
        user_classes=user_classes,
        shape_class=shape,
        host=host,
        stop_timeout=plan.timeout + 1,
        catch_exceptions=True,
    )


def user_class(plan: Plan) -> type[Any]:
    """Return a fresh user class of the plan's model, for ``agent`` to be hung on."""
    base = OpenUser if plan.open_model else ClosedUser
    return type("Arrivals" if plan.open_model else "Buyers", (base,), {"abstract": False})


class Solo:
    """This process alone.

    Args:
        orders: of the run.
        keys: who we are at the target.
        take: told of every share.
        locustfile: whose users run in place of the plan's journeys.

    Raises:
        UsageError: the locustfile cannot be used, or the target's host does not resolve.
    """

    def __init__(self, orders: Orders, keys: Keys, take: Taker, *, locustfile: Path | None = None) -> None:
        plan = orders.plan()
        mine = user_class(plan)
        classes = [mine] if locustfile is None else user_classes(locustfile)
        self.environment = make_environment(plan, classes, orders.url)
        self.agent = Agent(orders, keys, self.environment, attached=locustfile is not None)
        mine.agent = self.agent
        self.runner = self.environment.create_local_runner()
        self.workers = {"local": Worker("local")}
        self._take = take
        self._plan = plan

    def begin(self) -> None:
        """Start sending."""
        self.agent.begin()
        self.workers["local"].state = "running"
        if self._plan.open_model:
            self.runner.start(1, 1)
        else:
            self.runner.start_shape()

    def now(self) -> float:
        """Seconds since the run began."""
        return self.agent.clock.now()

    def step(self, number: int, rate: float, start: float, before: float) -> None:
        """Take up a step of a breakpoint search."""
        self.agent.step(number, rate, start, before)

    def listen(self) -> None:
        """Hand on what is new."""
        self._take("local", self.agent.share())

    def stop(self, *, at_once: bool) -> None:
        """Stop sending; what is under way is waited for unless it must be at once."""
        if at_once:
            self.environment.stop_timeout = 0.0
        self.runner.stop()
        self.agent.finish()
        self.workers["local"].state = "finished"
        self.listen()

    def close(self) -> None:
        """End every greenlet."""
        with suppress(Exception):
            self.runner.quit()


def _admit(runner: MasterRunner, most: int) -> None:
    """Let a master answer so many workers, and no others, however often they ask, and read what is a report.

    Locust would share its users out anew among all that come, and one with its part of the schedule might get none.
    """
    handle = runner.handle_message
    admitted: set[str] = set()

    def handle_message(client_id: str, msg: Message) -> None:
        if msg.type == "client_ready":
            if client_id not in admitted and len(admitted) >= most:
                return
            admitted.add(client_id)
        elif msg.type == "stats" and not _is_report(msg.data):
            # Locust would show a traceback for each. A worker that is never understood counts as silent.
            return
        handle(client_id, msg)

    runner.handle_message = handle_message  # type: ignore[method-assign]


def _is_report(data: Any) -> bool:
    """Tell whether locust can read its part of a worker's report, by reading it into nothing."""
    scratch = RequestStats()
    try:
        for entry in (data["stats_total"], *data["stats"]):
            StatsEntry(scratch, "", "").extend(StatsEntry.unserialize(entry, scratch))
        for error in data["errors"].values():
            StatsError.unserialize(error)
        return isinstance(data["user_count"], int) and isinstance(data["user_classes_count"], dict)
    except Exception:  # noqa: BLE001 - whatever it raises, it cannot be read
        return False


class Crew:
    """A master and its workers: processes of this machine, or of others that come to us.

    Args:
        orders: of the run; ``workers`` of them take part.
        keys: who we are at the target; the workers of this machine inherit them.
        take: told of every share.
        bind: host and port to listen on; port 0 is any.
        own: how many workers to start on this machine; the others come by themselves.

    Raises:
        UsageError: the address cannot be listened on.
    """

    def __init__(self, orders: Orders, keys: Keys, take: Taker, *, bind: tuple[str, int], own: int) -> None:
        plan = orders.plan()
        self.environment = make_environment(plan, [user_class(plan)], orders.url)
        try:
            self.runner: MasterRunner = self.environment.create_master_runner(*bind)
        except RPCError as error:
            raise UsageError(f"--master {bind[0]}:{bind[1]}: {error}; choose another address or port") from None
        _admit(self.runner, orders.workers)
        self.workers: dict[str, Worker] = {}
        self._orders = orders
        self._plan = plan
        self._take = take
        self._all_ready = Event()
        self._began = 0.0
        self._refusal = ""
        self.runner.register_message(READY, self._on_ready)
        self.environment.events.worker_report.add_listener(self._on_report)
        self._children = [self._start(keys) for _ in range(own)]

    @property
    def address(self) -> str:
        """Where workers find the master."""
        return f"{self.runner.master_bind_host}:{self.runner.server.port}"

    def gather(self) -> None:
        """Wait until every worker has its orders.

        Raises:
            TimeoutError: some did not come; the message says how many.
        """
        told: dict[str, tuple[int, float]] = {}
        until = time.monotonic() + GATHER_SECONDS
        while time.monotonic() < until and not self._all_ready.is_set():
            for client in [client.id for client in self.runner.clients.all if client.id not in self.workers]:
                number, last = told.get(client, (len(told), -AGAIN_SECONDS))
                if time.monotonic() - last < AGAIN_SECONDS:
                    continue
                # What comes before a worker listens for it is lost, and nobody would know.
                told[client] = number, time.monotonic()
                orders = {"version": own_version(), "orders": self._orders.plain(), "worker": number}
                self.runner.send_message(ORDERS, orders, client)
            if self._refusal:
                raise TimeoutError(self._refusal)
            dead = [child for child in self._children if child.poll() is not None]
            if dead:
                raise TimeoutError(f"a worker process ended with code {dead[0].returncode} before it began")
            self._all_ready.wait(0.1)
        if not self._all_ready.is_set():
            raise TimeoutError(
                f"{len(self.workers)} of {self._orders.workers} workers came within {GATHER_SECONDS:.0f} s"
            )

    def begin(self) -> None:
        """Start sending."""
        self.runner.send_message(BEGIN, None)
        self._began = time.perf_counter()
        for worker in self.workers.values():
            worker.state, worker.heard, worker.reached = "running", time.monotonic(), 0.0
        if self._plan.open_model:
            self.runner.start(self._orders.workers, self._orders.workers)
        else:
            self.runner.start_shape()

    def now(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self._began

    def step(self, number: int, rate: float, start: float, before: float) -> None:
        """Take up a step of a breakpoint search."""
        self.runner.send_message(STEP, {"number": number, "rate": rate, "start": start, "before": before})

    def listen(self) -> None:
        """Notice who is silent; shares come by themselves."""
        now = time.monotonic()
        codes = {str(child.pid): child.poll() for child in self._children}
        for worker in self.workers.values():
            pid = worker.name.rpartition(" ")[2]
            code = codes.get(pid)
            if worker.state == "running" and (code is not None or now - worker.heard > SILENT_SECONDS):
                worker.state = "lost"
                worker.why = (
                    f"ended with code {code}" if code is not None else f"was silent for {now - worker.heard:.0f} s"
                )

    def stop(self, *, at_once: bool) -> None:
        """Stop sending; what is under way is waited for unless it must be at once."""
        if at_once:
            self.environment.stop_timeout = 0.0
        running = [worker for worker in self.workers.values() if worker.state == "running"]
        if running:
            with gevent.Timeout(self.environment.stop_timeout + LAST_SHARE_SECONDS, False):  # type: ignore[arg-type] # False: no exception
                self.runner.stop()
        until = time.monotonic() + LAST_SHARE_SECONDS
        while time.monotonic() < until and any(worker.state == "running" for worker in running):
            self.listen()
            gevent.sleep(0.05)

    def close(self) -> None:
        """End the workers of this machine and every greenlet."""
        with suppress(Exception), gevent.Timeout(5.0, False):  # type: ignore[arg-type] # likewise
            # Between two of its messages a worker that stops is none of the runner's, and would wait for ever.
            for node in self.workers:
                self.runner.server.send_to_client(Message("quit", None, node))
            self.runner.quit()
        until = time.monotonic() + LEAVE_SECONDS
        while time.monotonic() < until and any(child.poll() is None for child in self._children):
            gevent.sleep(0.02)
        for child in self._children:
            if child.poll() is None:
                child.terminate()
        for child in self._children:
            try:
                child.wait(5.0)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _start(self, keys: Keys) -> subprocess.Popen[bytes]:
        environment = without_keys(os.environ, but=KEY_VARIABLES.values())
        environment |= {KEY_VARIABLES["owner"]: keys.owner, PARENT_VARIABLE: str(os.getpid())}
        if keys.other:
            environment[KEY_VARIABLES["other"]] = keys.other
        command = [sys.executable, "-P", "-m", "load", "--worker", self.address]
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603

    def _on_ready(self, environment: Any, msg: Any) -> None:  # noqa: ARG002 - locust calls by name
        data = msg.data
        if msg.node_id in self.workers or not isinstance(data, Mapping):
            return
        # From whoever reached our port: what is shown of it is nothing that a terminal obeys.
        name = plain(str(data.get("name") or "unnamed"), 100)
        if data.get("trouble"):
            self._refusal = f"worker {name} cannot take part: {plain(str(data['trouble']), 300)}"
            return
        if any(worker.name == name for worker in self.workers.values()):
            # Containers that share a host's network have one name for it, and every first process in one is number 1.
            name = f"{name} ({len(self.workers) + 1})"
        self.workers[msg.node_id] = Worker(name, heard=time.monotonic())
        if len(self.workers) >= self._orders.workers:
            self._all_ready.set()

    def _on_report(self, client_id: str, data: Mapping[str, Any]) -> None:
        worker = self.workers.get(client_id)
        share = data.get("assay")
        if worker is None or not isinstance(share, Mapping):
            return
        worker.heard = time.monotonic()
        now = share.get("now")
        worker.reached = float(now) if isinstance(now, int | float) else worker.reached
        if worker.state != "lost":
            worker.state = "finished" if share.get("finished") else "running"
        self._take(worker.name, share)
