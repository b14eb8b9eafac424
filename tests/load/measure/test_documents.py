"""The rows, files and summaries of a run tell what was measured."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from hypothesis import given, settings
from hypothesis import strategies as st

from load.measure.answers import Answers, Count
from load.measure.figures import ALL
from load.measure.files import LOG_FILE, SECONDS_FILE, TIMELINE_FILE, RunFiles
from load.measure.histogram import HIGHEST_NS, Histogram
from load.measure.ledger import Ledger
from load.measure.rows import read_second_line, second_lines
from load.measure.second import Second
from load.measure.summary import distribution, latencies, measured_part, operation_parts, status_counts
from load.measure.timeline import COLUMNS
from tests.load.measure.build import MAIN, PHASES, WARM, asked, closed, second


def a_run() -> list[Second]:
    """A warm-up second, two measured ones, and one after the end that was due before it."""
    busy = second(4, 5.0, 6.0, 700.0, failures=1)
    busy.merge(second(4, 2.0, operation="get_account"))
    busy.pace_of(MAIN).arrivals = 40
    busy.connections, busy.reconnects, busy.in_flight = 4, 1, 3
    busy.connect.record(0.002)
    return [second(1, 900.0, phase=WARM), busy, second(5, 8.0), second(13, 4000.0)]


def booked() -> Ledger:
    ledger = Ledger(PHASES, asked)
    for each in a_run():
        ledger.add(each)
    list(closed(ledger, 99))
    return ledger


def test_a_line_of_a_second_is_read_back() -> None:
    (line,) = second_lines(second(4, 5.0, 5.0, 700.0, failures=1), PHASES)
    assert json.loads(line) == {
        "t": 4,
        "phase": "steady",
        "measured": True,
        "operation": "create_purchase",
        "requests": 3,
        "failures": 1,
        "latency": [[pytest.approx(5, rel=0.001), 2], [pytest.approx(700, rel=0.001), 1]],
        "service": [[pytest.approx(2.5, rel=0.001), 2], [pytest.approx(350, rel=0.001), 1]],
    }
    row = read_second_line(line)
    assert (row.t, row.phase, row.measured, row.requests, row.failures) == (4, "steady", True, 3, 1)
    assert [count for _, count in row.latency] == [2, 1]


@settings(deadline=None)
@given(st.lists(st.floats(0.002, 10_000), min_size=1, max_size=40))
def test_every_time_lies_just_below_its_bound_on_the_line(times: list[float]) -> None:
    (line,) = second_lines(second(4, *times), PHASES)
    bounds = [upper for upper, count in read_second_line(line).latency for _ in range(count)]
    assert len(bounds) == len(times)
    for ms, upper in zip(sorted(times), bounds, strict=True):
        assert ms - 1e-6 <= upper <= ms * 1.001 + 2e-6


def test_a_crowded_second_is_told_more_coarsely_and_loses_no_request() -> None:
    crowded = second(4, *(1.0005**step for step in range(12_000)))
    (line,) = second_lines(crowded, PHASES)
    row = read_second_line(line)
    assert 512 < len(row.latency) <= 1024
    assert sum(count for _, count in row.latency) == 12_000
    assert row.latency[-1][0] == pytest.approx(1.0005**11_999, rel=0.02)


@settings(deadline=None)
@given(st.integers(1, 50), st.lists(st.floats(1e-5, 100), max_size=60))
def test_coarse_buckets_are_few_and_hold_everything(most: int, times: list[float]) -> None:
    histogram = Histogram.of(times)
    coarse = histogram.coarse(most)
    assert len(coarse) <= most
    assert sum(count for _, count in coarse) == len(times)
    assert [upper for upper, _ in coarse] == sorted({upper for upper, _ in coarse})
    if times:
        assert coarse[-1][0] > max(times) * 1e9 - 1


def test_no_bucket_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="0 buckets hold nothing"):
        Histogram().coarse(0)


@pytest.mark.parametrize(
    "line", ["", "[]", "{}", '{"t": 1}', "nonsense", '{"t":1,"latency":5,"service":[]}', "[" * 9000]
)
def test_a_damaged_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"no line of seconds\.jsonl"):
        read_second_line(line)


def test_the_files_of_a_run_agree_with_each_other(tmp_path: Path) -> None:
    ledger = Ledger(PHASES, asked)
    with RunFiles(tmp_path, PHASES, started=1_700_000_000.0, software="assay") as files:
        for each in a_run():
            ledger.add(each)
        for told in closed(ledger, 99):
            list(files.writing(told))
    rows = [read_second_line(line) for line in (tmp_path / SECONDS_FILE).read_text("utf-8").splitlines()]
    assert [(row.t, row.operation, row.measured, row.requests) for row in rows] == [
        (1, "create_purchase", False, 1),
        (4, "create_purchase", True, 3),
        (4, "get_account", True, 1),
        (5, "create_purchase", True, 1),
        (13, "create_purchase", True, 1),
    ]
    with (tmp_path / TIMELINE_FILE).open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == COLUMNS
    assert [(row["t"], row["phase"], row["measured"], row["requests"], row["max"]) for row in table] == [
        ("1", "warm-up", "0", "1", "900.0"),
        ("4", "steady", "1", "4", "700.0"),
        ("5", "steady", "1", "1", "8.0"),
        ("13", "drain", "0", "1", "4000.0"),
    ]
    assert logged(tmp_path / LOG_FILE) == {
        "": 6,
        "service": 6,
        "create_purchase": 5,
        "get_account": 1,
        "phase:warm-up": 1,
        "phase:steady": 6,
    }


def logged(path: Path) -> dict[str, int]:
    """Count by tag what another reader finds in an interval log."""
    reader = HistogramLogReader(str(path), HdrHistogram(1, HIGHEST_NS, 3))
    counts: dict[str, int] = {}
    while (read := reader.get_next_interval_histogram()) is not None:
        tag = read.get_tag() or ""
        counts[tag] = counts.get(tag, 0) + read.get_total_count()
    reader.close()
    return counts


def test_a_killed_run_keeps_every_second_that_was_written(tmp_path: Path) -> None:
    ledger = Ledger(PHASES, asked)
    files = RunFiles(tmp_path, PHASES, started=0.0, software="assay")
    ledger.add(second(4, 5.0))
    for told in closed(ledger, 5):
        list(files.writing(told))
    # Nothing was closed: what is on the disk is there because it was flushed.
    assert len((tmp_path / SECONDS_FILE).read_text("utf-8").splitlines()) == 1
    assert len((tmp_path / TIMELINE_FILE).read_text("utf-8").splitlines()) == 2
    assert logged(tmp_path / LOG_FILE)["create_purchase"] == 1
    files.close()
    files.close()


def test_a_directory_that_is_not_there_leaves_no_file_open(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        RunFiles(tmp_path / "none", PHASES, started=0.0, software="assay")


def test_the_measured_part_has_every_key_and_agrees_with_itself() -> None:
    part = measured_part(booked(), PHASES, 13.5, open_model=True)
    assert json.loads(json.dumps(part)) == part
    assert {name: part[name] for name in ("requests", "failures", "backpressure", "connections", "reconnects")} == {
        "requests": 6,
        "failures": 1,
        "backpressure": 0,
        "connections": 4,
        "reconnects": 1,
    }
    assert (part["warmup_s"], part["measured_s"], part["achieved_rate"], part["request_rate"]) == (3, 10, 4.0, 0.6)
    assert part["statuses"] == {"200": 5, "500": 1}
    assert sum(row["requests"] for row in part["timeline"]) == 7
    assert [operation["name"] for operation in part["operations"]] == [ALL, "create_purchase", "get_account"]
    assert part["operations"][0]["requests"] == sum(each["requests"] for each in part["operations"][1:])
    assert part["connect_ms"]["max"] == 2.0
    assert part["tls_ms"] is None
    assert part["lag_ms"]["max"] == 2000.0


def test_without_a_schedule_there_is_no_lag() -> None:
    assert measured_part(booked(), PHASES, 13.5, open_model=False)["lag_ms"] is None


def test_phases_are_told_with_their_rates_and_times() -> None:
    warm, steady = measured_part(booked(), PHASES, 13.5, open_model=True)["phases"]
    assert (warm["name"], warm["measured"], warm["requests"], warm["max"]) == ("warm-up", False, 1, 900.0)
    assert (steady["start_s"], steady["end_s"], steady["rate"], steady["users"]) == (3, 13, 10, None)
    assert (steady["achieved"], steady["requests"], steady["failures"], steady["max"]) == (4.0, 6, 1, 4000.0)


def test_a_run_that_was_stopped_tells_only_what_it_reached() -> None:
    stopped = measured_part(booked(), PHASES, 5, open_model=True)
    assert (stopped["measured_s"], stopped["achieved_rate"], stopped["phases"][1]["end_s"]) == (2, 20.0, 5)
    assert [phase["name"] for phase in measured_part(booked(), PHASES, 2, open_model=True)["phases"]] == ["warm-up"]


def test_a_run_in_which_nothing_happened_has_the_same_keys() -> None:
    empty = measured_part(Ledger(PHASES, asked), PHASES, 0.0, open_model=True)
    assert set(empty) == set(measured_part(booked(), PHASES, 13.5, open_model=True))
    assert (empty["requests"], empty["timeline"], empty["phases"], empty["lag_ms"]) == (0, [], [], None)
    assert empty["operations"][0]["latency_ms"] == dict.fromkeys(("mean", "p50", "p90", "p95", "p99", "p999", "max"))


def test_latencies_are_in_milliseconds() -> None:
    told: dict[str, Any] = latencies(Histogram.of(ms / 1000 for ms in range(1, 1001)))
    assert told == {
        "mean": pytest.approx(500.5),
        "p50": pytest.approx(500, rel=0.001),
        "p90": pytest.approx(900, rel=0.001),
        "p95": pytest.approx(950, rel=0.001),
        "p99": pytest.approx(990, rel=0.001),
        "p999": pytest.approx(999, rel=0.001),
        "max": 1000.0,
    }


def test_a_distribution_tells_both_times_in_at_most_sixty_points() -> None:
    points = distribution(second(4, *(float(ms) for ms in range(1, 3000))).answers[MAIN, "create_purchase"])
    assert 30 < len(points) <= 60
    assert points[-1] == [100.0, 2999.0, 1499.5]
    assert distribution(Answers()) == []


def test_statuses_are_in_order_with_the_errors_last() -> None:
    answers = Answers()
    for status in ("timeout", 503, 200, "closed", 429):
        answers.record(status, Count.OK, 0.1, 0.1)
    assert list(status_counts(answers)) == ["200", "429", "503", "closed", "timeout"]


def test_operations_stand_by_how_often_they_were_called() -> None:
    parts = operation_parts(booked().figures(13))
    assert [part["requests"] for part in parts] == [6, 5, 1]
