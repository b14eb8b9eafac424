"""How many purchases a request may make on a server that reads it loosely."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.asking import most_purchases, purchases_asked
from contracts.gate.nearmisses import Subject, body_misses, country_misses, extra_key_misses, method_misses
from contracts.history import ApiOperation, Input
from contracts.routes import METHODS, PATHS

BODY = b'{"country_code": "US"}'


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "post", "QUERY", "PURCHASE"])
@pytest.mark.parametrize(
    "path",
    ["/v1/purchases", "/v1/purchases/", "/v1//purchases", "//v1/purchases", "/V1/Purchases", "/v1/%70urchases",
     "/v1/%2570urchases", "/v1/./purchases", "/v1/accounts/../purchases", "/v1/purchases;x=1", "/v1/purchases%20",
     "/v1/purchases%00", "/v1%2Fpurchases", "/v1\\purchases", "/v1/purchases/bulk", "/v1/purchases//",
     "/v1/purchases?page=1", "/v1/purchases%3Fx", "/v1/purchases/?x=/7", "/v1/purchases#7", "/v1/x%3F/../purchases"],
)  # fmt: skip
def test_whatever_a_forgiving_server_takes_for_a_create_is_counted(method: str, path: str) -> None:
    assert most_purchases(method, path, BODY) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/purchases"), ("HEAD", "/v1/purchases"), ("OPTIONS", "/v1/purchases"), ("DELETE", "/v1/purchases"),
     ("POST", "/v1/purchases/7/request-code"), ("POST", "/v1/purchases/7/refund"), ("POST", "/v1/profile"),
     ("POST", "/v1/accounts/US"), ("PUT", "/v1/purchases/7"), ("POST", "/v2/purchases"), ("POST", "/")],
)  # fmt: skip
def test_a_request_that_buys_nowhere_costs_nothing(method: str, path: str) -> None:
    assert most_purchases(method, path, BODY) == 0


def test_of_the_seven_operations_one_buys() -> None:
    paths = {each: PATHS[each].format(id=7, country_code="US") for each in METHODS}
    counted = {each: most_purchases(METHODS[each], paths[each], BODY) for each in METHODS}
    assert counted == dict.fromkeys(METHODS, 0) | {ApiOperation.CREATE: 1}


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ({"country_code": "US", "quantity": 7}, 7),
        ({"country_code": "US", "quantity": "7"}, 7),
        ({"country_code": "US", "quantity": 2.9}, 2),
        ({"country_code": "US", "quantity": 1e300}, 10**18),
        ({"country_code": "US", "quantity": 10**30}, 10**18),
        ({"country_code": "US", "quantity": -5}, 1),
        ({"country_code": "US", "quantity": 0}, 1),
        ({"country_code": "US", "quantity": True}, 1),
        ({"country_code": "US", "quantity": "many"}, 1),
        ({"country_code": "US", "quantity": None, "count": 3}, 3),
        ([{"country_code": "US"}] * 4, 4),
        ([{"country_code": "US", "quantity": 5}, {"country_code": "GB"}], 6),
        ([], 1),
        ({"country_code": "US", "quantity": "1e2"}, 100),
        ({"country_code": "US", "quantity": " +7 "}, 7),
        ({"country_code": "US", "quantity": "\u0667"}, 7),
        ({"country_code": ["US", "GB", "DE"]}, 3),
        ({"purchases": [{"country_code": "US", "quantity": 2}, {"country_code": "GB"}]}, 3),
        ("US", 1),
        (None, 1),
    ],
)
def test_a_body_that_asks_for_several_is_counted_as_several(body: Any, count: int) -> None:
    assert most_purchases("POST", "/v1/purchases", json.dumps(body).encode()) == count


@pytest.mark.parametrize(
    "body",
    [b'{"quantity": 9, "quantity": 1}', b'{"quantity": 1, "quantity": 9}', b"country_code=US&quantity=9",
     b'{"country_code": "US"}\n{"country_code": "US", "qty": 9}', '{"quantity": 9}'.encode("utf-16"),
     b'\xef\xbb\xbf{"count": "9"}', b'{"quantity": 9'],
)  # fmt: skip
def test_a_quantity_in_what_is_not_plain_json_is_counted_too(body: bytes) -> None:
    assert most_purchases("POST", "/v1/purchases", body) == 9


@pytest.mark.parametrize(
    ("sent", "count"),
    [
        (Input("POST", "/v1/purchases", (("quantity", "9"),), (), BODY), 9),
        (Input("POST", "/v1/purchases", (("page", "9"),), (), BODY), 1),
        (Input("GET", "/v1/purchases", (("count", "9"),), (), b""), 0),
        (Input("GET", "/v1/purchases", (), (("X-HTTP-Method-Override", "POST"),), BODY), 1),
        (Input("GET", "/v1/purchases", (("_method", "post"),), (), b""), 1),
        (Input("POST", "/v1/purchases", (), (("x-http-method-override", "GET"),), BODY), 1),
        (Input("GET", "/v1/profile", (), (("X-HTTP-Method-Override", "POST"),), b""), 0),
    ],
)
def test_a_query_may_ask_for_several_and_a_field_for_another_method(sent: Input, count: int) -> None:
    assert purchases_asked(sent) == count


@given(st.text(), st.text(), st.binary(max_size=200))
def test_any_request_at_all_can_be_counted(method: str, path: str, body: bytes) -> None:
    assert 0 <= most_purchases(method, path, body) <= 10**20


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists))
def test_a_quantity_of_any_kind_can_be_counted(value: Any) -> None:
    body = json.dumps({"country_code": "US", "quantity": value}).encode()
    assert 1 <= most_purchases("POST", "/v1/purchases", body) <= 10**18


def test_no_near_miss_of_the_catalogue_asks_for_more_than_two() -> None:
    subject = Subject("US", 7, "key-of-the-owner", "key-of-nobody")
    sources = (country_misses, body_misses, extra_key_misses, method_misses)
    misses = [miss for source in sources for miss in source(subject)]
    assert len(misses) > 100
    assert max(most_purchases(miss.method, miss.path, miss.body) for miss in misses) <= 2
