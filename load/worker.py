"""A worker: takes its orders from a master, sends its part, and tells what it counted every second."""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import gevent
import typer
from gevent.event import Event
from locust import runners
from locust.env import Environment

from contracts.errors import UsageError
from contracts.starting import INTERRUPTED
from contracts.target import KEY_VARIABLES, Keys, keys_from_environment
from load.agent import Agent
from load.cast import BEGIN, ORDERS, PARENT_VARIABLE, READY, STEP, user_class
from load.orders import Orders
from load.reach import ANSWER_SECONDS, WHERE, reach
from load.version import own_version

LOOK_EVERY: Final = 0.1
"""Seconds between two looks whether the master is done with us, or the one that started us gone."""

_LOST: Final = 3
"""Exit code of a worker whose master is gone or speaks another language."""

ORDERS_SECONDS: Final = 60.0
"""How long a worker waits for orders: as long as a master waits for all of its workers."""

_TRIES: Final = 2
"""How often a master is told that we are there before it counts as silent."""

runners.WORKER_REPORT_INTERVAL = 1.0
# Locust would try for five minutes and say nothing.
runners.CONNECT_TIMEOUT = ANSWER_SECONDS / _TRIES  # type: ignore[assignment] # seconds, of which it says int
runners.CONNECT_RETRY_COUNT = _TRIES - 1


class _Worker:
    """What a worker knows.

    Args:
        environment: locust's.
        keys: who we are at the target.
    """

    def __init__(self, environment: Environment, keys: Keys) -> None:
        self._environment = environment
        self._keys = keys
        self.agent: Agent | None = None
        self.over = Event()
        self.trouble = ""
        self.interrupted = False

    def interrupt(self) -> None:
        """Take part no longer: somebody wants this process to end."""
        self.interrupted = True
        self.over.set()

    def on_orders(self, environment: Any, msg: Any) -> None:  # noqa: ARG002 - locust calls by name
        """Take the orders, once, and say so."""
        data = msg.data
        if data.get("version") != own_version():
            self.trouble = f"the master has version {str(data.get('version'))[:40]}, this worker {own_version()}"
        elif self.agent is None:
            try:
                orders = Orders.from_plain(data["orders"])
                mine = user_class(orders.plan())
                self.agent = Agent(orders, self._keys, self._environment, worker=int(data["worker"]))
            except (ValueError, KeyError, TypeError, UsageError) as error:
                self.trouble = f"the orders cannot be followed: {str(error)[:200]}"
            else:
                mine.agent = self.agent
                self._environment.user_classes[:] = [mine]
        name = f"{socket.gethostname()} {os.getpid()}"
        runner = self._environment.runner
        assert runner is not None
        runner.send_message(READY, {"version": own_version(), "name": name, "trouble": self.trouble})
        if self.trouble:
            self.over.set()

    def on_begin(self, environment: Any, msg: Any) -> None:  # noqa: ARG002 - likewise
        """Start the clock."""
        if self.agent is not None:
            self.agent.begin()

    def on_step(self, environment: Any, msg: Any) -> None:  # noqa: ARG002 - likewise
        """Take up a step of a search."""
        if self.agent is not None:
            self.agent.step(**msg.data)

    def on_stop(self, environment: Any, **_: Any) -> None:  # noqa: ARG002 - likewise
        """Count what is left, so that the last report holds everything."""
        if self.agent is not None:
            self.agent.finish()

    def on_report(self, client_id: str, data: dict[str, Any]) -> None:  # noqa: ARG002 - likewise
        """Add our share to locust's report."""
        if self.agent is not None:
            data["assay"] = self.agent.share()


def work(host: str, port: int, environment: Mapping[str, str]) -> int:
    """Work for a master until it says that it is over.

    Args:
        host: of the master.
        port: of the master.
        environment: where the keys are.

    Returns:
        The exit code: 0 when the master ended it, 3 when the master is gone or does not agree with us, 130 when
        somebody else ended it.

    Raises:
        UsageError: the owner's key is missing, or no master answers.
    """
    if not environment.get(KEY_VARIABLES["owner"]):
        raise UsageError(f"{KEY_VARIABLES['owner']} is not set: a worker needs the key, the master does not send it")
    keys = keys_from_environment(environment)
    locust = Environment(user_classes=[])
    worker = _Worker(locust, keys)
    reach(host, port, partial(typer.echo, err=True))
    try:
        runner = locust.create_worker_runner(host, port)
    except OSError:
        raise UsageError(
            f"the master at {host}:{port} does not take this worker: it has all that it expects (--expect-workers), "
            f"or is none of assay's; {WHERE}"
        ) from None
    except SystemExit:
        # Locust's own answer to an interruption, whose exit code would be that of a broken contract.
        return INTERRUPTED
    runner.register_message(ORDERS, worker.on_orders)
    runner.register_message(BEGIN, worker.on_begin)
    runner.register_message(STEP, worker.on_step)
    locust.events.test_stop.add_listener(worker.on_stop)
    locust.events.report_to_master.add_listener(worker.on_report)
    parent = environment.get(PARENT_VARIABLE, "")
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:
            gevent.signal_handler(number, worker.interrupt)
    ordered_by = time.monotonic() + ORDERS_SECONDS
    # The runner's greenlets are killed by the master's quit.
    while runner.greenlet and not worker.over.wait(LOOK_EVERY):
        if parent.isdigit() and os.getppid() != int(parent):
            worker.trouble = "the process that started this worker is gone"
            break
        if worker.agent is None and time.monotonic() > ordered_by:
            worker.trouble = f"the master at {host}:{port} gave no orders in {ORDERS_SECONDS:.0f} s; {WHERE}"
            break
    if worker.trouble:
        logging.getLogger(__name__).error(worker.trouble)
        runner.quit()
        return _LOST
    if worker.interrupted:
        runner.quit()
        return INTERRUPTED
    return 0
