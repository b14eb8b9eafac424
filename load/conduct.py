"""Conducting a run: second by second, until its schedule, an objective, a cap or the user ends it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import gevent
from gevent.event import Event

from load.measure.answers import Answers
from load.measure.ledger import Closed, Ledger
from load.measure.second import Second
from load.measure.summary import latencies
from load.plan.breakpoint import BreakpointSearch, judge_step
from load.plan.objectives import judge, missed_for_good
from load.plan.plan import Plan
from load.plan.watch import Sample, watch
from load.schedule import Schedule
from load.staff import Worker
from load.view import Frame, View

WINDOW: Final = 10
"""Seconds over which an objective must be missed to end a run early."""

SLACK_SOLO: Final = 0.3
SLACK_CREW: Final = 2.5
"""Seconds after its end until a second is closed: how long the shares of all processes take to come in."""


LAST_ARRIVALS: Final = 3.0
"""Seconds that a master waits at most for workers whose clocks are behind: their last arrivals are yet to come."""


class Cast(Protocol):
    """Those who send."""

    workers: dict[str, Worker]

    def begin(self) -> None:
        """Start sending."""

    def now(self) -> float:
        """Seconds since the run began."""

    def step(self, number: int, rate: float, start: float, before: float) -> None:
        """Take up a step of a breakpoint search."""

    def listen(self) -> None:
        """Hand on what is new."""

    def stop(self, *, at_once: bool) -> None:
        """Stop sending."""


class Collecting(Protocol):
    """What puts together what the processes tell.

    Attributes:
        ledger: the sums.
        spent: by worker, which cap it has reached.
    """

    ledger: Ledger
    spent: dict[str, str]

    def close(self, before: int) -> Iterator[Closed | None]:
        """Close the seconds before a time, in small steps."""


@dataclass(slots=True)
class Stopping:
    """The user's wish to stop.

    Attributes:
        asked: set by the first signal.
        at_once: True after the second.
    """

    asked: Event = field(default_factory=Event)
    at_once: bool = False

    def ask(self) -> None:
        """Ask to stop; a second time at once."""
        if self.asked.is_set():
            self.at_once = True
        self.asked.set()


class Conductor:
    """Leads a run from its first second to its last.

    Args:
        plan: of the run.
        schedule: grows by the steps of a search.
        cast: those who send.
        collector: puts together what they tell.
        view: shows how it goes.
        stopping: the user's wish to stop.
        crew: whether shares come from other processes, later.
    """

    def __init__(
        self,
        plan: Plan,
        schedule: Schedule,
        cast: Cast,
        collector: Collecting,
        view: View,
        stopping: Stopping,
        *,
        crew: bool,
    ) -> None:
        self._plan = plan
        self._schedule = schedule
        self._cast = cast
        self._collector = collector
        self._view = view
        self._stopping = stopping
        self._slack = SLACK_CREW if crew else SLACK_SOLO
        self.search = None if plan.search is None else BreakpointSearch(plan.search)
        self._trying: tuple[float, int, float] | None = None
        self.samples: list[Sample] = []
        self.ended_by = ""
        self.until = 0.0

    @property
    def interrupted(self) -> bool:
        """Whether the user ended the run."""
        return self._stopping.asked.is_set()

    def run(self) -> None:
        """Send until the run is over, and count what is left."""
        self._cast.begin()
        try:
            while not self._over():
                self._stopping.asked.wait(max(0.05, 1.0 - (self._cast.now() % 1.0) + 0.02))
                self._hear()
        finally:
            self.until = min(self._cast.now(), self._schedule.end) if self.search is None else self._cast.now()
            self._stop()

    def _stop(self) -> None:
        if self.search is not None:
            self.search.stop("the run was stopped")
        # A second signal may come while what is under way is waited for.
        stopper = gevent.spawn(self._cast.stop, at_once=self._stopping.at_once)
        while not stopper.ready():
            stopper.join(0.1)
            if self._stopping.at_once:
                break
        if not stopper.ready():
            stopper.kill()
            self._cast.stop(at_once=True)
        self._close(int(self._cast.now()) + 2)

    def _hear(self) -> None:
        self._cast.listen()
        self._close(int(self._cast.now() - self._slack))

    def _close(self, before: int) -> None:
        for closed in self._collector.close(before):
            if closed is not None:
                self._note(closed)
            gevent.sleep(0)

    def _note(self, closed: Closed) -> None:
        second, row = closed.second, closed.row
        planned = 0.0 if self.search is not None else self._schedule.end
        self._view.show(Frame(row, _by_operation(second), planned))
        if not row["measured"]:
            return
        self.samples.append(
            Sample(
                cpu=second.cpu,
                loop_delay_ms=second.loop_delay_ms,
                lag_p99_ms=row["lag_p99"] if self._plan.open_model else None,
                requests=row["requests"],
                waited=second.waited,
                asked=row["asked"],
                arrivals=sum(pace.arrivals for pace in second.pace.values()),
            )
        )

    def _over(self) -> bool:
        if self._stopping.asked.is_set():
            self.ended_by = "the run was interrupted"
            return True
        workers = self._cast.workers.values()
        if all(worker.state in {"lost", "finished"} for worker in workers):
            self.ended_by = "no worker is left"
            return True
        spent = self._collector.spent
        running = {worker.name for worker in workers if worker.state == "running"}
        if spent and running <= spent.keys():
            self.ended_by = next(iter(spent.values()))
            return True
        if self.search is not None:
            return self._search_on(self.search)
        missed = self._missed()
        if missed:
            self.ended_by = f"stopped early: {missed} is missed for good"
            return True
        return self._is_through()

    def _is_through(self) -> bool:
        """Tell whether the schedule is over, by the clocks of those who send: they began later than the master."""
        now, end = self._cast.now(), self._schedule.end
        if now < end or not self._plan.open_model:
            return now >= end
        running = [worker for worker in self._cast.workers.values() if worker.state == "running"]
        return now >= end + LAST_ARRIVALS or all(worker.reached >= end for worker in running)

    def _missed(self) -> str:
        """Return the objective that ends the run; the sums it takes are made only where some objective may."""
        if not any(objective.abort for objective in self._plan.objectives):
            return ""
        ledger = self._collector.ledger
        found = missed_for_good(self._plan.objectives, ledger.window(WINDOW), ledger.figures(self._cast.now()))
        return "" if found is None else found.objective.expr

    def _search_on(self, search: BreakpointSearch) -> bool:
        """Take the step under way to its end, and begin the next; tell whether the search is over."""
        if self._cast.now() < self._schedule.end + self._slack + 0.1:
            return False
        before = 0.0
        if self._trying is not None:
            rate, phase, start = self._trying
            self._close(int(self._schedule.end) + 1)
            figures = self._collector.ledger.phase_figures(phase, self._schedule.end)
            step = judge_step(rate, figures, judge(self._plan.asked, figures), self._plan.max_dropped)
            health = watch(self._of_step(start))
            search.tried(step)
            self._view.say(f"{rate:,.1f}/s: {'carried' if step.ok else step.reason}")
            before = rate
            if not step.ok and not health.trusted:
                # What fails here is the generator: going on would call its limit the target's.
                search.stop(f"the generator: {health.reason}")
        rate_now = search.next_rate()
        if rate_now is None:
            return True
        number = len(search.steps) + 1
        # On a whole second: what arrives in a second is of one phase alone.
        start = float(math.ceil(self._cast.now() + 0.5))
        self._schedule.step(number, rate_now, start, before)
        self._trying = (rate_now, len(self._schedule.phases) - 1, start)
        self._cast.step(number, rate_now, start, before)
        return False

    def _of_step(self, start: float) -> Sequence[Sample]:
        seconds = int(self._schedule.end - start)
        return self.samples[-seconds:] if seconds else []


def _by_operation(second: Second) -> list[dict[str, Any]]:
    """Return what the view shows of a second, operation by operation."""
    found: dict[str, Answers] = {}
    for (_, operation), answers in second.answers.items():
        found.setdefault(operation, Answers()).merge(answers)
    return [
        {
            "name": name,
            "requests": answers.requests,
            "failures": answers.failures,
            "latency_ms": latencies(answers.response),
        }
        for name, answers in sorted(found.items())
    ]
