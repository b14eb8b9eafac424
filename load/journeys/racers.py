"""The racers: one purchase and many hands that reach for its credentials at the same moment."""

from __future__ import annotations

from typing import Final

from load.call import Seen
from load.journeys.buyer import until_settled
from load.journeys.steps import REPEATED, Journey, create, purchase_of, request_code, retrieve
from load.journeys.world import World

HANDS: Final = 4


def racers(world: World) -> Journey:
    """Tell a race: request-codes and looks at one purchase, all at once (clauses RACE-2, RACE-3)."""
    buying = create(world.country())
    seen: Seen = yield buying
    bought = purchase_of(seen)
    if bought is None:
        return
    purchase: int = bought["id"]
    world.watch(purchase, buying, seen.reply)
    try:
        # Any of them may win; the others may be refused, so none of them is the plain one.
        asks = tuple(request_code(purchase, REPEATED) for _ in range(HANDS))
        yield (*asks, retrieve(purchase), retrieve(purchase))
        yield from until_settled(world, purchase)
    finally:
        world.settle(purchase)
    world.shelve(purchase)
