"""Figures built by hand."""

from collections.abc import Iterable

from load.measure.answers import Answers, Count
from load.measure.figures import ALL, Figures


def answers(
    times_ms: Iterable[float] = (), *, failures: int = 0, backpressure: int = 0, lag_ms: float = 0.0
) -> Answers:
    """Answers that took these times; the first of them failed, the next were told to wait."""
    found = Answers()
    for number, ms in enumerate(times_ms):
        count = Count.OK
        if number < failures:
            count = Count.FAILURE
        elif number < failures + backpressure:
            count = Count.BACKPRESSURE
        status = {Count.OK: 200, Count.FAILURE: 500, Count.BACKPRESSURE: 429}[count]
        found.record(status, count, (ms + lag_ms) / 1000, ms / 1000)
    return found


def figures(
    whole: Answers | None = None,
    *,
    seconds: float = 10.0,
    asked: float | None = 100.0,
    arrivals: int = 100,
    dropped: int = 0,
    findings: int = 0,
    **operations: Answers,
) -> Figures:
    """Figures of a stretch; without ``whole`` nothing was called."""
    return Figures(
        seconds=seconds,
        asked=asked,
        arrivals=arrivals,
        dropped=dropped,
        findings=findings,
        operations={ALL: whole or answers(), **operations},
    )
