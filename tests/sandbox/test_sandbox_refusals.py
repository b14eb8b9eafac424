"""What must be refused: near misses in body, path and query, other methods, and wrong keys."""

import json
import re
import socket

import pytest

from fixtures.sandbox.settings import MAX_ID

NEAR_MISSES = {
    "lower case": "us",
    "mixed case": "Us",
    "three letters": "USA",
    "one letter": "U",
    "empty": "",
    "leading space": " US",
    "trailing space": "US ",
    "trailing newline": "US\n",
    "trailing nul": "US\0",
    "zero width space": "US\u200b",
    "full width": "\uff35\uff33",
    "Cyrillic": "\u0420\u0421",
    "lone surrogate": "\ud800S",
    "digits": "12",
    "list": ["US"],
    "object": {"US": "US"},
    "number": 5,
    "true": True,
    "null": None,
}

NO_OBJECT = {
    "empty": b"",
    "blank": b"  ",
    "truncated": b'{"country_code":"US"',
    "twice": b'{"country_code":"US"}{"country_code":"US"}',
    "trailing comma": b'{"country_code":"US",}',
    "single quotes": b"{'country_code':'US'}",
    "a key twice": b'{"country_code":"US","country_code":"US"}',
    "another key twice": b'{"country_code":"US","x":{"y":1,"y":2}}',
    "list": b'[{"country_code":"US"}]',
    "string": b'"US"',
    "null": b"null",
    "number": b"1",
    "NaN": b'{"country_code":"US","x":NaN}',
    "Infinity": b'{"country_code":"US","x":-Infinity}',
    "a number of 5000 digits": b'{"country_code":"US","x":' + b"9" * 5000 + b"}",
    "invalid UTF-8": b'{"country_code":"US","x":"\xff"}',
    "overlong UTF-8": b'{"country_code":"\xc1\x95S"}',
    "UTF-16": '{"country_code":"US"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"country_code":"US"}',
    "deep lists": b"[" * 50_000,
    "deep objects": b'{"x":' * 10_000,
    "deep inside": b'{"country_code":"US","x":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "a megabyte": b'{"country_code":"US","x":"' + b"x" * 2**20 + b'"}',
    "a form": b"country_code=US",
    "nul bytes": b"\0" * 20,
}

BAD_IDS = [
    "0",
    "-1",
    "+1",
    "01",
    "1.0",
    "1e3",
    "0x1",
    "1_000",
    str(MAX_ID + 1),
    "9" * 400,
    "abc",
    "null",
    "%00",
    "1%00",
    "%201",
    "1%20",
    "1%0A",
    "%D9%A1",
    "%EF%BC%91",
    "%FF",
    "1%2F2",
    "1;2",
    "1,2",
    "-",
]

BAD_LIST_PARAMETERS = [
    "",
    "page=1",
    "page_size=1",
    "page=0&page_size=1",
    "page=-1&page_size=1",
    "page=1.0&page_size=1",
    "page=01&page_size=1",
    "page=&page_size=1",
    "page=x&page_size=1",
    "page=%201&page_size=1",
    "page=1%0A&page_size=1",
    "page=%D9%A1&page_size=1",
    f"page={MAX_ID + 1}&page_size=1",
    "page=" + "9" * 5000 + "&page_size=1",
    "page=1&page_size=0",
    "page=1&page_size=51",
    "page=1&page_size=-5",
    "page=1&page_size=1e1",
    "page=1&page=1&page_size=1",
    "page=1&page_size=1&page_size=2",
    "page=1&page_size=1&sort=",
    "page=1&page_size=1&sort=DATE_ASC",
    "page=1&page_size=1&sort=id_asc",
    "page=1&page_size=1&sort=date_asc&sort=date_asc",
    "page=1&page_size=1&status=",
    "page=1&page_size=1&status=pending",
    "page=1&page_size=1&status=PENDING,ERROR",
    "page=1&page_size=1&status=PENDING%00",
    "page=1&page_size=1&status=PENDING&status=ERROR",
    "page=1&page_size=1&sort=%FF",
    "page=1&page_size=1" + "&x=1" * 200,
]

