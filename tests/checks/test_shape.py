"""SHAPE: each lawful answer beside an unlawful twin, in the view of every operation."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from contracts.document import MAX_DEPTH
from contracts.history import ApiOperation, Operation
from tests.checks.build import (
    CREATED,
    CREDENTIALS,
    GONE,
    SHOWN_BY,
    Verdict,
    answer,
    call,
    create,
    error,
    listing,
    page,
    purchase,
    record,
    retrieve,
    success,
    verdicts,
    warning,
)

SECOND_READS = (ApiOperation.RETRIEVE, ApiOperation.REQUEST_CODE, ApiOperation.REFUND)

FIELDS: list[tuple[str, dict[str, Any], set[Verdict]]] = [
    ("id one", {"id": 1}, set()),
    ("id largest", {"id": 2**53 - 1}, set()),
    ("id zero", {"id": 0}, error("SHAPE-3", "id out of range")),
    ("id negative", {"id": -1}, error("SHAPE-3", "id out of range")),
    ("id over 2^53-1", {"id": 2**53}, error("SHAPE-3", "id out of range")),
    ("id text", {"id": "12345"}, error("SHAPE-3", "id of the wrong type")),
    ("id true", {"id": True}, error("SHAPE-3", "id of the wrong type")),
    ("id null", {"id": None}, error("SHAPE-3", "id of the wrong type")),
    ("id array", {"id": [1]}, error("SHAPE-3", "id of the wrong type")),
    ("id half", {"id": 1.5}, error("SHAPE-3", "id of the wrong type")),
    ("id float", {"id": 12345.0}, error("SHAPE-3", "id with a fraction")),
    ("id gone", {"id": GONE}, error("SHAPE-2", "id missing")),
    ("country private", {"country_code": "XK", "phone_number": None}, set()),
    ("country gone", {"country_code": GONE}, error("SHAPE-2", "country_code missing")),
    ("country lower", {"country_code": "us"}, error("SHAPE-4", "country_code ill-formed")),
    ("country three", {"country_code": "USA"}, error("SHAPE-4", "country_code ill-formed")),
    ("country newline", {"country_code": "US\n"}, error("SHAPE-4", "country_code ill-formed")),
    ("country full-width", {"country_code": "ＵＳ"}, error("SHAPE-4", "country_code ill-formed")),
    ("country null", {"country_code": None}, error("SHAPE-4", "country_code of the wrong type")),
    ("name third language", {"display_name": {"ru": "США", "en": "USA", "es": "EE. UU."}}, set()),
    ("name same", {"display_name": {"ru": "US", "en": "US"}}, set()),
    ("name empty", {"display_name": {"ru": "США", "en": ""}}, error("SHAPE-5", "display_name.en empty")),
    ("name blank", {"display_name": {"ru": " \t", "en": "US"}}, error("SHAPE-5", "display_name.ru empty")),
    ("name half", {"display_name": {"ru": "США"}}, error("SHAPE-5", "display_name.en missing")),
    ("name text", {"display_name": "United States"}, error("SHAPE-5", "display_name of the wrong type")),
    ("name null", {"display_name": {"ru": None, "en": "US"}}, error("SHAPE-5", "display_name.ru of the wrong type")),
    ("phone null", {"phone_number": None}, set()),
    ("phone gone", {"phone_number": GONE}, error("SHAPE-2", "phone_number missing")),
    ("phone longest", {"phone_number": "+1" + "2" * 14}, set()),
    ("phone too long", {"phone_number": "+1" + "2" * 15}, error("SHAPE-6", "phone_number ill-formed")),
    ("phone no plus", {"phone_number": "12025550123"}, error("SHAPE-6", "phone_number ill-formed")),
    ("phone zero first", {"phone_number": "+02025550123"}, error("SHAPE-6", "phone_number ill-formed")),
    ("phone spaces", {"phone_number": "+1 202 555 0123"}, error("SHAPE-6", "phone_number ill-formed")),
    ("phone dashes", {"phone_number": "+1-202-555-0123"}, error("SHAPE-6", "phone_number ill-formed")),
    ("phone newline", {"phone_number": "+12025550123\n"}, error("SHAPE-6", "phone_number ill-formed")),
    ("phone Arabic", {"phone_number": "+١٢٠٢٥٥٥٠١٢٣"}, error("SHAPE-6", "phone_number ill-formed")),
    ("phone empty", {"phone_number": ""}, error("SHAPE-6", "phone_number ill-formed")),
    ("phone number", {"phone_number": 12025550123}, error("SHAPE-6", "phone_number of the wrong type")),
    ("price whole", {"price": {"amount": "2", "currency_code": "USD"}}, set()),
    ("price one decimal", {"price": {"amount": "0.9", "currency_code": "EUR"}}, set()),
    (
        "price three",
        {"price": {"amount": "1.500", "currency_code": "USD"}},
        error("SHAPE-7", "price.amount ill-formed"),
    ),
    ("price comma", {"price": {"amount": "1,50", "currency_code": "USD"}}, error("SHAPE-7", "price.amount ill-formed")),
    (
        "price signed",
        {"price": {"amount": "-1.5", "currency_code": "USD"}},
        error("SHAPE-7", "price.amount ill-formed"),
    ),
    ("price power", {"price": {"amount": "1e2", "currency_code": "USD"}}, error("SHAPE-7", "price.amount ill-formed")),
    (
        "price bare dot",
        {"price": {"amount": "1.", "currency_code": "USD"}},
        error("SHAPE-7", "price.amount ill-formed"),
    ),
    (
        "price newline",
        {"price": {"amount": "1\n", "currency_code": "USD"}},
        error("SHAPE-7", "price.amount ill-formed"),
    ),
    ("price Arabic", {"price": {"amount": "١", "currency_code": "USD"}}, error("SHAPE-7", "price.amount ill-formed")),
    (
        "price number",
        {"price": {"amount": 1.5, "currency_code": "USD"}},
        error("SHAPE-7", "price.amount of the wrong type"),
    ),
    ("price bare", {"price": "1.50"}, error("SHAPE-7", "price of the wrong type")),
    ("price currency gone", {"price": {"amount": "1.50"}}, error("SHAPE-7", "price.currency_code missing")),
    (
        "price currency lower",
        {"price": {"amount": "1.50", "currency_code": "usd"}},
        error("SHAPE-7", "price.currency_code ill-formed"),
    ),
    (
        "price currency unknown",
        {"price": {"amount": "1.50", "currency_code": "ABC"}},
        error("SHAPE-7", "price.currency_code unknown to ISO 4217"),
    ),
    ("price zero", {"price": {"amount": "0.00", "currency_code": "USD"}}, warning("SHAPE-7", "zero price")),
    ("price almost zero", {"price": {"amount": "0.01", "currency_code": "USD"}}, set()),
    ("status refund", {"status": "REFUND"}, set()),
    ("status lower", {"status": "pending"}, error("SHAPE-8", "status an unknown value")),
    ("status unknown", {"status": "FAILED"}, error("SHAPE-8", "status an unknown value")),
    ("status null", {"status": None}, error("SHAPE-8", "status of the wrong type")),
    ("status newer", {"status": "EXPIRED"}, warning("SHAPE-8", "newer status")),
    ("type bulk", {"purchase_type": "BULK"}, set()),
    ("type admin", {"purchase_type": "ADMIN"}, set()),
    ("type lower", {"purchase_type": "single"}, error("SHAPE-9", "purchase_type an unknown value")),
    ("type null", {"purchase_type": None}, error("SHAPE-9", "purchase_type of the wrong type")),
    ("verification gone", {"verification": GONE}, error("SHAPE-2", "verification missing")),
    ("created whole seconds", {"created_at": "2026-02-10T12:00:00Z"}, set()),
    ("created micros", {"created_at": "2026-02-10T12:00:00.000000+00:00"}, set()),
    ("created leap day", {"created_at": "2024-02-29T12:00:00Z"}, set()),
    ("created no zone", {"created_at": "2026-02-10T12:00:00"}, error("SHAPE-11", "created_at ill-formed")),
    ("created space", {"created_at": "2026-02-10 12:00:00Z"}, error("SHAPE-11", "created_at ill-formed")),
    ("created offset", {"created_at": "2026-02-10T15:00:00+03:00"}, error("SHAPE-11", "created_at ill-formed")),
    ("created two digits", {"created_at": "2026-02-10T12:00:00.12Z"}, error("SHAPE-11", "created_at ill-formed")),
    ("created newline", {"created_at": "2026-02-10T12:00:00Z\n"}, error("SHAPE-11", "created_at ill-formed")),
    ("created date", {"created_at": "2026-02-10"}, error("SHAPE-11", "created_at ill-formed")),
    ("created epoch", {"created_at": 1770724800}, error("SHAPE-11", "created_at of the wrong type")),
    ("created null", {"created_at": None}, error("SHAPE-11", "created_at of the wrong type")),
    ("created 30 Feb", {"created_at": "2026-02-30T12:00:00Z"}, error("SHAPE-11", "created_at not in the calendar")),
    ("created 29 Feb", {"created_at": "2026-02-29T12:00:00Z"}, error("SHAPE-11", "created_at not in the calendar")),
    ("created hour 24", {"created_at": "2026-02-10T24:00:00Z"}, error("SHAPE-11", "created_at not in the calendar")),
    ("created second 60", {"created_at": "2026-06-30T23:59:60Z"}, error("SHAPE-11", "created_at not in the calendar")),
    ("created month 13", {"created_at": "2026-13-01T12:00:00Z"}, error("SHAPE-11", "created_at not in the calendar")),
    ("key extra", {"colour": "red"}, warning("SHAPE-2", "extra keys")),
    ("keys newer", {"emoji": "🇺🇸", "purchase_source": "API"}, warning("SHAPE-2", "newer keys")),
    (
        "keys newer and extra",
        {"emoji": 5, "colour": 1},
        warning("SHAPE-2", "newer keys") | warning("SHAPE-2", "extra keys"),
    ),
    (
        "two at once",
        {"id": "1", "price": {"amount": 1, "currency_code": "usd"}},
        error("SHAPE-3", "id of the wrong type")
        | error("SHAPE-7", "price.amount of the wrong type")
        | error("SHAPE-7", "price.currency_code ill-formed"),
    ),
]

CREDENTIAL_FIELDS: list[tuple[str, dict[str, Any], set[Verdict]]] = [
    ("as documented", {}, set()),
    ("password empty", {"password": ""}, set()),
    ("third key", {"hint": "x"}, set()),
    ("at once", {"received_at": CREATED}, set()),
    ("code empty", {"code": ""}, error("SHAPE-10", "verification.code empty")),
    ("code number", {"code": 12345}, error("SHAPE-10", "verification.code of the wrong type")),
    ("code null", {"code": None}, error("SHAPE-10", "verification.code of the wrong type")),
    ("code gone", {"code": GONE}, error("SHAPE-10", "verification.code missing")),
    ("password gone", {"password": GONE}, error("SHAPE-10", "verification.password missing")),
    ("password number", {"password": 5}, error("SHAPE-10", "verification.password of the wrong type")),
    ("password null", {"password": None}, warning("SHAPE-10", "null password")),
    ("received gone", {"received_at": GONE}, error("SHAPE-10", "verification.received_at missing")),
    ("received null", {"received_at": None}, error("SHAPE-11", "verification.received_at of the wrong type")),
    (
        "received local",
        {"received_at": "2026-02-10T15:00:30+03:00"},
        error("SHAPE-11", "verification.received_at ill-formed"),
    ),
    (
        "received 31 April",
        {"received_at": "2026-04-31T00:00:00Z"},
        error("SHAPE-11", "verification.received_at not in the calendar"),
    ),
]


@pytest.mark.parametrize("kind", SHOWN_BY)
@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS])
def test_each_field_in_each_view(kind: ApiOperation, changes: dict[str, Any], expected: set[Verdict]) -> None:
    found = verdicts(SHOWN_BY[kind](purchase(**changes)))
    if kind is ApiOperation.LIST and any(cause.endswith(" missing") and "." not in cause for _, cause, _ in expected):
        expected = expected | error("LIST-5", "not a whole purchase")
    if kind is ApiOperation.CREATE:
        # What only a create's answer promises is the matter of test_value.
        found = {verdict for verdict in found if not verdict[0].startswith("VALUE-")}
    assert found == expected


@pytest.mark.parametrize("kind", SECOND_READS)
@pytest.mark.parametrize(
    ("changes", "expected"), [row[1:] for row in CREDENTIAL_FIELDS], ids=[row[0] for row in CREDENTIAL_FIELDS]
)
def test_credentials(kind: ApiOperation, changes: dict[str, Any], expected: set[Verdict]) -> None:
    assert verdicts(SHOWN_BY[kind](success(**changes))) == expected


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("text", error("SHAPE-10", "verification of the wrong type")),
        ([], error("SHAPE-10", "verification of the wrong type")),
        (False, error("SHAPE-10", "verification of the wrong type")),
    ],
)
def test_a_verification_that_is_no_object(shown: object, expected: set[Verdict]) -> None:
    assert verdicts(retrieve(answer(purchase(status="REFUND", verification=shown)))) == expected


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (purchase("2026-05"), set()),
        (success("2026-05", password=None), set()),
        (purchase("2026-05", status="EXPIRED"), set()),
        (purchase("2026-05", purchase_source="BOT"), set()),
        (purchase("2026-05", emoji=""), warning("SHAPE-2", "emoji empty")),
        (purchase("2026-05", emoji=None), error("SHAPE-2", "emoji of the wrong type")),
        (purchase("2026-05", purchase_source="SHOP"), error("SHAPE-2", "purchase_source an unknown value")),
        (purchase("2026-02"), error("SHAPE-2", "emoji missing") | error("SHAPE-2", "purchase_source missing")),
        (purchase("2026-05", colour=1), warning("SHAPE-2", "extra keys")),
        (purchase("2026-05", status="GONE"), error("SHAPE-8", "status an unknown value")),
    ],
)
def test_the_newer_profile(shown: dict[str, Any], expected: set[Verdict]) -> None:
    assert verdicts(retrieve(answer(shown)), profile="2026-05") == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("application/json", set()),
        ("application/json; charset=utf-8", set()),
        ('Application/JSON;Charset="UTF-8"', set()),
        ("application/json;", set()),
        ("application/json; version=2", set()),
        (None, error("SHAPE-1", "not labelled JSON")),
        ("", error("SHAPE-1", "not labelled JSON")),
        ("text/html", error("SHAPE-1", "not labelled JSON")),
        ("text/plain; charset=utf-8", error("SHAPE-1", "not labelled JSON")),
        ("application/problem+json", error("SHAPE-1", "not labelled JSON")),
        ("application/jsonp", error("SHAPE-1", "not labelled JSON")),
        ("application/json; charset=latin-1", error("SHAPE-1", "another charset")),
        ("application/json, application/json", set()),
        ("application/json, Application/JSON; charset=utf-8,", set()),
        ('application/json; profile="a, b"', set()),
        ('application/json; profile="a', set()),
        ("application/json, text/html", error("SHAPE-1", "not labelled JSON")),
        ("text/html, application/json", error("SHAPE-1", "not labelled JSON")),
        ("application/json, application/json; charset=latin-1", error("SHAPE-1", "another charset")),
    ],
)
def test_the_media_type(kind: str | None, expected: set[Verdict]) -> None:
    assert verdicts(retrieve(answer(purchase(), kind=kind))) == expected


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (("application/json", "application/json"), set()),
        (("application/json", "application/json; charset=utf-8"), set()),
        (("application/json", "text/html"), error("SHAPE-1", "not labelled JSON")),
        (("text/html", "application/json"), error("SHAPE-1", "not labelled JSON")),
    ],
)
def test_labels_in_lines_of_their_own_agree(kinds: tuple[str, ...], expected: set[Verdict]) -> None:
    labelled = replace(answer(purchase()), headers=tuple(("Content-Type", kind) for kind in kinds))
    assert verdicts(retrieve(labelled)) == expected


@pytest.mark.parametrize("status", [201, 202, 203, 206])
def test_another_success_is_told_by_operation(status: int) -> None:
    found = verdicts(create(answer(purchase(), status)), retrieve(answer(purchase(), status)))
    assert found == error("SHAPE-1", "create_purchase not 200") | error("SHAPE-1", "retrieve_purchase not 200")


@pytest.mark.parametrize("status", [204, 205])
def test_no_content_is_one_finding(status: int) -> None:
    docket = record(create(answer(status=status, kind=None)))
    assert docket.verdicts == error("SHAPE-1", "create_purchase not 200")
    assert docket.exercised["SHAPE-2"] == 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (json.dumps(purchase(), indent=2).encode(), set()),
        (b"\n " + json.dumps(purchase(), ensure_ascii=False).encode() + b"\n", set()),
        (b"", error("SHAPE-2", "empty body")),
        (b"  \n", error("SHAPE-2", "empty body")),
        (b"<html>", error("SHAPE-2", "not JSON")),
        (b"[]", error("SHAPE-2", "not an object")),
        (b"null", error("SHAPE-2", "not an object")),
        (b'"ok"', error("SHAPE-2", "not an object")),
        (json.dumps([purchase()]).encode(), error("SHAPE-2", "not an object")),
        (json.dumps(purchase()).encode()[:-1], error("SHAPE-2", "not JSON")),
        (json.dumps(purchase()).encode() + b"{}", error("SHAPE-2", "not JSON")),
        (json.dumps(purchase(colour=1)).replace("1}", "NaN}").encode(), error("SHAPE-2", "not JSON")),
        (b"\xef\xbb\xbf" + json.dumps(purchase()).encode(), error("SHAPE-2", "not JSON")),
        (json.dumps(purchase()).encode("utf-16"), error("SHAPE-2", "not JSON")),
        (json.dumps(purchase()).replace("United", "\xff").encode("latin-1"), error("SHAPE-2", "not JSON")),
        (b'{"id": 12345, ' + json.dumps(purchase()).encode()[1:], error("SHAPE-2", "duplicate keys")),
        (
            json.dumps(purchase()).replace('"ru"', '"en": "x", "ru"').encode(),
            error("SHAPE-2", "duplicate keys"),
        ),
    ],
)
def test_the_body(body: bytes, expected: set[Verdict]) -> None:
    assert verdicts(retrieve(answer(body=body))) == expected


def test_an_id_is_judged_by_its_letters() -> None:
    for written, expected in (
        ("12345", set()),
        ("12345.0", error("SHAPE-3", "id with a fraction")),
        ("1.2345e4", error("SHAPE-3", "id with a fraction")),
        ("1e999", error("SHAPE-3", "id of the wrong type")),
        ("1e30", error("SHAPE-3", "id out of range")),
    ):
        body = json.dumps(purchase()).replace("12345", written, 1).encode()
        assert verdicts(retrieve(answer(body=body))) == expected, written


def test_a_value_too_deep_to_show_is_told_once() -> None:
    deep: object = []
    for _ in range(MAX_DEPTH - 10):
        deep = [deep]
    found = verdicts(retrieve(answer(purchase(id=deep))))
    assert found in (
        error("SHAPE-3", "id of the wrong type"),
        error("SHAPE-2", "purchase nested too deeply to be judged"),
    )


def test_one_broken_format_is_one_cause_wherever_it_shows() -> None:
    broken = purchase(phone_number="1 202")
    docket = record(*(show(broken) for show in SHOWN_BY.values()), listing(answer(page(broken, broken))))
    assert docket.verdicts == error("SHAPE-6", "phone_number ill-formed")
    assert len(docket.violations) == 7


def test_what_must_be_refused_is_not_judged_as_a_success() -> None:
    accepted = create(answer(purchase(country_code="us"), 201), "us")
    assert verdicts(accepted) == error("INPUT-1", "accepted")


@pytest.mark.parametrize(
    "operation",
    [
        retrieve(None),
        retrieve(answer([], 404)),
        retrieve(answer([], 302)),
        retrieve(answer([]), principal="stranger:the key in a cookie"),
        call("GET", "/v1/health", answer([])),
    ],
)
def test_only_a_success_shown_to_a_holder_of_a_key_is_judged(operation: Operation) -> None:
    assert not any(clause.startswith("SHAPE") for clause in record(operation).exercised)


def test_exercise_counts_are_of_what_was_there() -> None:
    counted = record(listing(answer(page(success(), purchase(phone_number=None), purchase(price=GONE))))).exercised
    shape = {clause: count for clause, count in counted.items() if clause.startswith("SHAPE")}
    assert shape == {
        **{f"SHAPE-{number}": 1 for number in (1, 2)},
        **{f"SHAPE-{number}": 3 for number in (3, 4, 5, 6, 8, 9)},
        "SHAPE-7": 2,
        "SHAPE-10": 1,
        "SHAPE-11": 4,
    }


def test_a_finding_shows_the_value_and_its_place() -> None:
    (found,) = record(listing(answer(page(purchase(), purchase(phone_number="+1\n"))))).violations
    assert found.observed == "'+1\\n' at /items/1/phone_number of list_purchases"
    assert CREDENTIALS["code"] not in found.observed
