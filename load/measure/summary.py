"""The measured parts of run.json's ``load``: operations, phases, timeline and totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from load.measure.answers import Answers
from load.measure.figures import ALL, Figures
from load.measure.histogram import Histogram
from load.measure.ledger import Ledger
from load.measure.timeline import in_ms
from load.plan.phase import Phase

_PERCENTILES: Final = {"p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p999": 99.9, "max": 100.0}


def latencies(histogram: Histogram) -> dict[str, float | None]:
    """Return mean, percentiles and maximum in milliseconds; all None when empty."""
    told = histogram.percentiles(list(_PERCENTILES.values()))
    return {
        "mean": in_ms(histogram.mean),
        **{name: in_ms(seconds) for name, seconds in zip(_PERCENTILES, told, strict=True)},
    }


def latencies_or_none(histogram: Histogram) -> dict[str, float | None] | None:
    """Return the same, None when empty."""
    return latencies(histogram) if histogram.counts else None


def status_counts(answers: Answers) -> dict[str, int]:
    """Return counts by status as text, HTTP statuses first and in order."""
    ordered = sorted(answers.statuses.items(), key=lambda item: (isinstance(item[0], str), str(item[0])))
    return {str(status): number for status, number in ordered}


def distribution(answers: Answers) -> list[list[float | None]]:
    """Return points for a chart: percentile, response time and service time in milliseconds."""
    percents = [percent for percent, _ in answers.response.distribution()]
    response, service = answers.response.percentiles(percents), answers.service.percentiles(percents)
    return [[p, in_ms(r), in_ms(s)] for p, r, s in zip(percents, response, service, strict=True)]


def operation_part(name: str, answers: Answers) -> dict[str, Any]:
    """Return one operation's part."""
    return {
        "name": name,
        "requests": answers.requests,
        "failures": answers.failures,
        "backpressure": answers.backpressure,
        "statuses": status_counts(answers),
        "latency_ms": latencies(answers.response),
        "service_ms": latencies(answers.service),
        "distribution": distribution(answers),
    }


def operation_parts(figures: Figures) -> list[dict[str, Any]]:
    """Return the parts of all operations: their sum first, then by how often they were called."""
    own = sorted(
        ((name, answers) for name, answers in figures.operations.items() if name != ALL),
        key=lambda item: (-item[1].requests, item[0]),
    )
    whole = figures.operations.get(ALL) or Answers()
    return [operation_part(ALL, whole), *(operation_part(name, answers) for name, answers in own)]


def phase_parts(ledger: Ledger, phases: Sequence[Phase], until: float) -> list[dict[str, Any]]:
    """Return the parts of the phases that began before a time.

    Args:
        ledger: of the run.
        phases: of the run.
        until: when it ended, seconds from its start.
    """
    parts = []
    for index, phase in enumerate(phases):
        if phase.start >= until:
            break
        answers, pace = ledger.phase_totals(index)
        end = min(phase.end, until)
        told = latencies(answers.response)
        parts.append(
            {
                "name": phase.name,
                "start_s": round(phase.start, 3),
                "end_s": round(end, 3),
                "rate": phase.rate,
                "users": phase.users,
                "measured": phase.measured,
                "achieved": round((pace.arrivals - pace.dropped) / (end - phase.start), 3),
                "requests": answers.requests,
                "failures": answers.failures,
                **{name: told[name] for name in ("p50", "p90", "p99", "max")},
            }
        )
    return parts


def measured_part(ledger: Ledger, phases: Sequence[Phase], until: float, *, open_model: bool) -> dict[str, Any]:
    """Return the keys of run.json's ``load`` that come from what was measured.

    Args:
        ledger: of the run, every second closed.
        phases: of the run.
        until: when the run ended, seconds from its start.
        open_model: whether arrivals kept a schedule; without one there is no lag.

    Returns:
        ``achieved_rate``, ``request_rate``, ``dropped``, ``dropped_share``, ``warmup_s``, ``measured_s``,
        ``requests``, ``failures``, ``backpressure``, ``reconnects``, ``connections``, ``statuses``, ``operations``,
        ``lag_ms``, ``connect_ms``, ``tls_ms``, ``timeline`` and ``phases``. Counts are of measured time but for
        ``reconnects`` and ``connections``, which are of the whole run.
    """
    figures = ledger.figures(until)
    whole = figures.operations[ALL]
    warmup = sum(max(min(phase.end, until) - phase.start, 0.0) for phase in phases if not phase.measured)
    return {
        "achieved_rate": round(figures.achieved_rate or 0.0, 3),
        "request_rate": round(figures.request_rate(ALL) or 0.0, 3),
        "dropped": figures.dropped,
        "dropped_share": round(figures.dropped_share, 6),
        "warmup_s": round(warmup, 3),
        "measured_s": round(figures.seconds, 3),
        "requests": whole.requests,
        "failures": whole.failures,
        "backpressure": whole.backpressure,
        "reconnects": ledger.reconnects,
        "connections": ledger.connections,
        "statuses": status_counts(whole),
        "operations": operation_parts(figures),
        "lag_ms": latencies_or_none(figures.lag) if open_model else None,
        "connect_ms": latencies_or_none(ledger.connect),
        "tls_ms": latencies_or_none(ledger.tls),
        "timeline": ledger.timeline,
        "phases": phase_parts(ledger, phases, until),
    }
