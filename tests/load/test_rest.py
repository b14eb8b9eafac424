"""Looking at an account at rest: what a target shows of it, and how long it may take to settle."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest

from contracts.target import Keys, Target
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from load.balance import Look
from load.drive.books import Account
from load.rest import Rest
from tests.load.test_preflight import served, target

PRICE = {"amount": "9.50", "currency_code": "USD"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("load.rest.LOOK_EVERY", 0.01)
    monkeypatch.setattr("load.rest.SETTLE_SECONDS", 0.05)


def shown(amount: str, made: int) -> dict[str, object]:
    return {"balance": PRICE | {"amount": amount}, "statistics": {"total_purchases": made}}


def test_a_sandbox_is_seen_with_its_balance_its_purchases_and_those_that_ended() -> None:
    with SandboxThread(Settings(balance="50.00", failure_rate=1.0)) as sandbox:
        rest = Rest(Target(sandbox.url, sandbox.url, loopback=True, keys=Keys(sandbox.owner_key)), 5.0, "2026-02")
        before = rest.look()
        with httpx.Client(base_url=sandbox.url, headers={"x-api-key": sandbox.owner_key}, trust_env=False) as client:
            for _ in range(2):
                number = client.post("/v1/purchases", json={"country_code": "US"}).json()["id"]
            client.post(f"/v1/purchases/{number}/request-code")
        after = rest.look()
    assert before == Look(Decimal("50.00"), "USD", 0, 0)
    assert after is not None
    assert (after.purchases, after.ended) == (2, 1)
    assert after.amount < before.amount


@pytest.mark.parametrize(
    "profile", [None, (503, b"{}"), [], {"balance": None}, {"balance": {"amount": 9.5}}, (200, b"{")]
)
def test_without_a_balance_there_is_nothing_to_see(profile: object) -> None:
    with served(lambda path: profile if path.startswith("/v1/profile") else None) as one:
        assert Rest(one, 1.0, "2026-02").look() is None


def test_what_a_target_does_not_count_is_not_known() -> None:
    with served(lambda path: {"balance": PRICE} if path.startswith("/v1/profile") else None) as one:
        assert Rest(one, 1.0, "2026-02").look() == Look(Decimal("9.50"), "USD", None, None)


def test_a_target_that_is_gone_shows_nothing() -> None:
    assert Rest(target("http://127.0.0.1:9"), 0.2, "2026-02").look() is None


BOUGHT = Account(asked=1, bought=1, spent=Decimal("0.50"), dearest=Decimal("0.50"), currencies=frozenset({"USD"}))
BEFORE = Look(Decimal("10.00"), "USD", 0, 0)
EMPTY = {"items": [], "pagination": {"current_page": 1, "total_pages": 1, "has_next": False}}


def told(answers: Iterator[dict[str, object]]) -> tuple[str, str]:
    with served(lambda path: next(answers) if path.startswith("/v1/profile") else EMPTY) as one:
        found = Rest(one, 1.0, "2026-02").settle(BEFORE, BOUGHT, lambda: False)
    return found.violation.cause if found.violation else "", found.reason


def test_a_balance_read_from_a_copy_that_lags_is_given_its_time() -> None:
    assert told(iter([shown("10.00", 0), shown("10.00", 1), shown("9.50", 1)])) == ("", "")


def test_a_balance_that_stays_wrong_is_told() -> None:
    assert told(iter([shown("9.00", 1)] * 5)) == ("balance-too-low", "")


def test_no_second_look_is_taken_once_the_user_wants_an_end() -> None:
    with served(lambda path: shown("9.00", 1) if path.startswith("/v1/profile") else EMPTY) as one:
        found = Rest(one, 1.0, "2026-02").settle(BEFORE, BOUGHT, lambda: True)
    assert found.violation is not None


def test_what_shows_no_balance_before_or_after_is_told_as_that() -> None:
    with served(lambda _: None) as one:
        rest = Rest(one, 1.0, "2026-02")
        assert rest.settle(None, BOUGHT, lambda: False).reason == "the target shows no balance"
        assert rest.settle(BEFORE, BOUGHT, lambda: False).reason == "no balance was shown at the end"
