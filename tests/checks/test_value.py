"""VALUE: what one answer says, each lawful saying beside an unlawful twin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.checks import value
from contracts.checks.value import ValueCheck
from contracts.history import OTHER, Aim, Demand, Operation
from tests.checks.build import (
    CREATED,
    CREDENTIALS,
    GONE,
    RECEIVED,
    SHOWN_BY,
    Verdict,
    account,
    answer,
    call,
    code_answer,
    create,
    error,
    listing,
    page,
    purchase,
    record,
    refund,
    refund_answer,
    request_code,
    retrieve,
    success,
    verdicts,
    warning,
)


@pytest.mark.parametrize(
    ("asked", "shown", "expected"),
    [
        ("US", {}, set()),
        ("KZ", {"country_code": "KZ", "phone_number": "+77012345678"}, set()),
        ("DE", {}, error("VALUE-1", "another country")),
        ("CA", {}, error("VALUE-1", "another country")),
        (
            "US",
            {"country_code": "us"},
            error("SHAPE-4", "country_code ill-formed") | error("VALUE-1", "another country"),
        ),
        ("US", {"country_code": None}, error("SHAPE-4", "country_code of the wrong type")),
    ],
)
def test_the_country_is_the_one_asked_for(asked: str, shown: dict[str, Any], expected: set[Verdict]) -> None:
    assert verdicts(create(answer(purchase(**shown)), asked)) == expected


def test_a_wrong_echo_tells_both_countries() -> None:
    (found,) = record(create(answer(purchase(country_code="CA")), "US"), checks=[ValueCheck]).violations
    assert found.observed == "asked for 'US', got 'CA'"


def test_a_country_asked_for_twice_has_no_echo() -> None:
    sent = create(answer(purchase()), body=b'{"country_code": "US", "country_code": "CA"}')
    assert verdicts(sent) == set()
    assert "VALUE-1" not in record(sent).exercised


def test_an_echo_beside_extra_keys_is_judged() -> None:
    body = b'{"country_code": "DE", "note": 1}'
    assert verdicts(create(answer(purchase()), body=body)) == error("VALUE-1", "another country")


@pytest.mark.parametrize(("asked", "expected"), [("US", set()), ("CA", error("VALUE-1", "account of another country"))])
def test_an_account_is_of_the_country_asked_about(asked: str, expected: set[Verdict]) -> None:
    looked = call("GET", f"/v1/accounts/{asked}", answer(account()))
    assert verdicts(looked) == expected


PHONES = [
    ("US", "+12025550123", True),
    ("US", "+14165550123", True),
    ("CA", "+12025550123", True),
    ("RU", "+77012345678", True),
    ("KZ", "+79161234567", True),
    ("VA", "+390669812345", True),
    ("VA", "+379669812345", True),
    ("GB", "+447400123456", True),
    ("XK", "+38344123456", True),
    ("DE", "+12025550123", False),
    ("US", "+447400123456", False),
    ("KZ", "+998901234567", False),
    ("VA", "+378669812345", False),
    ("FI", "+3725123456", False),
]


@pytest.mark.parametrize(("country", "phone", "lawful"), PHONES)
@pytest.mark.parametrize("kind", SHOWN_BY)
def test_the_phone_carries_the_calling_code(kind: Any, country: str, phone: str, lawful: bool) -> None:
    operation = SHOWN_BY[kind](purchase(country_code=country, phone_number=phone))
    expected = set() if lawful else error("VALUE-2", "another calling code")
    assert {verdict for verdict in verdicts(operation) if verdict[0] != "VALUE-1"} == expected


@pytest.mark.parametrize(
    ("country", "phone"), [("AQ", "+12025550123"), ("ZZ", "+12025550123"), ("DE", None), ("DE", "12025550123")]
)
def test_a_phone_that_tells_no_country_is_not_judged(country: str, phone: str | None) -> None:
    counted = record(retrieve(answer(purchase(country_code=country, phone_number=phone)))).exercised
    assert counted["VALUE-2"] == 0


MADE = create(answer(purchase()))
"""Makes purchase 12345 known as the owner's."""


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (purchase(), set()),
        (purchase(status="ERROR"), set()),
        (success(), set()),
        (purchase(status="REFUND"), set()),
        (purchase(status="REFUND", verification=CREDENTIALS), set()),
        (purchase(verification=CREDENTIALS), error("VALUE-3", "credentials while PENDING")),
        (purchase(status="ERROR", verification=CREDENTIALS), error("VALUE-3", "credentials while ERROR")),
        (purchase(status="SUCCESS"), error("VALUE-3", "no credentials while SUCCESS")),
    ],
)
def test_credentials_fit_the_status(shown: dict[str, Any], expected: set[Verdict]) -> None:
    for view in (
        retrieve(answer(shown)),
        listing(answer(page(shown))),
        request_code(answer(code_answer(shown))),
        refund(answer(refund_answer() | {"purchase": shown})),
    ):
        assert verdicts(MADE, view) == expected


