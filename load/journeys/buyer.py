"""The buyer: looks at the price, buys, asks for the credentials, and looks until they are there."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

from load.call import Seen
from load.journeys.steps import Journey, Pause, Want, account, create, purchase_of, request_code, retrieve
from load.journeys.world import World

FIRST_LOOK: Final = 0.05
LONGEST_LOOK: Final = 5.0
"""Seconds between two looks at a purchase: the first, and what doubling ends at."""


def buyer(world: World) -> Journey:
    """Tell a buyer's life: accounts, create, request-code, retrieve until the purchase is settled."""
    country = world.country()
    seen: Seen
    if world.accounts:
        seen = yield account(country)
        if not seen.ok:
            return
        if pause := world.think():
            yield pause
    seen = yield create(country)
    bought = purchase_of(seen)
    if bought is None:
        return
    purchase: int = bought["id"]
    if pause := world.think():
        yield pause
    seen = yield request_code(purchase)
    yield from until_settled(world, purchase)
    world.shelve(purchase)


def until_settled(world: World, purchase: int) -> Generator[Want, Any, object]:
    """Look at a purchase until it is no longer PENDING, ever more rarely, as long as patience lasts.

    Returns:
        The status it was seen in last, None where it could not be seen.
    """
    waited, pause = 0.0, FIRST_LOOK
    while True:
        seen: Seen = yield retrieve(purchase)
        shown = purchase_of(seen)
        if shown is None or shown.get("status") != "PENDING" or waited >= world.patience:
            return None if shown is None else shown.get("status")
        yield Pause(pause)
        waited += pause
        pause = min(2 * pause, LONGEST_LOOK)
