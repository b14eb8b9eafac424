"""Measures of two runs get the word that their intervals allow, and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.compare.cells import Cell, Tolerance, cells, word
from reports.compare.change import Change
from reports.compare.seconds import Measured, read_seconds
from tests.reports.compare import made

TENTH = Tolerance(0.1, 0.001)


def measured(directory: Path, seed: int, **changes: Any) -> Measured:
    return read_seconds(made.load_run(directory / str(seed), seed, **changes))


def compared(directory: Path, baseline: dict[str, Any], candidate: dict[str, Any]) -> dict[tuple[str, str], Cell]:
    found = cells(measured(directory, 1, **baseline), measured(directory, 2, **candidate), TENTH, seed=0)
    return {(cell.operation, cell.measure): cell for cell in found}


def changes(found: dict[tuple[str, str], Cell], *measures: str) -> set[Change]:
    return {cell.change for (_, measure), cell in found.items() if measure in measures}


@settings(deadline=None)
@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 0.5))
def test_worse_is_said_only_when_the_whole_interval_is_beyond_the_tolerance(
    low: float, width: float, tolerance: float
) -> None:
    high = low + width
    found = word(low, high, tolerance)
    assert (found is Change.WORSE) == (low > tolerance)
    assert (found is Change.BETTER) == (high < -tolerance)
    assert (found is Change.CANNOT_TELL) == (low <= tolerance < high)


def test_the_same_release_twice_is_the_same(tmp_path: Path) -> None:
    found = compared(tmp_path, {}, {})
    assert changes(found, "p50", "p90", "failures", "rate") == {Change.SAME}
    assert all(
        cell.low is not None and cell.low < 0 < (cell.high or 0) for cell in found.values() if "p" in cell.measure
    )


def test_slower_answers_are_worse_in_every_percentile(tmp_path: Path) -> None:
    found = compared(tmp_path, {}, {"scale": 1.4})
    assert changes(found, "p50", "p90", "p99") == {Change.WORSE}
    assert changes(found, "failures", "rate") == {Change.SAME}
    assert found["all", "p50"].effect == pytest.approx(0.4, abs=0.03)


def test_faster_answers_are_better(tmp_path: Path) -> None:
    assert changes(compared(tmp_path, {}, {"scale": 0.7}), "p50", "p90", "p99") == {Change.BETTER}


def test_a_loss_within_the_tolerance_is_the_same(tmp_path: Path) -> None:
    assert changes(compared(tmp_path, {}, {"scale": 1.03}), "p50") == {Change.SAME}


def test_scatter_beyond_the_tolerance_means_that_nobody_can_tell(tmp_path: Path) -> None:
    found = compared(tmp_path, {"wander": 0.8}, {"wander": 0.8, "scale": 1.1})
    scattered = [found["all", percentile] for percentile in ("p50", "p90", "p99")]
    assert {cell.change for cell in scattered} == {Change.CANNOT_TELL}
    assert {cell.reason for cell in scattered} == {"too much scatter"}
    half = found["create_purchase", "p50"]
    assert (half.change, half.reason) == (Change.SAME, "not worse, perhaps better")
    assert (half.effect or 0) < -0.3


def test_failures_that_grew_are_worse_and_those_that_went_better(tmp_path: Path) -> None:
    found = compared(tmp_path, {}, {"failing": 0.02})
    assert changes(found, "failures") == {Change.WORSE}
    assert found["all", "failures"].effect == pytest.approx(0.02, abs=0.005)
    assert changes(compared(tmp_path / "back", {"failing": 0.02}, {}), "failures") == {Change.BETTER}


def test_one_failure_more_in_few_requests_tells_nothing(tmp_path: Path) -> None:
    found = compared(tmp_path, {"rate": 5.0}, {"rate": 5.0, "failing": 0.005})
    assert 0 < (found["all", "failures"].effect or 0) < 0.02
    assert found["all", "failures"].change is Change.CANNOT_TELL


def test_fewer_requests_a_second_are_worse(tmp_path: Path) -> None:
    assert compared(tmp_path, {}, {"rate": 40.0})["all", "rate"].change is Change.WORSE


def test_percentiles_need_enough_answers_beyond_them(tmp_path: Path) -> None:
    found = compared(tmp_path, {"rate": 5.0}, {"rate": 5.0})
    rare = found["create_purchase", "p99"]
    assert (rare.change, rare.counts) == (Change.CANNOT_TELL, False)
    assert rare.reason.endswith("answers, and p99 needs 1,000")
    assert found["all", "p99"].counts
    one_side = compared(tmp_path / "one side", {"rate": 60.0}, {"rate": 5.0})
    assert one_side["create_purchase", "p99"].counts


def test_an_operation_that_only_one_run_has_cannot_be_told(tmp_path: Path) -> None:
    found = compared(tmp_path, {"operations": ("create_purchase", "refund")}, {"operations": ("create_purchase",)})
    assert (found["refund", "p50"].change, found["refund", "p50"].counts) == (Change.CANNOT_TELL, True)
    assert found["refund", "p50"].reason == "not measured in the candidate"


def test_runs_of_a_few_seconds_cannot_be_told(tmp_path: Path) -> None:
    found = compared(tmp_path, {"seconds": 20, "rate": 200.0}, {"seconds": 20, "rate": 200.0, "scale": 2.0})
    assert {cell.change for cell in found.values()} == {Change.CANNOT_TELL}
    assert "measured for too short a time" in {cell.reason for cell in found.values()}


def test_empty_runs_have_nothing_to_compare(tmp_path: Path) -> None:
    nothing = read_seconds(made.write(tmp_path / "none", {}, []))
    assert cells(nothing, nothing, TENTH, 0) == []
    half = cells(nothing, measured(tmp_path, 1), TENTH, 0)
    assert {cell.change for cell in half} == {Change.CANNOT_TELL}


def test_ten_pairs_of_the_same_release_are_never_called_worse(tmp_path: Path) -> None:
    words = []
    for pair in range(10):
        one = measured(tmp_path, 100 + pair, wander=0.15, operations=("create_purchase",))
        two = measured(tmp_path, 200 + pair, wander=0.15, operations=("create_purchase",))
        words += [cell.change for cell in cells(one, two, Tolerance(0.05, 0.001), pair)]
    assert Change.WORSE not in words
    assert words.count(Change.SAME) > 10


def test_the_seed_decides_every_number(tmp_path: Path) -> None:
    one, two = measured(tmp_path, 1), measured(tmp_path, 2)
    assert cells(one, two, TENTH, 5) == cells(one, two, TENTH, 5)
    assert cells(one, two, TENTH, 5) != cells(one, two, TENTH, 6)
