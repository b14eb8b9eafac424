"""Which countries a race of creates buys: the cheapest of which several, charged as one, stand out, and the next."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from contracts.gate.book import Book
from contracts.gate.races import telling
from contracts.gate.survey import Offer

OFFERS = [Offer(country, True, Decimal(price)) for country, price in (("US", "0.35"), ("GB", "0.90"), ("DE", "1.50"))]


class Failed(Book):
    def __init__(self, *prices: str | None) -> None:
        super().__init__()
        self.prices = prices

    def of(self, principal: str, *, statuses: Any = (), ours: bool | None = True) -> list[Any]:
        assert (principal, set(statuses), ours) == ("owner", {"ERROR", "EXPIRED"}, True)
        return [SimpleNamespace(price=None if price is None else Decimal(price)) for price in self.prices]


@pytest.mark.parametrize(
    ("failed", "hands", "countries"),
    [
        ((), 6, ("US", "GB")),
        (("1.39",), 6, ("US", "GB")),
        (("1.40",), 6, ("GB", "DE")),
        (("1.40", "2.19", None), 6, ("GB", "DE")),
        (("1.40", "2.20"), 6, ("DE",)),
        (("9.00",), 6, ("DE",)),
        (("0.01",), 2, ("DE",)),
    ],
)
def test_what_failed_before_cannot_explain_what_the_race_left_uncharged(
    failed: tuple[str | None, ...], hands: int, countries: tuple[str, ...]
) -> None:
    session = SimpleNamespace(budget=SimpleNamespace(max_spend=None), book=Failed(*failed))
    assert telling(OFFERS, hands, cast("Any", session)) == countries


def test_under_a_cap_on_spend_the_two_cheapest_are_bought() -> None:
    session = SimpleNamespace(budget=SimpleNamespace(max_spend=Decimal(5)), book=Failed("9.00"))
    assert telling(OFFERS, 6, cast("Any", session)) == ("US", "GB")


def test_where_no_price_is_told_any_country_will_do() -> None:
    session = SimpleNamespace(budget=SimpleNamespace(max_spend=None), book=Failed())
    assert telling([Offer("KZ", True, None)], 6, cast("Any", session)) == ("KZ",)
