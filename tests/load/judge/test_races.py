"""Races: what overlaps is held to one order, and counted; what does not is none."""

from __future__ import annotations

import pytest

from contracts.invariants.ordering import Ordering
from load.journeys.steps import create
from load.judge.races import A_SECOND
from tests.load.judge.scene import CODE, OTHER_CODE, Scene, purchase, reply


def exercised(scene: Scene) -> dict[str, int]:
    scene.judge.finish()
    return scene.judge.docket.exercised


def watched(scene: Scene, number: int = 1) -> None:
    """Buy, and have what follows judged as a race."""
    answer = reply(purchase(number), 0, 1)
    scene.judge.see(create("US"), answer)
    scene.judge.watch(number, create("US"), answer)


def test_creates_that_overlap_are_a_race_and_those_after_each_other_are_none() -> None:
    scene = Scene()
    scene.create(0, 1, 1)
    scene.create(2, 4, 2)
    scene.create(3, 5, 3)
    assert exercised(scene)["RACE-1"] == 1
    assert scene.findings() == set()


@pytest.mark.parametrize(("sent", "raced"), [(0.5, True), (1.5, False)])
def test_one_id_for_two_creates_breaks_race_1_only_where_they_overlapped(sent: float, raced: bool) -> None:
    scene = Scene()
    scene.create(0, 1, 1)
    scene.create(sent, 2, 1, view={"phone_number": "+12025559999"})
    assert "LIFE-7" in scene.broken()
    assert ("RACE-1" in scene.broken()) is raced


def test_one_number_for_two_creates_at_once_breaks_race_1() -> None:
    scene = Scene()
    scene.create(0, 1, 1)
    scene.create(0.5, 2, 2, view={"phone_number": "+12025550001"})
    scene.retrieve(3, 4, 1)
    scene.retrieve(3, 4, 2, view={"phone_number": "+12025550001"})
    assert scene.broken() == {"LIFE-7", "RACE-1"}


def test_a_race_that_one_order_explains_is_counted_and_silent() -> None:
    scene = Scene()
    watched(scene)
    scene.retrieve(2, 3, 1)
    scene.code(2, 4, 1, "SUCCESS", again=True)
    scene.code(2, 4.5, 1, status=409, again=True)
    scene.retrieve(2, 5, 1, "SUCCESS")
    scene.retrieve(6, 7, 1, "SUCCESS")
    scene.judge.settle(1)
    assert exercised(scene)["RACE-3"] == 1
    assert scene.findings() == set()


def test_reads_that_see_the_end_and_then_the_beginning_fit_into_no_order() -> None:
    scene = Scene()
    watched(scene)
    scene.retrieve(2, 3, 1, "SUCCESS")
    scene.retrieve(3.5, 4, 1)
    scene.code(2, 5, 1, "SUCCESS", again=True)
    scene.judge.settle(1)
    found = {clause for clause, cause, _ in scene.findings() if cause.startswith("no-order")}
    assert found == {"RACE-3"}
    (race,) = [one for one in scene.judge.docket.findings if one.clause == "RACE-3"]
    assert {mark.index for mark in race.marks} >= {2, 3}


def test_two_sets_of_credentials_from_request_codes_at_once_break_race_2() -> None:
    scene = Scene()
    watched(scene)
    scene.code(2, 5, 1, "SUCCESS", again=True)
    scene.code(3, 6, 1, "SUCCESS", again=True, view={"verification": OTHER_CODE})
    scene.judge.settle(1)
    assert "RACE-2" in scene.broken()
    assert CODE != OTHER_CODE


def test_a_race_nobody_settles_or_watches_is_not_judged() -> None:
    scene = Scene()
    scene.create(0, 1)
    scene.retrieve(2, 3)
    scene.judge.settle(1)
    assert exercised(scene).get("RACE-3", 0) == 0


def test_races_are_judged_up_to_so_many_a_second() -> None:
    scene = Scene()
    for number in range(1, 2 * A_SECOND):
        watched(scene, number)
    assert len(scene.judge._races.watched) == A_SECOND
    scene.judge.flush(1.0)
    watched(scene, 999)
    assert 999 in scene.judge._races.watched


def test_a_request_code_after_the_end_is_counted_and_credentials_after_it_are_found() -> None:
    scene = Scene()
    scene.create(0, 1)
    scene.code(1, 2, shown="ERROR", progress={"status": "failed"})
    scene.code(3, 4, status=409, again=True)
    scene.retrieve(5, 6, shown="ERROR")
    assert exercised(scene)["LIFE-9"] == 1
    assert scene.findings() == set()


def test_a_purchase_that_has_ended_and_brings_credentials_after_a_refusal_breaks_life_9() -> None:
    scene = Scene()
    scene.create(0, 1)
    scene.code(1, 2, shown="ERROR", progress={"status": "failed"})
    scene.code(3, 4, status=409, again=True)
    scene.retrieve(5, 6, shown="SUCCESS")
    assert {"LIFE-2", "LIFE-9"} <= scene.broken()


def test_a_request_code_that_is_served_after_the_end_breaks_life_9() -> None:
    scene = Scene()
    scene.create(0, 1)
    scene.code(1, 2, shown="ERROR", progress={"status": "failed"})
    scene.code(3, 4, shown="ERROR", again=True, progress={"status": "failed"})
    assert "LIFE-9" in scene.broken()


def test_a_race_whose_judgement_crashes_leaves_its_clause_without_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("no order today")

    monkeypatch.setattr(Ordering, "finish", crash)
    scene = Scene()
    watched(scene)
    scene.judge.settle(1)
    assert scene.judge.crashes.keys() == {"RACE-3"}
    assert "no order today" in scene.judge.crashes["RACE-3"]
