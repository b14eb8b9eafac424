"""Asking for the code: every outcome, every repeat, and every state it may find."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest


def test_success_brings_credentials_that_stay(shared):
    purchase = shared.buy()
    answer = shared.code(purchase["id"])
    assert answer.status_code == 200
    obtained = answer.json()["purchase"]
    assert answer.json()["code_request"] == {
        "status": "success",
        "attempt": 1,
        "max_attempts": 18,
        "next_attempt_at": None,
        "retry_after": None,
    }
    assert obtained == {**purchase, "status": "SUCCESS", "verification": obtained["verification"]}
    assert len(obtained["verification"]["code"]) >= 5
    assert len(obtained["verification"]["password"]) >= 12
    assert obtained["verification"]["received_at"] >= purchase["created_at"]
    assert shared.show(purchase["id"]) == obtained


def test_a_repeat_is_a_conflict_and_changes_nothing(shared):
    purchase_id = shared.buy()["id"]
    obtained = shared.code(purchase_id).json()["purchase"]
    again = shared.code(purchase_id)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "code_already_issued")
    assert shared.show(purchase_id) == obtained


@pytest.mark.parametrize(
    "request_parts",
    [
        {},
        {"json": {}},
        {"content": b"", "headers": {"content-type": "application/json"}},
        {"json": {"callback_url": "https://buyer.example/hook"}},
        {"json": {"unknown": [1]}},
    ],
)
def test_the_body_may_be_empty_or_an_object(shared, request_parts):
    url = f"/v1/purchases/{shared.buy()['id']}/request-code"
    assert shared.owner.post(url, **request_parts).status_code == 200


@pytest.mark.parametrize("content", [b'{"callback_url": "no uri"}', b'{"callback_url": null}', b"[]", b"{", b"null"])
def test_a_wrong_body_is_refused_without_effect(shared, content):
    purchase = shared.buy()
    response = shared.owner.post(f"/v1/purchases/{purchase['id']}/request-code", content=content)
    assert response.status_code in {400, 422}
    assert shared.show(purchase["id"]) == purchase


def test_failure_ends_in_error_and_costs_what_the_purchase_says(api):
    api.script("failure")
    purchase = api.buy()
    answer = api.code(purchase["id"]).json()
    assert answer["purchase"] == {**purchase, "status": "ERROR"}
    assert answer["code_request"]["status"] == "failed"
    assert api.code(purchase["id"]).status_code == 409
    assert api.show(purchase["id"]) == answer["purchase"]
    assert api.balance() == 998.5


def test_pending_says_when_to_ask_again(api):
    api.script("pending", "pending", "success")
    purchase = api.buy()
    for attempt in (1, 2):
        answer = api.code(purchase["id"]).json()
        assert answer["purchase"] == purchase
        waiting = answer["code_request"]
        due = datetime.fromisoformat(waiting.pop("next_attempt_at"))
        assert waiting == {"status": "pending", "attempt": attempt, "max_attempts": 18, "retry_after": 10}
        assert due - datetime.fromisoformat(purchase["created_at"]) >= timedelta(seconds=10)
    final = api.code(purchase["id"]).json()
    assert (final["purchase"]["status"], final["code_request"]["attempt"]) == ("SUCCESS", 3)


def test_the_provider_gives_up_at_last(start):
    api = start(pending_rate=1.0)
    purchase_id = api.buy()["id"]
    states = [api.code(purchase_id).json()["purchase"]["status"] for _ in range(18)]
    assert states == ["PENDING"] * 17 + ["ERROR"]


@pytest.mark.parametrize("end", ["refund", "expire"])
def test_a_purchase_that_is_over_gets_no_code(api, end):
    purchase_id = api.buy()["id"]
    over = api.do(f"purchases/{purchase_id}/{end}")
    assert api.code(purchase_id).status_code == 409
    assert api.show(purchase_id) == over


def test_another_owner_gets_no_code(shared):
    purchase = shared.buy()
    assert shared.other.post(f"/v1/purchases/{purchase['id']}/request-code").status_code == 404
    assert shared.show(purchase["id"]) == purchase


def test_an_account_may_come_without_a_password(start):
    api = start(profile="2026-05", null_password=True)
    verification = api.code(api.buy()["id"]).json()["purchase"]["verification"]
    assert verification["password"] is None
    assert verification["code"]


def test_requests_at_once_bring_one_set_of_credentials(start):
    api = start(latency_s=0.2)
    purchase_id = api.buy()["id"]
    barrier = threading.Barrier(6)

    def ask(_):
        barrier.wait()
        return api.code(purchase_id)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    assert {a.json()["error"]["code"] for a in answers if a.status_code == 409} == {"code_request_in_progress"}
    assert api.show(purchase_id)["verification"] is not None


def test_latency_delays_the_code_and_nothing_else(start):
    api = start(latency_s=0.4)
    purchase_id = api.buy()["id"]
    with ThreadPoolExecutor(1) as pool:
        started = time.perf_counter()
        asked = pool.submit(api.code, purchase_id)
        time.sleep(0.05)
        assert api.show(purchase_id)["status"] == "PENDING"
        assert time.perf_counter() - started < 0.25
        assert asked.result().status_code == 200
        assert time.perf_counter() - started >= 0.3


def test_a_code_that_comes_after_the_refund_is_not_delivered(start):
    api = start(latency_s=0.3)
    purchase_id = api.buy()["id"]
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(api.code, purchase_id)
        time.sleep(0.1)
        refunded = api.do(f"purchases/{purchase_id}/refund")
        assert asked.result().status_code == 409
    assert api.show(purchase_id) == refunded
    assert refunded["verification"] is None
