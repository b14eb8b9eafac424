"""Every answer of one process counted as it comes, and handed on second by second."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from contracts.history import OWNER
from load.call import Call, Reply
from load.measure.answers import Answers, Count
from load.measure.histogram import Histogram
from load.measure.second import Second
from load.plan.phase import Phase, phase_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """What a process knows of itself at the end of a second.

    Attributes:
        arrivals: journeys due since the run's start.
        dropped: those of them that never began.
        findings: violations since the run's start.
        reconnects: connections opened in place of a lost one, since the run's start.
        connections: connections opened since the run's start.
        waited: requests that waited for a free connection, since the run's start.
        in_flight: requests under way now.
        users: users now.
        cpu: processor time over the last second, as a share of one core.
        loop_delay_ms: how late the event loop was at worst in the last second.
    """

    arrivals: int = 0
    dropped: int = 0
    findings: int = 0
    reconnects: int = 0
    connections: int = 0
    waited: int = 0
    in_flight: int = 0
    users: int = 0
    cpu: float = 0.0
    loop_delay_ms: float = 0.0


def how_it_counts(reply: Reply, *, lawful: bool, known: bool = True) -> Count:
    """Return how an answer counts.

    No answer, a 5xx, a 3xx, which answers nothing and is not followed, a 401 to a key that was taken before, an answer
    that broke a clause, and a 429 without ``Retry-After`` are failures; a 429 with it is back-pressure (clause LOAD-3).
    Any other answer, a lawful refusal such as 409 included, is none.

    Args:
        reply: the answer.
        lawful: whether it kept every clause.
        known: whether the key is the owner's, which the target took before the run began.
    """
    if reply.status == 429:
        polite = any(name == "retry-after" for name, _ in reply.headers)
        return Count.BACKPRESSURE if polite and lawful else Count.FAILURE
    if reply.error is not None or reply.status >= 500 or 300 <= reply.status < 400 or not lawful:
        return Count.FAILURE
    if reply.status == 401 and known:
        return Count.FAILURE
    return Count.OK


def phase_shares(phases: Sequence[Phase], t: int) -> dict[int, float]:
    """Return which share of the arrivals of a second falls to each phase, by time and by the phases' levels.

    Args:
        phases: of the run.
        t: which second.
    """
    found: dict[int, float] = {}
    for index in range(phase_at(phases, t), phase_at(phases, math.nextafter(t + 1, 0)) + 1):
        phase = phases[index]
        overlap = min(phase.end, t + 1) - max(phase.start, t)
        found[index] = max(overlap, 0.0) * (phase.rate or phase.users or 0.0)
    whole = sum(found.values())
    if whole <= 0:
        return {phase_at(phases, t + 0.5): 1.0}
    return {index: weight / whole for index, weight in found.items()}


def split(number: int, shares: Sequence[float]) -> list[int]:
    """Return a number in whole parts that add up to it.

    Args:
        number: to be split.
        shares: of the parts; they add up to 1.
    """
    edges = [round(number * share) for share in accumulate(shares)]
    return [upper - lower for lower, upper in pairwise([0, *edges])]


class Recorder:
    """Counts the answers of one process.

    Args:
        phases: of the run; a breakpoint search adds to the list as it goes.
    """

    def __init__(self, phases: Sequence[Phase]) -> None:
        self._phases = phases
        self._seconds: dict[int, Second] = {}
        self._next = 0
        self._last = Gauges()
        self._ends_from = self._ends_to = 0.0
        self._due_from, self._due_to = math.inf, -math.inf
        self._phase = 0
        self._now: dict[str, Answers] = {}
        self._lag: Callable[[float], None] = Histogram().record
        self._second = Second(0)
        self._turn(0.0)

    def record(self, call: Call, reply: Reply, *, lawful: bool) -> None:
        """Count one answer.

        Args:
            call: what was asked.
            reply: what came of it.
            lawful: whether the answer kept every clause.
        """
        due, sent, ended = reply.due, reply.sent, reply.ended
        if not self._ends_from <= ended < self._ends_to:
            self._turn(ended)
        if not self._due_from <= due < self._due_to:
            self._enter(due)
        operation = call.operation
        answers = self._now.get(operation)
        if answers is None:
            answers = self._now[operation] = self._second.of(self._phase, str(operation))
        status = reply.status
        plain = status == 200 and lawful and reply.error is None
        count = Count.OK if plain else how_it_counts(reply, lawful=lawful, known=call.principal == OWNER)
        # A request that was given up before it was sent waited in the generator alone.
        begun = sent if due <= sent <= ended else (due if sent < due else ended)
        answers.record(reply.error or status, count, ended - due, ended - begun)
        self._lag(begun - due)

    def handshake(self, ended: float, connect: float | None, tls: float | None) -> None:
        """Count a connection that was opened.

        Args:
            ended: when it was ready, seconds from the run's start.
            connect: how long the TCP handshake took, seconds.
            tls: how long the TLS handshake took, None without TLS.
        """
        if not self._ends_from <= ended < self._ends_to:
            self._turn(ended)
        if connect is not None:
            self._second.connect.record(connect)
        if tls is not None:
            self._second.tls.record(tls)

    def take(self, now: float, gauges: Gauges) -> list[Second]:
        """Return the seconds that are over, each once and in order, none left out.

        What the gauges grew by since the last call counts for the newest of them. Call it soon after every whole
        second. Where a phase ends within a second, its arrivals are shared out by time and rate.

        Args:
            now: seconds from the run's start; a second is over when it is not the one ``now`` lies in.
            gauges: as they stand now.
        """
        over = int(now)
        taken = [self._seconds.pop(t, Second(t)) for t in range(self._next, over)]
        if not taken:
            return []
        self._next = over
        self._turn(now)
        newest, last = taken[-1], self._last
        newest.findings += gauges.findings - last.findings
        newest.reconnects += gauges.reconnects - last.reconnects
        newest.connections += gauges.connections - last.connections
        newest.waited += gauges.waited - last.waited
        newest.cpu, newest.loop_delay_ms = gauges.cpu, gauges.loop_delay_ms
        for second in taken:
            second.in_flight, second.users = gauges.in_flight, gauges.users
        shares = phase_shares(self._phases, newest.t)
        for phase, arrivals, dropped in zip(
            shares,
            split(gauges.arrivals - last.arrivals, list(shares.values())),
            split(gauges.dropped - last.dropped, list(shares.values())),
            strict=True,
        ):
            pace = newest.pace_of(phase)
            pace.arrivals += arrivals
            pace.dropped += dropped
        self._last = gauges
        return taken

    def finish(self, now: float, gauges: Gauges) -> list[Second]:
        """Return everything that was not yet taken, the second under way included."""
        return self.take(math.floor(now) + 1, gauges)

    def _turn(self, ended: float) -> None:
        # Seconds already handed on are not opened again; an answer told late counts in the oldest that is open.
        t = max(int(ended), self._next)
        found = self._seconds.get(t)
        if found is None:
            found = self._seconds[t] = Second(t)
        self._second = found
        self._ends_from, self._ends_to = float(t), t + 1.0
        self._due_from, self._due_to = math.inf, -math.inf

    def _enter(self, due: float) -> None:
        self._phase = phase = phase_at(self._phases, due)
        # The last phase may get a successor while the run goes on, so that its end is believed too.
        self._due_from = self._phases[phase].start if phase else -math.inf
        self._due_to = self._phases[phase].end
        self._now = {op: found for (of, op), found in self._second.answers.items() if of == phase}
        self._lag = self._second.pace_of(phase).lag.record
