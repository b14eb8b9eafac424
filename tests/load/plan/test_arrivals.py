"""Arrivals: processes together keep the schedule that was asked for."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from load.plan.arrivals import ARRIVALS, due_times
from load.plan.shapes import Part, Shape, put_together

LEVELS = st.floats(0, 40).map(lambda level: round(level, 2))
SHAPES = st.lists(
    st.builds(Part, st.just("part"), st.floats(0.5, 20).map(lambda length: round(length, 1)), LEVELS, LEVELS),
    min_size=1,
    max_size=4,
).map(put_together)
WORKERS = st.integers(1, 5)


@settings(deadline=None)
@given(SHAPES, WORKERS, st.sampled_from(ARRIVALS))
def test_due_times_are_in_order_and_within_the_shape(shape: Shape, workers: int, arrival: str) -> None:
    for worker in range(workers):
        dues = list(due_times(shape, arrival, worker=worker, workers=workers, seed=1))
        assert dues == sorted(dues)
        assert all(shape.start <= due <= shape.end for due in dues)


@settings(deadline=None)
@given(SHAPES, WORKERS)
def test_processes_together_are_one_process(shape: Shape, workers: int) -> None:
    shares = [list(due_times(shape, worker=worker, workers=workers)) for worker in range(workers)]
    assert sorted(due for share in shares for due in share) == list(due_times(shape))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@settings(deadline=None)
@given(SHAPES)
def test_there_are_as_many_constant_arrivals_as_the_area_says(shape: Shape) -> None:
    assert abs(len(list(due_times(shape))) - shape.total) <= 0.5 + 1e-6


@settings(deadline=None)
@given(SHAPES, st.floats(0, 1))
def test_at_any_time_constant_arrivals_are_within_half_of_the_schedule(shape: Shape, share: float) -> None:
    t = shape.start + share * (shape.end - shape.start)
    come = sum(1 for due in due_times(shape) if due <= t)
    assert abs(come - shape.area(t)) <= 0.5 + 1e-6


def test_constant_arrivals_at_one_rate_are_evenly_spaced() -> None:
    dues = list(due_times(put_together([Part("steady", 20, 200, 200)])))
    assert len(dues) == 4000
    assert all(after - before == pytest.approx(0.005) for before, after in pairwise(dues))


def test_no_arrival_falls_on_an_edge_where_the_rate_jumps() -> None:
    dues = list(due_times(put_together([Part("low", 10, 3, 3), Part("high", 10, 70, 70)])))
    assert [sum(1 for due in dues if due < 10), len(dues)] == [30, 730]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), WORKERS)
def test_poisson_arrivals_have_the_mean_and_the_variance_of_a_poisson_process(seed: int, workers: int) -> None:
    shape = put_together([Part("steady", 100, 30, 30)])
    dues = sorted(
        due
        for worker in range(workers)
        for due in due_times(shape, "poisson", worker=worker, workers=workers, seed=seed)
    )
    # 3,000 are expected; six standard deviations are missed once in 10^9.
    assert abs(len(dues) - 3000) < 6 * math.sqrt(3000)
    counts = [0] * 100
    for due in dues:
        counts[min(int(due), 99)] += 1
    mean = sum(counts) / 100
    spread = sum((count - mean) ** 2 for count in counts) / 99
    assert 0.3 < spread / mean < 2.2
    gaps = [after - before for before, after in pairwise(dues)]
    assert sum(1 for gap in gaps if gap > 1 / 30) / len(gaps) == pytest.approx(math.exp(-1), abs=0.06)


def test_poisson_arrivals_follow_the_rate() -> None:
    shape = put_together([Part("low", 100, 5, 5), Part("high", 100, 50, 50)])
    dues = list(due_times(shape, "poisson", seed=3))
    low = sum(1 for due in dues if due < 100)
    assert abs(low - 500) < 6 * math.sqrt(500)
    assert abs(len(dues) - low - 5000) < 6 * math.sqrt(5000)


def test_a_seed_gives_the_same_arrivals_again_and_another_gives_others() -> None:
    shape = put_together([Part("steady", 10, 20, 20)])
    first = list(due_times(shape, "poisson", seed=7))
    assert first == list(due_times(shape, "poisson", seed=7))
    assert first != list(due_times(shape, "poisson", seed=8))
    assert first != list(due_times(shape, "poisson", seed=7, stream=1))


def test_processes_have_schedules_of_their_own() -> None:
    shape = put_together([Part("steady", 10, 20, 20)])
    shares = [set(due_times(shape, "poisson", worker=worker, workers=2, seed=7)) for worker in (0, 1)]
    assert not shares[0] & shares[1]


@pytest.mark.parametrize(("worker", "workers"), [(-1, 1), (1, 1), (0, 0)])
def test_a_worker_that_is_none_of_them_is_refused(worker: int, workers: int) -> None:
    with pytest.raises(ValueError, match="is not one of"):
        due_times(put_together([Part("steady", 1, 1, 1)]), worker=worker, workers=workers)


def test_unknown_arrivals_are_refused() -> None:
    with pytest.raises(ValueError, match="constant or poisson, not 'even'"):
        due_times(put_together([Part("steady", 1, 1, 1)]), "even")
