"""The rows of ``seconds.jsonl`` and ``timeline.csv``, written and read back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from load.measure.histogram import Histogram
from load.measure.second import Second
from load.measure.timeline import COLUMNS, Row
from load.plan.phase import Phase

MOST_BUCKETS: Final = 1024
"""Of one histogram on one line: whole where it has no more, coarser above, so that hours of a fast run stay small."""

_NS_IN_MS: Final = 1_000_000


def _buckets(histogram: Histogram) -> list[list[float]]:
    return [[upper / _NS_IN_MS, count] for upper, count in histogram.coarse(MOST_BUCKETS)]


def second_lines(second: Second, phases: Sequence[Phase]) -> Iterator[str]:
    """Yield the lines of one second: one for each phase and operation that had an answer.

    A line is ``{"t", "phase", "measured", "operation", "requests", "failures", "latency", "service"}``; the last two
    are ``[[bucket's upper bound in ms, count], …]``, ascending. Phases that share a name share it here.
    """
    for (phase, operation), answers in sorted(second.answers.items()):
        where = phases[phase]
        row = {
            "t": second.t,
            "phase": where.name,
            "measured": where.measured,
            "operation": operation,
            "requests": answers.requests,
            "failures": answers.failures,
            "latency": _buckets(answers.response),
            "service": _buckets(answers.service),
        }
        # Thousands of numbers a second in a fast run: json takes ten times as long.
        yield orjson.dumps(row).decode("utf-8") + "\n"


@dataclass(frozen=True, slots=True)
class SecondRow:
    """One line of ``seconds.jsonl``.

    Attributes:
        t: whole seconds from the run's start.
        phase: the phase's name.
        measured: whether that counts.
        operation: the API operation.
        requests: that ended in this second.
        failures: of them.
        latency: upper bounds in milliseconds and counts, of response times.
        service: the same of service times.
    """

    t: int
    phase: str
    measured: bool
    operation: str
    requests: int
    failures: int
    latency: tuple[tuple[float, int], ...]
    service: tuple[tuple[float, int], ...]


def read_second_line(line: str) -> SecondRow:
    """Return a line of ``seconds.jsonl``.

    Raises:
        ValueError: it is no such line; the message says what is wrong.
    """
    try:
        row = orjson.loads(line)
        times = {
            name: tuple((float(upper), int(count)) for upper, count in row[name]) for name in ("latency", "service")
        }
        return SecondRow(
            int(row["t"]),
            str(row["phase"]),
            bool(row["measured"]),
            str(row["operation"]),
            int(row["requests"]),
            int(row["failures"]),
            times["latency"],
            times["service"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no line of seconds.jsonl: {type(error).__name__}: {str(error)[:120]}") from None


def _line(cells: Iterable[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(["" if cell is None else cell for cell in cells])
    return text.getvalue()


def csv_head() -> str:
    """Return the line of column names of ``timeline.csv``."""
    return _line(COLUMNS)


def csv_line(row: Row) -> str:
    """Return a row of the timeline as a line of ``timeline.csv``; what is not known is empty, truth is 1."""
    cells = [row[name] for name in COLUMNS]
    return _line(int(cell) if isinstance(cell, bool) else cell for cell in cells)
