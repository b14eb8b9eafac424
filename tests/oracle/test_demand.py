"""Demand: what must be refused, what must be served, and what servers may do either way."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.demand import Fault, Judgement, is_assigned, judge
from contracts.history import OTHER, OWNER, Aim, Demand, Input, Operation
from contracts.routes import route

JSON = (("Content-Type", "application/json; charset=utf-8"),)
SERVE = Judgement(Demand.SERVE)


def judged(
    method: str,
    path: str,
    body: bytes = b"",
    *,
    query: tuple[tuple[str, str], ...] = (),
    headers: tuple[tuple[str, str], ...] = JSON,
    principal: str = OWNER,
    aim: Aim | None = None,
) -> Judgement:
    sent = Input(method, path, query, headers, body)
    return judge(Operation(0, principal, route(method, path).api_operation, sent, None, 0.0, 0.0, aim=aim))


def create(body: bytes | Mapping[str, object], **more: object) -> Judgement:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judged("POST", "/v1/purchases", encoded, **more)  # type: ignore[arg-type]


def refuse(clause: str, reason: str) -> Judgement:
    return Judgement(Demand.REFUSE, (Fault(clause, reason),))


def either(*clauses: str) -> Judgement:
    return Judgement(Demand.EITHER, (), clauses)


BLANK = "country_code with white space or control characters"
FOREIGN = "country_code with characters outside ASCII"
LONG = "country_code of the wrong length"
STRANGE = "country_code with characters other than capitals"

CODES: list[tuple[object, str]] = [
    ("us", "country_code in lower case"),
    ("Us", "country_code in lower case"),
    ("uS", "country_code in lower case"),
    ("USA", LONG),
    ("usa", LONG),
    ("U", LONG),
    ("USUS", LONG),
    ("", "country_code empty"),
    (" US", BLANK),
    ("US ", BLANK),
    ("US\n", BLANK),
    ("US\r\n", BLANK),
    ("\tUS", BLANK),
    ("US\u0000", BLANK),
    ("U\u0000S", BLANK),
    ("US\u00a0", BLANK),
    ("US\u200b", BLANK),
    ("\ufeffUS", BLANK),
    ("US\ud800", BLANK),
    ("ＵＳ", FOREIGN),
    ("РЅ", FOREIGN),
    ("UЅ", FOREIGN),
    ("ß", FOREIGN),
    ("🇺🇸", FOREIGN),
    ("ÜS", FOREIGN),
    ("1U", STRANGE),
    ("12", STRANGE),
    ("U-S", STRANGE),
    ("US,CA", STRANGE),
    ("  ", STRANGE),
    ("A" * 1_001, "country_code enormous"),
    (None, "country_code is null"),
    (True, "country_code is a boolean"),
    (1, "country_code is a number"),
    (1.5, "country_code is a number"),
    (["US"], "country_code is an array"),
    ({"code": "US"}, "country_code is an object"),
]


@pytest.mark.parametrize(("code", "reason"), CODES)
def test_a_country_code_that_is_almost_one(code: object, reason: str) -> None:
    assert create({"country_code": code}) == refuse("INPUT-1", reason)


BODIES: list[tuple[bytes, str | None]] = [
    (b"", "an empty body"),
    (b" \n", "an empty body"),
    (b"{}", "country_code missing"),
    (b'{"countryCode": "US"}', "country_code missing"),
    (b'{"COUNTRY_CODE": "US"}', "country_code missing"),
    (b'{"data": {"country_code": "US"}}', "country_code missing"),
    (b"null", "a body that is null, not an object"),
    (b"true", "a body that is a boolean, not an object"),
    (b"42", "a body that is a number, not an object"),
    (b'"US"', "a body that is a string, not an object"),
    (b"[]", "a body that is an array, not an object"),
    (b'[{"country_code":"US"}]', "a body that is an array, not an object"),
    (b'{"country_code": "US"', "a body that is not JSON (Expecting ',' delimiter at character n)"),
    (b'{"country_code": "US"}{"country_code": "US"}', "a body that is not JSON (Extra data at character n)"),
    (b"{country_code: US}", None),
    (b"country_code=US", "a body that is not JSON (Expecting value at character n)"),
    (b'{"country_code": "U\xff"}', "a body that is not JSON (not UTF-8 at byte n)"),
    ('{"country_code": "US"}'.encode("utf-16"), "a body that is not JSON (not UTF-8 at byte n)"),
    (b'{"country_code": NaN}', "a body that is not JSON (NaN is not JSON)"),
    (b'\xef\xbb\xbf{"country_code": "us"}', "a body that is not JSON (starts with a byte order mark)"),
    (
        b'{"country_code": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        "a body that is not JSON (nested too deeply to read)",
    ),
    (b"[" * 200_000 + b"]" * 200_000, "a body that is not JSON (nested too deeply to read)"),
    (b'{"country_code": ' + b"9" * 5_000 + b"}", "a body that is not JSON (a number too long to read)"),
]


@pytest.mark.parametrize(("body", "reason"), BODIES, ids=range(len(BODIES)))
def test_a_body_that_is_almost_one_object(body: bytes, reason: str | None) -> None:
    found = create(body)
    assert (found.demand, [fault.clause for fault in found.faults]) == (Demand.REFUSE, ["INPUT-1"])
    # None where the decoder's words differ between versions of Python.
    assert reason is None or found.faults[0].reason == reason


@pytest.mark.parametrize(
    ("body", "clauses"),
    [
        (b'{"country_code": "US", "country_code": "US"}', ("INPUT-1",)),
        (b'{"country_code": "us", "country_code": "US"}', ("INPUT-1",)),
        (b'{"country_code": "US", "country_code": "us"}', ("INPUT-1",)),
        (b'{"country_code": "US", "country_code": null}', ("INPUT-1",)),
        (b'{"country_code": "US", "note": 1}', ("INPUT-5",)),
        (b'{"country_code": "US", "note": 1, "note": 2}', ("INPUT-1", "INPUT-5")),
        (b'{"country_code": "ZZ", "note": 1}', ("INPUT-5", "INPUT-3")),
        (b'{"country_code": "XK"}', ("INPUT-3",)),
        (b'{"country_code": "UK"}', ("INPUT-3",)),
        (b'\xef\xbb\xbf{"country_code": "US"}', ("INPUT-1",)),
        (b'{"country_code": "US", "note": NaN}', ("INPUT-1",)),
        (b'{"country_code": "US", "note": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", ("INPUT-1",)),
        (b'{"note": ' + b"9" * 5_000 + b', "country_code": "US"}', ("INPUT-1",)),
    ],
    ids=range(13),
)
def test_a_create_that_servers_read_differently(body: bytes, clauses: tuple[str, ...]) -> None:
    assert create(body) == either(*clauses)


def test_a_lawful_create_in_unusual_dress() -> None:
    lawful = {"country_code": "US"}
    assert create(lawful) == SERVE
    assert create(b' {"country_code" : "\\u0055S"}\n') == SERVE
    assert create(lawful, headers=(("content-type", "APPLICATION/JSON"),)) == SERVE
    assert judged("POST", "/v1/purchases/", b'{"country_code":"KZ"}') == SERVE
    assert create(lawful, headers=()) == either("INPUT-1")
    assert create(lawful, headers=(("content-type", "text/plain"),)) == either("INPUT-1")
    assert create(lawful, query=(("country_code", "CA"),)) == either("INPUT-1")


def test_countries_that_nobody_was_assigned() -> None:
    assert create({"country_code": "ZZ"}) == refuse("INPUT-3", "an unassigned country code")
    assert create({"country_code": "AA"}) == refuse("INPUT-3", "an unassigned country code")
    assert [is_assigned(code) for code in ("US", "RU", "KZ", "AQ")] == [True] * 4
    assert [is_assigned(code) for code in ("XK", "UK", "EU", "SU", "YU")] == [None] * 5
    assert [is_assigned(code) for code in ("ZZ", "QQ", "XA")] == [False] * 3


IDS: list[tuple[str, Judgement]] = [
    ("1", SERVE),
    ("12345", SERVE),
    (str(2**53 - 1), SERVE),
    ("%35", SERVE),
    ("0", refuse("INPUT-8", "id 0")),
    ("-1", refuse("INPUT-8", "a negative id")),
    (str(-(2**63)), refuse("INPUT-8", "a negative id")),
    (str(2**53), refuse("INPUT-8", "an id over 2^53-1")),
    (str(2**64), refuse("INPUT-8", "an id over 2^53-1")),
    ("9" * 10_000, refuse("INPUT-8", "an id over 2^53-1")),
    ("abc", refuse("INPUT-8", "an id that is no number")),
    ("null", refuse("INPUT-8", "an id that is no number")),
    ("NaN", refuse("INPUT-8", "an id that is no number")),
    ("%00", refuse("INPUT-8", "an id that is no number")),
    ("%FF", refuse("INPUT-8", "an id that is no number")),
    ("-", refuse("INPUT-8", "an id that is no number")),
    ("01", either("INPUT-8")),
    ("-0", either("INPUT-8")),
    ("+1", either("INPUT-8")),
    ("%201", either("INPUT-8")),
    ("1%0A", either("INPUT-8")),
    ("1.5", either("INPUT-8")),
    ("1e3", either("INPUT-8")),
    ("0x1", either("INPUT-8")),
    ("1_0", either("INPUT-8")),
    ("%D9%A1", either("INPUT-8")),
    ("%EF%BC%91", either("INPUT-8")),
    ("12345abc", either("INPUT-8")),
]


@pytest.mark.parametrize(("raw", "expected"), IDS)
def test_ids(raw: str, expected: Judgement) -> None:
    assert judged("GET", f"/v1/purchases/{raw}") == expected
    assert judged("POST", f"/v1/purchases/{raw}/request-code/") == expected
    assert judged("POST", f"/v1/purchases/{raw}/refund") == expected


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "/v1/purchases/5/request-code", b"", SERVE),
        ("POST", "/v1/purchases/5/request-code", b"{}", SERVE),
        ("POST", "/v1/purchases/5/request-code", b" {} ", SERVE),
        ("POST", "/v1/purchases/5/request-code", b'{"callback_url": "https://a.example"}', either("WIRE-2")),
        ("POST", "/v1/purchases/5/request-code", b'{"x": 1}', either("WIRE-2")),
        ("POST", "/v1/purchases/5/request-code", b"[]", either("WIRE-2")),
        ("POST", "/v1/purchases/5/request-code", b"{", either("WIRE-2")),
        ("POST", "/v1/purchases/5/refund", b"", SERVE),
        ("POST", "/v1/purchases/5/refund", b"{}", either("WIRE-2")),
        ("GET", "/v1/purchases/5", b"{}", either("INPUT-8")),
        ("GET", "/v1/accounts/US", b"", SERVE),
        ("GET", "/v1/accounts/us", b"", either("INPUT-3")),
        ("GET", "/v1/accounts/countries", b"", either("INPUT-3")),
        ("GET", "/v1/profile", b"", SERVE),
        ("GET", "/v1/profile/", b"", SERVE),
        ("GET", "/v1/other", b"", either("INPUT-7")),
        ("DELETE", "/v1/purchases", b"", refuse("INPUT-7", "method DELETE")),
        ("OPTIONS", "/v1/profile", b"", refuse("INPUT-7", "method OPTIONS")),
        ("A" * 50, "/v1/profile", b"", refuse("INPUT-7", f"method {'A' * 20}")),
    ],
)
def test_other_requests(method: str, path: str, body: bytes, expected: Judgement) -> None:
    assert judged(method, path, body) == expected


PARAMETERS: list[tuple[str, str, str | None]] = [
    ("page", "1", "serve"),
    ("page", str(2**31 - 1), "serve"),
    ("page", str(2**31), "either"),
    ("page", str(2**63), "either"),
    ("page", "9" * 400, "either"),
    ("page", "0", "page below 1"),
    ("page", "-1", "page below 1"),
    ("page", "abc", "page is no number"),
    ("page", "1.5", "page is no number"),
    ("page", "1e1", "page is no number"),
    ("page", "\u0661", "page is no number"),
    ("page", "1\x00", "page is no number"),
    ("page", "", "either"),
    ("page", "+1", "either"),
    ("page", "01", "either"),
    ("page", " 1", "either"),
    ("page", "1.0", "either"),
    ("page_size", "1", "serve"),
    ("page_size", "50", "serve"),
    ("page_size", "51", "page_size above its maximum"),
    ("page_size", str(2**63), "page_size above its maximum"),
    ("page_size", "0", "page_size below 1"),
    ("page_size", "-5", "page_size below 1"),
    ("page_size", "ten", "page_size is no number"),
    ("page_size", "050", "either"),
    ("sort", "date_asc", "serve"),
    ("sort", "date_desc", "serve"),
    ("sort", "", "either"),
    ("sort", "DATE_ASC", "sort is no known value"),
    ("sort", "price_asc", "sort is no known value"),
    ("status", "PENDING", "serve"),
    ("status", "REFUND", "serve"),
    ("status", "EXPIRED", "either"),
    ("status", "", "either"),
    ("status", "pending", "status is no known value"),
    ("status", "PENDING,SUCCESS", "status is no known value"),
    ("phone_number", "0255", "either"),
    ("colour", "red", "either"),
]


@pytest.mark.parametrize(("name", "value", "expected"), PARAMETERS)
def test_list_parameters(name: str, value: str, expected: str) -> None:
    query = tuple({"page": "1", "page_size": "10", name: value}.items())
    verdict = {"serve": SERVE, "either": either("INPUT-9")}.get(expected, refuse("INPUT-9", expected))
    assert judged("GET", "/v1/purchases", query=query) == verdict


def test_several_list_parameters() -> None:
    assert judged("GET", "/v1/purchases") == either("INPUT-9")
    assert judged("GET", "/v1/purchases", query=(("page", "1"),)) == either("INPUT-9")
    twice = (("page", "0"), ("page", "1"), ("page_size", "5"))
    assert judged("GET", "/v1/purchases", query=twice) == either("INPUT-9")
    both = (("page", "0"), ("page_size", "51"))
    faults = (Fault("INPUT-9", "page below 1"), Fault("INPUT-9", "page_size above its maximum"))
    assert judged("GET", "/v1/purchases", query=both) == Judgement(Demand.REFUSE, faults)


def test_strangers_are_refused_first() -> None:
    keyless = Fault("AUTH-1", "the key in a cookie")
    assert judged("GET", "/v1/profile", principal="stranger:the key in a cookie") == Judgement(
        Demand.REFUSE, (keyless,)
    )
    assert create({"country_code": "us"}, principal="stranger") == Judgement(
        Demand.REFUSE, (Fault("AUTH-1", "no key"), Fault("INPUT-1", "country_code in lower case"))
    )
    assert judged("GET", "/v1/profile", principal=OTHER) == SERVE


def test_an_aim_adds_to_what_the_wire_shows() -> None:
    unknown = Aim("INPUT-8", "an id nobody was given", Demand.REFUSE)
    assert judged("GET", "/v1/purchases/5", aim=unknown) == refuse("INPUT-8", "an id nobody was given")
    assert judged("GET", "/v1/purchases/0", aim=unknown) == refuse("INPUT-8", "id 0")
    assert judged("GET", "/v1/purchases/5", aim=Aim("AUTH-4", "x", Demand.EITHER)) == either("AUTH-4")
    assert judged("GET", "/v1/purchases/5", aim=Aim("LIFE-6", "x", Demand.SERVE)) == SERVE
    stock = Aim("INPUT-3", "a country shown as out of stock", Demand.REFUSE)
    assert create({"country_code": "FR"}, aim=stock) == refuse("INPUT-3", "a country shown as out of stock")
    assert create({"country_code": "us"}, aim=Aim("INPUT-1", "x", Demand.SERVE)).demand is Demand.REFUSE


@given(st.binary(max_size=200), st.text(max_size=20), st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9))))
def test_no_request_makes_it_raise(body: bytes, name: str, query: list[tuple[str, str]]) -> None:
    for method, path in (("POST", "/v1/purchases"), ("GET", "/v1/purchases"), ("GET", f"/v1/purchases/{name}")):
        assert isinstance(judged(method, path, body, query=tuple(query)), Judgement)
