"""What a seeded defect buys of somebody's own API by itself is counted, and capped, as what the gate buys is."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.budget import Budget
from contracts.prove.till import Till
from fixtures.defects.catalogue import wrap

US = {"country_code": "US"}


class Shop:
    """Sells to whoever asks well, refuses the rest, and counts.

    Args:
        amount: what each purchase costs, as its answers say.
        status: of an answer to a create that was served.
    """

    def __init__(self, amount: object = "1.00", status: int = 200) -> None:
        self.sold = 0
        self._amount = amount
        self._status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        try:
            country = json.loads(message["body"])["country_code"]
        except (ValueError, KeyError, TypeError):
            country = None
        status, value = 200, {"price": {"amount": self._amount, "currency_code": "USD"}, **US}
        if scope["method"] != "GET":
            status = self._status if country == "US" else 422
            self.sold += status != 422
        body = json.dumps(value if status == 200 else {"message": "no"}).encode()
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": body})


def ask(app: ASGIApp, *requests: tuple[str, str, Any]) -> list[int]:
    """Send requests one after the other; return the statuses."""

    async def run() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
            return [(await client.request(method, path, json=body)).status_code for method, path, body in requests]

    return asyncio.run(run())


def create(body: Any = None) -> tuple[str, str, Any]:
    return "POST", "/v1/purchases", US if body is None else body


def test_a_create_beyond_the_cap_does_not_reach_the_api() -> None:
    shop = Shop()
    till = Till(shop, Budget(2))
    assert ask(till, *[create()] * 4) == [200, 200, 402, 402]
    assert (shop.sold, till.budget.purchases, till.budget.spend, till.refused) == (2, 2, Decimal(2), True)


def test_what_the_api_refuses_is_given_back_and_what_buys_nothing_passes() -> None:
    till = Till(Shop(), Budget(1))
    assert ask(till, *[create({})] * 3, ("GET", "/v1/purchases", None), create()) == [422, 422, 422, 200, 200]
    assert (till.budget.purchases, till.refused) == (1, False)


@pytest.mark.parametrize("name", ["refused-but-bought", "refused-but-bought-later"])
def test_what_a_defect_buys_behind_a_refusal_is_counted_and_capped(name: str) -> None:
    shop = Shop()
    till = Till(shop, Budget(5))
    statuses = ask(wrap(till, [name], 0), create(), *[create({})] * 40)
    assert statuses[:4] == [200, 422, 422, 422], "the buyer is told nothing of it"
    assert shop.sold == till.budget.purchases == 5
    assert till.refused


def test_a_price_that_the_api_shows_is_expected_before_anything_is_bought() -> None:
    shop = Shop("4.00")
    till = Till(shop, Budget(max_spend=Decimal(9)))
    assert ask(till, ("GET", "/v1/accounts/US", None), *[create()] * 3) == [200, 200, 200, 402]
    assert (shop.sold, till.budget.spend) == (2, Decimal(8))


@pytest.mark.parametrize("amount", ["0.00", "NaN", None, 4])
def test_where_no_price_is_told_one_create_may_cost_all_that_is_left(amount: object) -> None:
    shop = Shop(amount)
    assert ask(Till(shop, Budget(max_spend=Decimal(9))), *[create()] * 2) == [200, 402]
    assert shop.sold == 1


@pytest.mark.parametrize("status", [500, 502, 408])
def test_a_create_of_unknown_outcome_counts(status: int) -> None:
    till = Till(Shop(status=status), Budget(1))
    assert ask(till, create(), create()) == [status, 402]


def test_a_create_that_is_cut_off_counts() -> None:
    async def gone(scope: Scope, receive: Receive, send: Send) -> None:
        raise ConnectionError

    till = Till(gone, Budget(1))
    with pytest.raises(ConnectionError):
        ask(till, create())
    assert till.budget.purchases == 1
