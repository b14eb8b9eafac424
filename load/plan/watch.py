"""The generator judged by its own samples: was it the target that was slow, or we?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

SATURATED_CPU: Final = 0.95
"""Share of a core above which a process, which runs on one, cannot be trusted to keep time."""

LATE_MS: Final = 50.0
"""Lag, at its 99th percentile in a second, that is put up with. Timers are about 1 ms coarse, and a busy machine adds
its own; response times hold the lag, so that beyond this they would tell more of the generator than of the target."""

DELAYED_MS: Final = 100.0
"""Delay of the event loop, at its worst in a second, that is put up with. The worst moment of a second is far above
what most requests in it met."""

BAD_SHARE: Final = 0.1
LEAST_BAD: Final = 3
"""A tenth of the measured seconds, three at least, must be bad: one hiccup is no verdict."""

SHORT_OF: Final = 0.95
"""Share of the arrivals asked for that must have come due in the generator."""

OK: Final = "ok"
SATURATED: Final = "saturated"
LATE: Final = "late"
IDLE: Final = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One measured second of the generator.

    Attributes:
        cpu: processor time of its busiest process, as a share of one core.
        loop_delay_ms: how late an event loop was at worst.
        lag_p99_ms: 99th percentile of how late requests were sent; None when none was.
        requests: that ended.
        waited: requests that waited for a free connection: their lag is the target's doing, or the plan's.
        asked: arrivals that the schedule asked for; None in the closed model.
        arrivals: that came due.
    """

    cpu: float
    loop_delay_ms: float
    lag_p99_ms: float | None
    requests: int
    waited: int = 0
    asked: float | None = None
    arrivals: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """The verdict on the generator.

    Attributes:
        state: ``OK``, ``SATURATED``, ``LATE`` or ``IDLE``.
        reason: a sentence of why, and what to do; empty when all is well.
    """

    state: str
    reason: str = ""

    @property
    def trusted(self) -> bool:
        """Whether the run's figures tell of the target. Otherwise the run is inconclusive."""
        return self.state == OK


_MORE: Final = "give it more processes (--processes) or more workers (--worker), or a faster machine"


def watch(samples: Sequence[Sample]) -> Health:
    """Return the verdict on a generator.

    Args:
        samples: of its measured seconds, all processes taken together.
    """
    if not any(sample.requests for sample in samples):
        return Health(
            IDLE,
            "not one request ended in measured time; look whether the target answers, whether the run was longer "
            "than its warm-up, and whether the plan's journeys send anything",
        )
    hot = [sample.cpu for sample in samples if sample.cpu >= SATURATED_CPU]
    if _too_many(hot, samples):
        return Health(
            SATURATED,
            f"the generator used {max(hot):.0%} of a core in {len(hot)} of {len(samples)} measured seconds; {_MORE}",
        )
    delays = [sample.loop_delay_ms for sample in samples if sample.loop_delay_ms > DELAYED_MS]
    if _too_many(delays, samples):
        return Health(LATE, _late("the generator's event loop was", delays, samples))
    lags = [
        sample.lag_p99_ms
        for sample in samples
        if sample.lag_p99_ms is not None and sample.lag_p99_ms > LATE_MS and not sample.waited
    ]
    if _too_many(lags, samples):
        return Health(LATE, _late("requests were sent", lags, samples))
    asked = sum(sample.asked or 0.0 for sample in samples)
    arrived = sum(sample.arrivals for sample in samples)
    # Half an arrival's rounding at either end is no shortage.
    if asked and arrived < SHORT_OF * asked - 1:
        return Health(
            LATE,
            f"{arrived} of {asked:.0f} arrivals came due: a worker was lost or could not keep the schedule; {_MORE}",
        )
    return Health(OK)


def _too_many(bad: Sequence[Any], samples: Sequence[Sample]) -> bool:
    return len(bad) >= max(LEAST_BAD, BAD_SHARE * len(samples))


def _late(who: str, times: Sequence[float], samples: Sequence[Sample]) -> str:
    return f"{who} up to {max(times):.0f} ms late in {len(times)} of {len(samples)} measured seconds; {_MORE}"


def starved(samples: Sequence[Sample]) -> str:
    """Return a sentence when many requests waited for a free connection, else nothing.

    Such a run tells the truth about response times, for the wait is in them; but the reader should know that the
    plan's own cap took part.
    """
    waited = [sample for sample in samples if sample.waited]
    if not _too_many(waited, samples):
        return ""
    return (
        f"requests waited for a free connection in {len(waited)} of {len(samples)} measured seconds; "
        "the wait counts as response time; raise max_connections if the target should see more at once"
    )