def test_an_empty_set_of_credentials_is_a_matter_of_shape() -> None:
    missing = {verdict for key in CREDENTIALS for verdict in error("SHAPE-10", f"verification.{key} missing")}
    assert verdicts(retrieve(answer(purchase(verification={})))) == missing
    hollow = verdicts(retrieve(answer(purchase(verification=dict.fromkeys(CREDENTIALS)))))
    assert not any(clause == "VALUE-3" for clause, _, _ in hollow)


@pytest.mark.parametrize(
    "operation",
    [
        retrieve(answer(purchase(status="SUCCESS")), principal=OTHER),
        retrieve(answer(purchase(status="SUCCESS")), aim=Aim("AUTH-4", "another owner's purchase", Demand.EITHER)),
        request_code(
            answer(code_answer(purchase(status="SUCCESS"))),
            aim=Aim("AUTH-5", "another owner's purchase", Demand.REFUSE),
        ),
        retrieve(answer(purchase(id=777, status="SUCCESS")), 777),
    ],
    ids=["the other key", "aimed at another's", "an attempt on another's", "an id nobody knows"],
)
def test_anothers_success_may_be_shown_without_credentials(operation: Operation) -> None:
    assert verdicts(MADE, operation) == set()
    assert record(operation).exercised["VALUE-3"] == 0


def test_another_owners_own_list_is_not_the_owners() -> None:
    theirs = listing(answer(page(purchase())), principal=OTHER)
    assert verdicts(theirs, retrieve(answer(purchase(status="SUCCESS")))) == set()


def test_pending_with_credentials_is_wrong_whoever_looks() -> None:
    seen = retrieve(answer(purchase(verification=CREDENTIALS)), principal=OTHER)
    assert verdicts(seen) == error("VALUE-3", "credentials while PENDING")


def test_only_so_many_purchases_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value, "MAX_KNOWN", 2)
    bare = [retrieve(answer(purchase(id=number, status="SUCCESS")), number) for number in (1, 2, 3)]
    made = listing(answer(page(*(purchase(id=number) for number in (1, 2, 3)))))
    assert len(record(made, *bare, checks=[ValueCheck]).violations) == 2


@pytest.mark.parametrize(
    ("created", "received", "lawful"),
    [
        (CREATED, RECEIVED, True),
        (CREATED, CREATED, True),
        ("2026-02-10T12:00:00.500Z", "2026-02-10T12:00:00.499Z", False),
        ("2026-02-10T12:00:01Z", "2026-02-10T12:00:00Z", False),
        ("2026-02-10T12:00:00.900000Z", "2026-02-10T12:00:00Z", True),
        ("2026-02-10T12:00:01Z", "2026-02-10T12:00:00.700Z", True),
        ("2026-02-10T12:00:02Z", "2026-02-10T12:00:00.700Z", False),
        ("2026-02-10T12:00:00.001Z", "2026-02-10T12:00:00.000400+00:00", True),
        ("2026-02-10T12:00:00.003Z", "2026-02-10T12:00:00.000400+00:00", False),
        ("2026-02-10T12:00:00Z", "2026-02-09T12:00:00Z", False),
    ],
)
def test_a_code_is_not_older_than_its_purchase(created: str, received: str, lawful: bool) -> None:
    shown = success(received_at=received) | {"created_at": created}
    assert verdicts(retrieve(answer(shown))) == (set() if lawful else error("VALUE-4", "received before created"))


def test_order_is_judged_where_both_times_are_readable() -> None:
    assert record(retrieve(answer(success(received_at=GONE)))).exercised["VALUE-4"] == 0
    assert record(retrieve(answer(purchase()))).exercised["VALUE-4"] == 0
    assert record(retrieve(answer(success()))).exercised["VALUE-4"] == 1