OPERATIONS = [
    ("POST", "/v1/purchases"),
    ("GET", "/v1/purchases?page=1&page_size=1"),
    ("GET", "/v1/purchases/{id}"),
    ("POST", "/v1/purchases/{id}/request-code"),
    ("POST", "/v1/purchases/{id}/refund"),
    ("GET", "/v1/accounts/US"),
    ("GET", "/v1/accounts?page=1&page_size=1"),
    ("GET", "/v1/profile"),
]


def check_refusal(response, *statuses):
    assert response.status_code in statuses, (response.status_code, response.text)
    assert response.headers["content-type"] == "application/json"
    assert set(response.json()) == {"error"}
    assert set(response.json()["error"]) == {"code", "message"}
    assert not re.search(r"Traceback|File \"|\.py|SELECT|sqlite|/\w+/\w+", response.text)


@pytest.mark.parametrize("value", NEAR_MISSES.values(), ids=NEAR_MISSES.keys())
def test_near_misses_of_a_country_code_buy_nothing(shared, value):
    before = shared.purchases()
    content = json.dumps({"country_code": value})
    check_refusal(shared.owner.post("/v1/purchases", content=content), 422)
    assert shared.purchases() == before


@pytest.mark.parametrize("content", NO_OBJECT.values(), ids=NO_OBJECT.keys())
def test_a_body_that_is_no_json_object_buys_nothing(shared, content):
    before = shared.purchases()
    headers = {"content-type": "application/json"}
    check_refusal(shared.owner.post("/v1/purchases", content=content, headers=headers), 400, 422)
    assert shared.purchases() == before
    assert shared.owner.get("/v1/profile").status_code == 200


def test_a_missing_country_code_buys_nothing(shared):
    check_refusal(shared.owner.post("/v1/purchases", json={}), 422)
    check_refusal(shared.owner.post("/v1/purchases", json={"countryCode": "US"}), 422)


@pytest.mark.parametrize("text", BAD_IDS)
def test_what_is_no_id_is_refused(shared, text):
    check_refusal(shared.owner.get(f"/v1/purchases/{text}"), 422)
    for operation in ("request-code", "refund"):
        check_refusal(shared.owner.post(f"/v1/purchases/{text}/{operation}"), 422)


@pytest.mark.parametrize("query", BAD_LIST_PARAMETERS)
def test_list_parameters_out_of_their_domain_are_refused(shared, query):
    check_refusal(shared.owner.get(f"/v1/purchases?{query}"), 422)


@pytest.mark.parametrize("query", ["page=1&page_size=51", "page=1&page_size=1&sort=date_asc", "page=1"])
def test_account_list_parameters_are_as_strict(shared, query):
    check_refusal(shared.owner.get(f"/v1/accounts?{query}"), 422)


def test_expired_is_a_status_of_the_newer_profile_only(shared):
    response = shared.owner.get("/v1/purchases?page=1&page_size=1&status=EXPIRED")
    assert response.status_code == (200 if shared.profile == "2026-05" else 422)


@pytest.mark.parametrize("code", ["us", "USA", "U", "countries", "%20US", "US%0A", "%D0%A0%D0%A1", "US%00"])
def test_what_is_no_country_has_no_account(shared, code):
    check_refusal(shared.owner.get(f"/v1/accounts/{code}"), 422)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD"])
def test_other_methods_are_not_allowed(shared, method):
    for path in {path.partition("?")[0] for _, path in OPERATIONS}:
        response = shared.owner.request(method, path.format(id=shared.buy()["id"]))
        assert response.status_code == 405
        assert set(response.headers["allow"].split(", ")) <= {"GET", "POST"}
        if method != "HEAD":
            check_refusal(response, 405)


def test_the_other_lawful_method_of_a_path_is_not_allowed_elsewhere(shared):
    purchase_id = shared.buy()["id"]
    check_refusal(shared.owner.post(f"/v1/purchases/{purchase_id}"), 405)
    check_refusal(shared.owner.get(f"/v1/purchases/{purchase_id}/refund"), 405)
    check_refusal(shared.owner.get(f"/v1/purchases/{purchase_id}/request-code"), 405)
    check_refusal(shared.owner.post("/v1/profile"), 405)


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/purchases", "/v1/purchase", "/v1/purchases/1/x", "/%2e%2e/etc"])
def test_unknown_paths_are_404(shared, path):
    check_refusal(shared.owner.get(path), 404)


