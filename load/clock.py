"""The clock of a run: seconds since it began, the same for everything in one process."""

from __future__ import annotations

import time


class Clock:
    """Counts from when the run began, on the monotonic clock.

    Attributes:
        epoch: ``time.perf_counter()`` of the beginning.
        wall: Unix time of the beginning.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Let the run begin now; times told before are void."""
        self.epoch = time.perf_counter()
        self.wall = time.time()

    def now(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self.epoch
