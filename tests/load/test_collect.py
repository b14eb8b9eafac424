"""What the processes tell is put together; what of it cannot be read is named and costs nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from load.collect import Collector
from load.judge.merge import Merge
from load.measure.files import RunFiles
from load.measure.ledger import Closed
from load.plan.reading import parse_plan
from load.schedule import Schedule
from tests.load.hands import Hand

PLAN = parse_plan({"plan": {"rate": "10/s", "duration": "10s"}}, "test")


def collector(files: RunFiles | None = None) -> Collector:
    return Collector(Schedule(PLAN), Merge("2026-02", {}), files)


def closed(box: Collector, before: int) -> list[Closed]:
    return [found for found in box.close(before) if found is not None]


def test_spend_purchases_and_lives_add_up_over_workers() -> None:
    box = collector()
    box.take("a", Hand(PLAN).share(1.5, purchases=3, spend="1.50", arrivals=3))
    box.take("b", Hand(PLAN).share(1.5, purchases=4, spend="2.25", arrivals=5))
    assert (box.purchases, box.spend) == (7, Decimal("3.75"))
    assert box.tally["arrivals"] == 8
    assert box.tally["journeys"] == {"buyer": {"started": 8, "finished": 7, "abandoned": 0, "crashed": 0}}


def test_a_later_share_takes_the_place_of_totals_and_adds_its_seconds() -> None:
    box, hand = collector(), Hand(PLAN)
    hand.look(0.2)
    box.take("a", hand.share(1.1, purchases=1, spend="0.50"))
    hand.look(1.2)
    hand.look(1.3)
    box.take("a", hand.share(2.1, purchases=2, spend="1.00"))
    assert (box.purchases, box.spend) == (2, Decimal("1.00"))
    assert box.requests == {"a": 3}
    assert [found.row["requests"] for found in closed(box, 2)] == [1, 2]


def test_one_second_of_two_workers_is_one_row() -> None:
    box = collector()
    for name in ("a", "b"):
        hand = Hand(PLAN)
        hand.look(0.2)
        box.take(name, hand.share(1.1))
    rows = closed(box, 1)
    assert [found.row["requests"] for found in rows] == [2]
    assert box.requests == {"a": 1, "b": 1}


def test_a_second_that_cannot_be_read_is_named_and_the_rest_is_kept() -> None:
    box, hand = collector(), Hand(PLAN)
    hand.look(0.2)
    hand.look(1.2)
    share = hand.share(2.1, purchases=1, spend="0.50")
    share["seconds"][0] = {"t": "noon"}
    box.take("a", share)
    assert "no second of a load run" in box.refused["a"]
    assert [found.row["requests"] for found in closed(box, 2)] == [1]
    assert (box.purchases, box.requests) == (1, {"a": 1})


@pytest.mark.parametrize("broken", [{}, {"now": 1.0}, None, {"ids": b"123"}])
def test_judgements_that_cannot_be_read_are_named_and_the_rest_is_kept(broken: Any) -> None:
    box, hand = collector(), Hand(PLAN)
    hand.look(0.2)
    box.take("a", hand.share(1.1, purchases=2, spend="1.00", judge=broken))
    assert box.refused["a"].startswith("its judgements cannot be read")
    assert (box.purchases, box.spend, box.requests) == (2, Decimal("1.00"), {"a": 1})
    other = Hand(PLAN)
    box.take("b", other.share(1.1))
    assert set(box.refused) == {"a"}, "who can be read is not named"


@pytest.mark.parametrize("broken", [{"spend": "much"}, {"purchases": "few"}, {"tally": {}}, {"crashes": 3}])
def test_totals_that_cannot_be_read_are_named_and_what_was_known_stays(broken: dict[str, Any]) -> None:
    box, hand = collector(), Hand(PLAN)
    box.take("a", hand.share(1.1, purchases=1, spend="0.50"))
    box.take("a", {**hand.share(2.1, purchases=2, spend="1.00"), **broken})
    assert (box.purchases, box.spend) == (1, Decimal("0.50"))
    assert "its totals cannot be read" in box.refused["a"]


def test_caps_reached_and_crashes_are_remembered() -> None:
    box = collector()
    box.take("a", Hand(PLAN).share(1.1, spent="the cap of 3 purchases is reached", crashes={"journey x crashed": 2}))
    box.take("b", Hand(PLAN).share(1.1, crashes={"journey x crashed": 1}))
    assert box.spent == {"a": "the cap of 3 purchases is reached"}
    assert box.crashes == {"journey x crashed": 3}


class FullDisk:
    """Stands for files on a disk that has no room left after the first second."""

    def __init__(self) -> None:
        self.written = 0

    def writing(self, found: Closed) -> Iterator[None]:
        if self.written:
            raise OSError(28, "No space left on device")
        self.written += 1
        yield


def test_a_full_disk_is_told_once_and_costs_no_figure() -> None:
    disk = FullDisk()
    box, hand = collector(disk), Hand(PLAN)  # type: ignore[arg-type]
    for t in range(3):
        hand.look(t + 0.2)
    box.take("a", hand.share(3.1))
    assert len(closed(box, 3)) == 3
    assert box.file_trouble == "the seconds could not be written: No space left on device"
    assert disk.written == 1
    assert box.ledger.figures(3.0).operations["all"].requests == 3


def test_the_snapshot_of_a_run_that_has_just_begun_is_empty() -> None:
    found = collector().snapshot()
    assert (found.arrivals, found.in_flight, found.asked_rate) == (0, 0, None)
    assert not found.operations


def test_the_snapshot_tells_what_was_closed_so_far() -> None:
    box, hand = collector(), Hand(PLAN)
    hand.look(0.2)
    hand.look(1.2)
    box.take("a", hand.share(2.1, arrivals=2))
    closed(box, 1)
    found = box.snapshot()
    assert found.operations["retrieve_purchase"].requests == 1
    assert found.arrivals == 2
    assert found.asked_rate == 10.0
