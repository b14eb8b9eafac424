"""What every soak stands on: looking at a process from outside, and telling growth from noise."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import psutil


@dataclass(frozen=True)
class Look:
    """A process at one moment.

    Attributes:
        t: seconds since the soak began.
        megabytes: resident memory.
        descriptors: that are open.
        threads: of the process.
        cpu: processor time used so far, seconds.
        children: processes below it.
    """

    t: float
    megabytes: float
    descriptors: int
    threads: int
    cpu: float
    children: int = 0


def look_at(process: psutil.Process, t: float) -> Look:
    """Look at a process.

    Args:
        process: that runs.
        t: seconds since the soak began.

    Raises:
        psutil.Error: it has ended.
    """
    with process.oneshot():
        used = process.cpu_times()
        return Look(
            t,
            process.memory_info().rss / 1e6,
            process.num_fds(),
            process.num_threads(),
            used.user + used.system,
            len(process.children(recursive=True)),
        )


def slope(places: Sequence[float], values: Sequence[float]) -> float:
    """Return by how much values grow from one unit of place to the next: the median of all pairs (Theil and Sen).

    Up to 29 % of the values may be far off without moving it, such as those of moments at which the processor was
    needed elsewhere.

    Args:
        places: in ascending order, such as seconds.
        values: at these places, as many.
    """
    pairs = combinations(zip(places, values, strict=True), 2)
    slopes = [(later - earlier) / (end - start) for (start, earlier), (end, later) in pairs if end > start]
    return statistics.median(slopes) if slopes else 0.0
