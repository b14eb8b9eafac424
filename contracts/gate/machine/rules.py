"""The rules: which step of a life may follow which, as a Hypothesis state machine that writes lives down.

It writes a life before any of it is played. Nothing it decides depends on an answer, so that the same choices
always make the same life, and Hypothesis can shrink a life without playing every shorter one it thinks of.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from contracts.gate.machine.steps import (
    Create,
    Lever,
    ListPage,
    Look,
    Old,
    OtherOwner,
    Refund,
    RequestCode,
    Retrieve,
    Step,
    Stranger,
    Wait,
    Walk,
)

Script = tuple[Step, ...]

PURCHASES = 2
"""Purchases of one life at most."""

SIZES = (10, 50, 1, 2, 7)
SORTS = (None, "date_desc", "date_asc")
STRANGE_WAYS = ("no key", "a wrong key", "a truncated key", "the key in the query", "the key as a bearer token")

_ON = st.integers(1, PURCHASES)
_ACTION = st.integers(0, 11)
_SLASH = st.sampled_from((False, False, False, True))


@dataclass(frozen=True, slots=True)
class Means:
    """What lives can be made of on the target at hand.

    Attributes:
        countries: to buy from.
        statuses: to filter lists by.
        old: id and status of purchases whose lives have ended.
        levers: what only a sandbox lets a test move.
        other: whether there is another owner.
        retrieves: whether the target serves retrieve, and so on.
        lists: the same of the list.
        codes: the same of request-code.
        refunds: the same of refund.
    """

    countries: tuple[str, ...]
    statuses: tuple[str, ...]
    old: tuple[tuple[int, str], ...] = ()
    levers: tuple[str, ...] = ()
    other: bool = False
    retrieves: bool = True
    lists: bool = True
    codes: bool = True
    refunds: bool = True

    @property
    def actions(self) -> tuple[str, ...]:
        """What can be tried on a purchase; ``create`` is what anybody can try."""
        served = {"retrieve": self.retrieves, "request_code": self.codes, "refund": self.refunds}
        return ("create", *(action for action, there in served.items() if there))


class LifeWriter(RuleBasedStateMachine):
    """Writes one life down.

    Args:
        means: what it can be made of.
        written: takes the life once it is whole.
    """

    def __init__(self, means: Means, written: Callable[[Script], None]) -> None:
        super().__init__()
        self.means = means
        self.created = 0
        self.requested = False
        self._steps: list[Step] = []
        self._written = written
        self._around = sys.exc_info()[1]

    def teardown(self) -> None:
        """Hand the life over, unless Hypothesis broke off while it was being written."""
        if sys.exc_info()[1] is self._around and self._steps:
            self._written(tuple(self._steps))

    @precondition(lambda self: self.created < PURCHASES)
    @rule(country=st.integers(0, 9), slash=_SLASH)
    def create(self, country: int, slash: bool) -> None:
        """Buy; every life begins with it."""
        self.created += 1
        countries = self.means.countries
        self._write(Create(self.created, countries[country % len(countries)], slash))

    @precondition(lambda self: self.created and self.means.retrieves)
    @rule(on=_ON, times=st.integers(1, 3), slash=_SLASH)
    def retrieve(self, on: int, times: int, slash: bool) -> None:
        """Read one purchase."""
        self._write(Retrieve(self._named(on), times, slash))

    @precondition(lambda self: self.created and self.means.codes)
    @rule(on=_ON, form=st.integers(0, 2), slash=_SLASH)
    def request_code(self, on: int, form: int, slash: bool) -> None:
        """Ask for a code."""
        self.requested = True
        self._write(RequestCode(self._named(on), form, slash))

    @precondition(lambda self: self.created and self.means.codes and self.means.retrieves)
    @rule(on=_ON, form=st.integers(0, 2), times=st.integers(1, 3))
    def request_and_retrieve(self, on: int, form: int, times: int) -> None:
        """Ask for a code and read what came of it, as buyers do."""
        self.requested = True
        self._write(RequestCode(self._named(on), form, slash=False))
        self._write(Retrieve(self._named(on), times, slash=False))

    @precondition(lambda self: self.created and self.means.refunds)
    @rule(on=_ON, slash=_SLASH)
    def refund(self, on: int, slash: bool) -> None:
        """Ask for the money back."""
        self._write(Refund(self._named(on), slash))

    @precondition(lambda self: self.created)
    @rule(on=_ON, slash=_SLASH)
    def look(self, on: int, slash: bool) -> None:
        """Read balance and price."""
        self._write(Look(self._named(on), slash))

    @precondition(lambda self: self.created and self.means.lists)
    @rule(
        page=st.sampled_from((1, 1, 2)),
        size=st.sampled_from(SIZES),
        sort=st.sampled_from(SORTS),
        status=st.integers(0, 9),
        slash=_SLASH,
    )
    def list_page(self, page: int, size: int, sort: str | None, status: int, slash: bool) -> None:
        """Read one page of the list, every other time of one status only."""
        statuses = self.means.statuses
        only = statuses[(status // 2) % len(statuses)] if status % 2 else None
        self._write(ListPage(0, page, size, sort, only, slash))

    @precondition(lambda self: self.created and self.means.lists)
    @rule(size=st.sampled_from((50, 20)), sort=st.sampled_from(SORTS))
    def walk(self, size: int, sort: str | None) -> None:
        """Read the list to its end."""
        self._write(Walk(0, size, sort))

    @precondition(lambda self: self.created and self.means.other and self.means.retrieves)
    @rule(on=_ON, action=_ACTION)
    def other_owner(self, on: int, action: int) -> None:
        """Try another owner's key, or look at what that owner's list shows."""
        actions = (*self.means.actions[1:], *(("list",) if self.means.lists else ()))
        self._write(OtherOwner(self._named(on), actions[action % len(actions)]))

    @precondition(lambda self: self.created and self.means.retrieves)
    @rule(on=_ON, action=_ACTION, how=st.sampled_from(STRANGE_WAYS))
    def stranger(self, on: int, action: int, how: str) -> None:
        """Try without a valid key."""
        actions = self.means.actions
        self._write(Stranger(self._named(on), actions[action % len(actions)], how))

    @precondition(lambda self: self.requested and self.means.retrieves)
    @rule(on=_ON)
    def wait(self, on: int) -> None:
        """Wait for the provider, and read."""
        self._write(Wait(self._named(on)))

    @precondition(lambda self: self.created and self.means.levers)
    @rule(on=_ON, lever=st.integers(0, 9))
    def lever(self, on: int, lever: int) -> None:
        """Move what only a sandbox lets a test move."""
        self._write(Lever(self._named(on), self.means.levers[lever % len(self.means.levers)]))

    @precondition(lambda self: self.created and self.means.old and self.means.retrieves)
    @rule(which=st.integers(0, 99), action=_ACTION)
    def old(self, which: int, action: int) -> None:
        """Come back to a purchase whose life has ended."""
        number, status = self.means.old[which % len(self.means.old)]
        actions = self.means.actions[1:]
        self._write(Old(0, number, status, actions[action % len(actions)]))

    def _named(self, on: int) -> int:
        return min(on, self.created)

    def _write(self, step: Step) -> None:
        self._steps.append(step)
