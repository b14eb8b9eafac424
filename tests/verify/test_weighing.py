"""Whether a release is slower than the one before."""

from __future__ import annotations

from typing import Any

import pytest

from reports.compare.cells import SCATTER, Cell
from reports.compare.change import Change
from verify.weighing import Weighed, weigh_breakpoints, weigh_cells


def cell(change: Change = Change.SAME, **other: Any) -> Cell:
    values = {"operation": "all", "measure": "p50", "baseline": 20.0, "candidate": 20.0, "effect": 0.0, "low": -0.1,
              "high": 0.1, "change": change}  # fmt: skip
    return Cell(**values | other)


def test_a_release_that_is_slower_for_certain_is_worse_with_the_figures() -> None:
    slower = cell(Change.WORSE, candidate=26.0, effect=0.3, low=0.25, high=0.35)
    assert weigh_cells([cell(), slower], 5.0, open_model=True) == Weighed(
        Change.WORSE, ("all p50 20.0 to 26.0 ms (+30%, +25% to +35%)",)
    )


def test_growth_below_the_floor_is_no_loss() -> None:
    slower = cell(Change.WORSE, baseline=2.0, candidate=3.0, effect=0.5, low=0.3, high=0.7)
    assert weigh_cells([slower], 5.0, open_model=True).change is Change.SAME
    assert weigh_cells([slower], 0.5, open_model=True).change is Change.WORSE


def test_scatter_that_can_hide_no_loss_beyond_the_floor_is_the_same() -> None:
    scattered = cell(Change.CANNOT_TELL, baseline=2.0, candidate=2.1, high=0.9, reason=SCATTER)
    assert weigh_cells([scattered], 5.0, open_model=True).change is Change.SAME


def test_scatter_that_could_hide_one_leaves_it_open() -> None:
    scattered = cell(Change.CANNOT_TELL, baseline=20.0, candidate=22.0, effect=0.1, low=-0.3, high=0.9, reason=SCATTER)
    weighed = weigh_cells([scattered], 5.0, open_model=True)
    assert weighed.change is Change.CANNOT_TELL
    assert weighed.figures == (f"all p50 20.0 to 22.0 ms (+10%, -30% to +90%; {SCATTER})",)


def test_too_few_answers_leave_it_open_however_small_they_are() -> None:
    few = cell(Change.CANNOT_TELL, baseline=0.1, candidate=0.1, high=0.1, reason="3 answers, and p50 needs 100")
    assert weigh_cells([few], 5.0, open_model=True).change is Change.CANNOT_TELL


@pytest.mark.parametrize(("open_model", "change"), [(True, Change.SAME), (False, Change.CANNOT_TELL)])
def test_scatter_in_the_rate_counts_only_where_the_target_sets_it(open_model: bool, change: Change) -> None:
    rate = cell(Change.CANNOT_TELL, measure="rate", reason=SCATTER)
    assert weigh_cells([cell(), rate], 5.0, open_model=open_model).change is change


def test_a_rate_that_fell_for_certain_counts_in_either_model() -> None:
    rate = cell(Change.WORSE, measure="rate", candidate=10.0, effect=-0.5, low=-0.6, high=-0.4)
    assert weigh_cells([rate], 5.0, open_model=True).change is Change.WORSE


def test_nothing_measured_is_no_pass() -> None:
    assert weigh_cells([cell(counts=False)], 5.0, open_model=True).change is Change.CANNOT_TELL


def search(highest: float | None, *failed: float) -> dict[str, Any]:
    return {"highest": highest, "steps": [{"rate": rate, "ok": False} for rate in failed]}


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (search(100, 110), search(100, 110), Change.SAME),
        (search(100, 110), search(90, 99), Change.SAME),
        (search(100, 110), search(60, 66), Change.WORSE),
        (search(100, 110), search(80, 120), Change.CANNOT_TELL),
        (search(100, 110), search(None, 10), Change.WORSE),
        (search(100, 110), search(None), Change.CANNOT_TELL),
        (search(None, 10), search(100, 110), Change.CANNOT_TELL),
        (search(100), search(150), Change.SAME),
    ],
)
def test_two_searches_are_told_apart_by_their_brackets(
    before: dict[str, Any], after: dict[str, Any], change: Change
) -> None:
    weighed = weigh_breakpoints(before, after, 0.2)
    assert weighed.change is change
    assert bool(weighed.figures) == (change in {Change.WORSE, Change.CANNOT_TELL})
