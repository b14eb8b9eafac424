"""Many callers at once, over real connections to a process of its own: nothing sold or charged twice."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal

import httpx
import pytest

from fixtures.sandbox.server import SandboxProcess
from fixtures.sandbox.settings import Settings

CALLERS = 12


@pytest.fixture
def crowd():
    """Start a sandbox process; give a function that runs a task in many callers, each with its client."""
    with ExitStack() as stack:

        def start(**settings):
            sandbox = stack.enter_context(SandboxProcess(Settings(seed=21, **settings)))
            clients = [
                stack.enter_context(
                    httpx.Client(
                        base_url=sandbox.url,
                        headers={"x-api-key": sandbox.owner_key, "x-admin-key": sandbox.admin_key},
                        trust_env=False,
                        verify=False,
                    )
                )
                for _ in range(CALLERS)
            ]
            pool = stack.enter_context(ThreadPoolExecutor(CALLERS))

            def run(task):
                barrier = threading.Barrier(CALLERS)

                def one(client):
                    client.get("/v1/profile")
                    barrier.wait()
                    return task(client)

                return list(pool.map(one, clients))

            return clients[0], run

        yield start


def balance(client):
    return Decimal(client.get("/v1/profile").json()["balance"]["amount"])


def everything(client):
    items, number = [], 1
    while True:
        page = client.get("/v1/purchases", params={"page": number, "page_size": 50}).json()
        items += page["items"]
        if not page["pagination"]["has_next"]:
            return items
        number += 1


def test_creates_at_once_differ_and_are_each_charged_once(crowd):
    client, run = crowd(balance="1000")

    def buy(caller):
        return [caller.post("/v1/purchases", json={"country_code": "US"}).json() for _ in range(30)]

    bought = [purchase for purchases in run(buy) for purchase in purchases]
    assert len(bought) == 30 * CALLERS
    assert len({purchase["id"] for purchase in bought}) == len(bought)
    assert len({purchase["phone_number"] for purchase in bought}) == len(bought)
    assert balance(client) == 1000 - sum(Decimal(purchase["price"]["amount"]) for purchase in bought)
    assert sorted(everything(client), key=lambda item: item["id"]) == sorted(bought, key=lambda item: item["id"])
    assert client.get("/v1/profile").json()["statistics"]["total_purchases"] == len(bought)


def test_the_last_money_is_spent_once(crowd):
    client, run = crowd(balance="30.70")

    def buy(caller):
        return [caller.post("/v1/purchases", json={"country_code": "US"}).status_code for _ in range(5)]

    statuses = Counter(status for each in run(buy) for status in each)
    assert statuses == {200: 20, 402: 5 * CALLERS - 20}
    assert balance(client) == Decimal("0.70")


def test_the_last_stock_is_sold_once(crowd):
    client, run = crowd()

    def buy(caller):
        return [caller.post("/v1/purchases", json={"country_code": "EE"}).status_code for _ in range(3)]

    statuses = Counter(status for each in run(buy) for status in each)
    assert statuses == {200: 12, 400: 3 * CALLERS - 12}
    assert client.get("/v1/accounts/EE").json()["available_count"] == 0


@pytest.mark.parametrize("latency_s", [0.0, 0.03])
def test_code_requests_at_once_show_one_set_of_credentials(crowd, latency_s):
    client, run = crowd(latency_s=latency_s)
    ids = [client.post("/v1/purchases", json={"country_code": "US"}).json()["id"] for _ in range(10)]

    def ask(caller):
        return [(number, caller.post(f"/v1/purchases/{number}/request-code")) for number in ids]

    seen = {number: [] for number in ids}
    for number, answer in (pair for each in run(ask) for pair in each):
        assert answer.status_code in {200, 409}
        if answer.status_code == 200:
            seen[number].append(answer.json()["purchase"]["verification"])
    for number, credentials in seen.items():
        assert credentials == [client.get(f"/v1/purchases/{number}").json()["verification"]]


def test_refunds_at_once_credit_once(crowd):
    client, run = crowd(balance="100")
    ids = [client.post("/v1/purchases", json={"country_code": "RU"}).json()["id"] for _ in range(6)]
    client.post("/admin/clock", json={"advance_s": 1200})

    def refund(caller):
        own = [caller.post(f"/v1/purchases/{number}/refund").status_code for number in ids]
        forced = [caller.post(f"/admin/purchases/{number}/refund").status_code for number in ids]
        assert forced == [200] * len(ids)
        return own

    statuses = Counter(status for each in run(refund) for status in each)
    assert set(statuses) <= {200, 409}
    assert balance(client) == 100


def test_a_whole_market_adds_up(crowd):
    """Everything at once: at rest the balance is what prices and refunds leave (MONEY-1)."""
    client, run = crowd(balance="500", failure_rate=0.2, pending_rate=0.2, latency_s=0.002)

    def live(caller):
        for number in range(12):
            country = ("US", "RU", "KZ", "IN")[number % 4]
            purchase = caller.post("/v1/purchases", json={"country_code": country}).json()
            read = caller.get(f"/v1/purchases/{purchase['id']}")
            assert read.json() == purchase
            asked = caller.post(f"/v1/purchases/{purchase['id']}/request-code").json()["purchase"]
            assert caller.get(f"/v1/purchases/{purchase['id']}").json() == asked
            if number % 5 == 0:
                caller.post(f"/admin/purchases/{purchase['id']}/refund")

    run(live)
    items = everything(client)
    assert len(items) == 12 * CALLERS
    kept = [item for item in items if item["status"] != "REFUND"]
    assert balance(client) == 500 - sum(Decimal(item["price"]["amount"]) for item in kept)
    counted = Counter(item["status"] for item in items)
    state = client.get("/admin/state").json()["statuses"]
    assert {status: count for status, count in state.items() if count} == counted
    assert {"PENDING", "SUCCESS", "ERROR", "REFUND"} == set(counted)
