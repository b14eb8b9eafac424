"""The impatient: asks for the credentials again and again, and expects the conflict."""

from __future__ import annotations

from typing import Final

from load.journeys.buyer import until_settled
from load.journeys.steps import REPEATED, Journey, create, purchase_of, request_code
from load.journeys.world import World

REPEATS: Final = 3


def impatient(world: World) -> Journey:
    """Tell a buyer who presses the button once and then some (clause LIFE-4)."""
    bought = purchase_of((yield create(world.country())))
    if bought is None:
        return
    purchase: int = bought["id"]
    yield request_code(purchase)
    for _ in range(REPEATS):
        if pause := world.think():
            yield pause
        yield request_code(purchase, REPEATED)
    yield from until_settled(world, purchase)
    world.shelve(purchase)
