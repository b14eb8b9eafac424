"""The answers to one API operation, counted."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Self

from load.measure.histogram import Histogram


class Count(IntEnum):
    """How an answer counts. Clause LOAD-3 keeps back-pressure apart from failure."""

    OK = 0
    FAILURE = 1
    BACKPRESSURE = 2


class Answers:
    """Counts and times of the answers to one operation.

    Attributes:
        requests: requests that ended, however they did.
        failures: those counted as failed.
        backpressure: those refused with 429 and Retry-After.
        statuses: by HTTP status, or by the word for why there was no answer.
        response: times from when the request was due to its end. A request that timed out is in here with the time
            it was waited for, else the slowest would be missing.
        service: times from when it was sent to its end.
    """

    __slots__ = ("backpressure", "failures", "requests", "response", "service", "statuses")

    def __init__(self) -> None:
        self.requests = 0
        self.failures = 0
        self.backpressure = 0
        self.statuses: dict[int | str, int] = {}
        self.response = Histogram()
        self.service = Histogram()

    @classmethod
    def lasting(cls) -> Self:
        """Return counts to merge others into for as long as a run goes on (``Histogram.lasting``)."""
        answers = cls()
        answers.response, answers.service = Histogram.lasting(), Histogram.lasting()
        return answers

    def record(self, status: int | str, count: Count, response: float, service: float) -> None:
        """Count one answer.

        Args:
            status: HTTP status, or the word for why there is none.
            count: how it counts.
            response: seconds since it was due.
            service: seconds since it was sent.
        """
        self.requests += 1
        if count is Count.FAILURE:
            self.failures += 1
        elif count is Count.BACKPRESSURE:
            self.backpressure += 1
        statuses = self.statuses
        statuses[status] = statuses.get(status, 0) + 1
        self.response.record(response)
        self.service.record(service)

    def merge(self, other: Answers) -> None:
        """Add what another one counted."""
        self.requests += other.requests
        self.failures += other.failures
        self.backpressure += other.backpressure
        for status, number in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + number
        self.response.merge(other.response)
        self.service.merge(other.service)

    def plain(self) -> list[Any]:
        """Return the counts as plain data, for a worker's message."""
        return [
            self.requests,
            self.failures,
            self.backpressure,
            [[status, number] for status, number in self.statuses.items()],
            self.response.plain(),
            self.service.plain(),
        ]

    @classmethod
    def from_plain(cls, data: Sequence[Any]) -> Answers:
        """Return the counts that ``plain`` gave.

        Raises:
            ValueError: the data is not that.
        """
        answers = cls()
        answers.requests, answers.failures, answers.backpressure, statuses, response, service = data
        answers.statuses = dict(statuses)
        answers.response = Histogram.from_plain(response)
        answers.service = Histogram.from_plain(service)
        return answers
