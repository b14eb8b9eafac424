"""The timeline of a run: one row a second, thinned where there are too many without losing a peak."""

from __future__ import annotations

from typing import Any, Final

from load.measure.answers import Answers
from load.measure.histogram import Histogram
from load.measure.second import Second
from load.plan.phase import Phase

MOST_ROWS: Final = 2000

Row = dict[str, Any]
"""A row; its keys are ``COLUMNS``."""

SUMS: Final = ("requests", "failures", "backpressure", "findings")
MEANS: Final = ("asked", "achieved")
WORST: Final = (
    "in_flight", "users", "p50", "p90", "p99", "max", "service_p50", "service_p99", "lag_p99", "cpu", "loop_delay_ms",
)  # fmt: skip

COLUMNS: Final = ("t", "span_s", "phase", "measured", *MEANS, *SUMS, *WORST)

DRAIN: Final = "drain"
"""Where the rows after the shape's end are: what was under way comes back."""


def in_ms(seconds: float | None) -> float | None:
    """Return milliseconds to the microsecond."""
    return None if seconds is None else round(seconds * 1000, 3)


def timeline_row(second: Second, whole: Answers, lag: Histogram, phase: Phase | None, asked: float | None) -> Row:
    """Return the row of one second.

    Args:
        second: what happened in it.
        whole: the sum of its answers.
        lag: of its requests.
        phase: the phase it lies in, None after the end.
        asked: the rate the schedule asked for, journeys per second; None in the closed model.

    Returns:
        Latencies in milliseconds, None where no request ended.
    """
    p50, p90, p99, worst = whole.response.percentiles((50, 90, 99, 100))
    service_p50, service_p99 = whole.service.percentiles((50, 99))
    return {
        "t": second.t,
        "span_s": 1,
        "phase": DRAIN if phase is None else phase.name,
        "measured": phase is not None and phase.measured,
        "asked": None if asked is None else round(asked, 3),
        # What is dropped came due up to a few seconds before.
        "achieved": max(sum(pace.arrivals - pace.dropped for pace in second.pace.values()), 0),
        "requests": whole.requests,
        "failures": whole.failures,
        "backpressure": whole.backpressure,
        "findings": second.findings,
        "in_flight": second.in_flight,
        "users": second.users,
        "p50": in_ms(p50),
        "p90": in_ms(p90),
        "p99": in_ms(p99),
        "max": in_ms(worst),
        "service_p50": in_ms(service_p50),
        "service_p99": in_ms(service_p99),
        "lag_p99": in_ms(lag.percentile(99)),
        "cpu": round(second.cpu, 3),
        "loop_delay_ms": round(second.loop_delay_ms, 3),
    }


def join_rows(left: Row, right: Row) -> Row:
    """Return one row for two that follow each other in one phase.

    Counts are summed, rates averaged, and of levels, latencies and loads the worst is kept, so that a peak of one
    second stays as high as it was.
    """
    span = left["span_s"] + right["span_s"]
    joined = {**left, "span_s": span}
    for name in SUMS:
        joined[name] = left[name] + right[name]
    for name in MEANS:
        told = [(row[name], row["span_s"]) for row in (left, right) if row[name] is not None]
        weight = sum(seconds for _, seconds in told)
        joined[name] = round(sum(value * seconds for value, seconds in told) / weight, 3) if told else None
    for name in WORST:
        joined[name] = max((row[name] for row in (left, right) if row[name] is not None), default=None)
    return joined


class Timeline:
    """Rows in order of time, thinned as they come in so that memory is bounded.

    Args:
        most: rows kept at most. It must be above twice the number of phases, for rows of different phases are
            never joined.
    """

    def __init__(self, most: int = MOST_ROWS) -> None:
        self._most = most
        self._span = 1
        self._rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Take the next second's row."""
        self._put(row)
        while len(self._rows) > self._most:
            self._span *= 2
            rows, self._rows = self._rows, []
            for old in rows:
                self._put(old)

    def _put(self, row: Row) -> None:
        last = self._rows[-1] if self._rows else None
        if last is not None and self._slot(last) == self._slot(row):
            self._rows[-1] = join_rows(last, row)
        else:
            self._rows.append(row)

    def _slot(self, row: Row) -> tuple[int, str, bool]:
        return row["t"] // self._span, row["phase"], row["measured"]

    @property
    def rows(self) -> list[Row]:
        """The rows so far. ``span_s`` tells how many seconds a row stands for."""
        return list(self._rows)
