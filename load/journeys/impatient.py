"""The impatient: asks for the credentials again and again, and expects the conflict."""

from __future__ import annotations

from typing import Final

from load.journeys.buyer import until_settled
from load.journeys.steps import REPEATED, Journey, create, purchase_of, request_code, retrieve
from load.journeys.world import World

REPEATS: Final = 3

ENDED: Final = ("ERROR", "EXPIRED", "REFUND")
"""Statuses after which no credentials come."""


def impatient(world: World) -> Journey:
    """Tell a buyer who presses the button once and then some, and once more when all is over (LIFE-4, LIFE-9)."""
    bought = purchase_of((yield create(world.country())))
    if bought is None:
        return
    purchase: int = bought["id"]
    yield request_code(purchase)
    for _ in range(REPEATS):
        if pause := world.think():
            yield pause
        yield request_code(purchase, REPEATED)
    if (yield from until_settled(world, purchase)) in ENDED:
        yield request_code(purchase, REPEATED)
        yield retrieve(purchase)
    world.shelve(purchase)
