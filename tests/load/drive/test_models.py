"""Arrivals keep to their schedule whatever the target does; users live one journey after the other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from load.call import Call
from load.drive.closed import VirtualUser
from load.drive.open import Arrivals
from load.drive.tally import Tally, total
from load.journeys.steps import Journey, retrieve
from load.journeys.world import World
from tests.load.drive.stage import Stage, shop


def one_look() -> tuple[str, Journey]:
    def look() -> Iterator[Any]:
        yield retrieve(1)

    return "look", look()


def slow(seconds: float) -> Callable[[Call], tuple[int, dict[str, Any], float]]:
    return lambda call: (200, {"id": 1, "status": "SUCCESS"}, seconds)


def arrivals(stage: Stage, *, most: int = 100, patience: float = 10.0) -> tuple[Arrivals, Tally]:
    tally = Tally()
    return Arrivals(stage.engine, one_look, tally, max_in_flight=most, patience=patience), tally


def test_every_arrival_is_sent_at_its_due_time() -> None:
    stage = Stage()
    crowd, tally = arrivals(stage)
    crowd.feed(iter([0.1, 0.2, 0.2, 0.7]))
    stage.run()
    assert [when for when, _ in stage.sent] == pytest.approx([0.1, 0.2, 0.2, 0.7])
    assert tally.as_data() == {
        "arrivals": 4,
        "dropped": 0,
        "journeys": {"look": {"started": 4, "finished": 4, "abandoned": 0, "crashed": 0}},
    }


def test_a_slow_target_does_not_slow_the_arrivals_down() -> None:
    stage = Stage(slow(5.0))
    crowd, _ = arrivals(stage)
    crowd.feed(iter([number / 10 for number in range(20)]))
    stage.run()
    assert [when for when, _ in stage.sent] == pytest.approx([number / 10 for number in range(20)])


def test_above_the_cap_arrivals_wait_and_are_counted_from_when_they_were_due() -> None:
    stage = Stage(slow(1.0))
    crowd, tally = arrivals(stage, most=1)
    crowd.feed(iter([0.0, 0.1, 0.2]))
    stage.run()
    assert [when for when, _ in stage.sent] == pytest.approx([0.0, 1.0, 2.0])
    assert [reply.ended - reply.due for reply in stage.replies] == pytest.approx([1.0, 1.9, 2.8])
    assert tally.dropped == 0


def test_who_waits_too_long_is_dropped_and_counted() -> None:
    stage = Stage(slow(1.0))
    crowd, tally = arrivals(stage, most=1, patience=1.5)
    crowd.feed(iter([0.0, 0.1, 0.2, 0.3, 5.0]))
    stage.run()
    assert tally.dropped == 2
    assert tally.arrivals == 5
    assert len(stage.sent) == 3


def test_closing_waits_for_calls_under_way_and_drops_who_never_began() -> None:
    stage, over = Stage(slow(1.0)), []
    crowd, tally = arrivals(stage, most=2)
    crowd.feed(iter([0.0, 0.1, 0.2, 9.0]))
    stage.at(0.5, lambda: crowd.close(lambda: over.append(stage.time)))
    stage.run()
    assert over == pytest.approx([1.1])
    assert tally.dropped == 1
    assert len(stage.sent) == 2


def test_closing_with_nobody_there_is_over_at_once() -> None:
    stage, over = Stage(), []
    crowd, _ = arrivals(stage)
    crowd.close(lambda: over.append(True))
    assert over == [True]


def test_a_new_schedule_takes_the_place_of_the_one_before() -> None:
    stage = Stage()
    crowd, _ = arrivals(stage)
    crowd.feed(iter([0.1, 5.0]))
    stage.run(until=1.0)
    crowd.feed(iter([1.5]))
    stage.run()
    assert [when for when, _ in stage.sent] == pytest.approx([0.1, 1.5])


def user(stage: Stage, over: Callable[[], None] = lambda: None, **more: Any) -> tuple[VirtualUser, Tally]:
    tally = Tally()
    return VirtualUser(stage.engine, World(Random(1), {"US": 1.0}, **more), one_look, tally, over), tally


def test_a_user_waits_for_the_answer_before_the_next_journey() -> None:
    stage = Stage(slow(1.0))
    somebody, _ = user(stage)
    somebody.start(0.25)
    stage.run(until=3.5)
    assert [when for when, _ in stage.sent] == pytest.approx([0.25, 1.25, 2.25, 3.25])


def test_a_user_thinks_between_two_journeys() -> None:
    stage = Stage(slow(0.0))
    somebody, _ = user(stage, think=(1.0, 1.0))
    somebody.start(0.0)
    stage.run(until=2.5)
    assert [when for when, _ in stage.sent] == pytest.approx([0.0, 1.0, 2.0])


def test_after_trouble_a_user_rests_ever_longer_and_not_for_ever() -> None:
    stage = Stage(lambda _: (0, {}, 0.0))
    somebody, _ = user(stage)
    somebody.start(0.0)
    stage.run(until=30.0)
    whens = [when for when, _ in stage.sent]
    gaps = [later - earlier for earlier, later in itertools.pairwise(whens)]
    assert gaps[:3] == pytest.approx([0.05, 0.1, 0.2])
    assert max(gaps) == pytest.approx(5.0)


def test_retry_after_is_heeded_within_bounds() -> None:
    for asked, rests in (("2", 2.0), ("31536000", 5.0), ("soon", 0.05)):
        stage = Stage(lambda _, asked=asked: (429, {"headers": {"retry-after": asked}}, 0.0))  # type: ignore[misc]
        somebody, _ = user(stage)
        somebody.start(0.0)
        stage.run(until=5.5)
        assert stage.sent[1][0] == pytest.approx(rests)


def test_a_journey_that_ends_without_a_call_neither_recurses_nor_spins() -> None:
    stage = Stage()
    tally = Tally()

    def nothing() -> tuple[str, Journey]:
        def none() -> Iterator[Any]:
            return
            yield

        return "none", none()

    somebody = VirtualUser(stage.engine, World(Random(1), {"US": 1.0}), nothing, tally, lambda: None)
    somebody.start(0.0)
    stage.at(0.0, somebody.close)
    stage.run()
    assert tally.arrivals >= 1


def test_a_user_leaves_once_when_the_answer_under_way_is_there() -> None:
    stage, left = Stage(slow(1.0)), []
    somebody, tally = user(stage, over=lambda: left.append(stage.time))
    somebody.start(0.0)
    stage.at(0.5, somebody.close)
    stage.at(0.6, somebody.close)
    stage.run()
    assert left == pytest.approx([1.0])
    assert tally.as_data()["journeys"]["look"]["abandoned"] == 1


def test_a_user_who_rests_leaves_at_once() -> None:
    stage, left = Stage(shop), []
    somebody, _ = user(stage, over=lambda: left.append(stage.time), think=(100.0, 100.0))
    somebody.start(0.0)
    stage.at(1.0, somebody.close)
    stage.run()
    assert left == pytest.approx([1.0])


def test_tallies_of_several_processes_add_up() -> None:
    one, two = Tally(), Tally()
    for tally in (one, two):
        tally.arrivals += 2
        tally.begin("buyer")
    two.drop(1)
    assert total({"a": one.as_data(), "b": two.as_data()}) == {
        "arrivals": 4,
        "dropped": 1,
        "journeys": {"buyer": {"started": 2, "finished": 0, "abandoned": 0, "crashed": 0}},
    }