@pytest.mark.parametrize(
    ("date", "wall", "lawful"),
    [
        ("Tue, 10 Feb 2026 12:00:00 GMT", None, True),
        ("Tue, 10 Feb 2026 12:05:00 GMT", None, True),
        ("Tue, 10 Feb 2026 11:55:00 GMT", None, True),
        ("Tue, 10 Feb 2026 12:05:02 GMT", None, False),
        ("Tue, 10 Feb 2026 11:54:58 GMT", None, False),
        ("Tue, 10 Feb 2026 15:00:00 GMT", None, False),
        ("Tuesday, 10-Feb-26 12:00:00 GMT", None, True),
        # The server's own clock is the yardstick, be it an hour off ours.
        ("Tue, 10 Feb 2026 12:00:00 GMT", timedelta(hours=1), True),
        ("Tue, 10 Feb 2026 13:00:00 GMT", timedelta(0), False),
        ("", timedelta(0), True),
        ("yesterday", timedelta(minutes=4), True),
        ("yesterday", timedelta(minutes=6), False),
        ("yesterday", timedelta(hours=-3), False),
    ],
)
def test_a_new_purchase_is_made_now(date: str, wall: timedelta | None, lawful: bool) -> None:
    ours = 0.0 if wall is None else (datetime(2026, 2, 10, 12, tzinfo=UTC) + wall).timestamp()
    operation = create(answer(purchase(), headers={"date": date}), wall=ours)
    assert verdicts(operation) == (set() if lawful else error("VALUE-5", "created_at not now"))


def test_without_any_clock_now_is_not_judged() -> None:
    assert record(create(answer(purchase(), headers={"date": "?"}))).exercised["VALUE-5"] == 0


def test_only_a_create_is_made_now() -> None:
    assert verdicts(retrieve(answer(purchase(created_at="2020-01-01T00:00:00Z")))) == set()


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (purchase(), set()),
        (purchase(phone_number=None), set()),
        (success(), warning("VALUE-7", "SUCCESS at once")),
        (
            purchase(status="SUCCESS"),
            error("VALUE-7", "not PENDING") | error("VALUE-3", "no credentials while SUCCESS"),
        ),
        (success(code=""), error("VALUE-7", "not PENDING") | error("SHAPE-10", "verification.code empty")),
        (purchase(status="REFUND"), error("VALUE-7", "not PENDING")),
        (purchase(status="ERROR"), error("VALUE-7", "not PENDING")),
        (purchase(status="EXPIRED"), error("VALUE-7", "not PENDING") | warning("SHAPE-8", "newer status")),
        (purchase(status="pending"), error("SHAPE-8", "status an unknown value")),
    ],
)
def test_a_new_purchase_is_pending(shown: dict[str, Any], expected: set[Verdict]) -> None:
    assert verdicts(create(answer(shown))) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("SINGLE", set()),
        ("BULK", warning("VALUE-8", "not SINGLE")),
        ("ADMIN", warning("VALUE-8", "not SINGLE")),
        ("GIFT", error("SHAPE-9", "purchase_type an unknown value")),
    ],
)
def test_this_endpoint_sells_single(kind: str, expected: set[Verdict]) -> None:
    assert verdicts(create(answer(purchase(purchase_type=kind)))) == expected


def test_lists_show_what_other_channels_sold() -> None:
    assert verdicts(listing(answer(page(purchase(purchase_type="BULK"))))) == set()


def test_each_clause_is_counted_where_it_was_put_to_the_test() -> None:
    counted = record(
        create(answer(purchase())),
        retrieve(answer(success())),
        listing(answer(page(purchase(phone_number=None)))),
        call("GET", "/v1/accounts/US", answer(account())),
        create(answer({"message": "no"}, 422), "us"),
        checks=[ValueCheck],
    ).exercised
    assert counted == {
        "VALUE-1": 1, "VALUE-2": 2, "VALUE-3": 3, "VALUE-4": 1, "VALUE-5": 1, "VALUE-7": 1, "VALUE-8": 1,
    }  # fmt: skip


def test_strangers_are_shown_nothing_to_judge() -> None:
    seen = create(answer(purchase(country_code="DE")), principal="stranger:no key")
    assert not record(seen, checks=[ValueCheck]).exercised
