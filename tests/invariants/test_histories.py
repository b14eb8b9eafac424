"""Histories at random: a true shop is never accused, however its requests overlap, and what is planted is found."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts.history import Answer, ApiOperation, Operation, Outcome
from contracts.reading import Reading
from tests.invariants.build import History, purchase
from tests.invariants.model import Shop, Step, play


def drawn(seed: int, length: int, spread: int) -> list[Step]:
    """Return random steps, requests under way for up to ``spread`` seconds before and after their moment.

    Drawn by a generator of their own: a history of sixty steps is too long for Hypothesis to fill evenly.
    """
    chance = random.Random(seed)
    return [
        Step(
            kind=chance.randrange(21),
            who=chance.randrange(4),
            which=chance.randrange(60),
            before=chance.random() * spread,
            after=chance.random() * spread,
            lost=chance.random() < 0.04,
            lane=chance.randrange(3),
        )
        for _ in range(length)
    ]


SECONDS = st.integers(0, 400).map(lambda tenths: tenths / 10)
STEPS = st.builds(drawn, st.integers(0, 10**6), st.integers(1, 90), st.sampled_from([1, 4, 12, 40, 150]))
SHOPS = st.builds(
    Shop,
    credits_errors=st.booleans(),
    masks=st.booleans(),
    late_numbers=st.booleans(),
    coarse_lists=st.booleans(),
    ends_old=st.sampled_from(["", "EXPIRED", "REFUND"]),
)

relaxed = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)


@settings(relaxed, max_examples=300)
@given(STEPS, SHOPS)
def test_a_true_shop_is_never_accused(steps, shop):
    assert play(steps, shop).findings() == set()


def served(history: History, *kinds: ApiOperation) -> list[tuple[Operation, Any]]:
    """Return the successes of some operations, each with its decoded answer."""
    found = [o for o in history.operations if o.outcome is Outcome.OK and o.api_operation in kinds]
    return [(operation, Reading(operation).document.value) for operation in found]


def own_views(history: History) -> list[tuple[Operation, Any]]:
    """Return the retrieves that owners were answered with."""
    return [(o, value) for o, value in served(history, ApiOperation.RETRIEVE) if o.aim is None]


def rewritten(history: History, operation: Operation, value: object) -> None:
    """Give an operation another answer."""
    answer = operation.answer
    assert answer is not None
    forged = replace(operation, answer=Answer(answer.status, answer.headers, json.dumps(value).encode()))
    history.operations[history.operations.index(operation)] = forged


def end_of(history: History) -> float:
    """Return a moment when everything is over."""
    return max((o.returned for o in history.operations), default=0.0) + 200


@settings(relaxed, max_examples=60)
@given(STEPS, st.data())
def test_a_changed_value_is_always_found(steps, data):
    history = play(steps, Shop())
    views = own_views(history)
    shown = [value["id"] for _, value in served(history, ApiOperation.CREATE)]
    views = [(o, value) for o, value in views if value["id"] in shown]
    assume(views)
    operation, value = data.draw(st.sampled_from(views))
    key = data.draw(st.sampled_from(["country_code", "phone_number", "purchase_type", "created_at"]))
    forged = {"country_code": "ZW", "phone_number": "+9", "purchase_type": "BULK", "created_at": "2001-01-01T00:00:00Z"}
    rewritten(history, operation, value | {key: forged[key]})
    assert ("LIFE-5", f"{key}-changed", "error") in history.findings()


@settings(relaxed, max_examples=60)
@given(STEPS, st.data())
def test_a_status_that_moves_back_after_its_answer_is_always_found(steps, data):
    history = play(steps, Shop())
    ended = [(o, v) for o, v in own_views(history) if v["status"] != "PENDING"]
    assume(ended)
    operation, value = data.draw(st.sampled_from(ended))
    moment = end_of(history)
    forged = value | {"status": "PENDING", "verification": None}
    history.call(ApiOperation.RETRIEVE, moment, moment + 1, forged, number=value["id"], principal=operation.principal)
    assert {clause for clause, _, _ in history.findings()} >= {"LIFE-2", "LIFE-6"}


@settings(relaxed, max_examples=60)
@given(STEPS, st.data())
def test_credentials_that_change_are_always_found(steps, data):
    history = play(steps, Shop())
    coded = [(o, v) for o, v in own_views(history) if v["verification"]]
    assume(len(coded) > 1)
    operation, value = data.draw(st.sampled_from(coded))
    assume(sum(v["id"] == value["id"] for _, v in coded) > 1)
    rewritten(history, operation, value | {"verification": value["verification"] | {"code": "00000"}})
    assert "LIFE-3" in {clause for clause, _, _ in history.findings()}


@settings(relaxed, max_examples=60)
@given(STEPS, st.data(), st.sampled_from([404, 410, 403]))
def test_a_purchase_that_vanishes_is_always_found(steps, data, status):
    history = play(steps, Shop())
    bought = served(history, ApiOperation.CREATE)
    assume(bought and own_views(history))
    operation, value = data.draw(st.sampled_from(bought))
    moment = end_of(history)
    history.call(
        ApiOperation.RETRIEVE, moment, moment + 1, {}, number=value["id"], principal=operation.principal, status=status
    )
    assert "LIFE-6" in {clause for clause, _, _ in history.findings()}


@settings(relaxed, max_examples=60)
@given(STEPS, st.data())
def test_a_purchase_missing_from_the_last_walk_is_always_found(steps, data):
    shop = Shop()
    history = play(steps, shop)
    bought = served(history, ApiOperation.CREATE)
    assume(bought)
    operation, value = data.draw(st.sampled_from(bought))
    moment = end_of(history)
    _, page = shop.page(operation.principal, 1, 50, None, None)
    page["items"] = [item for item in page["items"] if item["id"] != value["id"]]
    query = [("page", "1"), ("page_size", "50")]
    history.call(ApiOperation.LIST, moment, moment + 1, page, query=query, principal=operation.principal)
    assert {clause for clause, _, _ in history.findings()} >= {"LIST-1", "LIFE-6"}


@settings(relaxed, max_examples=60)
@given(STEPS, st.sampled_from(["owner", "other"]), st.integers(1, 500))
def test_a_balance_that_falls_for_nothing_is_always_found(steps, principal, cents):
    shop = Shop()
    history = play(steps, shop)
    moment = end_of(history)
    _, look = shop.profile(principal)
    history.call(ApiOperation.PROFILE, moment, moment + 1, look, principal=principal)
    lower = f"{shop.balances[principal] * 100 - cents:.0f}"
    forged = look | {"balance": {"amount": f"{int(lower) / 100:.2f}", "currency_code": "USD"}}
    history.call(ApiOperation.PROFILE, moment + 2, moment + 3, forged, principal=principal)
    assert ("MONEY-1", "balance-too-low", "error") in history.findings()


@settings(relaxed, max_examples=60)
@given(STEPS, st.data())
def test_a_leak_is_always_found_whenever_the_code_came(steps, data):
    history = play(steps, Shop())
    coded = [(o, v) for o, v in own_views(history) if v["verification"]]
    assume(coded)
    operation, value = data.draw(st.sampled_from(coded))
    key = data.draw(st.sampled_from(["code", "password"]))
    other = "other" if operation.principal == "owner" else "owner"
    moment = data.draw(st.floats(0, end_of(history)))
    text = {"message": f"not yours: {value['verification'][key]}"}
    history.call(ApiOperation.RETRIEVE, moment, moment + 1, text, number=value["id"], principal=other, status=403)
    bought = {v["id"]: o for o, v in served(history, ApiOperation.CREATE)}
    assume(value["id"] in bought)
    assume(bought[value["id"]].returned < moment)
    assert ("AUTH-4", "leak-in-retrieve", "error") in history.findings()


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
JSON = st.recursive(
    LEAVES | st.sampled_from(["US", "PENDING", "SUCCESS", "1.50", "USD", "2024-11-19T07:50:00.000Z", 1, 2]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
KEYS = [*purchase(1), "items", "pagination", "purchase", "code_request", "refund", "balance", "price", "discount"]
ODD_PURCHASES = st.builds(
    lambda number, state, key, value: purchase(number, state) | {key: value},
    st.integers(1, 3),
    st.sampled_from(["PENDING", "SUCCESS", "REFUND", "ERROR"]),
    st.sampled_from(KEYS),
    JSON,
)
PAGES = st.fixed_dictionaries(
    {
        "items": st.lists(ODD_PURCHASES | JSON, max_size=3),
        "pagination": st.fixed_dictionaries(
            {"current_page": JSON, "total_pages": JSON | st.integers(0, 3), "has_next": st.booleans() | JSON}
        ),
    }
)
ANSWERS = (
    ODD_PURCHASES
    | PAGES
    | st.fixed_dictionaries({"purchase": ODD_PURCHASES | JSON, "code_request": JSON, "refund": JSON})
    | st.fixed_dictionaries({"purchase": ODD_PURCHASES, "refund": st.fixed_dictionaries({"amount": JSON})})
    | st.fixed_dictionaries(
        {
            "balance": JSON | st.fixed_dictionaries({"amount": JSON, "currency_code": JSON}),
            "price": JSON,
            "discount": st.fixed_dictionaries({"base_price": JSON, "percent": JSON}),
            "available": JSON,
        }
    )
    | JSON
    | st.binary(max_size=20)
)
CALLS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from([kind for kind in ApiOperation if kind is not ApiOperation.OTHER]),
        "answer": ANSWERS,
        "status": st.sampled_from([200, 200, 200, 201, 204, 307, 400, 403, 404, 409, 429, 500, 501, 503, None]),
        "number": st.sampled_from([1, 2, 3, 10**16, "x", "007", "US"]),
        "principal": st.sampled_from(["owner", "other", "stranger:no key"]),
        "walk": st.sampled_from(["", "w"]),
        "query": st.sampled_from([[], [("page", "1"), ("page_size", "2")], [("page", "2"), ("page_size", "2")]]),
        "body": st.sampled_from([b"", b"{}", b'{"country_code": "US"}', b"\xff"]),
        "headers": st.sampled_from([[], [("date", "never")], [("date", "Tue, 99 Nov 2024 99:99:99 GMT")]]),
        "dated": st.booleans(),
    }
)


@settings(relaxed, max_examples=400)
@given(st.lists(st.tuples(CALLS, SECONDS), max_size=12))
def test_no_answer_makes_an_invariant_raise(calls):
    history = History()
    for place, (call, seconds) in enumerate(calls):
        history.call(invoked=float(place), returned=place + seconds, **call)
    history.judged()


@pytest.mark.parametrize("answer", [b"[" * 100_000, b'{"id": ' + b"9" * 5000 + b"}", b"{}" * 50, b"\xef\xbb\xbf{}"])
def test_bodies_at_the_limits_of_the_parser(answer):
    history = History()
    history.create(0, 1)
    for place, kind in enumerate(kind for kind in ApiOperation if kind is not ApiOperation.OTHER):
        history.call(kind, 2 + place, 2.5 + place, answer, number=1)
    history.judged()


def test_the_random_histories_reach_every_kind_of_judgement():
    """The shop's histories would be worth little if nothing were put to the test in them."""
    reached: set[str] = set()
    for seed in range(60):
        oracle = play(drawn(seed, 80, (1, 4, 12, 40)[seed % 4]), Shop()).judged()
        reached.update(clause for clause, count in oracle.exercised.items() if count)
    assert reached >= {
        *(f"LIFE-{number}" for number in range(1, 11)),
        *(f"LIST-{number}" for number in range(1, 6)),
        *("AUTH-4", "AUTH-5", "AUTH-6", "INPUT-2", "AUTH-2", "INPUT-4", "VALUE-6"),
        *("MONEY-1", "MONEY-2", "RACE-1", "RACE-2", "RACE-3"),
    }
