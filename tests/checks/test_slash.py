"""WIRE-1: the two forms of a path, over a run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts.checks.slash import SlashCheck
from contracts.history import Operation
from tests.checks.build import (
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
    refusal,
    request_code,
    retrieve,
    success,
    warning,
)

Outcome = tuple[set[Verdict], int]


def judged(*operations: Operation) -> Outcome:
    """Return what the slash's check alone reports, and how often it was put to the test."""
    docket = record(*operations, checks=[SlashCheck])
    return docket.verdicts, docket.exercised["WIRE-1"]


SERVED = create(answer(purchase()))
WITH = error("WIRE-1", "not served with a trailing slash")
WITHOUT = error("WIRE-1", "not served without a trailing slash")
LOSING = error("WIRE-1", "redirected, losing the method")
KEEPING = warning("WIRE-1", "redirected, keeping the method")


def slashed(status: int, **more: str) -> Operation:
    given = answer(purchase() if status == 200 else {"message": "?"}, status, headers={"location": "/v1/purchases"})
    return create(given, path="/v1/purchases/", **more)


def test_a_slash_that_is_served() -> None:
    assert judged(slashed(200)) == (set(), 1)
    assert judged(SERVED, slashed(200), SERVED) == (set(), 1)


@pytest.mark.parametrize("status", [301, 302, 303])
def test_redirects_that_lose_the_method(status: int) -> None:
    assert judged(slashed(status)) == (LOSING, 1)


@pytest.mark.parametrize("status", [307, 308])
def test_redirects_that_keep_the_method(status: int) -> None:
    assert judged(slashed(status)) == (KEEPING, 1)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_missing_slash_form_beside_a_served_plain_one(status: int) -> None:
    for history in ([SERVED, slashed(status)], [slashed(status), SERVED]):
        assert judged(*history) == (WITH, 1)


def test_a_missing_slash_form_alone_tells_nothing() -> None:
    assert judged(slashed(404)) == (set(), 0)
    assert judged(slashed(404), create(answer(purchase()), "CA")) == (set(), 0)
    assert judged(slashed(404), create(answer(purchase()), principal="other")) == (set(), 0)
    assert judged(slashed(404), create(None)) == (set(), 0)


def test_a_country_that_ran_out_is_missing_in_both_forms() -> None:
    assert judged(SERVED, slashed(404), create(refusal(404))) == (set(), 0)
    assert judged(SERVED, slashed(200), slashed(404)) == (set(), 1)


def test_what_must_be_refused_tells_nothing_of_slashes() -> None:
    refused = create(refusal(404), "ZZ", path="/v1/purchases/")
    stranger = create(refusal(404), path="/v1/purchases/", principal="stranger:no key")
    assert judged(SERVED, refused, stranger) == (set(), 0)


FORMS: list[tuple[str, Callable[[str, int], Operation]]] = [
    ("list", lambda slash, status: listing(answer(page(), status), path=f"/v1/purchases{slash}")),
    ("retrieve", lambda slash, status: retrieve(answer(purchase(), status), f"12345{slash}")),
    ("account", lambda slash, status: call("GET", f"/v1/accounts/US{slash}", answer(account(), status))),
    ("profile", lambda slash, status: call("GET", f"/v1/profile{slash}", answer({}, status))),
    (
        "request-code",
        lambda slash, status: call("POST", f"/v1/purchases/12345/request-code{slash}", answer(code_answer(), status)),
    ),
    ("refund", lambda slash, status: call("POST", f"/v1/purchases/12345/refund{slash}", answer({}, status))),
]


@pytest.mark.parametrize("form", [row[1] for row in FORMS], ids=[row[0] for row in FORMS])
def test_both_forms_of_each_path(form: Callable[[str, int], Operation]) -> None:
    assert judged(form("", 200), form("/", 200)) == (set(), 1)
    assert judged(form("", 200), form("/", 404)) == (WITH, 1)
    assert judged(form("", 404), form("/", 200)) == (WITHOUT, 2)
    assert judged(form("", 302), form("/", 200)) == (WITHOUT, 2)
    assert judged(form("", 308), form("/", 200)) == (set(), 1)
    assert judged(form("", 404), form("/", 404)) == (set(), 0)
    assert judged(form("/", 302)) == (LOSING, 1)
    assert judged(form("/", 429), form("/", 500), form("/", 401)) == (set(), 0)


def test_an_action_that_conflicts_is_served() -> None:
    plain = request_code(refusal(409))
    missing = call("POST", "/v1/purchases/12345/request-code/", refusal(404))
    conflict = call("POST", "/v1/purchases/12345/request-code/", refusal(409))
    assert judged(plain, missing) == (WITH, 1)
    assert judged(plain, conflict) == (set(), 1)
    assert judged(refund(refusal(409)), missing) == (set(), 0)


def test_another_purchase_tells_nothing() -> None:
    assert judged(retrieve(answer(success())), retrieve(refusal(404), "777/")) == (set(), 0)


def test_a_page_beyond_the_last_may_be_missing() -> None:
    far = listing(refusal(404), path="/v1/purchases/", query=(("page", "99"), ("page_size", "10")))
    assert judged(listing(answer(page())), far) == (set(), 0)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.checks.slash.MAX_PURCHASES", 2)
    old = [retrieve(answer(purchase()), number) for number in (1, 2, 3)]
    missing = [retrieve(refusal(404), f"{number}/") for number in (3, 2, 1)]
    assert judged(*old, *missing) == (WITH, 2)


def test_one_cause_for_every_path() -> None:
    docket = record(SERVED, slashed(404), listing(answer(page())), listing(refusal(404), path="/v1/purchases/"))
    assert [found.observed.split()[0] for found in docket.violations] == ["create_purchase", "list_purchases"]
    assert docket.verdicts == WITH
