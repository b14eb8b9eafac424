"""The poller: one look at a purchase of before."""

from __future__ import annotations

from load.call import Seen
from load.journeys.steps import Journey, create, purchase_of, retrieve
from load.journeys.world import World


def poller(world: World) -> Journey:
    """Tell one look; where there is nothing to look at yet, buy it first."""
    purchase = world.any_purchase()
    if purchase is None:
        seen: Seen = yield create(world.country())
        bought = purchase_of(seen)
        if bought is None:
            return
        purchase = int(bought["id"])
        world.shelve(purchase)
    yield retrieve(purchase)
