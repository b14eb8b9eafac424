"""Edges of the checks: headers that hardly anybody sends, answers cut short, and what a finding shows of them."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.checks import dates
from contracts.checks.emptybody import EmptyBodyCheck
from contracts.checks.faults import place, pointer, shown, value_at
from contracts.checks.keys import KeyFinder
from contracts.checks.leak import LeakCheck
from contracts.checks.refusal import RefusalCheck
from contracts.checks.rulings import ACCEPTED, REDIRECTED, SERVER_ERROR, rule
from contracts.checks.value import ValueCheck
from contracts.demand import Fault
from contracts.history import Operation
from contracts.monitor import Setting
from contracts.profiles import get_profile
from contracts.reading import Reading
from tests.checks.build import (
    DATE,
    GONE,
    OWNER_KEY,
    Recorder,
    account,
    answer,
    call,
    code_answer,
    create,
    error,
    listing,
    page,
    profile_answer,
    purchase,
    record,
    refund,
    refund_answer,
    refusal,
    request_code,
    retrieve,
    success,
    verdicts,
)

NOON = datetime(2026, 2, 10, 12, 0, 1, tzinfo=UTC)


# ---- headers


@pytest.mark.parametrize(
    ("header", "moment"),
    [
        (DATE, NOON),
        ("Tue, 10 Feb 2026 12:00:01 -0000", NOON),
        ("Tue, 10 Feb 2026 12:00:01", NOON),
        ("Tue, 10 Feb 2026 14:00:01 +0200", NOON),
        ("yesterday", None),
        ("Tue, 30 Feb 2026 12:00:01 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_a_date_names_a_moment_with_its_zone_or_none(header: str | None, moment: datetime | None) -> None:
    found = dates.parse(header)
    assert found == moment
    assert found is None or found.tzinfo is not None


@pytest.mark.parametrize("zone", ["GMT", "-0000", ""])
def test_a_new_purchase_is_held_to_a_date_without_zone_as_to_any_other(zone: str) -> None:
    headers = {"date": f"Tue, 10 Feb 2026 13:00:01 {zone}".strip()}
    assert ("VALUE-5", "created_at not now", "error") in verdicts(create(answer(purchase(), headers=headers)))


def test_a_header_that_no_text_encodes_hides_no_key_and_ends_no_check() -> None:
    odd = replace(answer(purchase()), headers=(("x-odd", "\udcff"), ("x-key", OWNER_KEY)))
    docket = record(retrieve(odd), checks=[LeakCheck])
    assert docket.verdicts == error("AUTH-3", "in a header")
    assert "x-key" in docket.violations[0].observed
    assert "x-odd" not in docket.violations[0].observed


@pytest.mark.parametrize("before", [b"", b":", b"a:"])
@pytest.mark.parametrize("key", ["abcdefgh-1234567", "abcdefgh-12345678", "abcdefgh-123456789"])
def test_base64_of_a_key_is_found_and_that_of_another_that_begins_alike_is_not(key: str, before: bytes) -> None:
    finder = KeyFinder([key])
    assert finder.found_in(base64.b64encode(before + key.encode() + b"!"))
    assert not finder.found_in(base64.b64encode(before + key[:-1].encode() + b"~!!!!"))


def test_the_clock_may_differ_by_what_the_configuration_says() -> None:
    late = create(answer(purchase(), headers={"date": "Tue, 10 Feb 2026 12:00:20 GMT"}))
    for seconds, found in ((300.0, 0), (19.0, 0), (18.0, 1)):
        docket = Recorder()
        tolerances = {"VALUE-5": {"clock_skew_s": seconds}}
        ValueCheck(Setting(profile=get_profile("2026-02"), tolerances=tolerances)).observe(Reading(late), docket)
        assert len(docket.violations) == found


# ---- refusals


@pytest.mark.parametrize("given", [answer(purchase()), refusal(500), answer(purchase(), 100)])
def test_a_refusal_is_judged_by_a_whole_and_final_answer_alone(given: Any) -> None:
    cut = record(create(replace(given, truncated=True), code="us"), checks=[RefusalCheck])
    assert (cut.verdicts, sum(cut.exercised.values())) == (set(), 0)
    whole = record(create(given, code="us"), checks=[RefusalCheck])
    assert bool(whole.verdicts) is (given.status >= 200)


REFUSED = [
    ("AUTH-1", create),
    ("INPUT-1", create),
    ("INPUT-3", create),
    ("INPUT-7", lambda given: call("PUT", "/v1/purchases", given)),
    ("INPUT-8", retrieve),
    ("INPUT-9", listing),
]


@pytest.mark.parametrize(("clause", "make"), REFUSED, ids=[row[0] for row in REFUSED])
def test_no_fault_is_rightly_answered_with_a_success_a_redirect_or_a_server_error(clause: str, make: Any) -> None:
    fault = Fault(clause, "page is no number")
    for status in range(200, 600):
        operation = make(answer({"message": "no"}, status))
        ruling = rule(fault, Reading(operation), operation.answer)
        if status in {307, 308} or (status == 501 and clause in {"INPUT-8", "INPUT-9"}):
            assert ruling is None
        elif status == 501 and clause == "INPUT-7":
            assert ruling is not None
            assert ruling.right
        elif 400 <= status < 500:
            assert ruling not in {ACCEPTED, REDIRECTED, SERVER_ERROR}
        else:
            assert ruling is (ACCEPTED if status < 300 else REDIRECTED if status < 400 else SERVER_ERROR)


@pytest.mark.parametrize(
    ("location", "judged"),
    [("/v2/v1/purchases", False), ("/v1/purchases/", False), ("/login", True), ("http://[", True), (None, True)],
)
def test_a_redirect_of_a_refused_request_counts_unless_it_leads_to_the_same_place(
    location: str | None, judged: bool
) -> None:
    headers = {} if location is None else {"location": location}
    seen = record(create(answer({}, 302, headers=headers), code="us"), checks=[RefusalCheck]).verdicts
    assert seen == (error("INPUT-1", "redirected") if judged else set())


# ---- the two forms of a path


def test_paths_that_are_no_operations_tell_nothing_of_slashes() -> None:
    served, missing = answer({}), refusal(404)
    assert record(call("GET", "/v1/other", served), call("GET", "/v1/other/", missing)).verdicts == set()


def test_what_the_body_did_is_told_by_both_calls() -> None:
    label = {"content-type": "application/json"}
    pending = create(answer(purchase()))
    refused = request_code(refusal(400), body=b"", headers=label, at=1)
    docket = record(pending, refused, request_code(answer(code_answer()), at=2), checks=[EmptyBodyCheck])
    assert [mark.invoked for mark in docket.violations[0].marks] == [1, 2]
    one, other = refund(refusal(422), headers=label, at=1), refund(refusal(409), at=2)
    docket = record(pending, one, other, checks=[EmptyBodyCheck])
    assert [mark.invoked for mark in docket.violations[0].marks] == [1, 2]


# ---- shape


@pytest.mark.parametrize("value", [None, 5, "x", [], {"level": []}])
@pytest.mark.parametrize(
    ("make", "keys"),
    [
        (lambda body: call("GET", "/v1/accounts/US", answer(body)), ["available_count", "tags"]),
        (
            lambda body: call("GET", "/v1/profile", answer(body)),
            ["created_at", "discount", "language", "login", "telegram_id", "telegram_username"],
        ),
    ],
    ids=["account", "profile"],
)
def test_what_published_answers_may_lack_may_be_anything(make: Any, keys: list[str], value: Any) -> None:
    whole = account() if "tags" in keys else profile_answer()
    for key in keys:
        assert verdicts(make(whole | {key: value})) == set()


# ---- what a finding shows


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (1.5, "1.5"),
        ([1, 2], "an array of 2"),
        ({"b": 1, "a": 2}, "an object with the keys ['a', 'b']"),
    ],
)
def test_a_value_is_shown_as_json_has_it(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("text", "path"), [("", ()), ("/purchase", ("purchase",)), ("/items/3/price", ("items", 3, "price"))]
)
def test_a_place_is_read_as_it_is_written(text: str, path: tuple[str | int, ...]) -> None:
    assert place(text) == path
    assert pointer(path) == text


def test_a_place_that_an_answer_does_not_have_holds_nothing() -> None:
    root = {"items": [{"id": 1}], "name": "x"}
    places: list[tuple[str | int, ...]] = [("items", 1), ("items", "id"), ("name", 0), ("items", 0, "id", "x"), ("x",)]
    for path in places:
        assert value_at(root, path) is None
    assert value_at(root, ("items", 0, "id")) == 1


LABEL = {"content-type": "application/json"}
SHOWN: list[tuple[str, Operation, str]] = [
    ("SHAPE-1", retrieve(answer(purchase(), kind=None)), "no Content-Type"),
    ("SHAPE-1", retrieve(answer(purchase(), kind="text/html")), "Content-Type 'text/html'"),
    ("SHAPE-11", retrieve(answer(purchase(created_at="2026-02-30T12:00:00Z"))), "'2026-02-30T12:00:00Z'"),
    ("SHAPE-11", retrieve(answer(success(received_at="2026-02-30T12:00:00Z"))), "'2026-02-30T12:00:00Z'"),
    ("SHAPE-11", listing(answer(page(success(received_at="2026-02-30T12:00:00Z")))), "'2026-02-30T12:00:00Z'"),
    ("SHAPE-8", refund(answer(refund_answer() | {"purchase": purchase(status="DONE")})), "'DONE'"),
    ("SHAPE-2", retrieve(answer(purchase(id=GONE))), ""),
    ("WIRE-1", create(answer({}, 301, headers={"location": "/shop"}), path="/v1/purchases/"), "301 to '/shop'"),
    ("WIRE-1", create(answer({}, 308), path="/v1/purchases/"), "308 to null"),
    ("INPUT-6", create(refusal(400, f"bad key {OWNER_KEY}"), code="us"), "the key, in the body"),
]


@pytest.mark.parametrize(("clause", "operation", "text"), SHOWN, ids=[f"{row[0]} {row[2]}" for row in SHOWN])
def test_a_finding_shows_what_was_wrong(clause: str, operation: Operation, text: str) -> None:
    found = [one.observed for one in record(operation).violations if one.clause == clause]
    assert any(text in one for one in found), found
