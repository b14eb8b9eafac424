"""INPUT-6: the refusals that frameworks write, and what none of them may say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.checks.disclosure import DisclosureCheck
from contracts.history import Answer, Operation
from tests.checks.build import (
    OTHER_KEY,
    OWNER_KEY,
    Verdict,
    answer,
    call,
    create,
    error,
    listing,
    page,
    record,
    refusal,
    retrieve,
    warning,
)

SILENT: set[Verdict] = set()


def judged(*operations: Operation) -> tuple[set[Verdict], int]:
    """Return what the check alone reports, and how often it was put to the test."""
    docket = record(*operations, checks=[DisclosureCheck])
    return docket.verdicts, docket.exercised["INPUT-6"]


FASTAPI = {
    "detail": [
        {
            "type": "string_pattern_mismatch",
            "loc": ["body", "country_code"],
            "msg": "String should match pattern '^[A-Z]{2}$'",
            "input": "us",
            "ctx": {"pattern": "^[A-Z]{2}$"},
            "url": "https://errors.pydantic.dev/2.5/v/string_pattern_mismatch",
        }
    ]
}
FASTAPI_JSON = {
    "detail": [
        {
            "type": "json_invalid",
            "loc": ["body", 18],
            "msg": "JSON decode error",
            "input": {},
            "ctx": {"error": "Expecting ',' delimiter"},
        }
    ]
}
PROBLEM = {
    "type": "https://shop.example/problems/out-of-stock",
    "title": "Out of stock",
    "status": 409,
    "detail": "No account of the country is left; select another country from the list.",
    "instance": "/v1/purchases",
}
SPRING = {
    "timestamp": "2026-02-10T12:00:00.000+00:00",
    "status": 404,
    "error": "Not Found",
    "path": "/v1/purchases/abc",
}
VIOLATIONS = {"fieldViolations": [{"field": "country_code", "description": "must be two capital letters"}]}
JSON_API = {"errors": [{"status": "422", "source": {"pointer": "/data/attributes/country_code"}, "title": "Invalid"}]}

LAWFUL: list[tuple[str, Any, str]] = [
    ("FastAPI", FASTAPI, "application/json"),
    ("FastAPI, no JSON", FASTAPI_JSON, "application/json"),
    ("Starlette", {"detail": "Not Found"}, "application/json"),
    ("Django REST", {"country_code": ["This field may not be blank."]}, "application/json"),
    ("Rails", {"errors": {"country_code": ["is invalid", "is too short (minimum is 2)"]}}, "application/json"),
    ("Rails, plain", {"status": 404, "error": "Not Found"}, "application/json; charset=utf-8"),
    ("Express", {"error": {"message": "country_code is required", "code": "E_VALIDATION"}}, "application/json"),
    ("NestJS", {"statusCode": 400, "message": ["country_code must match /^[A-Z]{2}$/"], "error": "Bad Request"},
        "application/json"),
    ("Spring", SPRING, "application/json;charset=UTF-8"),
    ("ASP.NET", {"type": "https://tools.ietf.org/html/rfc9110#section-15.5.1", "title": "One or more errors occurred.",
        "errors": {"$.country_code": ["The JSON value could not be converted to System.String. Path: $.country_code"]},
        "traceId": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"}, "application/problem+json"),
    ("gRPC gateway", {"code": 3, "message": "invalid country_code", "details": []}, "application/json"),
    ("Laravel", {"message": "The country code field is required.", "errors": {"country_code": ["required"]}},
        "application/json"),
    ("problem", PROBLEM, "application/problem+json"),
    ("field violations", VIOLATIONS, "application/json"),
    ("JSON:API", JSON_API, "application/vnd.api+json"),
    ("a text", "country_code must be two capitals", "application/json"),
    ("null", None, "application/json"),
    ("an empty object", {}, "text/json"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "kind"), [row[1:] for row in LAWFUL], ids=[row[0] for row in LAWFUL])
@pytest.mark.parametrize("status", [400, 401, 404, 409, 422])
def test_what_frameworks_write(status: int, body: Any, kind: str) -> None:
    assert judged(create(answer(body, status, kind=kind), "us")) == (SILENT, 1)


HTML = answer(body=b"<html><body>Bad Request</body></html>", status=400, kind="text/html")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (HTML, error("INPUT-6", "not JSON")),
        (answer(body=b"no", status=422, kind="application/json"), error("INPUT-6", "not JSON")),
        (answer(body=b'{"a": NaN}', status=422), error("INPUT-6", "not JSON")),
        (answer(status=401, kind=None), error("INPUT-6", "an empty body")),
        (answer(status=422), error("INPUT-6", "an empty body")),
        (answer({"error": "no"}, 400, kind="text/plain"), error("INPUT-6", "not labelled JSON")),
        (answer({"error": "no"}, 400, kind=None), error("INPUT-6", "not labelled JSON")),
    ],
)
def test_a_refusal_that_is_no_json(given: Answer, expected: set[Verdict]) -> None:
    assert judged(create(given, "us")) == (expected, 1)


@pytest.mark.parametrize("status", [405, 411, 413, 414, 415, 431])
def test_the_server_in_front_need_not_speak_json(status: int) -> None:
    given = answer(body=b"<html>", status=status, kind="text/html")
    assert judged(create(given, "us")) == (warning("INPUT-6", "not JSON, by the HTTP layer"), 1)
    assert judged(create(answer(status=status), "us")) == (warning("INPUT-6", "an empty body, by the HTTP layer"), 1)


LIST_SERVED = listing(answer(page()))
MISSING = answer(body=b"Not Found", status=404, kind="text/plain")


@pytest.mark.parametrize(
    "operation",
    [
        call("GET", "/v1/nothing", MISSING),
        call("DELETE", "/v1/purchases", MISSING),
        retrieve(MISSING, "abc"),
        retrieve(MISSING, "-1"),
        listing(MISSING, path="/v1/purchases/"),
        call("GET", "/v1/profile", MISSING),
        create(MISSING, headers={"x-odd": "ü"}),
        call("GET", "/v1/accounts/%00", HTML),
    ],
)
def test_a_path_that_a_router_does_not_know(operation: Operation) -> None:
    assert judged(LIST_SERVED, operation) == (warning("INPUT-6", "not JSON, by the HTTP layer"), 1)


@pytest.mark.parametrize("operation", [listing(MISSING), create(MISSING), create(HTML), listing(HTML)])
def test_a_path_that_is_served_is_refused_in_json(operation: Operation) -> None:
    assert judged(LIST_SERVED, operation) == (error("INPUT-6", "not JSON"), 1)


@pytest.mark.parametrize(
    "operation",
    [
        create(None),
        create(answer({}, 200)),
        create(answer({}, 302)),
        create(answer(status=429)),
        call("HEAD", "/v1/purchases", answer(status=405)),
    ],
)
def test_what_is_no_refusal(operation: Operation) -> None:
    assert judged(operation) == (SILENT, 0)


def test_a_cut_refusal_is_not_judged_for_its_form() -> None:
    cut = Answer(400, (("content-type", "application/json"),), b'{"error": "', truncated=True)
    assert judged(create(cut, "us")) == (SILENT, 1)


LEAKS = {
    "a stack trace": 'Traceback (most recent call last):\n  File "/app/main.py", line 3',
    "a file path": "could not open /etc/shop/keys.db",
    "SQL": "SELECT * FROM purchases",
}


@pytest.mark.parametrize(("kind", "text"), LEAKS.items())
@pytest.mark.parametrize("status", [400, 401, 404, 405, 500, 503])
def test_what_an_error_gives_away(kind: str, text: str, status: int) -> None:
    expected = error("INPUT-6", kind)
    counted = 1 if status < 500 else 0
    for shape in (text, {"error": text}, {"errors": [{"deep": [text]}]}, {text: 1}):
        assert judged(create(answer(shape, status))) == (expected, counted)


def test_html_is_read_with_its_entities() -> None:
    page_of_django = answer(body=b"<pre>File &quot;/app/main.py&quot;, line 3, in create</pre>", status=500)
    assert judged(create(page_of_django)) == (error("INPUT-6", "a stack trace"), 0)


def test_one_text_does_not_reach_into_the_next() -> None:
    assert judged(create(answer({"a": "SELECT a code", "b": "FROM us"}, 400))) == (SILENT, 1)


def test_an_input_quoted_gives_nothing_away() -> None:
    probe = "../../etc/passwd'; SELECT * FROM users"
    quoting = answer({"detail": [{"msg": "bad code", "input": probe}]}, 422)
    assert judged(create(quoting, probe)) == (SILENT, 1)
    assert judged(create(quoting, "us")) == (error("INPUT-6", "SQL"), 1)
    listed = listing(answer({"error": f"unknown sort {probe}"}, 400), query=(("page", "1"), ("sort", probe)))
    assert judged(listed) == (SILENT, 1)


def test_the_callers_key() -> None:
    telling = error("INPUT-6", "the caller's key")
    assert judged(create(refusal(403, f"key {OWNER_KEY} may not buy"))) == (telling, 1)
    assert judged(create(answer({"k": f"{OTHER_KEY}"}, 500), principal="other")) == (telling, 0)
    wrong = {"x-api-key": "Sb0WrongKey999"}
    stranger = {"principal": "stranger:a wrong key", "headers": wrong}
    assert judged(create(refusal(401, "unknown key Sb0WrongKey999"), **stranger)) == (telling, 1)
    in_query = call(
        "GET", "/v1/profile", refusal(401, f"/v1/profile?key={OWNER_KEY}"), query=(("key", OWNER_KEY),),
        principal="stranger:the key in the query",
    )  # fmt: skip
    assert judged(in_query) == (telling, 1)


@pytest.mark.parametrize("key", ["", "null", "wrong-key", "invalid-api-key", "' OR '1'='1"])
def test_a_made_up_key_of_words_may_stand_in_prose(key: str) -> None:
    message = f"invalid-api-key: null or wrong-key {key}"
    stranger = create(refusal(401, message), principal="stranger:a wrong key", headers={"x-api-key": key})
    assert judged(stranger) == (SILENT, 1)


def test_a_finding_shows_what_was_given_away_but_no_key() -> None:
    given = answer(json.loads(json.dumps({"e": "in /etc/shop.conf", "k": OWNER_KEY})), 400)
    path, key = record(create(given), checks=[DisclosureCheck]).violations
    assert path.observed == "'/etc/shop.conf'"
    assert OWNER_KEY not in repr(key)


@pytest.mark.parametrize(
    ("name", "value", "cause"),
    [
        ("X-Debug-Exception-File", "%2Fvar%2Fwww%2Fshop%2Fsrc%2FPurchases.php:41", "a file path"),
        ("X-Error", "Traceback (most recent call last)", "a stack trace"),
        ("X-Query", "SELECT * FROM purchases WHERE id = 5", "SQL"),
    ],
)
def test_a_header_gives_away_what_a_body_may_not(name: str, value: str, cause: str) -> None:
    refused = answer({"message": "no"}, 422, headers={name: value})
    assert judged(create(refused, "us")) == (error("INPUT-6", cause), 1)
    assert judged(create(answer(page(), headers={name: value}))) == (SILENT, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Location", "/home/login.php"),
        ("Set-Cookie", "session=1; path=/var/shop"),
        ("Link", "</usr/docs/errors>; rel=help"),
        ("X-Request-Id", "5f0c/1"),
        ("X-Path", "/v1/purchases"),
        ("Server", "Apache/2.4.62 (Unix) OpenSSL/3.0"),
    ],
)
def test_a_header_may_name_addresses_and_software(name: str, value: str) -> None:
    refused = answer({"message": "no"}, 422, headers={name: value})
    assert judged(create(refused, "us")) == (SILENT, 1)
