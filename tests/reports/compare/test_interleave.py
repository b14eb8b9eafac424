"""Runs that took turns beside a calibration: a machine that drifts, and pairs that disagree, tell nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.compare.calibration import calibrate
from reports.compare.cells import Tolerance
from reports.compare.change import Change
from reports.compare.comparison import Comparison, open_run
from reports.compare.interleave import compare_interleaved, drift, turns
from reports.errors import DocumentError
from tests.record import scene
from tests.reports.compare import made

FIFTH = Tolerance(0.2, 0.001)
STEADY = (1000.0, 1010.0, 990.0, 1005.0, 1000.0)


def interleaved(
    directory: Path,
    scales: Sequence[float],
    calibrations: Sequence[float] = STEADY,
    documents: dict[int, dict[str, Any]] | None = None,
) -> Comparison:
    """Four runs in the order A B B A, each with its own factor of latency."""
    runs = []
    for number, scale in enumerate(scales):
        document = (documents or {}).get(number) or made.document(made.load_section())
        runs.append(open_run(made.write(directory / str(number), document, made.lines(10 + number, scale=scale))))
    return compare_interleaved(runs, "ABBA", calibrations, FIFTH, 0)


def test_the_same_release_in_turn_is_the_same(tmp_path: Path) -> None:
    found = interleaved(tmp_path, [1.0, 1.0, 1.0, 1.0])
    assert found.change is Change.SAME
    assert [len(side) for side in (found.baseline, found.candidate)] == [2, 2]
    assert found.calibrations == STEADY


def test_a_slower_release_is_worse_in_both_pairs(tmp_path: Path) -> None:
    found = interleaved(tmp_path, [1.0, 1.5, 1.5, 1.0])
    assert found.change is Change.WORSE
    assert found.cells[0].effect == pytest.approx(0.5, abs=0.03)


def test_a_steady_slowdown_of_the_machine_meets_both_alike(tmp_path: Path) -> None:
    assert interleaved(tmp_path, [1.0, 1.04, 1.08, 1.12]).change is not Change.WORSE


def test_a_drifting_calibration_means_that_nobody_can_tell(tmp_path: Path) -> None:
    found = interleaved(tmp_path, [1.0, 1.5, 1.5, 1.0], (1000.0, 1000.0, 800.0, 1000.0, 1000.0))
    assert found.change is Change.CANNOT_TELL
    assert found.reasons[0] == "the machine drifted by 25.0% between calibrations, more than 20.0%"


def test_pairs_that_disagree_mean_that_nobody_can_tell(tmp_path: Path) -> None:
    found = interleaved(tmp_path, [1.0, 1.9, 0.97, 1.0])
    pooled = {cell.measure: cell for cell in found.cells if cell.operation == "all"}
    assert pooled["p90"].change is Change.CANNOT_TELL
    assert pooled["p90"].reason.startswith("the pairs of runs do not agree: +")
    assert found.change is Change.CANNOT_TELL


def test_a_saturated_run_among_four_spoils_them_all(tmp_path: Path) -> None:
    saturated = {2: made.document(made.load_section(saturated=True))}
    assert interleaved(tmp_path, [1.0, 1.5, 1.5, 1.0], documents=saturated).change is Change.CANNOT_TELL


def test_a_finding_of_either_run_is_a_finding_of_its_side(tmp_path: Path) -> None:
    broken = {**made.document(made.load_section()), "findings": scene.document()["findings"]}
    assert interleaved(tmp_path / "1", [1.0] * 4, documents={2: broken}).change is Change.WORSE
    found = interleaved(tmp_path / "2", [1.0] * 4, documents={0: broken, 1: broken})
    assert (found.change, found.promises.findings) == (Change.SAME, ())


@settings(deadline=None)
@given(st.integers(1, 20))
def test_turns_are_balanced_in_every_four(fours: int) -> None:
    order = turns(2 * fours)
    assert order.startswith("ABBA")
    for start in range(0, len(order), 4):
        four = order[start : start + 4]
        assert sorted(four) == ["A", "A", "B", "B"]
        # The mean position of both is the same: a steady drift cancels.
        assert sum(place for place, turn in enumerate(four) if turn == "A") == 3


@pytest.mark.parametrize("rounds", [0, -2, 1, 3])
def test_rounds_that_cannot_be_balanced_are_refused(rounds: int) -> None:
    with pytest.raises(DocumentError, match=f"{rounds} rounds cannot be balanced"):
        turns(rounds)


def test_runs_turns_and_calibrations_must_fit(tmp_path: Path) -> None:
    load, gate = (
        open_run(made.load_run(tmp_path / "load", 1, seconds=5)),
        open_run(made.write(tmp_path / "gate", made.document())),
    )
    with pytest.raises(DocumentError, match="4 runs, 4 turns and 4 calibrations do not fit"):
        compare_interleaved([load] * 4, "ABBA", STEADY[:4], FIFTH, 0)
    with pytest.raises(DocumentError, match="'AABB' is not balanced"):
        compare_interleaved([load] * 4, "AABB", STEADY, FIFTH, 0)
    with pytest.raises(DocumentError, match="gate is a run of assay gate; load runs take turns"):
        compare_interleaved([load, load, load, gate], "ABBA", STEADY, FIFTH, 0)


@pytest.mark.parametrize("calibrations", [[], [1.0], [1.0, 0.0], [1.0, float("nan")], [1.0, float("inf")]])
def test_calibrations_that_tell_nothing_are_refused(calibrations: list[float]) -> None:
    with pytest.raises(DocumentError, match="calibration"):
        drift(calibrations)


def test_drift_is_the_fastest_over_the_slowest() -> None:
    assert drift([100.0, 125.0, 110.0]) == pytest.approx(0.25)


def test_a_calibration_is_a_rate_of_this_machine() -> None:
    assert 100 < calibrate(0.02) < 10_000_000
