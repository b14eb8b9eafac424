"""A check that crashed under load: its clauses and that of the load have no verdict, and the reason is told."""

from __future__ import annotations

import pytest

from contracts.finding import ClauseVerdict
from contracts.oracle import Oracle
from tests.load.judge.scene import Scene


def verdicts(scene: Scene) -> dict[str, tuple[ClauseVerdict, str]]:
    scene.judge.finish()
    docket: Oracle = scene.judge.docket
    return {result.id: (result.verdict, result.reason) for result in docket.results(mode="load")}


@pytest.mark.parametrize("crashed", ["SHAPE-3", "LOAD-1"])
def test_a_crash_leaves_its_clause_and_that_of_the_load_without_a_verdict(crashed: str) -> None:
    scene = Scene()
    scene.create(0, 1)
    scene.judge.crashes[crashed] = "ValueError: oh"
    found = verdicts(scene)
    for clause in {crashed, "LOAD-1"}:
        verdict, reason = found[clause]
        assert verdict is ClauseVerdict.NOT_EXERCISED
        assert "ValueError: oh (" in reason
    assert found["SHAPE-4"] == (ClauseVerdict.KEPT, "")


def test_each_crash_is_told_once() -> None:
    scene = Scene()
    scene.create(0, 1)
    scene.judge.crashes |= {"SHAPE-3": "first", "SHAPE-4": "first", "LIFE-1": "second"}
    assert ": first; second (" in verdicts(scene)["LOAD-1"][1]


def test_without_a_crash_nothing_is_told_of_one() -> None:
    scene = Scene()
    scene.create(0, 1)
    found = verdicts(scene)
    assert found["SHAPE-3"] == (ClauseVerdict.KEPT, "")
    assert not [reason for _, reason in found.values() if "crashed" in reason]
