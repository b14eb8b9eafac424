"""The stage: what the steps of one life act upon."""

from __future__ import annotations

from typing import Final

from contracts.gate.book import Entry
from contracts.gate.lives import Lives
from contracts.gate.nearmisses import NearMiss, Subject, key_misses
from contracts.gate.refusals import send, subject_of
from contracts.gate.session import Session
from contracts.gate.survey import Survey
from contracts.history import ApiOperation, Operation
from contracts.reading import Reading

SHORT_WAIT: Final = 0.05
"""Seconds to wait for a provider that does not say how long it takes."""

WAITING_SHARE: Final = 0.05
"""Share of the time budget that may go into waiting for providers, all lives together."""


class Stage:
    """Holds the purchases of the life at hand, and the means to act on them.

    Args:
        session: through which every request leaves.
        survey: what the target serves and sells.
        lives: the buyer of this run.
    """

    def __init__(self, session: Session, survey: Survey, lives: Lives) -> None:
        self.session = session
        self.survey = survey
        self.lives = lives
        self.shop = lives.shop
        self.levers = lives.levers
        self._subject = subject_of(session, survey)
        self._purchases: list[Entry | None] = []
        self._hints: dict[int, float] = {}
        self._waiting = session.pace.seconds * WAITING_SHARE

    def clear(self) -> None:
        """Begin another life."""
        self._purchases = []

    def entry(self, name: int) -> Entry | None:
        """Return a purchase of this life by its number, None where it was not to be had."""
        return self._purchases[name - 1] if name <= len(self._purchases) else None

    def create(self, country: str, *, slash: bool) -> None:
        """Buy a purchase for this life between two looks at its price (VALUE-6); a refusal leaves its place empty."""
        if self.has(ApiOperation.ACCOUNT):
            self.shop.account(country)
        views = Reading(self.shop.create(country, slash=slash)).views
        if self.has(ApiOperation.ACCOUNT):
            self.shop.account(country)
        number = views[0].id if views else None
        self._purchases.append(None if number is None else self.session.book.get(number))

    def request_code(self, entry: Entry, *, body: bytes, labelled: bool, slash: bool) -> None:
        """Ask for a code and mind how long the answer says to wait."""
        answer = self.lives.request_code(entry, body=body, labelled=labelled, slash=slash)
        self._hints[entry.id] = _hint(answer)

    def wait(self, entry: Entry) -> None:
        """Wait as long as the last answer said, where it is little, and read once."""
        seconds = self._hints.get(entry.id, SHORT_WAIT)
        if seconds <= self._waiting:
            self._waiting -= seconds
            self.session.pace.wait(seconds)
        self.shop.retrieve(entry.id)

    def intrude(self, entry: Entry, operation: str, how: str) -> None:
        """Call an operation on a purchase without a valid key, then look at it as its owner."""
        subject = Subject(entry.country, entry.id, self._subject.key, self._subject.wrong_key)
        miss = _miss(subject, operation, how)
        if miss is not None:
            send(self.session, miss)
            self.shop.retrieve(entry.id)

    def has(self, operation: ApiOperation) -> bool:
        """Tell whether the target serves an operation, as far as is known."""
        return self.survey.has(operation)


def _miss(subject: Subject, operation: str, how: str) -> NearMiss | None:
    wanted = f"key/{operation.replace('_', '-')}/{how.replace(' ', '-')}"
    return next((miss for miss in key_misses(subject, accounts=False, profile=False) if miss.name == wanted), None)


def _hint(operation: Operation) -> float:
    value = Reading(operation).document.value
    request = value.get("code_request") if isinstance(value, dict) else None
    hint = request.get("retry_after") if isinstance(request, dict) else None
    return float(hint) if isinstance(hint, int) and not isinstance(hint, bool) and hint >= 0 else SHORT_WAIT