def wrong_keys(key):
    return {
        "missing": {},
        "empty": {"headers": {"x-api-key": ""}},
        "wrong": {"headers": {"x-api-key": "x" * len(key)}},
        "truncated": {"headers": {"x-api-key": key[:-1]}},
        "longer": {"headers": {"x-api-key": key + "0"}},
        "upper case": {"headers": {"x-api-key": key.upper()}},
        "swapped case": {"headers": {"x-api-key": key.swapcase()}},
        "two keys": {"headers": [("x-api-key", key), ("x-api-key", "other")]},
        "bearer": {"headers": {"authorization": f"Bearer {key}"}},
        "basic": {"auth": (key, key)},
        "cookie": {"headers": {"cookie": f"x-api-key={key}"}},
        "query": {"params": {"x-api-key": key, "api_key": key}},
        "not ASCII": {"headers": {"x-api-key": "\u00e9".encode()}},
    }


@pytest.mark.parametrize("kind", wrong_keys("Key0"))
def test_no_operation_takes_a_wrong_key(shared, kind):
    purchase = shared.buy()
    key = shared.sandbox.owner_key
    before = shared.purchases()
    for method, path in OPERATIONS:
        url = path.format(id=purchase["id"])
        for content in (b'{"country_code":"US"}', b"{"):
            request = {"content": content} if method == "POST" else {}
            response = shared.nobody.request(method, url, **request, **wrong_keys(key)[kind])
            check_refusal(response, 401)
            assert key not in response.text
    assert shared.purchases() == before
    assert shared.show(purchase["id"]) == purchase


def test_no_refusal_repeats_what_it_was_sent(shared):
    """A caller who mixes up fields must not find the key in a log of answers (AUTH-3)."""
    key = shared.sandbox.owner_key
    purchase_id = shared.buy()["id"]
    responses = [
        shared.owner.post("/v1/purchases", json={"country_code": key}),
        shared.owner.post("/v1/purchases", content=key),
        shared.owner.post(f"/v1/purchases/{purchase_id}/request-code", json={"callback_url": key}),
        shared.owner.get(f"/v1/purchases/{key}"),
        shared.owner.get(f"/v1/accounts/{key}"),
        shared.owner.get(f"/{key}"),
        shared.owner.get("/v1/purchases", params={"page": 1, "page_size": 1, "sort": key}),
    ]
    for response in responses:
        check_refusal(response, 400, 404, 422)
        assert key not in response.text + str(response.headers)


def test_bytes_that_are_no_http_are_refused_in_json(shared):
    host, port = shared.sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(b"NOT HTTP AT ALL\r\n\r\n")
        answer = b""
        while chunk := raw.recv(4096):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["error"]["code"] == "malformed_request"


def test_a_caller_who_hangs_up_halfway_buys_nothing(shared):
    before = shared.purchases()
    host, port = shared.sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        key = shared.sandbox.owner_key
        head = f"POST /v1/purchases HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\ncontent-length: 21\r\n\r\n"
        raw.sendall(head.encode() + b'{"country_code"')
    assert shared.purchases() == before


def test_the_rate_limit_answers_429_and_when_to_come_back(start):
    api = start(rate_limit=3)
    answers = [api.owner.get("/v1/profile") for _ in range(12)]
    assert [answer.status_code for answer in answers[:3]] == [200] * 3
    limited = [answer for answer in answers if answer.status_code == 429]
    assert limited
    for answer in limited:
        check_refusal(answer, 429)
        assert answer.headers["retry-after"] == "1"
    assert api.other.get("/v1/profile").status_code == 200
    api.advance(1)
    assert api.owner.get("/v1/profile").status_code == 200


def test_a_limited_create_buys_nothing(start):
    api = start(rate_limit=0.5)
    api.buy()
    assert api.owner.post("/v1/purchases", json={"country_code": "US"}).status_code == 429
    assert api.purchases() == 1
