"""The interval log is read by another implementation of its format, value for value."""

from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from hypothesis import given, settings
from hypothesis import strategies as st

from load.measure.histogram import HIGHEST_NS, Histogram, bucket_of
from load.measure.hlog import encode, log_head, log_line

DURATIONS = st.lists(st.floats(2e-6, 3599.0), max_size=40)


def decoded(text: str) -> HdrHistogram:
    return HdrHistogram.decode(text)


@settings(max_examples=30, deadline=None)
@given(DURATIONS)
def test_another_reader_finds_the_same_counts_in_the_same_buckets(durations: list[float]) -> None:
    histogram = Histogram.of(durations)
    read = decoded(encode(histogram))
    assert {index: count for index, count in enumerate(read.counts) if count} == histogram.counts
    assert read.get_total_count() == histogram.count


def test_another_reader_finds_the_same_percentiles() -> None:
    histogram = Histogram.of(1.01**step / 1000 for step in range(1000))
    read = decoded(encode(histogram))
    for percent in (0.0, 10.0, 50.0, 90.0, 99.0, 99.9, 100.0):
        assert histogram.percentile(percent) == pytest.approx(read.get_value_at_percentile(percent) / 1e9, rel=0.001)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 2**40))
def test_large_counts_survive(count: int) -> None:
    histogram = Histogram()
    histogram.counts[bucket_of(5_000_000)] = count
    assert decoded(encode(histogram)).get_total_count() == count


def test_the_encoding_states_its_range_and_digits() -> None:
    read = decoded(encode(Histogram.of([0.001])))
    assert (read.significant_figures, read.lowest_trackable_value, read.highest_trackable_value) == (3, 1, HIGHEST_NS)


def test_a_whole_log_is_read_interval_by_interval_and_by_tag(tmp_path: Path) -> None:
    first, second = Histogram.of([0.010, 0.020]), Histogram.of([0.5])
    log = tmp_path / "latency.hlog"
    log.write_text(
        log_head(1_700_000_000.25, "assay")
        + log_line(0, 1, first)
        + log_line(0, 1, second, "create_purchase")
        + log_line(1, 1, second),
        encoding="utf-8",
    )
    reader = HistogramLogReader(str(log), HdrHistogram(1, HIGHEST_NS, 3))
    counts = []
    while (read := reader.get_next_interval_histogram()) is not None:
        counts.append((read.get_tag(), read.get_total_count(), read.get_start_time_stamp()))
    reader.close()
    assert reader.get_start_time_sec() == pytest.approx(1_700_000_000.25)
    assert [(tag, count) for tag, count, _ in counts] == [(None, 2), ("create_purchase", 1), (None, 1)]
    assert counts[2][2] - counts[0][2] == pytest.approx(1000, abs=1)


def test_the_greatest_value_stands_on_the_line_in_milliseconds() -> None:
    assert log_line(3, 1, Histogram.of([0.25])).startswith("3.000,1.000,250.")
    assert log_line(3, 1, Histogram()).startswith("3.000,1.000,0.000,")


def test_a_tag_cannot_break_its_line() -> None:
    line = log_line(0, 1, Histogram(), "phase, one\nTag=x")
    assert line.startswith("Tag=phase_one_Tag_x,0.000,")
    assert line.count("\n") == 1
