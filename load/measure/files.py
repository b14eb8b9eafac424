"""The files that a run writes second by second, so that a killed run can still be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Final, Self

from load.measure.histogram import Histogram
from load.measure.hlog import log_head, log_line
from load.measure.ledger import Closed
from load.measure.rows import csv_head, csv_line, second_lines
from load.plan.phase import Phase

SECONDS_FILE: Final = "seconds.jsonl"
TIMELINE_FILE: Final = "timeline.csv"
LOG_FILE: Final = "latency.hlog"


def log_lines(closed: Closed, phases: Sequence[Phase]) -> Iterator[str]:
    """Yield the lines of one second for the interval log.

    Without a tag: the response times of all measured requests. Tagged with an operation's name: its measured
    response times. Tagged ``service``: the service times of all measured requests. Tagged ``phase:NAME``: response
    times by phase, the warm-up too.
    """
    second = closed.second
    yield log_line(second.t, 1, closed.whole.response)
    yield log_line(second.t, 1, closed.whole.service, "service")
    operations: dict[str, Histogram] = {}
    parts: dict[str, Histogram] = {}
    for (phase, operation), answers in second.answers.items():
        parts.setdefault(f"phase:{phases[phase].name}", Histogram()).merge(answers.response)
        if phases[phase].measured:
            operations.setdefault(operation, Histogram()).merge(answers.response)
    for tag, histogram in sorted((operations | parts).items()):
        yield log_line(second.t, 1, histogram, tag)


class RunFiles:
    """Writes ``seconds.jsonl``, ``timeline.csv`` and ``latency.hlog`` into a run directory.

    Args:
        directory: of the run; must exist.
        phases: of the run; a breakpoint search adds to the list as it goes.
        started: when the run began, seconds since the epoch.
        software: who writes, for the log's first line.

    Raises:
        OSError: a file cannot be written.
    """

    def __init__(self, directory: Path, phases: Sequence[Phase], *, started: float, software: str) -> None:
        self._phases = phases
        with ExitStack() as stack:
            self._seconds = stack.enter_context(self._open(directory / SECONDS_FILE))
            self._timeline = stack.enter_context(self._open(directory / TIMELINE_FILE))
            self._log = stack.enter_context(self._open(directory / LOG_FILE))
            self._timeline.write(csv_head())
            self._log.write(log_head(started, software))
            self._stack = stack.pop_all()

    @staticmethod
    def _open(path: Path) -> IO[str]:
        return path.open("w", encoding="utf-8", newline="\n")

    def writing(self, closed: Closed) -> Iterator[None]:
        """Write a second down, in small steps between which an event loop can serve sockets."""
        for line in second_lines(closed.second, self._phases):
            self._seconds.write(line)
            yield
        for line in log_lines(closed, self._phases):
            self._log.write(line)
            yield
        self._timeline.write(csv_line(closed.row))
        # A killed run keeps what it had measured.
        for file in (self._seconds, self._log, self._timeline):
            file.flush()

    def close(self) -> None:
        """Close the files; a second time does nothing."""
        # What a full disk did not take has been told when it was written; each second is flushed.
        with suppress(OSError):
            self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
