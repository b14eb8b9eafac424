"""The steps of a life: each says in a few words what it does, and does it."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.gate.lives import BODIES
from contracts.gate.machine.stage import Stage
from contracts.gate.owners import ACT, READ
from contracts.history import OTHER, ApiOperation

FORMS = ("empty", "{}", "empty, unlabelled")
"""The lawful ways to ask for a code in words, in the order of ``BODIES``."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a life; equal ones do the same.

    Attributes:
        on: number of the purchase that it makes or acts on, counted from 1; 0 for none of this life's.
    """

    on: int

    def play(self, stage: Stage) -> None:
        """Do it."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Create(Step):
    """Buy."""

    country: str
    slash: bool

    def __str__(self) -> str:
        return f"create{_slash(self.slash)}({self.country}) -> #{self.on}"

    def play(self, stage: Stage) -> None:
        """Buy it."""
        stage.create(self.country, slash=self.slash)


@dataclass(frozen=True, slots=True)
class Retrieve(Step):
    """Read once or several times."""

    times: int
    slash: bool

    def __str__(self) -> str:
        often = "" if self.times == 1 else f" ×{self.times}"
        return f"retrieve{_slash(self.slash)}(#{self.on}){often}"

    def play(self, stage: Stage) -> None:
        """Read it."""
        entry = stage.entry(self.on)
        for _ in range(self.times if entry is not None else 0):
            assert entry is not None
            stage.shop.retrieve(entry.id, slash=self.slash)


@dataclass(frozen=True, slots=True)
class RequestCode(Step):
    """Ask for the code in one of the lawful forms."""

    form: int
    slash: bool

    def __str__(self) -> str:
        body = "" if self.form == 0 else f", body {FORMS[self.form]}"
        return f"request_code{_slash(self.slash)}(#{self.on}{body})"

    def play(self, stage: Stage) -> None:
        """Ask for it."""
        entry = stage.entry(self.on)
        if entry is not None:
            body, labelled = BODIES[self.form]
            stage.request_code(entry, body=body, labelled=labelled, slash=self.slash)


@dataclass(frozen=True, slots=True)
class Refund(Step):
    """Ask for the money back."""

    slash: bool

    def __str__(self) -> str:
        return f"refund{_slash(self.slash)}(#{self.on}), retrieve"

    def play(self, stage: Stage) -> None:
        """Ask for it, and look at once: only then does a refusal that took effect show."""
        entry = stage.entry(self.on)
        if entry is not None:
            stage.lives.refund(entry, slash=self.slash)
            stage.shop.retrieve(entry.id)


@dataclass(frozen=True, slots=True)
class Look(Step):
    """Read balance and price."""

    slash: bool

    def __str__(self) -> str:
        return f"profile{_slash(self.slash)}(); account{_slash(self.slash)}(country of #{self.on})"

    def play(self, stage: Stage) -> None:
        """Read both."""
        entry = stage.entry(self.on)
        if stage.has(ApiOperation.PROFILE):
            stage.shop.profile(slash=self.slash)
        if entry is not None and stage.has(ApiOperation.ACCOUNT):
            stage.shop.account(entry.country, slash=self.slash)


@dataclass(frozen=True, slots=True)
class ListPage(Step):
    """Read one page of the list."""

    page: int
    size: int
    sort: str | None
    status: str | None
    slash: bool

    def __str__(self) -> str:
        only = "" if self.status is None else f", {self.status} only"
        return f"list{_slash(self.slash)}(page {self.page} of {self.size}{_sort(self.sort)}{only})"

    def play(self, stage: Stage) -> None:
        """Read it."""
        stage.shop.list_page(self.page, self.size, sort=self.sort, status=self.status, slash=self.slash)


@dataclass(frozen=True, slots=True)
class Walk(Step):
    """Read the list to its end."""

    size: int
    sort: str | None

    def __str__(self) -> str:
        return f"walk(pages of {self.size}{_sort(self.sort)})"

    def play(self, stage: Stage) -> None:
        """Read it."""
        stage.shop.walk(self.size, sort=self.sort)


@dataclass(frozen=True, slots=True)
class OtherOwner(Step):
    """Try another owner's key."""

    action: str

    def __str__(self) -> str:
        return f"other.{self.action}(#{self.on})"

    def play(self, stage: Stage) -> None:
        """Try it; after an attempt to change the purchase its owner looks at it."""
        entry = stage.entry(self.on)
        if entry is None:
            return
        if self.action == "retrieve":
            stage.shop.retrieve(entry.id, principal=OTHER, aim=READ)
            return
        if self.action == "list":
            stage.shop.list_page(1, 50, principal=OTHER)
            return
        if self.action == "request_code":
            stage.shop.request_code(entry.id, principal=OTHER, aim=ACT)
        else:
            stage.shop.refund(entry.id, principal=OTHER, aim=ACT)
        stage.shop.retrieve(entry.id)


@dataclass(frozen=True, slots=True)
class Stranger(Step):
    """Try without a valid key."""

    action: str
    how: str

    def __str__(self) -> str:
        return f"stranger.{self.action}(#{self.on}, {self.how})"

    def play(self, stage: Stage) -> None:
        """Try it; its owner looks at the purchase afterwards."""
        entry = stage.entry(self.on)
        if entry is not None:
            stage.intrude(entry, self.action, self.how)


@dataclass(frozen=True, slots=True)
class Wait(Step):
    """Wait for the provider, and read."""

    def __str__(self) -> str:
        return f"wait; retrieve(#{self.on})"

    def play(self, stage: Stage) -> None:
        """Wait and read."""
        entry = stage.entry(self.on)
        if entry is not None and entry.status == "PENDING" and entry.requested:
            stage.wait(entry)


@dataclass(frozen=True, slots=True)
class Lever(Step):
    """Move what only a sandbox lets a test move."""

    action: str

    def __str__(self) -> str:
        return (
            f"admin.refund(#{self.on}), retrieve" if self.action == "refund" else f"provider(#{self.on}, {self.action})"
        )

    def play(self, stage: Stage) -> None:
        """Move it; a refund between two reads, so that no refusal before seems to have had its effect."""
        entry = stage.entry(self.on)
        if entry is None or stage.levers is None:
            return
        if self.action == "refund":
            stage.shop.retrieve(entry.id)
            stage.levers.refund(entry.id)
            stage.shop.retrieve(entry.id)
        else:
            stage.levers.provider(entry.id, self.action)


@dataclass(frozen=True, slots=True)
class Old(Step):
    """Come back to a purchase whose life has ended."""

    number: int
    status: str
    action: str

    def __str__(self) -> str:
        return f"{self.action}(a {self.status} purchase of before)"

    def play(self, stage: Stage) -> None:
        """Come back to it."""
        if self.action == "request_code":
            stage.shop.request_code(self.number)
        elif self.action == "refund":
            stage.shop.refund(self.number)
        stage.shop.retrieve(self.number)


def _slash(slash: bool) -> str:
    return "/" if slash else ""


def _sort(sort: str | None) -> str:
    return "" if sort is None else f", {sort}"
