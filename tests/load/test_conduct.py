"""A run is led second by second, in virtual time, until something ends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contracts.history import ApiOperation
from load.call import Call, Reply
from load.conduct import Conductor, Stopping
from load.measure.ledger import Ledger
from load.measure.recorder import Gauges, Recorder
from load.plan.plan import Plan
from load.plan.reading import parse_plan
from load.schedule import Schedule
from load.staff import Worker
from load.view import Frame


class Asked:
    """Stands for the user's wish to stop: waiting lets virtual time pass."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._set = False

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True

    def wait(self, seconds: float) -> None:
        self._play.time += seconds


class Play:
    """Cast, collector and view in one: requests that take as long as told, at the rate asked for."""

    def __init__(self, plan: Plan, latency: Callable[[float], float] = lambda rate: 0.01, *, capacity: float = 1e9):
        self.time = 0.0
        self.plan = plan
        self.schedule = Schedule(plan)
        self.workers = {"local": Worker("local")}
        self.spent: dict[str, str] = {}
        self.ledger = Ledger(self.schedule.phases, self.schedule.asked)
        self.frames: list[Frame] = []
        self.said: list[str] = []
        self.stopped: list[bool] = []
        self.steps: list[float] = []
        self._latency = latency
        self._capacity = capacity
        self._recorder = Recorder(self.schedule.phases)
        self._told = 0
        self._arrivals = 0
        self.at: list[tuple[float, Callable[[], None]]] = []

    def begin(self) -> None:
        self.workers["local"].state = "running"

    def now(self) -> float:
        return self.time

    def step(self, number: int, rate: float, start: float, before: float) -> None:
        self.steps.append(rate)

    def listen(self) -> None:
        for when, act in [each for each in self.at if each[0] <= self.time]:
            self.at.remove((when, act))
            act()
        while self._told < int(self.time):
            t = self._told
            rate = self.schedule.asked(t, t + 1) or 0.0
            self._send(t, round(rate), self._latency(rate))
            self._told += 1
        gauges = Gauges(arrivals=self._arrivals, cpu=0.2)
        for second in self._recorder.take(self.time, gauges):
            self.ledger.add(second)

    def _send(self, t: int, number: int, latency: float) -> None:
        call = Call(ApiOperation.RETRIEVE, "GET", "/v1/purchases/1")
        for place in range(number):
            due = t + place / max(number, 1) * 0.9
            ended = min(due + latency, t + 0.999)
            self._arrivals += 1
            self._recorder.record(call, Reply(200, (), b"", None, b"", due, ended - latency, ended), lawful=True)

    def stop(self, *, at_once: bool) -> None:
        self.stopped.append(at_once)
        self.workers["local"].state = "finished"
        for second in self._recorder.finish(self.time, Gauges(arrivals=self._arrivals)):
            self.ledger.add(second)

    def close(self, before: int) -> Any:
        yield from self.ledger.closing(before)

    def show(self, frame: Frame) -> None:
        self.frames.append(frame)

    def say(self, text: str) -> None:
        self.said.append(text)


def play(document: dict[str, Any], **more: Any) -> tuple[Play, Conductor]:
    plan = parse_plan(document, "test")
    stage = Play(plan, **more)
    stopping = Stopping()
    stopping.asked = Asked(stage)  # type: ignore[assignment]
    return stage, Conductor(plan, stage.schedule, stage, stage, stage, stopping, crew=False)  # type: ignore[arg-type]


STEADY = {"plan": {"rate": "10/s", "duration": "5s", "warmup": "2s"}}


def test_a_run_ends_with_its_schedule_and_shows_every_second() -> None:
    stage, conductor = play(STEADY)
    conductor.run()
    assert conductor.ended_by == ""
    assert conductor.until == pytest.approx(7.0)
    assert [frame.row["t"] for frame in stage.frames][:7] == list(range(7))
    assert len(conductor.samples) == 5, "the warm-up is no sample"
    assert stage.ledger.figures(7.0).operations["all"].requests == 50


