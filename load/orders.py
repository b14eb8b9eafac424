"""What every process of a load run is told before it begins, as plain data that a message can carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from contracts.finding import Severity
from load.plan.plan import Plan
from load.plan.reading import parse_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """The orders of a run. Keys are not among them: every process has its own from its environment.

    Attributes:
        document: the plan as decoded from TOML, options included.
        source: how messages name it.
        url: base URL of the target.
        loopback: whether only loopback addresses may be connected to.
        addresses: the only ones that any process may connect to; None where the URL's host is an address.
        profile: the contract version that judges.
        seed: of every random choice.
        identity: key of the hashes by which processes compare phone numbers, 32 hexadecimal digits.
        prices: what a purchase costs, by code of the countries in stock.
        accounts: whether the target serves accounts.
        max_purchases: of the whole run, None for no cap.
        max_spend: of the whole run, None for no cap.
        tolerances: by clause id and name, over the catalogue's.
        severities: by clause id, over the catalogue's.
        workers: processes that take part.
        history: file in which the only process writes every answer down; None to keep those of findings alone.
    """

    document: Mapping[str, Any]
    source: str
    url: str
    loopback: bool
    profile: str
    seed: int
    identity: str
    prices: Mapping[str, str]
    accounts: bool = True
    max_purchases: int | None = None
    max_spend: str | None = None
    tolerances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)
    workers: int = 1
    history: str | None = None
    addresses: Sequence[str] | None = None

    def plan(self) -> Plan:
        """Return the plan.

        Raises:
            UsageError: the document is none; that was found before the orders were made.
        """
        return parse_plan(self.document, self.source)

    def price_list(self) -> dict[str, Decimal]:
        """Return the prices as numbers."""
        return {country: Decimal(price) for country, price in self.prices.items()}

    def severity_map(self) -> dict[str, Severity]:
        """Return the severities over the catalogue's."""
        return {clause: Severity(value) for clause, value in self.severities.items()}

    def countries(self, plan: Plan) -> dict[str, float]:
        """Return the weights of the countries to buy: the plan's as far as they are in stock, else all alike."""
        wanted = {country: plan.countries[country] for country in self.prices if country in plan.countries}
        return wanted or dict.fromkeys(self.prices, 1.0)

    def plain(self) -> dict[str, Any]:
        """Return the orders as plain data, for a message."""
        return asdict(self)

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Orders:
        """Return the orders that ``plain`` gave.

        Raises:
            ValueError: the data is not that: it came from another version.
        """
        try:
            return cls(**data)
        except TypeError as error:
            raise ValueError(f"these are no orders of a load run: {str(error)[:200]}") from None
