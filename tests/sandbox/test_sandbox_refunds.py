"""Refunds by the owner, and everything an administrator can do."""

import json

import pytest

TWENTY_MINUTES = 20 * 60


def test_a_refund_waits_twenty_minutes_and_credits_the_full_price(api):
    purchase = api.buy()
    refund = f"/v1/purchases/{purchase['id']}/refund"
    early = api.owner.post(refund)
    assert (early.status_code, early.json()["error"]["code"]) == (422, "refund_too_early")
    api.advance(TWENTY_MINUTES - 5)
    assert api.owner.post(refund).status_code == 422
    assert api.balance() == 998.5
    now = api.advance(5)
    answer = api.owner.post(refund, headers={"content-type": "application/json"})
    assert answer.status_code == 200
    assert answer.json() == {
        "purchase": {**purchase, "status": "REFUND"},
        "refund": {
            "amount": purchase["price"],
            "reason": "no code within 20 minutes",
            "refunded_at": answer.json()["refund"]["refunded_at"],
        },
    }
    assert answer.json()["refund"]["refunded_at"] >= now
    assert api.balance() == 1000
    assert api.owner.post(refund).status_code == 409
    assert api.balance() == 1000
    assert api.show(purchase["id"]) == answer.json()["purchase"]


def test_only_a_pending_purchase_is_refunded_to_its_owner(api):
    api.script("success", "failure")
    over = [api.buy()["id"] for _ in range(3)]
    api.code(over[0])
    api.code(over[1])
    api.do(f"purchases/{over[2]}/expire")
    before = [api.show(purchase_id) for purchase_id in over], api.balance()
    api.advance(TWENTY_MINUTES)
    for purchase_id in over:
        response = api.owner.post(f"/v1/purchases/{purchase_id}/refund")
        assert (response.status_code, response.json()["error"]["code"]) == (409, "not_refundable")
    assert ([api.show(purchase_id) for purchase_id in over], api.balance()) == before


def test_another_owner_cannot_refund(api):
    purchase = api.buy()
    api.advance(TWENTY_MINUTES)
    assert api.other.post(f"/v1/purchases/{purchase['id']}/refund").status_code == 404
    assert api.show(purchase["id"]) == purchase


def test_a_refunded_number_is_not_sold_again(api):
    numbers = []
    for _ in range(5):
        purchase = api.buy("EE")
        numbers.append(purchase["phone_number"])
        api.do(f"purchases/{purchase['id']}/refund")
    assert len(set(numbers)) == 5


@pytest.mark.parametrize("outcome", ["success", "failure", "pending"])
def test_an_administrator_refunds_any_purchase_once(api, outcome):
    api.script(outcome)
    purchase_id = api.buy()["id"]
    before = api.code(purchase_id).json()["purchase"]
    assert api.balance() == 998.5
    for _ in range(2):
        assert api.do(f"purchases/{purchase_id}/refund") == {**before, "status": "REFUND"}
        assert api.balance() == 1000
    assert api.show(purchase_id) == {**before, "status": "REFUND"}


def test_a_purchase_can_expire_and_then_be_refunded(api):
    purchase = api.buy()
    assert api.do(f"purchases/{purchase['id']}/expire") == {**purchase, "status": "EXPIRED"}
    assert api.admin.post(f"/admin/purchases/{purchase['id']}/expire").status_code == 409
    assert api.admin.post("/admin/purchases/1/expire").status_code == 404
    assert api.balance() == 998.5
    assert api.do(f"purchases/{purchase['id']}/refund")["status"] == "REFUND"
    assert api.balance() == 1000


def test_nothing_expires_under_the_older_profile(start):
    api = start(profile="2026-02")
    purchase_id = api.buy()["id"]
    assert api.admin.post(f"/admin/purchases/{purchase_id}/expire").status_code == 409
    assert api.show(purchase_id)["status"] == "PENDING"


def test_outcomes_can_be_scripted_for_one_purchase(api):
    first, second = api.buy()["id"], api.buy()["id"]
    assert api.script("failure", purchase_id=second) == {"scripted": 1}
    assert api.code(first).json()["purchase"]["status"] == "SUCCESS"
    assert api.code(second).json()["purchase"]["status"] == "ERROR"


def test_stock_can_be_set(api):
    assert api.do("stock", country_code="US", available=1) == {"country_code": "US", "available": 1}
    api.buy()
    assert api.owner.post("/v1/purchases", json={"country_code": "US"}).status_code == 400
    api.do("stock", country_code="US", available=None)
    api.buy()


def test_the_balance_can_be_set(api):
    assert api.do("balance", owner="other", amount="12.3") == {
        "owner": "other",
        "balance": {"amount": "12.30", "currency_code": "USD"},
    }
    assert api.other.get("/v1/profile").json()["balance"]["amount"] == "12.30"
    assert api.balance() == 1000


def test_the_state_counts_purchases_and_requests(api):
    api.buy()
    api.buy(by=api.other)
    api.owner.get("/nowhere")
    state = api.admin.get("/admin/state").json()
    assert (state["purchases"], state["requests"]) == (2, 3)
    assert state["statuses"] == {"PENDING": 2, "SUCCESS": 0, "ERROR": 0, "REFUND": 0, "EXPIRED": 0}


@pytest.mark.parametrize(
    ("operation", "members", "status"),
    [
        ("clock", {}, 422),
        ("clock", {"advance_s": -1}, 422),
        ("clock", {"advance_s": True}, 422),
        ("clock", {"advance_s": "5"}, 422),
        ("clock", {"advance_s": 10**400}, 422),
        ("provider", {"outcomes": "success"}, 422),
        ("provider", {"outcomes": ["succes"]}, 422),
        ("provider", {"outcomes": [["success"]]}, 422),
        ("provider", {"outcomes": [], "purchase_id": "1"}, 422),
        ("stock", {"country_code": "US"}, 422),
        ("stock", {"country_code": "US", "available": -1}, 422),
        ("stock", {"country_code": "US", "available": 1.5}, 422),
        ("stock", {"country_code": "ZZ", "available": 1}, 404),
        ("balance", {"owner": "owner", "amount": 5}, 422),
        ("balance", {"owner": ["owner"], "amount": "5"}, 422),
        ("balance", {"owner": "\ud800", "amount": "5"}, 404),
        ("purchases/1/refund", {}, 404),
        ("purchases/x/refund", {}, 422),
    ],
)
def test_an_administrators_mistakes_are_refused(shared, operation, members, status):
    # Not through httpx's own encoder, which cannot write a lone surrogate.
    response = shared.admin.post(f"/admin/{operation}", content=json.dumps(members))
    assert response.status_code == status


@pytest.mark.parametrize("key", [None, "", "wrong", "owner"])
def test_administration_needs_its_own_key(shared, key):
    headers = {"x-api-key": shared.sandbox.owner_key}
    if key is not None:
        headers["x-admin-key"] = shared.sandbox.owner_key if key == "owner" else key
    for method, path in (
        ("POST", "/admin/purchases/1/refund"),
        ("POST", "/admin/purchases/1/expire"),
        ("POST", "/admin/clock"),
        ("POST", "/admin/provider"),
        ("POST", "/admin/stock"),
        ("POST", "/admin/balance"),
        ("GET", "/admin/state"),
    ):
        assert shared.nobody.request(method, path, headers=headers, json={}).status_code == 401


def test_the_admin_key_buys_nothing(shared):
    headers = {"x-api-key": shared.sandbox.admin_key}
    assert shared.nobody.get("/v1/profile", headers=headers).status_code == 401
