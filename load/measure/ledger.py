"""The books of a run: the seconds of every process put together, and the totals drawn from them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from load.measure.answers import Answers
from load.measure.figures import ALL, Figures
from load.measure.growth import growth
from load.measure.histogram import Histogram
from load.measure.second import Pace, Second
from load.measure.timeline import Row, Timeline, timeline_row
from load.plan.phase import Phase, measured_seconds, phase_at, phase_of_second


@dataclass(frozen=True, slots=True)
class Closed:
    """A second that is complete.

    Attributes:
        second: what happened, in all processes.
        whole: the sum of its measured answers.
        row: its row of the timeline.
    """

    second: Second
    whole: Answers
    row: Row


class Books:
    """Sums over a stretch of a run.

    Attributes:
        operations: answers by operation; ``ALL`` is their sum.
        pace: of the schedule.
        findings: violations.
    """

    def __init__(self) -> None:
        self.operations: dict[str, Answers] = {ALL: Answers.lasting()}
        self.pace = Pace.lasting()
        self.findings = 0

    def add(self, operation: str, answers: Answers) -> None:
        """Add the answers to an operation."""
        held = self.operations.get(operation)
        if held is None:
            held = self.operations[operation] = Answers.lasting()
        held.merge(answers)
        self.operations[ALL].merge(answers)

    def figures(self, seconds: float, asked: float | None) -> Figures:
        """Return the figures, which go on growing with the books.

        Args:
            seconds: how much time was measured.
            asked: journeys that the schedule asked for in it.
        """
        return Figures(
            seconds=seconds,
            asked=asked,
            arrivals=self.pace.arrivals,
            dropped=self.pace.dropped,
            findings=self.findings,
            operations=self.operations,
            lag=self.pace.lag,
        )


class Ledger:
    """Puts the seconds of the processes together and keeps the totals.

    Args:
        phases: of the run; a breakpoint search adds to the list as it goes.
        asked: returns how many journeys the schedule asks for between two times, None in the closed model.
        recent: how many closed seconds are kept whole, for ``window`` and ``phase_figures``.
    """

    def __init__(
        self, phases: Sequence[Phase], asked: Callable[[float, float], float | None], *, recent: int = 60
    ) -> None:
        self._phases = phases
        self._asked = asked
        self._open: dict[int, Second] = {}
        self._closed_to = 0
        self._recent: deque[Second] = deque(maxlen=recent)
        self._measured = Books()
        self._by_phase: dict[int, tuple[Answers, Pace]] = {}
        self._timeline = Timeline()
        self.connect = Histogram.lasting()
        self.tls = Histogram.lasting()
        self.reconnects = 0
        self.connections = 0
        self.waited = 0
        self.requests = 0

    def add(self, second: Second) -> None:
        """Take a process's second.

        A share that comes after its second was closed counts in the oldest second that is open; its levels, which
        are of the past, do not.
        """
        if second.t < self._closed_to:
            second.t = self._closed_to
            second.in_flight = second.users = 0
        held = self._open.get(second.t)
        if held is None:
            self._open[second.t] = second
        else:
            held.merge(second)

    def closing(self, before: int) -> Iterator[Closed | None]:
        """Close the seconds before a time, oldest first, in small steps.

        A second of a fast run takes some ten milliseconds to add up. None is yielded between its pieces, so that an
        event loop can serve sockets meanwhile; the caller goes on to the end.

        Args:
            before: whole seconds from the run's start; shares of older seconds are taken to be in.
        """
        for t in sorted(t for t in self._open if t < before):
            second = self._open.pop(t)
            self._closed_to = max(self._closed_to, t + 1)
            yield from self._close(second)
        self._closed_to = max(self._closed_to, before)

    def _close(self, second: Second) -> Iterator[Closed | None]:
        everything, measured, lag = Answers(), Answers(), Histogram()
        for (phase, operation), answers in second.answers.items():
            everything.merge(answers)
            self.requests += answers.requests
            self._of_phase(phase)[0].merge(answers)
            if self._phases[phase].measured:
                measured.merge(answers)
                self._measured.add(operation, answers)
            yield None
        for phase, pace in second.pace.items():
            lag.merge(pace.lag)
            held = self._of_phase(phase)[1]
            held.arrivals += pace.arrivals
            held.dropped += pace.dropped
            if self._phases[phase].measured:
                self._measured.pace.merge(pace)
        self._measured.findings += second.findings
        self.connect.merge(second.connect)
        self.tls.merge(second.tls)
        self.reconnects += second.reconnects
        self.connections += second.connections
        self.waited += second.waited
        self._recent.append(second)
        yield None
        where = phase_of_second(self._phases, second.t)
        row = timeline_row(second, everything, lag, where, self._asked(second.t, second.t + 1))
        self._timeline.add(row)
        yield Closed(second, measured, row)

    def _of_phase(self, phase: int) -> tuple[Answers, Pace]:
        found = self._by_phase.get(phase)
        if found is None:
            found = self._by_phase[phase] = Answers.lasting(), Pace.lasting()
        return found

    @property
    def timeline(self) -> list[Row]:
        """The timeline so far, at most 2,000 rows."""
        return self._timeline.rows

    @property
    def closed_to(self) -> int:
        """Every second before this one is closed."""
        return self._closed_to

    def figures(self, until: float) -> Figures:
        """Return the figures of everything measured.

        Findings count whenever they were seen: a broken promise in the warm-up is a broken promise.

        Args:
            until: when the run ended, or now; seconds from its start.
        """
        figures = self._measured.figures(
            measured_seconds(self._phases, until),
            self._asked_in((phase.start, min(phase.end, until)) for phase in self._phases if phase.measured),
        )
        return replace(figures, growth=growth(self.timeline))

    def window(self, seconds: int) -> Figures:
        """Return the figures of the newest closed seconds that lie in measured phases.

        Args:
            seconds: how many, at most; ``Figures.seconds`` tells how many they were.
        """
        chosen = [
            second
            for second in self._recent
            if second.t >= self._closed_to - seconds
            and (phase := phase_of_second(self._phases, second.t)) is not None
            and phase.measured
        ]
        return self._sum(chosen, float(len(chosen)), ((second.t, second.t + 1) for second in chosen))

    def phase_figures(self, index: int, until: float) -> Figures:
        """Return the figures of one phase, per operation, as far as its seconds are still kept whole.

        Args:
            index: of the phase.
            until: when it ended, or now.
        """
        phase = self._phases[index]
        # Of a phase longer than what is kept, the newest part stands for the whole.
        start = max(phase.start, float(self._recent[0].t)) if self._recent else phase.start
        end = min(phase.end, until)
        return self._sum(self._recent, max(end - start, 0.0), [(start, end)], only=index)

    def phase_totals(self, index: int) -> tuple[Answers, Pace]:
        """Return a phase's answers to all operations, and its pace without the lag."""
        return self._by_phase.get(index) or (Answers(), Pace())

    def _sum(
        self,
        seconds: Iterable[Second],
        measured: float,
        spans: Iterable[tuple[float, float]],
        *,
        only: int | None = None,
    ) -> Figures:
        books = Books()
        for second in seconds:
            for (phase, operation), answers in second.answers.items():
                if self._phases[phase].measured if only is None else phase == only:
                    books.add(operation, answers)
            for phase, pace in second.pace.items():
                if self._phases[phase].measured if only is None else phase == only:
                    books.pace.merge(pace)
            if only is None or phase_at(self._phases, second.t + 0.5) == only:
                books.findings += second.findings
        return books.figures(measured, self._asked_in(spans))

    def _asked_in(self, spans: Iterable[tuple[float, float]]) -> float | None:
        found = [self._asked(start, end) for start, end in spans if end > start]
        told = [number for number in found if number is not None]
        return sum(told) if told else None
