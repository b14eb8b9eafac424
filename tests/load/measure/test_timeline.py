"""The timeline keeps its peaks however much it is thinned."""

from hypothesis import given, settings
from hypothesis import strategies as st

from load.measure.answers import Answers
from load.measure.histogram import Histogram
from load.measure.second import Second
from load.measure.timeline import COLUMNS, SUMS, WORST, Row, Timeline, timeline_row
from load.plan.phase import Phase
from tests.load.measure.build import MAIN, second

STEADY = Phase("steady", 0, 10_000, True, 10)


def row(
    t: int, ms: float | None = None, phase: str = "steady", *, asked: float | None = 10.0, achieved: int = 10
) -> Row:
    of = second(t, *([] if ms is None else [ms]))
    whole = of.answers.get((MAIN, "create_purchase")) or Answers()
    lag = of.pace[MAIN].lag if ms is not None else Histogram()
    of.pace_of(MAIN).arrivals = achieved
    return timeline_row(of, whole, lag, Phase(phase, 0, 10_000, True), asked)


def thinned(rows: list[Row], most: int) -> list[Row]:
    timeline = Timeline(most)
    for each in rows:
        timeline.add(each)
    return timeline.rows


def test_a_row_tells_the_second_in_milliseconds() -> None:
    told = row(7, 80.0)
    assert tuple(told) == COLUMNS
    assert (told["t"], told["span_s"], told["phase"], told["measured"], told["requests"]) == (7, 1, "steady", True, 1)
    assert (told["max"], told["service_p99"], told["lag_p99"]) == (80.0, 40.0, 40.0)
    assert (told["asked"], told["achieved"]) == (10.0, 10)


def test_a_second_without_an_answer_has_no_latency() -> None:
    told = row(7)
    assert [told[name] for name in ("p50", "p90", "p99", "max", "service_p50", "service_p99", "lag_p99")] == [None] * 7


def test_after_the_end_a_row_is_drain() -> None:
    told = timeline_row(Second(9), Answers(), Histogram(), None, 0.0)
    assert (told["phase"], told["measured"]) == ("drain", False)


def test_drops_of_older_arrivals_leave_no_negative_rate() -> None:
    late = Second(3)
    late.pace_of(MAIN).dropped = 5
    assert timeline_row(late, Answers(), Histogram(), STEADY, 10.0)["achieved"] == 0


def test_few_rows_stay_as_they_are() -> None:
    rows = [row(t, 5.0) for t in range(50)]
    assert thinned(rows, 50) == rows


TIMES = st.lists(st.none() | st.floats(1, 9000), min_size=1, max_size=120)


@settings(deadline=None)
@given(TIMES, st.integers(4, 20))
def test_thinning_keeps_peaks_sums_and_bounds(times: list[float | None], most: int) -> None:
    rows = [row(t, ms, achieved=t % 7) for t, ms in enumerate(times)]
    kept = thinned(rows, most)
    assert len(kept) <= most
    for name in SUMS:
        assert sum(each[name] for each in kept) == sum(each[name] for each in rows)
    for name in WORST:
        assert max((each[name] for each in kept if each[name] is not None), default=None) == max(
            (each[name] for each in rows if each[name] is not None), default=None
        )
    assert sum(each["span_s"] for each in kept) == len(rows)
    mean = sum(each["achieved"] * each["span_s"] for each in kept) / len(rows)
    assert abs(mean - sum(each["achieved"] for each in rows) / len(rows)) < 0.01


@settings(deadline=None)
@given(TIMES)
def test_within_a_row_percentiles_keep_their_order(times: list[float | None]) -> None:
    for each in thinned([row(t, ms) for t, ms in enumerate(times)], 4):
        told = [each[name] for name in ("p50", "p90", "p99", "max") if each[name] is not None]
        assert told == sorted(told)


def test_rows_of_different_phases_are_never_joined() -> None:
    rows = [row(t, 5.0, "low" if t < 50 else "high") for t in range(100)]
    kept = thinned(rows, 10)
    assert [each["phase"] for each in kept] == sorted((each["phase"] for each in kept), reverse=True)
    assert sum(each["span_s"] for each in kept if each["phase"] == "low") == 50


def test_many_hours_stay_within_two_thousand_rows() -> None:
    timeline = Timeline()
    plain = row(0, 5.0)
    for t in range(20_000):
        timeline.add({**plain, "t": t})
    assert 1000 <= len(timeline.rows) <= 2000


def test_rates_that_nobody_asked_for_stay_unknown() -> None:
    assert {each["asked"] for each in thinned([row(t, asked=None) for t in range(20)], 4)} == {None}