def test_the_users_wish_ends_a_run_and_what_was_counted_stays() -> None:
    stage, conductor = play(STEADY)
    stage.at.append((3.5, conductor._stopping.ask))
    conductor.run()
    assert conductor.interrupted
    assert conductor.ended_by == "the run was interrupted"
    assert conductor.until == pytest.approx(4.0, abs=0.6)
    assert stage.stopped == [False]


def test_a_second_wish_ends_it_at_once() -> None:
    stopping = Stopping()
    stopping.ask()
    assert (stopping.asked.is_set(), stopping.at_once) == (True, False)
    stopping.ask()
    assert stopping.at_once


def test_a_cap_that_every_process_has_reached_ends_a_run() -> None:
    stage, conductor = play(STEADY)
    stage.at.append((2.5, lambda: stage.spent.update(local="the cap of 3 purchases is reached")))
    conductor.run()
    assert conductor.ended_by == "the cap of 3 purchases is reached"
    assert conductor.until < 4.5


def test_without_workers_there_is_no_run() -> None:
    stage, conductor = play(STEADY)

    def lose() -> None:
        stage.workers["local"].state = "lost"

    stage.at.append((2.5, lose))
    conductor.run()
    assert conductor.ended_by == "no worker is left"


def test_an_objective_missed_for_good_ends_a_run_early() -> None:
    document = {**STEADY, "objectives": [{"objective": "p99 < 50ms", "abort": True}]}
    document["plan"] = {"rate": "30/s", "duration": "60s"}
    _, conductor = play(document, latency=lambda rate: 0.2)
    conductor.run()
    assert conductor.ended_by == "stopped early: p99 < 50ms is missed for good"
    assert conductor.until < 30


def test_an_objective_that_holds_ends_nothing() -> None:
    document = {**STEADY, "objectives": [{"objective": "p99 < 50ms", "abort": True}]}
    _, conductor = play(document)
    conductor.run()
    assert conductor.ended_by == ""


SEARCH = {
    "plan": {"shape": "breakpoint"},
    "breakpoint": {"start": "10/s", "max": "200/s", "hold": "3s", "step": "100%", "precision": "10/s"},
    "objectives": ["p99 < 100ms"],
}


def test_a_breakpoint_is_found_between_what_held_and_what_did_not() -> None:
    stage, conductor = play(SEARCH, latency=lambda rate: 0.01 if rate <= 55 else 0.3)
    conductor.run()
    assert conductor.search is not None
    assert conductor.search.part()["highest"] == pytest.approx(50, abs=6)
    assert "p99" in conductor.search.limited_by
    assert stage.steps[:3] == [10, 20, 40]
    assert [step.rate for step in conductor.search.steps] == stage.steps


def test_a_search_that_never_fails_ends_at_the_highest_rate() -> None:
    _, conductor = play(SEARCH)
    conductor.run()
    assert conductor.search is not None
    assert conductor.search.part()["highest"] == 200
    assert conductor.search.finding


def test_a_search_that_is_interrupted_says_so() -> None:
    stage, conductor = play(SEARCH)
    stage.at.append((8.0, conductor._stopping.ask))
    conductor.run()
    assert conductor.search is not None
    assert not conductor.search.finding
    assert conductor.search.limited_by == "the run was stopped"


def test_seconds_of_nothing_are_shown_too() -> None:
    _, conductor = play({"plan": {"users": 3, "duration": "2s"}})
    conductor.run()
    assert len(conductor.samples) == 2
    assert all(sample.asked is None for sample in conductor.samples)


@pytest.mark.parametrize(("behind", "until"), [(0.0, 7.0), (1.0, 8.0), (60.0, 10.0)])
def test_a_run_by_rate_waits_for_the_last_arrivals_of_workers_that_began_later(behind: float, until: float) -> None:
    stage, conductor = play(STEADY)
    listen = stage.listen

    def told() -> None:
        stage.workers["local"].reached = stage.time - behind
        listen()

    stage.listen = told  # type: ignore[method-assign]
    conductor.run()
    assert until <= stage.time < until + 1.2
    assert conductor.until == pytest.approx(7.0), "what was measured ends with the schedule"
