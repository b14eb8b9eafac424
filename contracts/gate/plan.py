"""The plan: how much of each phase a depth asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of one depth.

    Attributes:
        name: quick, full or deep.
        seconds: default time budget.
        purchases: default cap on purchases.
        countries: countries bought at most, one purchase each.
        look_after_each: whether every near miss is followed by a look, or only the essential ones.
        fuzz_examples: generated requests per operation and mode.
        machine_examples: lives the state machine tries.
        machine_steps: steps of one life at most.
        shrink_purchases: purchases that shrinking a failing life may cost.
        race_rounds: how often each race is run.
        rereads: how often every purchase is read again at the end.
        reads_of_one: how often one purchase in each status is read at the end.
        page_sizes: sizes by which the list is walked at the end.
    """

    name: str
    seconds: float
    purchases: int
    countries: int
    look_after_each: bool
    fuzz_examples: int
    machine_examples: int
    machine_steps: int
    shrink_purchases: int
    race_rounds: int
    rereads: int
    reads_of_one: int
    page_sizes: tuple[int, ...]


PLANS: Final[dict[str, Plan]] = {
    "quick": Plan("quick", 20.0, 60, 16, False, 12, 5, 12, 4, 1, 2, 12, (50, 7, 3)),
    "full": Plan("full", 60.0, 150, 40, True, 40, 20, 20, 12, 2, 3, 40, (50, 25, 10, 7, 3, 1)),
    "deep": Plan("deep", 600.0, 1000, 250, True, 300, 150, 40, 60, 10, 5, 400, (50, 33, 20, 7, 3, 1)),
}
"""The depths of the gate by name (design, "Gate")."""
