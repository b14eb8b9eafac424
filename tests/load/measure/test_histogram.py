"""Histograms are exact to 0.1 %, merge without loss and stay bounded."""

import math
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from load.measure.histogram import HIGHEST_NS, LOWEST_NS, Histogram, bucket_bounds, bucket_of, nearest_rank

DURATIONS = st.floats(1.1e-6, 3599.0)
PERCENTS = st.floats(0, 100) | st.sampled_from([0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0])


def exact(durations: list[float], percent: float) -> float:
    """Compute a percentile by the definition, the slow way: the least value that enough values do not exceed."""
    needed = max(round(percent / 100 * len(durations), 6), 1)
    return next(
        value for value in sorted(durations) if sum(1 for other in durations if other <= value) >= math.ceil(needed)
    )


@settings(deadline=None)
@given(st.lists(DURATIONS, min_size=1, max_size=60), PERCENTS)
def test_a_percentile_is_the_one_of_the_definition_within_a_tenth_of_a_percent(
    durations: list[float], percent: float
) -> None:
    found = Histogram.of(durations).percentile(percent)
    assert found == pytest.approx(exact(durations, percent), rel=0.001)


@settings(deadline=None)
@given(st.lists(DURATIONS, min_size=1, max_size=60))
def test_count_mean_and_maximum_are_exact(durations: list[float]) -> None:
    histogram = Histogram.of(durations)
    assert histogram.count == len(durations)
    assert histogram.mean == pytest.approx(sum(durations) / len(durations))
    assert histogram.max == histogram.percentile(100) == max(durations)


@settings(deadline=None)
@given(st.integers(LOWEST_NS, HIGHEST_NS))
def test_every_value_lies_in_its_bucket_which_is_narrow(nanoseconds: int) -> None:
    low, high = bucket_bounds(bucket_of(nanoseconds))
    assert low <= nanoseconds < high
    assert high - low <= max(low / 1024, 1)


@settings(deadline=None)
@given(st.lists(DURATIONS, max_size=40), st.lists(DURATIONS, max_size=40))
def test_merging_equals_recording_everything_in_one(left: list[float], right: list[float]) -> None:
    merged = Histogram.of(left)
    merged.merge(Histogram.of(right))
    whole = Histogram.of(left + right)
    assert (merged.counts, merged.max) == (whole.counts, whole.max)
    assert merged.total == pytest.approx(whole.total)


@settings(deadline=None)
@given(st.lists(DURATIONS, max_size=40))
def test_plain_data_gives_the_same_histogram_back(durations: list[float]) -> None:
    histogram = Histogram.of(durations)
    again = Histogram.from_plain(histogram.plain())
    assert (again.counts, again.total, again.max) == (histogram.counts, histogram.total, histogram.max)


@pytest.mark.parametrize(
    "data",
    [[], [1.0], [1.0, 1.0, 2000], [1.0, 1.0, 3, 1], [1.0, 1.0, 2000, 0], [1.0, 1.0, 2000.5, 1], [0, 0, 10**9, 1]],
)
def test_plain_data_that_is_no_histogram_is_refused(data: list[float]) -> None:
    with pytest.raises(ValueError, match="histogram|bucket"):
        Histogram.from_plain(data)


def test_an_empty_histogram_has_no_percentile_and_no_mean() -> None:
    empty = Histogram()
    assert empty.percentiles((0, 50, 100)) == [None, None, None]
    assert (empty.count, empty.mean, empty.max, empty.distribution()) == (0, None, 0.0, [])


def test_percentiles_are_nearest_ranks() -> None:
    histogram = Histogram.of(ms / 1000 for ms in range(1, 1001))
    told = histogram.percentiles((0, 50, 99, 99.9, 99.91, 100))
    assert told == [pytest.approx(ms / 1000, rel=0.0005) for ms in (1, 500, 990, 999, 1000, 1000)]


def test_a_rank_is_not_pushed_up_by_floating_point() -> None:
    assert 99.9 / 100 * 1000 > 999
    assert nearest_rank(99.9, 1000) == 999
    assert nearest_rank(99.9, 1001) == 1000


def test_percentiles_are_told_in_the_order_asked_for() -> None:
    histogram = Histogram.of([0.001, 0.1])
    assert histogram.percentiles((100, 0)) == [0.1, pytest.approx(0.001, rel=0.001)]


@pytest.mark.parametrize("percent", [-0.1, 100.1, math.nan])
def test_a_percentile_outside_its_range_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="outside 0..100"):
        Histogram().percentile(percent)


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(-1.0, LOWEST_NS), (0.0, LOWEST_NS), (1e-9, LOWEST_NS), (1e9, HIGHEST_NS)]
)
def test_durations_out_of_range_count_at_its_end_and_the_maximum_stays_true(seconds: float, bucket: int) -> None:
    histogram = Histogram()
    histogram.record(seconds)
    assert histogram.counts == {bucket_of(bucket): 1}
    assert histogram.max == max(seconds, 0.0)


@pytest.mark.parametrize(("seconds", "error"), [(math.nan, ValueError), (math.inf, OverflowError)])
def test_what_is_no_duration_is_refused_and_leaves_no_trace(seconds: float, error: type[Exception]) -> None:
    histogram = Histogram()
    with pytest.raises(error):
        histogram.record(seconds)
    assert (histogram.counts, histogram.total, histogram.max) == ({}, 0.0, 0.0)


def test_memory_is_bounded_whatever_is_recorded() -> None:
    lowest, highest = bucket_of(LOWEST_NS), bucket_of(HIGHEST_NS)
    histogram = Histogram()
    for key in range(lowest, highest + 1):
        histogram.record((bucket_bounds(key)[0] + 0.5) / 1e9)
    assert len(histogram.counts) <= 32_768
    memory = sys.getsizeof(histogram.counts) + 32 * len(histogram.counts)
    assert memory < 4_000_000


@settings(deadline=None)
@given(st.lists(DURATIONS, min_size=1, max_size=60))
def test_a_distribution_rises_in_both_axes_and_ends_at_the_maximum(durations: list[float]) -> None:
    points = Histogram.of(durations).distribution()
    assert len(points) <= 60
    assert [p for p, _ in points] == sorted({p for p, _ in points})
    assert [s for _, s in points] == sorted(s for _, s in points)
    assert points[-1] == (100.0, max(durations))


def test_a_distribution_tells_percentiles_only_as_fine_as_the_durations_allow() -> None:
    few = [percent for percent, _ in Histogram.of([0.001] * 100).distribution()]
    many = [percent for percent, _ in Histogram.of([0.001] * 100_000).distribution()]
    assert 99.0 in few
    assert 99.9 not in few
    assert 99.999 in many


def test_durations_above_a_limit_are_counted() -> None:
    assert Histogram.of([0.01, 0.25, 0.26, 3.0]).above(0.25) == 2
