"""The search for the highest rate that meets the objectives: up in steps, then halving."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from load.measure.figures import ALL, Figures
from load.measure.timeline import in_ms
from load.plan.objectives import Result, limiting
from load.plan.plan import Search
from load.plan.quantities import tell_rate

LEAST_ACHIEVED: Final = 0.95
"""Share of the arrivals asked for that must begin, or a rate was not carried."""

MOST_STEPS: Final = 60
LEAST_RATE: Final = 1 / 60

TOP: Final = "the highest rate that the plan tries"


@dataclass(frozen=True, slots=True)
class Step:
    """One rate that was tried.

    Attributes:
        rate: journeys per second asked for.
        ok: whether the target carried it.
        achieved: journeys begun per second.
        p50: median response time, milliseconds.
        p99: 99th percentile, milliseconds.
        error_rate: failures as a share of requests.
        dropped_share: dropped arrivals as a share of those that came due.
        reason: why it was not carried, else empty.
    """

    rate: float
    ok: bool
    achieved: float
    p50: float | None
    p99: float | None
    error_rate: float
    dropped_share: float
    reason: str

    def part(self) -> dict[str, Any]:
        """Return its part of run.json's ``load.breakpoint.steps``."""
        return {
            "rate": round(self.rate, 3),
            "ok": self.ok,
            "achieved": round(self.achieved, 3),
            "p50": self.p50,
            "p99": self.p99,
            "error_rate": round(self.error_rate, 6),
            "dropped_share": round(self.dropped_share, 6),
            "reason": self.reason,
        }


def judge_step(rate: float, figures: Figures, results: tuple[Result, ...], max_dropped: float) -> Step:
    """Return how a rate went.

    It was carried when every objective was met, enough of the arrivals began and few enough were dropped.

    Args:
        rate: journeys per second asked for.
        figures: of the step's measured time.
        results: of the plan's objectives over that time.
        max_dropped: share of arrivals dropped that is still allowed.
    """
    answers = figures.answers(ALL)
    reasons = [limiting(results)]
    share = figures.achieved_share
    if share is not None and share < LEAST_ACHIEVED:
        reasons.append(f"{share:.0%} of the arrivals asked for began")
    if figures.dropped_share > max_dropped:
        reasons.append(f"{figures.dropped_share:.1%} of the arrivals were dropped")
    if answers is None:
        reasons.append("no request ended")
    reason = "; ".join(text for text in reasons if text)
    p50, p99 = answers.response.percentiles((50, 99)) if answers else (None, None)
    return Step(
        rate=rate,
        ok=not reason,
        achieved=figures.achieved_rate or 0.0,
        p50=in_ms(p50),
        p99=in_ms(p99),
        error_rate=answers.failures / answers.requests if answers else 0.0,
        dropped_share=figures.dropped_share,
        reason=reason,
    )


@dataclass(slots=True)
class BreakpointSearch:
    """Decides which rate is tried next.

    Up from the start, step by step, until a rate fails or the highest was carried; then half way between the
    highest rate carried and the lowest failed, until they are close enough. A rate that fails is tried once more
    before it counts as failed: one bad moment, of the target or of the network, does not end a search. Where the
    start itself fails the search goes down from it.

    Attributes:
        search: as planned.
        steps: every step so far, in order; a rate tried twice is in it twice.
        carried: the highest rate carried so far, 0 for none.
        failed: the lowest rate that failed twice, None for none.
        limited_by: why the search ended; empty while it goes on.
    """

    search: Search
    steps: list[Step] = field(default_factory=list)
    carried: float = 0.0
    failed: float | None = None
    limited_by: str = ""
    _doubted: bool = False

    def next_rate(self) -> float | None:
        """Return the rate to try next, None when the search is over."""
        if self.limited_by:
            return None
        if self._doubted:
            return self.steps[-1].rate
        if self.failed is not None:
            return (self.carried + self.failed) / 2
        if not self.steps:
            return self.search.start
        return min(self._above(self.carried), self.search.highest)

    def tried(self, step: Step) -> None:
        """Take the outcome of the rate that ``next_rate`` returned.

        Raises:
            ValueError: it is of another rate.
        """
        if step.rate != self.next_rate():
            raise ValueError(f"{step.rate}/s was tried; the next rate is {self.next_rate()}")
        self.steps.append(step)
        if step.ok:
            self._doubted = False
            self.carried = step.rate
        elif not self._doubted:
            self._doubted = True
        else:
            self._doubted = False
            self.failed = step.rate
        self._decide()

    def stop(self, reason: str) -> None:
        """End the search before its end, because the run was stopped or the generator is at its own limit.

        What was carried so far is a lower bound.
        """
        self.limited_by = self.limited_by or reason

    def _decide(self) -> None:
        if self.failed is None:
            if self.carried >= self.search.highest:
                self.limited_by = TOP
        elif not self._doubted and self._close_enough(self.failed):
            self.limited_by = self._why()
        if not self.limited_by and len(self.steps) >= MOST_STEPS:
            self.limited_by = f"the search gave up after {MOST_STEPS} steps; let it step wider"

    def _above(self, rate: float) -> float:
        if self.search.factor is not None:
            return rate * self.search.factor
        return rate + (self.search.step or rate)

    def _close_enough(self, failed: float) -> bool:
        gap = failed - self.carried
        if failed <= LEAST_RATE:
            return True
        if self.search.precision is not None:
            return gap <= self.search.precision
        # Of the rate carried; with none carried, of the start, or a search downwards would go on for long.
        return gap <= (self.search.share or 0.0) * (self.carried or self.search.start)

    def _why(self) -> str:
        reasons = [step.reason for step in self.steps if step.rate == self.failed and step.reason]
        return reasons[-1] if reasons else ""

    @property
    def finding(self) -> bool:
        """Whether the search came to an end of its own: a bound above as well as below, or the highest rate."""
        return bool(self.limited_by) and (self.failed is not None or self.limited_by == TOP)

    def part(self) -> dict[str, Any]:
        """Return run.json's ``load.breakpoint``."""
        return {
            "highest": round(self.carried, 3) or None,
            "limited_by": self.limited_by,
            "steps": [step.part() for step in self.steps],
        }

    def sentence(self) -> str:
        """Return the outcome in a sentence."""
        if not self.carried:
            return f"no rate was carried; limited by {self.limited_by}"
        if self.failed is None:
            return f"at least {tell_rate(self.carried)} was carried; limited by {self.limited_by}"
        return f"{tell_rate(self.carried)} was carried, {tell_rate(self.failed)} was not: {self.limited_by}"
