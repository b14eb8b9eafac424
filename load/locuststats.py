"""One second of ours merged into locust's own entries, so that its web UI, CSV and events agree with ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from locust.env import Environment
from locust.stats import StatsEntry, StatsError, bucket_response_time

from contracts.history import ApiOperation
from contracts.routes import METHODS
from load.measure.histogram import Histogram

_MS: Final = 1000.0
_NS_IN_MS: Final = 1e6

KEPT_S: Final = 60
"""Seconds of which an entry keeps how many requests ended in each; locust looks back twelve, and never clears."""


def merge(
    environment: Environment,
    operation: str,
    latency: Histogram,
    troubles: Mapping[str, int],
    *,
    size: int,
    wall: float,
) -> None:
    """Add one second of one operation to locust's statistics.

    Args:
        environment: locust's.
        operation: an API operation's name.
        latency: response times of every request that ended.
        troubles: failures by what went wrong; they are among the requests.
        size: bytes of the bodies.
        wall: Unix time of that second.
    """
    count = latency.count
    if not count:
        return
    stats = environment.stats
    method = METHODS.get(ApiOperation(operation), "")
    entry = StatsEntry(stats, operation, method)
    entry.start_time = wall
    entry.last_request_timestamp = wall
    entry.num_requests = count
    entry.num_failures = sum(troubles.values())
    entry.total_response_time = latency.total * _MS  # type: ignore[assignment] # locust's own log() adds floats, too
    entry.max_response_time = latency.max * _MS  # type: ignore[assignment]
    entry.min_response_time = (latency.percentile(0) or 0.0) * _MS  # type: ignore[assignment]
    entry.total_content_length = size
    entry.num_reqs_per_sec[int(wall)] = count
    if entry.num_failures:
        entry.num_fail_per_sec[int(wall)] = entry.num_failures
    for upper, number in latency.buckets():
        entry.response_times[bucket_response_time(upper / _NS_IN_MS)] += number
    for held in (stats.get(operation, method), stats.total):
        held.extend(entry)
        _forget(held.num_reqs_per_sec, int(wall) - KEPT_S)
        _forget(held.num_fail_per_sec, int(wall) - KEPT_S)
    for trouble, number in troubles.items():
        key = StatsError.create_key(method, operation, trouble)
        error = stats.errors.get(key)
        if error is None:
            error = stats.errors[key] = StatsError(method, operation, trouble, first_seen=wall)
        error.occurrences += number
        error.last_seen = wall


def _forget(seconds: dict[int, int], before: int) -> None:
    """Drop the counts of seconds before a time; they stand in the order in which they came."""
    while seconds and (first := next(iter(seconds))) < before:
        del seconds[first]
