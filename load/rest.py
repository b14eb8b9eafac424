"""Looking at the owner's account while it rests: before the first request of a run, and after the last."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import gevent

from contracts.profiles import get_profile
from contracts.target import Target
from load.asking import Asker, UnansweredError
from load.balance import Look, Sum, add_up
from load.call import Call
from load.drive.books import ENDED, Account, money_of
from load.journeys.steps import list_page, profile

SETTLE_SECONDS: Final = 5.0
"""How long a balance may take to show the last purchases: it may be read from a copy."""

LOOK_EVERY: Final = 0.5


class Rest:
    """Looks at one account.

    Args:
        target: where, and with whose key.
        timeout: seconds to wait for one answer.
        version: name of the contract version, which says what statuses there are.
    """

    def __init__(self, target: Target, timeout: float, version: str) -> None:
        self._target = target
        self._timeout = timeout
        self._statuses = sorted(ENDED & set(get_profile(version).statuses))

    def look(self) -> Look | None:
        """Look once; None where the target shows no balance."""
        try:
            with Asker(self._target, self._timeout) as asker:
                shown = _object(asker, profile())
                if shown is None:
                    return None
                balance, counted = money_of(shown.get("balance")), shown.get("statistics")
                if balance is None:
                    return None
                ended = [_count(asker, status) for status in self._statuses]
        except UnansweredError:
            return None
        number = counted.get("total_purchases") if isinstance(counted, dict) else None
        return Look(
            *balance,
            number if type(number) is int else None,
            sum(known) if len(known := [one for one in ended if one is not None]) == len(ended) else None,
        )

    def settle(self, before: Look | None, books: Account, stopped: Callable[[], bool]) -> Sum:
        """Look until the balance adds up, or has had its time.

        Args:
            before: the look before the run.
            books: of all processes.
            stopped: whether the user wants an end.
        """
        left = round(SETTLE_SECONDS / LOOK_EVERY)
        while True:
            after = None if before is None else self.look()
            if before is None or after is None:
                return Sum(
                    reason="the target shows no balance" if before is None else "no balance was shown at the end"
                )
            found = add_up(before, after, books)
            left -= 1
            if found.sure or left <= 0 or stopped():
                return found
            gevent.sleep(LOOK_EVERY)


def _count(asker: Asker, status: str) -> int | None:
    """Return how many purchases a list of one status has: with one on each page, as many as pages."""
    shown = _object(asker, list_page(1, 1, status=status))
    pagination = shown.get("pagination") if shown is not None else None
    pages = pagination.get("total_pages") if isinstance(pagination, dict) else None
    if type(pages) is not int or pages < 0 or shown is None:
        return None
    items = shown.get("items")
    # A list without an item may count one empty page.
    return 0 if items == [] else pages


def _object(asker: Asker, call: Call) -> dict[str, Any] | None:
    reply = asker.ask(call)
    if reply.status != 200:
        return None
    try:
        value = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
