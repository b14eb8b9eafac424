"""SHAPE: what stands around purchases, and the answers that show none."""

from __future__ import annotations

import pytest

from contracts.history import Operation
from tests.checks.build import (
    GONE,
    Verdict,
    account,
    answer,
    call,
    code_answer,
    error,
    listing,
    page,
    profile_answer,
    purchase,
    refund,
    refund_answer,
    request_code,
    success,
    verdicts,
    warning,
)

AROUND: list[tuple[str, Operation, set[Verdict]]] = [
    ("code", request_code(answer(code_answer())), set()),
    ("code waiting", request_code(answer(code_answer(purchase(), status="pending", retry_after=10))), set()),
    ("code extra key", request_code(answer(code_answer() | {"x": 1})), set()),
    ("code extra inside", request_code(answer(code_answer(x=1))), set()),
    ("code bare", request_code(answer(success())), error("SHAPE-2", "purchase missing")
        | error("SHAPE-2", "code_request missing")),
    ("code no request", request_code(answer({"purchase": success()})), error("SHAPE-2", "code_request missing")),
    ("code null request", request_code(answer({"purchase": success(), "code_request": None})),
        error("SHAPE-2", "code_request of the wrong type")),
    ("code no attempt", request_code(answer(code_answer(attempt=GONE))),
        error("SHAPE-2", "code_request.attempt missing")),
    ("code odd status", request_code(answer(code_answer(status="done"))),
        warning("SHAPE-2", "code_request.status not as published")),
    ("code fraction", request_code(answer(code_answer(retry_after=0.5))),
        warning("SHAPE-2", "code_request.retry_after not as published")),
    ("code no object", request_code(answer(code_answer() | {"purchase": []})), error("SHAPE-2", "purchase no object")),
    ("refund", refund(answer(refund_answer())), set()),
    ("refund no reason", refund(answer(refund_answer(reason=GONE))), error("SHAPE-2", "refund.reason missing")),
    ("refund number", refund(answer(refund_answer(amount={"amount": 1.5, "currency_code": "USD"}))),
        error("SHAPE-7", "price.amount of the wrong type")),
    ("refund bare", refund(answer(refund_answer(amount="1.50"))), error("SHAPE-7", "price of the wrong type")),
    ("refund currency", refund(answer(refund_answer(amount={"amount": "1.50", "currency_code": "ZZZ"}))),
        error("SHAPE-7", "price.currency_code unknown to ISO 4217")),
    ("refund time", refund(answer(refund_answer(refunded_at="today"))),
        warning("SHAPE-2", "refund.refunded_at not as published")),
    ("list empty", listing(answer(page())), set()),
    ("list two", listing(answer(page(purchase(), purchase(id=2)))), set()),
    ("list no items", listing(answer(page(items=GONE))), error("SHAPE-2", "items missing")),
    ("list object items", listing(answer(page(items={}))), error("SHAPE-2", "items of the wrong type")),
    ("list text item", listing(answer(page("x"))),
        error("SHAPE-2", "purchase no object") | error("LIST-5", "not a whole purchase")),
    ("list short item", listing(answer(page(purchase(), purchase(verification=GONE)))),
        error("SHAPE-2", "verification missing") | error("LIST-5", "not a whole purchase")),
    ("list ill-formed item", listing(answer(page(purchase(), purchase(id="2")))),
        error("SHAPE-3", "id of the wrong type")),
    ("list extra keys", listing(answer(page() | {"total": 0})), set()),
    ("account", call("GET", "/v1/accounts/US", answer(account())), set()),
    ("account extra", call("GET", "/v1/accounts/US", answer(account(available_count="many", tags=1))), set()),
    ("account no price", call("GET", "/v1/accounts/US", answer(account(price=GONE))),
        error("SHAPE-2", "price missing")),
    ("account zero", call("GET", "/v1/accounts/US", answer(account(price={"amount": "0", "currency_code": "USD"}))),
        warning("SHAPE-7", "zero price")),
    ("account currency", call("GET", "/v1/accounts/US", answer(account(price={"amount": "1", "currency_code": "ZZZ"}))),
        error("SHAPE-7", "price.currency_code unknown to ISO 4217")),
    ("account country", call("GET", "/v1/accounts/US", answer(account(country_code="us"))),
        error("SHAPE-4", "country_code ill-formed")),
    ("account name", call("GET", "/v1/accounts/US", answer(account(display_name={"ru": " ", "en": "x"}))),
        error("SHAPE-5", "display_name.ru empty")),
    ("account discount", call("GET", "/v1/accounts/US", answer(account(discount={"percent": 0}))),
        error("SHAPE-2", "discount.base_price missing")),
    ("account number", call("GET", "/v1/accounts/US", answer(account(discount={"percent": 0, "base_price": 3}))),
        warning("SHAPE-2", "discount.base_price not as published")),
    ("account text", call("GET", "/v1/accounts/US", answer(account(available="yes"))),
        warning("SHAPE-2", "available not as published")),
    ("the list of countries", call("GET", "/v1/accounts/countries", answer(page())), set()),
    ("profile", call("GET", "/v1/profile", answer(profile_answer())), set()),
    ("profile extra", call("GET", "/v1/profile", answer(profile_answer(login=5, discount=[]))), set()),
    ("profile in debt", call("GET", "/v1/profile", answer(profile_answer(
        balance={"amount": "-3.00", "currency_code": "USD"}))), set()),
    ("profile broke", call("GET", "/v1/profile", answer(profile_answer(
        balance={"amount": "0.00", "currency_code": "USD"}))), set()),
    ("profile number", call("GET", "/v1/profile", answer(profile_answer(
        balance={"amount": 3, "currency_code": "USD"}))), error("SHAPE-7", "price.amount of the wrong type")),
    ("profile numeric id", call("GET", "/v1/profile", answer(profile_answer(id=1001))),
        warning("SHAPE-2", "id not as published")),
    ("profile no total", call("GET", "/v1/profile", answer(profile_answer(statistics={}))),
        error("SHAPE-2", "statistics.total_purchases missing")),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "expected"), [row[1:] for row in AROUND], ids=[row[0] for row in AROUND])
def test_what_stands_around_purchases(operation: Operation, expected: set[Verdict]) -> None:
    assert verdicts(operation) == expected
