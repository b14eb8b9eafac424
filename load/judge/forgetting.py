"""What the judge forgets, so that its memory is bounded however long a run goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from load.judge.register import Register

_SWEPT: Final = 1_000
"""Purchases looked at in one sweep."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is remembered.

    Attributes:
        purchases: purchases in the register; the one known longest is forgotten for the next.
        horizon_s: seconds without a look at it after which a purchase is forgotten.
    """

    purchases: int = 200_000
    horizon_s: float = 900.0


class Forgetting:
    """Decides which purchases a judge forgets.

    Args:
        limits: how much is remembered.
        register: of the purchases known.
        forget: told the id of each that is to be forgotten.
    """

    def __init__(self, limits: Limits, register: Register, forget: Callable[[int], None]) -> None:
        self._limits = limits
        self._register = register
        self._forget = forget

    def policy(self) -> str:
        """Tell it in a sentence."""
        limits = self._limits
        return (
            f"A purchase is forgotten when its journey has left it, when {limits.horizon_s:g} s pass without a look at "
            f"it, or when {limits.purchases:,} newer ones are known to one process; that its id was given is not."
        )

    def drop_oldest(self) -> None:
        """Forget those known longest, as far as there are too many."""
        rows = self._register.rows
        while len(rows) > self._limits.purchases:
            self._forget(next(iter(rows)))

    def sweep(self, now: float) -> None:
        """Forget some of those that nobody looked at for long; those that somebody did are looked at again later.

        Args:
            now: seconds since the run began.
        """
        register = self._register
        rows, before = register.rows, now - self._limits.horizon_s
        for number in list(islice(rows, _SWEPT)):
            row = rows[number]
            if register.known_ended[row] > before:
                # Those behind it became known later still.
                return
            if register.stood[row] > before:
                rows[number] = rows.pop(number)
            else:
                self._forget(number)
