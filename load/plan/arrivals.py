"""When arrivals are due: every process its share, so that all of them together keep the schedule."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from load.plan.shapes import Shape

CONSTANT: Final = "constant"
POISSON: Final = "poisson"
ARRIVALS: Final = (CONSTANT, POISSON)


def due_times(
    shape: Shape, arrival: str = CONSTANT, *, worker: int = 0, workers: int = 1, seed: int = 0, stream: int = 0
) -> Iterator[float]:
    """Return the due times of one process's arrivals, in order, seconds from the run's start.

    Args:
        shape: its level is the rate of all processes together.
        arrival: ``constant`` or ``poisson``.
        worker: which process this is, from 0.
        workers: how many there are.
        seed: of the run; of Poisson arrivals alone.
        stream: tells the schedules of one run apart, such as the steps of a search.

    Raises:
        ValueError: the arrival is unknown, or there is no such worker.
    """
    if not 0 <= worker < workers:
        raise ValueError(f"worker {worker} is not one of {workers}")
    if arrival == CONSTANT:
        return _constant(shape, worker, workers)
    if arrival == POISSON:
        return _poisson(shape, workers, random.Random(f"{seed}/{stream}/{worker}"))  # noqa: S311 - a schedule, no secret
    raise ValueError(f"arrivals are {' or '.join(ARRIVALS)}, not {arrival!r}")


def _constant(shape: Shape, worker: int, workers: int) -> Iterator[float]:
    # Arrival k is due when Λ reaches k + ½: evenly spaced, and no arrival on the edge between two levels, where
    # floating point would decide on which side it falls. The processes take turns.
    number = worker
    while (due := shape.when(number + 0.5)) is not None:
        yield due
        number += workers


def _poisson(shape: Shape, workers: int, random: random.Random) -> Iterator[float]:
    # A Poisson process of rate λ(t)/n is one of rate 1 with its time changed by Λ/n; n independent ones add up to
    # one of rate λ(t).
    sum_of_gaps = random.expovariate(1.0)
    while (due := shape.when(sum_of_gaps * workers)) is not None:
        yield due
        sum_of_gaps += random.expovariate(1.0)
