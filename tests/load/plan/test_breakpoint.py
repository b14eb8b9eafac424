"""The search finds a knee, with noise and without, in a bounded number of steps."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from load.plan.breakpoint import MOST_STEPS, TOP, BreakpointSearch, Step, judge_step
from load.plan.expression import parse_objective
from load.plan.objectives import judge
from load.plan.plan import Search
from tests.load.plan.build import answers, figures


def planned(
    *,
    start: float = 10,
    step: float | None = None,
    factor: float | None = None,
    precision: float | None = None,
    share: float | None = None,
    highest: float = 2000,
) -> Search:
    if step is None and factor is None:
        factor = 1.5
    if precision is None and share is None:
        share = 0.05
    return Search(start=start, step=step, factor=factor, precision=precision, share=share, hold=10, highest=highest)


def outcome(rate: float, *, ok: bool) -> Step:
    return Step(rate, ok, rate, 1.0, 2.0, 0.0, 0.0, "" if ok else "p99 < 250ms (300ms)")


def run(search: BreakpointSearch, knee: float, noisy: float = 0.0, seed: int = 0) -> BreakpointSearch:
    """Search a server that carries everything up to its knee; now and then one step fails by bad luck alone."""
    luck = random.Random(seed)
    unlucky_before = False
    while (rate := search.next_rate()) is not None:
        # One bad moment, never two in a row: that would be no noise.
        unlucky = not unlucky_before and luck.random() < noisy
        unlucky_before = unlucky
        search.tried(outcome(rate, ok=rate <= knee and not unlucky))
        assert len(search.steps) <= MOST_STEPS
    return search


SEARCHES = st.builds(
    planned,
    start=st.floats(1, 100),
    step=st.none() | st.floats(20, 200),
    factor=st.floats(1.1, 3),
    share=st.floats(0.01, 0.2),
    highest=st.floats(200, 1500),
)


@settings(deadline=None)
@given(SEARCHES, st.floats(1, 2000), st.sampled_from([0.0, 0.2, 0.5]), st.integers(0, 99))
def test_the_knee_is_found_to_the_precision_whatever_the_noise(
    search: Search, knee: float, noisy: float, seed: int
) -> None:
    found = run(BreakpointSearch(search), knee, noisy, seed)
    assert found.carried <= knee
    if found.limited_by == TOP:
        assert knee >= search.highest == found.carried
    elif len(found.steps) < MOST_STEPS:
        assert found.failed is not None
        assert found.failed > knee
        base = found.carried or search.start
        assert found.failed - found.carried <= (search.share or 0) * base


def test_the_way_up_and_the_halving_are_as_planned() -> None:
    found = run(BreakpointSearch(planned(start=10, step=10, precision=2)), knee=33)
    rates = [step.rate for step in found.steps]
    assert rates == [10, 20, 30, 40, 40, 35, 35, 32.5, 33.75, 33.75]
    assert (found.carried, found.failed) == (32.5, 33.75)
    assert found.limited_by == "p99 < 250ms (300ms)"
    assert found.sentence() == "32.5/s was carried, 33.75/s was not: p99 < 250ms (300ms)"


def test_one_failure_is_tried_again_before_it_counts() -> None:
    search = BreakpointSearch(planned())
    search.tried(outcome(10, ok=False))
    assert search.next_rate() == 10
    search.tried(outcome(10, ok=True))
    assert search.next_rate() == 15
    assert (search.carried, search.failed) == (10, None)


def test_the_highest_rate_ends_the_search_when_it_is_carried() -> None:
    found = run(BreakpointSearch(planned(start=10, highest=20)), knee=1000)
    assert [step.rate for step in found.steps] == [10, 15, 20]
    assert (found.limited_by, found.finding) == (TOP, True)
    assert found.sentence() == f"at least 20/s was carried; limited by {TOP}"


def test_a_start_that_fails_is_gone_below() -> None:
    found = run(BreakpointSearch(planned(start=100, precision=1)), knee=7)
    assert 6 <= found.carried <= 7


def test_a_server_that_carries_nothing_has_no_highest_rate() -> None:
    found = run(BreakpointSearch(planned(start=10)), knee=0)
    assert found.part()["highest"] is None
    assert found.sentence().startswith("no rate was carried; limited by p99")


def test_a_server_that_carries_nothing_is_soon_given_up() -> None:
    assert len(run(BreakpointSearch(planned(start=100, share=0.05)), knee=0).steps) == 12
    found = run(BreakpointSearch(planned(start=100, precision=1e-9)), knee=0)
    assert found.failed is not None
    assert 0 < found.failed <= 1 / 60
    assert found.limited_by == "p99 < 250ms (300ms)"


def test_a_search_that_is_over_keeps_its_reason() -> None:
    found = run(BreakpointSearch(planned(start=10, highest=20)), knee=1000)
    found.stop("the run was stopped")
    assert found.limited_by == TOP


def test_a_search_that_creeps_gives_up_and_says_so() -> None:
    found = run(BreakpointSearch(planned(start=1, step=1)), knee=1000)
    assert len(found.steps) == MOST_STEPS
    assert "let it step wider" in found.limited_by
    assert not found.finding


def test_a_search_that_is_stopped_knows_a_lower_bound() -> None:
    search = BreakpointSearch(planned())
    search.tried(outcome(10, ok=True))
    search.stop("the generator is saturated")
    assert search.next_rate() is None
    assert (search.carried, search.finding) == (10, False)
    assert search.sentence() == "at least 10/s was carried; limited by the generator is saturated"


def test_an_outcome_of_another_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="5/s was tried; the next rate is 10"):
        BreakpointSearch(planned(start=10)).tried(outcome(5, ok=True))


@settings(deadline=None)
@given(SEARCHES, st.floats(1, 2000))
def test_the_rates_on_the_way_up_rise(search: Search, knee: float) -> None:
    found = run(BreakpointSearch(search), knee)
    carried = [step.rate for step in found.steps if step.ok]
    assert all(before < after for before, after in pairwise(carried))


def test_a_step_that_meets_everything_was_carried() -> None:
    seen = figures(answers([10] * 100), asked=100, arrivals=100)
    step = judge_step(10, seen, judge([parse_objective("p99 < 50ms", "plan")], seen), 0.01)
    assert step.part() == {
        "rate": 10,
        "ok": True,
        "achieved": 10.0,
        "p50": pytest.approx(10, rel=0.001),
        "p99": pytest.approx(10, rel=0.001),
        "error_rate": 0.0,
        "dropped_share": 0.0,
        "reason": "",
    }


def test_a_step_is_not_carried_for_any_of_its_reasons() -> None:
    slow = figures(answers([100] * 100))
    step = judge_step(10, slow, judge([parse_objective("p99 < 50ms", "plan")], slow), 0.01)
    assert (step.ok, step.reason) == (False, "p99 < 50ms (99.975ms)")
    assert judge_step(10, figures(answers([1]), arrivals=94), (), 0.01).reason == "94% of the arrivals asked for began"
    dropped = figures(answers([1]), arrivals=100, dropped=2)
    assert judge_step(10, dropped, (), 0.01).reason == "2.0% of the arrivals were dropped"
    assert judge_step(10, figures(), (), 0.01).reason == "no request ended"
