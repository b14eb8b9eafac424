"""What journeys know of the world: the countries in stock, how long people think, purchases of before."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from load.call import Call, Reply
from load.journeys.steps import Pause

SHELF: Final = 1000
"""Purchases kept for journeys that only look."""


class World:
    """The surroundings of every journey of one process.

    Args:
        random: of every choice; seeded.
        countries: weight by country code; at least one.
        think: shortest and longest pause between two steps, seconds.
        patience: seconds a buyer waits for credentials before giving up.
        forget: told the id of a purchase that no journey will look at again.
        watch: told of a purchase, its create and the answer before many hands reach for it at once.
        settle: told the id of a purchase when they are done.
        accounts: whether the target serves accounts; who buys where it does not goes without the price.
    """

    def __init__(
        self,
        random: Random,
        countries: Mapping[str, float],
        think: tuple[float, float] = (0.0, 0.0),
        patience: float = 60.0,
        forget: Callable[[int], None] = lambda _: None,
        watch: Callable[[int, Call, Reply], None] = lambda *_: None,
        settle: Callable[[int], None] = lambda _: None,
        *,
        accounts: bool = True,
    ) -> None:
        self.random = random
        self.patience = patience
        self.accounts = accounts
        self.watch = watch
        self.settle = settle
        self._think = think
        self._forget = forget
        self._shelf: deque[int] = deque()
        self._codes = list(countries)
        self._weights = list(countries.values())

    @property
    def countries(self) -> list[str]:
        """The countries that are bought."""
        return self._codes

    def country(self) -> str:
        """Return a country, by weight."""
        if len(self._codes) == 1:
            return self._codes[0]
        return self.random.choices(self._codes, self._weights)[0]

    def think(self) -> Pause | None:
        """Return a pause as people make them, None when the plan knows none."""
        low, high = self._think
        return Pause(self.random.uniform(low, high)) if high > 0 else None

    def shelve(self, purchase: int) -> None:
        """Keep a purchase whose buyer has left for others to look at; the oldest is forgotten."""
        self._shelf.append(purchase)
        if len(self._shelf) > SHELF:
            self._forget(self._shelf.popleft())

    def any_purchase(self) -> int | None:
        """Return some purchase of before, None when there is none yet."""
        return self.random.choice(self._shelf) if self._shelf else None
