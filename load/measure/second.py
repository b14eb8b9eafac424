"""What happened in one second of a run, in one process or in all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from load.measure.answers import Answers
from load.measure.histogram import Histogram


class Pace:
    """How a schedule was kept.

    Attributes:
        arrivals: journeys that were due.
        dropped: those of them that never began.
        lag: times from when a request was due to when it was sent.
    """

    __slots__ = ("arrivals", "dropped", "lag")

    def __init__(self) -> None:
        self.arrivals = 0
        self.dropped = 0
        self.lag = Histogram()

    @classmethod
    def lasting(cls) -> Self:
        """Return a pace to merge others into for as long as a run goes on (``Histogram.lasting``)."""
        pace = cls()
        pace.lag = Histogram.lasting()
        return pace

    def merge(self, other: Pace) -> None:
        """Add what another one counted."""
        self.arrivals += other.arrivals
        self.dropped += other.dropped
        self.lag.merge(other.lag)


class Second:
    """One second of a run.

    A request belongs to the second in which it ended, and to the phase in which it was due: what was due in the
    warm-up stays out of the measurement, and what the last measured second left hanging stays in.

    Attributes:
        t: which one, whole seconds from the run's start.
        answers: by phase (its index) and operation.
        pace: by phase.
        findings: violations seen.
        reconnects: connections opened in place of one that was lost.
        connections: connections opened.
        waited: requests that waited for a free connection.
        in_flight: requests under way at its end.
        users: users at its end.
        cpu: processor time of the busiest process, as a share of one core.
        loop_delay_ms: how late the event loop of the latest process was at worst.
        connect: durations of TCP handshakes.
        tls: durations of TLS handshakes.
    """

    __slots__ = (
        "answers", "connect", "connections", "cpu", "findings", "in_flight", "loop_delay_ms", "pace", "reconnects",
        "t", "tls", "users", "waited",
    )  # fmt: skip

    def __init__(self, t: int) -> None:
        self.t = t
        self.answers: dict[tuple[int, str], Answers] = {}
        self.pace: dict[int, Pace] = {}
        self.findings = 0
        self.reconnects = 0
        self.connections = 0
        self.waited = 0
        self.in_flight = 0
        self.users = 0
        self.cpu = 0.0
        self.loop_delay_ms = 0.0
        self.connect = Histogram()
        self.tls = Histogram()

    def of(self, phase: int, operation: str) -> Answers:
        """Return the counts of a phase and operation, to count into."""
        key = (phase, operation)
        found = self.answers.get(key)
        if found is None:
            found = self.answers[key] = Answers()
        return found

    def pace_of(self, phase: int) -> Pace:
        """Return the pace of a phase, to count into."""
        found = self.pace.get(phase)
        if found is None:
            found = self.pace[phase] = Pace()
        return found

    def merge(self, other: Second) -> None:
        """Add what another process saw in the same second."""
        for (phase, operation), answers in other.answers.items():
            self.of(phase, operation).merge(answers)
        for phase, pace in other.pace.items():
            self.pace_of(phase).merge(pace)
        self.findings += other.findings
        self.reconnects += other.reconnects
        self.connections += other.connections
        self.waited += other.waited
        self.in_flight += other.in_flight
        self.users += other.users
        self.cpu = max(self.cpu, other.cpu)
        self.loop_delay_ms = max(self.loop_delay_ms, other.loop_delay_ms)
        self.connect.merge(other.connect)
        self.tls.merge(other.tls)

    def plain(self) -> dict[str, Any]:
        """Return the second as plain data, for a worker's message."""
        return {
            "t": self.t,
            "answers": [[phase, operation, found.plain()] for (phase, operation), found in self.answers.items()],
            "pace": [[phase, pace.arrivals, pace.dropped, pace.lag.plain()] for phase, pace in self.pace.items()],
            "counts": [self.findings, self.reconnects, self.connections, self.waited, self.in_flight, self.users],
            "process": [self.cpu, self.loop_delay_ms],
            "handshakes": [self.connect.plain(), self.tls.plain()],
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Second:
        """Return the second that ``plain`` gave.

        Raises:
            ValueError: the data is not that: it came from another version, or was damaged.
        """
        try:
            second = cls(int(data["t"]))
            for phase, operation, answers in data["answers"]:
                second.answers[int(phase), str(operation)] = Answers.from_plain(answers)
            for phase, arrivals, dropped, lag in data["pace"]:
                pace = second.pace_of(int(phase))
                pace.arrivals, pace.dropped, pace.lag = int(arrivals), int(dropped), Histogram.from_plain(lag)
            counts = (int(number) for number in data["counts"])
            (
                second.findings, second.reconnects, second.connections, second.waited, second.in_flight, second.users,
            ) = counts  # fmt: skip
            second.cpu, second.loop_delay_ms = (float(number) for number in data["process"])
            second.connect, second.tls = (Histogram.from_plain(times) for times in data["handshakes"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"no second of a load run: {type(error).__name__}: {error}") from error
        return second
