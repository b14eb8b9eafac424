"""The newest page against what was bought: an acknowledged purchase is in every later list that reaches back to it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from contracts.finding import Violation
from contracts.history import OWNER, ApiOperation, Mark
from contracts.monitor import violation
from load.judge.facts import Facts, created_of

KEPT: Final = 512
"""Creates remembered: more than a page shows, and few enough to be looked through for each."""

SLACK_S: Final = 0.5
"""By how much a purchase must be newer than the oldest shown: times are written to the millisecond or to the second,
and two that lie as close as this may be sorted by their ids."""


class Bought(NamedTuple):
    """A create that was acknowledged.

    Attributes:
        number: the purchase's id.
        made: when the purchase was made, Unix seconds, read once and not for every page.
        sent: when the create was sent, seconds since the run began.
        ended: when its answer had arrived.
        place: of the operation among all.
    """

    number: int
    made: float
    sent: float
    ended: float
    place: int


class Page(NamedTuple):
    """A first page, newest first and unfiltered.

    Attributes:
        numbers: ids it shows.
        oldest: when the oldest of them was made, Unix seconds; minus infinity where the list has no other page.
    """

    numbers: frozenset[int]
    oldest: float


def page_of(facts: Sequence[Facts | None], *, whole: bool) -> Page | None:
    """Return what a page shows, None where something on it cannot be read, or where it is empty and there are others.

    Args:
        facts: of its items.
        whole: whether there is no further page.
    """
    said = [one for one in facts if one is not None]
    times = [time for one in said if (time := created_of(one.head)) is not None]
    if len(times) < len(facts) or not (times or whole):
        return None
    return Page(frozenset(one.number for one in said), -math.inf if whole else min(times))


def missing(page: Page, asked: float, bought: Iterable[Bought]) -> tuple[int, Bought | None]:
    """Return how many purchases a page had to show, and one of them that it does not.

    The first page of a list that is sorted from the newest shows the newest purchases of the moment at which it was
    read, however many are made meanwhile: what was acknowledged before the request was sent and is newer than the
    oldest shown is one of them.

    Args:
        page: as shown.
        asked: when the list was asked for, on the clock of the creates.
        bought: creates of the same owner.
    """
    due, lost = 0, None
    for one in bought:
        if one.ended >= asked or one.made <= page.oldest + SLACK_S:
            continue
        due += 1
        if one.number not in page.numbers:
            lost = one
    return due, lost


class Newest:
    """Remembers the newest creates of one process."""

    def __init__(self) -> None:
        self._bought: deque[Bought] = deque(maxlen=KEPT)

    def buy(self, facts: Facts, sent: float, ended: float, place: int) -> None:
        """Remember a create that was acknowledged."""
        made = created_of(facts.head)
        if made is not None:
            self._bought.append(Bought(facts.number, made, sent, ended, place))

    def judge(self, page: Page, mark: Mark) -> tuple[int, Violation | None]:
        """Return how many purchases a page had to show, and what is wrong where it does not show one of them.

        Args:
            page: as shown.
            mark: of the list call.
        """
        due, lost = missing(page, mark.invoked, self._bought)
        if lost is None:
            return due, None
        return due, violation(
            "LIFE-6",
            "acknowledged-but-not-listed",
            "a purchase that a create acknowledged is missing in a list that was asked for later",
            Mark(lost.place, OWNER, ApiOperation.CREATE, lost.sent, lost.ended),
            mark,
            expected="what an answer acknowledged is visible to every request sent after it arrived",
            observed=f"purchase {lost.number} is not on the first page, though newer than the oldest shown there",
        )
