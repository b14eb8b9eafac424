"""The harder ones do what they say, when they should and not before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from fixtures.defects.catalogue import wrap
from tests.defects.caller import Caller
from tests.defects.tiny import ANNA, BORIS, Tiny

LIST = "/v1/purchases?page=1&page_size=50"
Session = Callable[[Caller], Awaitable[Any]]


def play(session: Session, *names: str) -> Any:
    async def run() -> Any:
        return await session(Caller(wrap(Tiny(), names)))

    return asyncio.run(run())


async def bought(caller: Caller, country: str = "US", key: str = ANNA) -> int:
    return int((await caller.buy(country, key=key)).json()["id"])


async def balance(caller: Caller, key: str = ANNA) -> Decimal:
    return Decimal((await caller.get("/v1/profile", key=key)).json()["balance"]["amount"])


async def listed(caller: Caller, query: str = "") -> list[Any]:
    items: list[Any] = (await caller.get(LIST + query)).json()["items"]
    return items


def test_a_pretended_state_holds_in_filtered_lists() -> None:
    async def session(caller: Caller) -> None:
        numbers = [await bought(caller) for _ in range(5)]
        for number in numbers:
            await caller.read(number)
        pending = [item["id"] for item in await listed(caller, "&status=PENDING")]
        assert pending == [*reversed(numbers[:4]), 1]
        assert (await caller.read(numbers[-1])).json()["status"] == "EXPIRED"
        assert (await caller.code(numbers[-1])).status == 409
        assert (await caller.code(numbers[-1], key=BORIS)).status == 404
        assert (await caller.code(numbers[0])).status == 200

    play(session, "expires")


def test_an_admin_refund_gives_the_money_back_and_ends_the_purchase() -> None:
    async def session(caller: Caller) -> None:
        number = await bought(caller)
        before = await balance(caller)
        assert (await caller.code(number)).status == 200
        statuses = [(await caller.read(number)).json()["status"] for _ in range(5)]
        assert statuses == ["SUCCESS", "SUCCESS", "SUCCESS", "REFUND", "REFUND"]
        assert await balance(caller) == before + Decimal("1.35")
        assert number in [item["id"] for item in await listed(caller, "&status=REFUND")]
        assert await listed(caller, "&status=SUCCESS") == []
        assert (await caller.code(number)).status == 409

    play(session, "refunded-by-admin")


def test_a_failed_code_is_credited_and_final() -> None:
    async def session(caller: Caller) -> None:
        numbers = [await bought(caller) for _ in range(4)]
        before = await balance(caller)
        answers = [(await caller.code(number)).json() for number in numbers]
        assert [one["purchase"]["status"] for one in answers] == ["SUCCESS"] * 3 + ["ERROR"]
        assert answers[-1]["purchase"]["verification"] is None
        assert await balance(caller) == before + Decimal("1.35")
        assert (await caller.code(numbers[-1])).status == 409
        assert (await caller.post(f"/v1/purchases/{numbers[-1]}/refund")).status == 409

    play(session, "provider-fails-and-credits")


def test_a_late_code_comes_by_itself() -> None:
    async def session(caller: Caller) -> None:
        number = await bought(caller)
        first = (await caller.code(number)).json()
        assert (first["purchase"]["status"], first["code_request"]["status"]) == ("PENDING", "pending")
        assert (await caller.read(number)).json()["status"] == "PENDING"
        assert number in [item["id"] for item in await listed(caller, "&status=PENDING")]
        assert (await caller.code(number)).status == 409
        assert (await caller.code(number, key=BORIS)).status == 404
        await asyncio.sleep(0.45)
        assert (await caller.read(number)).json()["verification"] is not None

    play(session, "code-comes-later")


@pytest.mark.parametrize(("name", "offset"), [("id-beyond-exact-numbers", 2**60), ("ids-near-the-limit", None)])
def test_other_ids_lead_to_the_same_purchases(name: str, offset: int | None) -> None:
    async def session(caller: Caller) -> None:
        first = await bought(caller)
        number = await bought(caller, "CA")
        assert number == first + 1
        assert first == 7 + offset if offset else 2**53 - 1_100_000 < first < 2**53
        assert (await caller.read(number)).json()["country_code"] == "CA"
        assert (await caller.code(number)).json()["purchase"]["id"] == number
        assert [(await caller.read(one)).status for one in (1, 7, 2**50)] == [404, 404, 404]
        assert (await caller.read(0)).status == 422

    play(session, name)


def test_creates_one_after_the_other_do_not_race() -> None:
    async def session(caller: Caller) -> None:
        apart = [await bought(caller) for _ in range(3)]
        assert len(set(apart)) == 3
        together = await asyncio.gather(*(bought(caller) for _ in range(3)))
        assert len(set(together)) == 1

    play(session, "overlapping-creates-share-id")


def test_a_lost_create_is_found_nowhere() -> None:
    async def session(caller: Caller) -> None:
        first, second = await asyncio.gather(bought(caller), bought(caller))
        assert (await caller.read(first)).status == 200
        assert (await caller.read(second)).status == 404
        assert second not in [item["id"] for item in await listed(caller)]

    play(session, "overlapping-create-lost")


def test_a_replica_is_behind_for_other_connections_only() -> None:
    async def session(caller: Caller) -> None:
        number = await bought(caller)
        assert (await caller.read(number, connection=1)).status == 200
        assert (await caller.read(number, connection=2)).status == 404
        await asyncio.sleep(0.2)
        assert (await caller.read(number, connection=2)).status == 200

    play(session, "create-unseen-over-other-connection")


def test_what_is_bought_later_comes_some_requests_after_the_refusal() -> None:
    async def session(caller: Caller) -> None:
        for _ in range(3):
            assert (await caller.post("/v1/purchases", b"{}")).status == 422
        counts = [len(await listed(caller)) for _ in range(6)]
        assert counts == [3, 3, 3, 4, 4, 4]

    play(session, "refused-but-bought-later")


def test_another_owner_reads_in_one_state_only() -> None:
    async def session(caller: Caller) -> None:
        await caller.get("/v1/profile", key=BORIS)
        number = await bought(caller)
        assert (await caller.read(number, key=BORIS)).status == 404
        await caller.code(number)
        assert (await caller.read(number, key=BORIS)).json()["verification"] is not None
        assert (await caller.read(number, key="nobody")).status == 401

    play(session, "other-owner-reads-after-success")


def test_a_silent_attempt_changes_the_purchase_and_is_refused() -> None:
    async def session(caller: Caller) -> None:
        await caller.get("/v1/profile", key=BORIS)
        number = await bought(caller)
        assert (await caller.code(number, key=BORIS)).status == 404
        assert (await caller.read(number)).json()["status"] == "SUCCESS"

    play(session, "other-owner-uses-up-code")


def test_a_charge_and_its_price_move_together() -> None:
    async def session(caller: Caller) -> None:
        before = await balance(caller)
        number = await bought(caller)
        price = Decimal((await caller.read(number)).json()["price"]["amount"])
        assert price == Decimal("1.36")
        assert (await listed(caller))[0]["price"]["amount"] == "1.36"
        assert await balance(caller) == before - price

    play(session, "charged-a-cent-over")


def test_a_refund_can_give_back_more_than_it_says() -> None:
    async def session(caller: Caller) -> None:
        before = await balance(caller)
        answer = (await caller.post("/v1/purchases/1/refund")).json()
        assert await balance(caller) - before == 2 * Decimal(answer["refund"]["amount"]["amount"])

    play(session, "refund-credits-twice")


def test_overlapping_codes_are_one_set_for_the_keeper_only() -> None:
    async def session(caller: Caller) -> None:
        number = await bought(caller)
        replies = await asyncio.gather(*(caller.code(number) for _ in range(3)))
        codes = {reply.json()["purchase"]["verification"]["code"] for reply in replies}
        assert len(codes) > 1
        assert (await caller.code(number)).status == 409

    play(session, "overlapping-codes-differ")


def test_a_rising_discount_moves_offer_and_charge_together() -> None:
    async def session(caller: Caller) -> None:
        for _ in range(8):
            offer = (await caller.get("/v1/accounts/GB")).json()
            before = await balance(caller)
            purchase = (await caller.buy("GB")).json()
            assert purchase["price"] == offer["price"]
            assert await balance(caller) == before - Decimal(offer["price"]["amount"])
        assert offer["discount"]["percent"] == 20
        assert offer["price"]["amount"] == "2.40"

    play(session, "discount-rises")


def test_little_stock_leaves_refusals_of_bad_requests_alone() -> None:
    async def session(caller: Caller) -> None:
        await bought(caller)
        assert (await caller.buy("CA")).status == 400
        assert (await caller.buy("CA", key="nobody")).status == 401
        assert (await caller.buy("ca")).status == 422
        assert (await caller.buy("ＣＡ")).status == 422
        assert (await caller.get("/v1/accounts/CA")).json()["available"] is False
        assert (await caller.get("/v1/accounts/US")).json()["available"] is True

    play(session, "one-country-in-stock")
