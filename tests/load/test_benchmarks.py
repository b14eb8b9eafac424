"""What the benchmarks of truth and of the soak say of runs, made up so that the right answer is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import pytest

from benchmarks.load_soak import CONNECTIONS, Minute, judge
from benchmarks.load_truth import BenchmarkError, exact
from benchmarks.stage.soak import Look
from benchmarks.stage.stalling import OTHER, RETRIEVE, split, stalls

EPOCH = 1000.0
RATE, SECONDS, WARMUP = 10.0, 10.0, 2.0
BEFORE = 10
"""Arrivals of a warm-up that climbs to ten a second in two seconds."""


def log(stall: tuple[float, float], late: float = 0.001) -> list[tuple[str, float, float]]:
    """Return the log of a server that answers after 20 ms and does nothing during a stall."""
    warm = [EPOCH + WARMUP * ((k + 0.5) / BEFORE) ** 0.5 for k in range(BEFORE)]
    dues = [*warm, *(EPOCH + WARMUP + (k + 0.5) / RATE for k in range(int(RATE * SECONDS)))]
    found = [(OTHER, EPOCH, EPOCH + 0.02)]
    for due in dues:
        asked = due + late
        received = max(asked, stall[1]) if stall[0] <= asked < stall[1] else asked
        found.append((RETRIEVE, received, received + 0.02))
    return found


def test_exact_times_count_from_when_a_request_was_due() -> None:
    truth = exact(log((EPOCH + 5, EPOCH + 6)), EPOCH, RATE, SECONDS, WARMUP)
    assert len(truth.times) == 100
    assert truth.percentile(50) == pytest.approx(0.021)
    # Ten of a hundred came during the stall: 50, 150 … 950 ms before its end.
    assert [round(truth.percentile(percent), 3) for percent in (90, 91, 99, 100)] == [0.021, 0.07, 0.87, 0.97]
    assert truth.punctual == pytest.approx(0.001)


@pytest.mark.parametrize("off", [-0.5, -0.01, 0.005, 1.0])
def test_a_clock_that_does_not_agree_with_the_log_is_refused(off: float) -> None:
    with pytest.raises(BenchmarkError, match="most punctual"):
        exact(log((EPOCH + 5, EPOCH + 6)), EPOCH + off, RATE, SECONDS, WARMUP)


def test_a_log_with_a_look_missing_is_refused() -> None:
    with pytest.raises(BenchmarkError, match="109 looks, the schedule 10 \\+ 100"):
        exact(log((EPOCH + 5, EPOCH + 6))[:-1], EPOCH, RATE, SECONDS, WARMUP)


def test_every_span_holds_one_stall_at_a_moment_of_its_own() -> None:
    found = list(islice(stalls(EPOCH, 10.0, 1.0, seed=1), 50))
    assert all(EPOCH + 10 * n <= start < end <= EPOCH + 10 * (n + 1) for n, (start, end) in enumerate(found))
    assert all(end - start == pytest.approx(1.0) for start, end in found)
    assert len({round((start - EPOCH) % 10, 3) for start, _ in found}) > 40
    assert found == list(islice(stalls(EPOCH, 10.0, 1.0, seed=1), 50))


def test_requests_are_told_apart_wherever_the_bytes_are_cut() -> None:
    first, second = b"GET /a HTTP/1.1\r\n\r\n", b"POST /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"
    assert split(first + second) == ([first, second], b"")
    for cut in range(len(second)):
        assert split(first + second[:cut]) == ([first], second[:cut])


MINUTE = Minute(asked=6000.0, achieved=6000.0, requests=24_000, lag_ms=1.0, worst_ms=4.0, p99_ms=5.0)


def looks(*megabytes: float, descriptors: int = 40, threads: int = 2) -> list[Look]:
    """Return four looks for each minute's memory."""
    return [
        Look(60.0 * minute + 15 * quarter + 5, memory, descriptors, threads, 0.0)
        for minute, memory in enumerate(megabytes)
        for quarter in range(4)
    ]


def test_a_flat_run_has_no_trouble_whatever_its_first_minute_took() -> None:
    first = looks(100.0)
    first[0] = replace(first[0], megabytes=60.0)
    assert judge([*first, *looks(0, 102.0, 98.0)[4:]], [MINUTE] * 3) == []


@pytest.mark.parametrize(
    ("seen", "minutes", "complaint"),
    [
        (looks(100.0, 104.0, 106.0), [MINUTE] * 3, "memory is not flat: 100.0 MB"),
        (looks(100.0, 94.0), [MINUTE] * 2, "memory is not flat"),
        (looks(100.0, 100.0, descriptors=CONNECTIONS + 40), [MINUTE] * 2, "descriptors leak"),
        ([*looks(100.0), *looks(0, 100.0, threads=3)[4:]], [MINUTE] * 2, "threads grow"),
        (looks(100.0, 100.0), [MINUTE, replace(MINUTE, achieved=5900.0)], "minute 2 got 5,900 of 6,000"),
        (looks(100.0, 100.0), [replace(MINUTE, achieved=5990.0)] * 2, "the schedule drifts: 11,980 of 12,000"),
        (looks(100.0, 100.0), [MINUTE, replace(MINUTE, lag_ms=7.0)], "sent 6.0 ms later"),
        (looks(100.0), [MINUTE], "ended before its first minute was over"),
    ],
)
def test_what_is_not_flat_or_drifts_is_named(seen: Sequence[Look], minutes: Sequence[Minute], complaint: str) -> None:
    assert complaint in judge(seen, minutes)[0]
