"""The book: what the gate knows of the purchases it has made or seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from contracts.history import ApiOperation, Outcome
from contracts.reading import Reading


@dataclass(slots=True)
class Entry:
    """One purchase.

    Attributes:
        id: its id.
        principal: who owns it.
        country: its country code.
        price: what it cost, None when the answer did not say it readably.
        status: as last seen by its owner.
        credentials: whether its owner has seen credentials.
        ours: True when this run created it; False when it was there before.
        created_at: as answered.
        phone: its number, empty while it has none.
        requested: request-code calls the owner has sent for it.
    """

    id: int
    principal: str
    country: str
    price: Decimal | None
    status: str
    credentials: bool
    ours: bool
    created_at: str
    phone: str
    requested: int = 0


class Book:
    """Purchases by id, kept up to date from every answer."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self.highest_id = 0

    def learn(self, reading: Reading) -> None:
        """Take in what an operation showed or asked for."""
        operation = reading.operation
        if not operation.authenticated:
            return
        if reading.route.api_operation is ApiOperation.REQUEST_CODE:
            entry = self._entries.get(reading.purchase_id or 0)
            if entry is not None and entry.principal == operation.principal:
                entry.requested += 1
        if operation.outcome is not Outcome.OK:
            return
        for view in reading.views:
            number = view.id
            if number is None:
                continue
            self.highest_id = max(self.highest_id, number)
            known = self._entries.get(number)
            if known is None:
                created = reading.route.api_operation is ApiOperation.CREATE
                listed = reading.route.api_operation is ApiOperation.LIST
                if not (created or listed) or not view.status:
                    continue
                self._entries[number] = Entry(
                    number,
                    operation.principal,
                    str(view.data.get("country_code", "")),
                    price_of(view.data.get("price")),
                    view.status,
                    isinstance(view.data.get("verification"), dict),
                    created,
                    str(view.data.get("created_at", "")),
                    str(view.data.get("phone_number") or ""),
                )
            elif known.principal == operation.principal:
                known.status = view.status or known.status
                known.phone = known.phone or str(view.data.get("phone_number") or "")
                known.credentials = known.credentials or isinstance(view.data.get("verification"), dict)

    def get(self, number: int) -> Entry | None:
        """Return a purchase by id, None when it was never seen."""
        return self._entries.get(number)

    def of(self, principal: str, *, statuses: Iterable[str] = (), ours: bool | None = True) -> list[Entry]:
        """Return a principal's purchases in order of id.

        Args:
            principal: their owner.
            statuses: only those last seen in one of these, all without any.
            ours: True for those this run made, False for those it found, None for both.
        """
        wanted = frozenset(statuses)
        return sorted(
            (
                entry
                for entry in self._entries.values()
                if entry.principal == principal
                and (ours is None or entry.ours is ours)
                and (not wanted or entry.status in wanted)
            ),
            key=lambda entry: entry.id,
        )


def price_of(value: object) -> Decimal | None:
    """Return the amount of a money object as answered, None where it cannot be read."""
    amount = value.get("amount") if isinstance(value, dict) else None
    if not isinstance(amount, str) or len(amount) > 30:
        return None
    try:
        price = Decimal(amount)
    except InvalidOperation:
        return None
    return price if price.is_finite() else None
