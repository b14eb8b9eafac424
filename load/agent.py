"""The agent: everything that one process of a load run does, and what it tells of that every second."""

from __future__ import annotations

import gc
import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

import gevent
from locust.env import Environment

from contracts.budget import Budget
from contracts.target import Keys
from load.attach import Attachment
from load.clock import Clock
from load.custody import Custody
from load.drive.closed import VirtualUser
from load.drive.engine import Engine
from load.drive.open import Arrivals
from load.drive.purse import Purse, portion, portion_of_spend
from load.drive.tally import Tally
from load.journeys import JOURNEYS
from load.journeys.steps import Journey
from load.journeys.world import World
from load.locuststats import merge
from load.machinery import Machinery
from load.measure.recorder import Gauges, Recorder
from load.measure.second import Second
from load.mishaps import Mishaps
from load.orders import Orders
from load.plan.arrivals import due_times
from load.plan.shapes import Shape, breakpoint_step

LOOK_EVERY: Final = 0.05
"""Seconds between two looks at how late the event loop is."""


GARBAGE_AFTER: Final = 50_000
"""Objects made beyond those let go before garbage is looked for."""


class Agent:
    """One process's part of a run.

    Args:
        orders: what is to be done.
        keys: who we are at the target.
        environment: locust's, whose statistics get what is counted here.
        worker: which process this is, from 0.
        attached: whether locust's own users send, and every answer of theirs is judged and counted here.
    """

    def __init__(
        self, orders: Orders, keys: Keys, environment: Environment, *, worker: int = 0, attached: bool = False
    ) -> None:
        self.orders = orders
        self.plan = orders.plan()
        self.worker = worker
        self.phases = list(self.plan.timetable().phases)
        self.tally = Tally()
        self._environment = environment
        self._random = Random(f"{orders.seed}/{worker}")  # noqa: S311 - a load, no secret
        self.clock = Clock()
        prices = orders.price_list()
        spend = None if orders.max_spend is None else Decimal(orders.max_spend)
        self.purse = Purse(
            Budget(
                portion(orders.max_purchases, worker, orders.workers),
                portion_of_spend(spend, orders.workers),
            ),
            prices,
        )
        self.recorder = Recorder(self.phases)
        self.machinery = Machinery(orders, self.plan, keys, self.clock, self.recorder)
        self.engine = Engine(
            sender=self.machinery.pool,
            coder=self.machinery.encoder,
            judge=self.machinery.judging,
            recorder=self.recorder,
            purse=self.purse,
            loop=gevent.get_hub().loop,
            now=self.clock.now,
        )
        self.world = World(
            self._random,
            orders.countries(self.plan),
            self.plan.think,
            self.plan.patience,
            self.machinery.judge.forget,
            self.machinery.judge.watch,
            self.machinery.judge.settle,
            accounts=orders.accounts,
        )
        self._arrivals = Arrivals(
            self.engine,
            self._choose,
            self.tally,
            max_in_flight=max(self.plan.max_in_flight // orders.workers, 1),
            patience=self.plan.max_wait,
        )
        self._names = [name for name, weight in self.plan.journeys.items() if weight > 0]
        self._weights = [self.plan.journeys[name] for name in self._names]
        self._users: set[VirtualUser] = set()
        self._outbox: list[Second] = []
        self._greenlets: list[Any] = []
        self._delay = 0.0
        self._cpu = (time.perf_counter(), time.process_time())
        self._finished = False
        self._attachment: Attachment | None = None
        if attached:
            self._attachment = Attachment(
                environment, keys, self.clock, self.machinery.judging, self.recorder, urlsplit(orders.url).path
            )
            Custody(orders.url, orders.addresses, self.purse, self.clock)

    def begin(self) -> None:
        """Start the run's clock; arrivals and users follow."""
        # What stands now lives as long as the run: looking for garbage in it again and again would cost more than a
        # request does, and stop all of them while it lasts.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GARBAGE_AFTER, 20, 50)
        self.clock.begin()
        self.machinery.restart()
        self._cpu = (time.perf_counter(), time.process_time())
        self._greenlets = [gevent.spawn(self._look), gevent.spawn(self._count)]

    def begin_arrivals(self) -> None:
        """Take the plan's schedule up."""
        self._feed(self.plan.timetable(), 0)

    def end_arrivals(self, over: Callable[[], None]) -> None:
        """Let nobody else arrive; ``over`` is told when the last has left."""
        self._arrivals.close(over)

    def step(self, number: int, rate: float, start: float, before: float) -> None:
        """Take up one step of a breakpoint search.

        Args:
            number: from 1.
            rate: journeys per second, of all processes together.
            start: when it begins, seconds from the run's start.
            before: rate of the step before.
        """
        assert self.plan.search is not None
        shape = breakpoint_step(number, rate, self.plan.search.hold, start=start, before=before)
        self.phases += shape.phases
        self._feed(shape, number)

    def new_user(self, over: Callable[[], None]) -> VirtualUser:
        """Return a virtual user who begins within a second, at a moment of its own."""

        def left() -> None:
            self._users.discard(user)
            over()

        user = VirtualUser(self.engine, self.world, self._choose, self.tally, left)
        self._users.add(user)
        # locust spawns in batches; users who begin together stay in step and queue inside the generator.
        user.start(self._random.random())
        return user

    def share(self) -> dict[str, Any]:
        """Return what is new since the last call, as plain data."""
        seconds, self._outbox = self._outbox, []
        return {
            "worker": self.worker,
            "pid": os.getpid(),
            "began": self.clock.wall,
            "seconds": [second.plain() for second in seconds],
            "tally": self.tally.as_data(),
            "judge": self.machinery.shares.take(self.clock.now(), final=self._finished),
            "policy": self.machinery.judge.policy(),
            "purchases": self.purse.budget.purchases,
            "spend": str(self.purse.budget.spend),
            "spent": self.purse.spent,
            "books": self.engine.books.account().plain(),
            "mishaps": self._mishaps().plain(),
            "crashes": {**self.engine.crashes, **self.machinery.crashes},
            "now": self.clock.now(),
            "finished": self._finished,
        }

    def finish(self) -> None:
        """Count what is left; nothing is sent after this."""
        if self._finished:
            return
        self._finished = True
        gevent.killall(self._greenlets, block=False)
        self.machinery.close()
        self.machinery.judge.finish()
        self._take(self.recorder.finish(self.clock.now(), self._gauges()))

    def _choose(self) -> tuple[str, Journey]:
        name = self._names[0] if len(self._names) == 1 else self._random.choices(self._names, self._weights)[0]
        return name, JOURNEYS[name](self.world)

    def _feed(self, shape: Shape, stream: int) -> None:
        dues: Iterator[float] = due_times(
            shape,
            self.plan.arrival,
            worker=self.worker,
            workers=self.orders.workers,
            seed=self.orders.seed,
            stream=stream,
        )
        self._arrivals.feed(dues)

    def _look(self) -> None:
        while True:
            before = time.perf_counter()
            gevent.sleep(LOOK_EVERY)
            self._delay = max(self._delay, time.perf_counter() - before - LOOK_EVERY)

    def _count(self) -> None:
        for number in itertools.count(1):
            # Soon after every whole second, so that arrivals count in the phase in which they came.
            gevent.sleep(max(number + 0.002 - self.clock.now(), 0.0))
            self._take(self.recorder.take(self.clock.now(), self._gauges()))

    def _gauges(self) -> Gauges:
        now, used = time.perf_counter(), time.process_time()
        span = now - self._cpu[0]
        share = (used - self._cpu[1]) / span if span > 0 else 0.0
        self._cpu = (now, used)
        delay, self._delay = self._delay, 0.0
        counts = self.machinery.counts
        return Gauges(
            arrivals=self.tally.arrivals,
            dropped=self.tally.dropped,
            findings=self.machinery.violations,
            reconnects=counts.reconnected,
            connections=counts.opened,
            waited=self.machinery.pool.waited + self._arrivals.waited,
            in_flight=self.engine.in_flight,
            users=self._user_count(),
            cpu=share,
            loop_delay_ms=delay * 1000,
        )

    def _mishaps(self) -> Mishaps:
        mishaps = self.machinery.mishaps
        if self._attachment is not None:
            mishaps.unreadable = self._attachment.unreadable
        return mishaps

    def _user_count(self) -> int:
        runner = self._environment.runner
        return len(self._users) if self._attachment is None or runner is None else int(runner.user_count)

    def _take(self, seconds: list[Second]) -> None:
        for second in seconds:
            self._outbox.append(second)
            if self._attachment is None:
                self._tell_locust(second)

    def _tell_locust(self, second: Second) -> None:
        wall = self.clock.wall + second.t
        for (_, operation), answers in second.answers.items():
            troubles = _troubles(answers.statuses, answers.failures)
            merge(self._environment, operation, answers.response, troubles, size=0, wall=wall)


def _troubles(statuses: Mapping[int | str, int], failures: int) -> dict[str, int]:
    """Return failures by what went wrong, as far as the statuses tell; the rest broke a clause."""
    found: dict[str, int] = {}
    for status, number in statuses.items():
        if isinstance(status, str):
            found[status] = number
        elif status >= 500 or 300 <= status < 400:
            found[f"status {status}"] = number
    left = failures - sum(found.values())
    if left > 0:
        found["an answer that broke a clause, or a 429 without Retry-After"] = left
    return found
