"""What is remembered of one purchase: the first view of everything, and whose it is; no answer is kept."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from contracts.history import ApiOperation, Mark
from contracts.invariants.values import (
    PENDING,
    REFUND,
    STATUSES,
    SUCCESS,
    Credentials,
    Money,
    Proof,
    credentials_of,
    money_of,
    phone_of,
    text_of,
)
from contracts.reading import View

WRITES: Final = frozenset({ApiOperation.CREATE, ApiOperation.REQUEST_CODE, ApiOperation.REFUND})
READS: Final = frozenset({ApiOperation.RETRIEVE, ApiOperation.LIST})


_STANDING: Final = frozenset({PENDING, SUCCESS})


class Claim(IntEnum):
    """How surely a purchase is known to belong to its owner.

    ``seen``: a retrieve was answered with 200, as it may be for another owner's purchase (AUTH-4).
    ``held``: a list, an action or its credentials showed it.
    ``created``: a create acknowledged it.
    """

    NONE = 0
    SEEN = 1
    HELD = 2
    CREATED = 3


class Purchase:
    """One purchase, as its owner was shown it.

    Attributes:
        id: its id.
        owner: whose it is, None when only a stranger was told of it.
        claim: how surely.
        claimed: the operation that established the claim.
        created: the create that acknowledged it.
        clock: the server's own clock when it was created, Unix seconds.
        known: the first view of it.
        acked: the first view of it outside of a list.
        settled: the first view of it as SUCCESS, ERROR or EXPIRED, and ``settled_status`` which of them.
        refunded: the first view of it as REFUND.
        seen: when the last view of it was asked for, seconds.
        stood: when the last view of it as PENDING or SUCCESS was asked for, seconds.
        written: the last request-code or refund that acknowledged another status than PENDING.
        bare: a view outside of a list that showed it ended and without credentials.
        shown: the first view with credentials.
        grown: the first view with a password, where ``shown`` had none.
        phoned: the first view with a phone number.
        asked: the request-code of its owner whose answer arrived last.
        touched: the request-code or refund of anybody whose answer arrived last.
        unsure: True when its owner's, or one that was never answered, may take effect at any time.
        raced: True when its create overlapped another one.
        raced_code: True when two of its request-codes overlapped.
        spoiled: True when its id was given twice: what is seen of it contradicts itself for that reason alone.
        stray: True when a create without a valid key was answered with it, or the book had forgotten it.
    """

    __slots__ = (
        "acked",
        "asked",
        "bare",
        "claim",
        "claimed",
        "clock",
        "country",
        "created",
        "created_at",
        "credentials",
        "grown",
        "id",
        "known",
        "name_en",
        "name_ru",
        "owner",
        "phone",
        "phoned",
        "price",
        "raced",
        "raced_code",
        "refunded",
        "seen",
        "settled",
        "settled_status",
        "shown",
        "spoiled",
        "stood",
        "stray",
        "touched",
        "type",
        "unsure",
        "written",
    )

    def __init__(self, number: int, owner: str | None, claim: Claim, claimed: Mark) -> None:
        self.id = number
        self.owner = owner
        self.claim = claim
        self.claimed = claimed
        self.created: Mark | None = None
        self.clock: float | None = None
        self.known: Mark | None = None
        self.acked: Mark | None = None
        self.settled: Mark | None = None
        self.settled_status = ""
        self.refunded: Mark | None = None
        self.seen = float("-inf")
        self.stood = float("-inf")
        self.written: Mark | None = None
        self.bare: Mark | None = None
        self.credentials: Credentials | None = None
        self.shown: Mark | None = None
        self.grown: Mark | None = None
        self.country: str | None = None
        self.price: Money | None = None
        self.type: str | None = None
        self.created_at: str | None = None
        self.name_ru: str | None = None
        self.name_en: str | None = None
        self.phone: str | None = None
        self.phoned: Mark | None = None
        self.asked: Mark | None = None
        self.touched: Mark | None = None
        self.unsure = False
        self.raced = False
        self.raced_code = False
        self.spoiled = False
        self.stray = False

    @property
    def waited(self) -> bool:
        """True when it was seen PENDING, and never SUCCESS, ERROR or EXPIRED."""
        return self.settled is None and self.stood > float("-inf")

    @property
    def ended(self) -> Mark | None:
        """The first view that showed it in a status from which no code can come (LIFE-9)."""
        if self.settled is not None and self.settled_status != SUCCESS:
            return self.settled
        return self.refunded

    def file(self, sight: Sight) -> None:
        """Remember what a view shows for the first time."""
        mark = sight.mark
        self.seen = max(self.seen, mark.invoked)
        if self.known is None:
            self.known = mark
        if self.acked is None and mark.api_operation is not ApiOperation.LIST:
            self.acked = mark
        self._file_status(sight)
        self._file_credentials(sight)
        self._file_description(sight)

    def _file_status(self, sight: Sight) -> None:
        mark, status = sight.mark, sight.status
        # The published sample of a refund's answer shows the status before it (api-facts, section 2): such
        # an answer acknowledges REFUND or nothing.
        if status is None or (mark.api_operation is ApiOperation.REFUND and status != REFUND):
            return
        if status in _STANDING:
            self.stood = max(self.stood, mark.invoked)
        if status == PENDING:
            return
        if status == REFUND:
            self.refunded = self.refunded or mark
        elif self.settled is None:
            self.settled, self.settled_status = mark, status
        if mark.api_operation in WRITES:
            self.written = mark
        if sight.proof is Proof.NULL and mark.api_operation is not ApiOperation.LIST:
            self.bare = self.bare or mark

    def _file_credentials(self, sight: Sight) -> None:
        if sight.proof is not Proof.SHOWN or sight.credentials is None:
            return
        if self.credentials is None:
            self.credentials, self.shown = sight.credentials, sight.mark
        elif self.credentials.passwordless and sight.credentials.password is not None:
            self.credentials = self.credentials._replace(password=sight.credentials.password, passwordless=False)
            self.grown = sight.mark

    def _file_description(self, sight: Sight) -> None:
        data = sight.view.data
        if self.phone is None:
            self.phone = phone_of(data)
            self.phoned = sight.mark if self.phone is not None else None
        if None not in {self.country, self.type, self.created_at, self.name_ru, self.name_en} and self.price:
            return
        described = describe(data)
        self.country = self.country or described["country_code"]
        self.type = self.type or described["purchase_type"]
        self.created_at = self.created_at or described["created_at"]
        self.name_ru = self.name_ru or described["display_name.ru"]
        self.name_en = self.name_en or described["display_name.en"]
        self.price = self.price or money_of(data.get("price"))


class Sight:
    """One view of a purchase by somebody with authority over it.

    Attributes:
        view: the view.
        mark: the operation that showed it.
        record: what is remembered of the purchase, this view included.
        status: one of the contract's statuses, None for anything else.
        proof: what it says of credentials.
        credentials: these, where it shows them.
    """

    __slots__ = ("credentials", "mark", "proof", "record", "status", "view")

    def __init__(self, view: View, record: Purchase) -> None:
        self.view = view
        self.mark = view.mark
        self.record = record
        status = view.status
        self.status = status if status in STATUSES else None
        self.proof, self.credentials = credentials_of(view.data)


def describe(data: Mapping[str, object]) -> dict[str, str | None]:
    """Return the texts of a purchase object that never change (LIFE-5), by key."""
    name = data.get("display_name")
    names = name if isinstance(name, Mapping) else {}
    created = data.get("created_at")
    return {
        "country_code": text_of(data.get("country_code")),
        "purchase_type": text_of(data.get("purchase_type")),
        "created_at": created if isinstance(created, str) and len(created) <= 40 else None,
        "display_name.ru": text_of(names.get("ru")),
        "display_name.en": text_of(names.get("en")),
    }
