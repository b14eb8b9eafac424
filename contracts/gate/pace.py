"""The pace: how long a run may take, how long to wait when told to, and how much a slow target gets."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final

from contracts.history import Answer

FIRST_BACK_OFF: Final = 0.25
"""Seconds to wait after a 429 that does not say how long; doubled each time up to the longest."""

LONGEST_BACK_OFF: Final = 4.0

BRISK: Final = 0.025
"""Seconds a call may take at the median for the target to get the whole catalogue with a look after each."""


GRACE: Final = 1.5
"""Budgets that a run may take in all: what a slow target is asked in any case may go beyond one, and ends here."""


class TimeSpentError(Exception):
    """The time budget is spent; what has not run is not run."""


def wait_hint(answer: Answer, now: float) -> float | None:
    """Return how many seconds a 429 or 503 asks to be left alone (RFC 9110, 10.2.3).

    Args:
        answer: the answer.
        now: Unix time, for the form that gives a date.

    Returns:
        Seconds from now, at least 0; None without a ``Retry-After`` that can be read.
    """
    value = (answer.header("retry-after") or "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now
        except ValueError:
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


class Pace:
    """The run's clock.

    Attributes:
        start: when the run began, on the clock.
        seconds: time budget of the whole run.
        limit: when the phase at hand must end, seconds since the run began; what follows needs the rest.
        waited: seconds slept so far.

    Args:
        seconds: time budget of the whole run.
        clock: monotonic seconds.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.start = clock()
        self.seconds = seconds
        self.limit = seconds
        self.waited = 0.0
        self._clock = clock
        self._sleep = sleep
        self._recent: list[float] = []

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self.start

    @property
    def left(self) -> float:
        """Seconds that are left until the limit of the phase at hand, never below 0."""
        return max(0.0, min(self.limit, self.seconds) - self.elapsed)

    @property
    def rest(self) -> float:
        """Seconds until nothing is sent or waited for any more, the grace included, never below 0."""
        return max(0.0, self.seconds * GRACE - self.elapsed)

    def check_overrun(self) -> None:
        """Raise once nothing more may be sent, whatever would still be worth it.

        Raises:
            TimeSpentError: the budget and its grace are spent.
        """
        if self.elapsed > self.seconds * GRACE:
            raise TimeSpentError(f"the {self.seconds:.0f} s of this run are long over")

    def took(self, seconds: float) -> None:
        """Take note of how long one call took, waiting for a rate limit included."""
        self._recent.append(seconds)
        if len(self._recent) > 200:
            del self._recent[:100]

    @property
    def per_call(self) -> float:
        """Mean seconds a call takes on this target of late, its rate limit included."""
        return sum(self._recent) / len(self._recent) if self._recent else 0.0

    @property
    def brisk(self) -> bool:
        """True when the target is quick enough for the whole catalogue within the budget."""
        return self.per_call <= BRISK

    def affords(self, calls: int, share: float) -> bool:
        """Tell whether so many calls fit into a share (0..1) of the whole budget and into what is left."""
        needed = calls * self.per_call
        return needed <= self.seconds * share and needed <= self.left

    def wait(self, seconds: float) -> None:
        """Wait, or give up where the wait does not fit into what is left.

        Raises:
            TimeSpentError: the wait would end after the budget.
        """
        if seconds > self.left:
            raise TimeSpentError(f"waiting {seconds:.1f} s more does not fit into the {self.seconds:.0f} s of this run")
        self.waited += seconds
        self._sleep(seconds)
