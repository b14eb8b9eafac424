"""A run's figures in Prometheus's text format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from load.measure.answers import Answers
from load.measure.figures import ALL
from load.measure.histogram import Histogram

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

BOUNDS_S: Final = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
)  # fmt: skip
"""Upper bounds of the histograms' buckets, seconds, exact to 0.1 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is told at one moment; counts are since the run's start.

    Attributes:
        operations: answers by API operation.
        findings: violations by clause and severity.
        arrivals: journeys that came due.
        dropped: those of them that never began.
        reconnects: connections opened in place of a lost one.
        in_flight: requests under way.
        users: users now.
        asked_rate: journeys per second asked for now, None in the closed model.
        cpu: processor time of the busiest process, as a share of one core.
        loop_delay_s: how late the event loop was at worst in the last second.
        lag: times from when requests were due to when they were sent.
    """

    operations: Mapping[str, Answers] = field(default_factory=dict)
    findings: Mapping[tuple[str, str], int] = field(default_factory=dict)
    arrivals: int = 0
    dropped: int = 0
    reconnects: int = 0
    in_flight: int = 0
    users: int = 0
    asked_rate: float | None = None
    cpu: float = 0.0
    loop_delay_s: float = 0.0
    lag: Histogram = field(default_factory=Histogram)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _labels(**labels: str) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _number(value: float) -> str:
    return repr(float(value)) if isinstance(value, float) else str(value)


def _family(name: str, kind: str, text: str, samples: Iterable[tuple[str, str, float]]) -> list[str]:
    lines = [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
    lines += [f"{name}{suffix}{labels} {_number(value)}" for suffix, labels, value in samples]
    return lines


def _histogram(histogram: Histogram, **labels: str) -> Iterable[tuple[str, str, float]]:
    for bound, count in zip(BOUNDS_S, histogram.cumulated(BOUNDS_S), strict=True):
        yield "_bucket", _labels(**labels, le=_number(bound)), count
    yield "_bucket", _labels(**labels, le="+Inf"), histogram.count
    yield "_sum", _labels(**labels), float(histogram.total)
    yield "_count", _labels(**labels), histogram.count


def exposition(snapshot: Snapshot) -> str:
    """Return a snapshot as Prometheus reads it.

    Every operation is told apart, and none is told as the sum: Prometheus sums them itself.
    """
    operations = {name: answers for name, answers in sorted(snapshot.operations.items()) if name != ALL}
    requests = (
        ("", _labels(operation=name, status=str(status)), number)
        for name, answers in operations.items()
        for status, number in answers.statuses.items()
    )
    failures = (("", _labels(operation=name), answers.failures) for name, answers in operations.items())
    pressure = (("", _labels(operation=name), answers.backpressure) for name, answers in operations.items())
    response = (part for name, found in operations.items() for part in _histogram(found.response, operation=name))
    service = (part for name, found in operations.items() for part in _histogram(found.service, operation=name))
    findings = (
        ("", _labels(clause=clause, severity=severity), number)
        for (clause, severity), number in sorted(snapshot.findings.items())
    )
    lines = [
        *_family("assay_requests_total", "counter", "Requests that ended, by status or error.", requests),
        *_family("assay_failures_total", "counter", "Requests that failed.", failures),
        *_family("assay_backpressure_total", "counter", "Requests refused by 429 with Retry-After.", pressure),
        *_family("assay_response_seconds", "histogram", "Time from when a request was due to its end.", response),
        *_family("assay_service_seconds", "histogram", "Time from when a request was sent to its end.", service),
        *_family("assay_schedule_lag_seconds", "histogram", "How late requests were sent.", _histogram(snapshot.lag)),
        *_family("assay_violations_total", "counter", "Broken promises seen, by clause.", findings),
        *_family("assay_arrivals_total", "counter", "Journeys that came due.", [("", "", snapshot.arrivals)]),
        *_family("assay_dropped_total", "counter", "Journeys that never began.", [("", "", snapshot.dropped)]),
        *_family("assay_reconnects_total", "counter", "Connections opened anew.", [("", "", snapshot.reconnects)]),
        *_family("assay_in_flight", "gauge", "Requests under way.", [("", "", snapshot.in_flight)]),
        *_family("assay_users", "gauge", "Users at work.", [("", "", snapshot.users)]),
        *_family("assay_generator_cpu", "gauge", "Busiest process, share of a core.", [("", "", snapshot.cpu)]),
        *_family(
            "assay_generator_loop_delay_seconds",
            "gauge",
            "Worst event-loop delay of the last second.",
            [("", "", snapshot.loop_delay_s)],
        ),
    ]
    if snapshot.asked_rate is not None:
        asked = [("", "", snapshot.asked_rate)]
        lines += _family("assay_asked_rate", "gauge", "Journeys per second that the schedule asks for.", asked)
    return "\n".join(lines) + "\n"
