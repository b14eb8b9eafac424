"""The browser: looks at countries, at the balance and through pages of the list, and buys nothing."""

from __future__ import annotations

from typing import Final

from load.call import Seen
from load.journeys.steps import Journey, account, list_page, profile
from load.journeys.world import World

PAGES: Final = 3
"""Pages looked at in one visit at most; a walk to the end of a long list is not what people do."""

SIZES: Final = (10, 20, 50)


def browser(world: World) -> Journey:
    """Tell a visit: some countries, the balance, the first pages of the list, perhaps of one status."""
    for _ in range(min(2, len(world.countries)) if world.accounts else 0):
        yield account(world.country())
        if pause := world.think():
            yield pause
    yield profile()
    size = world.random.choice(SIZES)
    filters = {"sort": world.random.choice(("date_desc", "date_asc"))} if world.random.random() < 0.5 else {}
    if world.random.random() < 0.3:
        filters["status"] = "SUCCESS"
    for page in range(1, PAGES + 1):
        seen: Seen = yield list_page(page, size, **filters)
        if not seen.ok or seen.document is None:
            return
        pagination = seen.document.get("pagination")
        if not isinstance(pagination, dict) or pagination.get("has_next") is not True:
            return
        if pause := world.think():
            yield pause
