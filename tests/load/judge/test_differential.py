"""Histories at random: the load judge says what the contract's oracle says, finding for finding, count for count."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.history import Answer, ApiOperation
from load.judge.judge import Judge
from tests.invariants.build import History
from tests.invariants.model import Shop, play
from tests.invariants.test_histories import drawn, rewritten, served
from tests.load.judge.sides import KEY, called, counts, found, in_order, judge_of, oracle_of, whole

SEEDS = st.integers(0, 10**6)
SPREADS = st.sampled_from([1, 4, 12, 40])
SHOPS = st.builds(
    Shop,
    masks=st.booleans(),
    late_numbers=st.booleans(),
    coarse_lists=st.booleans(),
    ends_old=st.sampled_from(["", "EXPIRED", "REFUND"]),
)
OURS = ("SHAPE-", "VALUE-", "LIFE-", "LIST-", "AUTH-3", "LOAD-", "WIRE-3", "RACE-2")
UNDER_LOAD = {"LIFE-9", "LIFE-10"}
"""LIFE-9 and LIFE-10 are the gate's to exercise: the judge does not hold a refusal against a later view."""

VIEWS = (
    ApiOperation.CREATE,
    ApiOperation.RETRIEVE,
    ApiOperation.REQUEST_CODE,
    ApiOperation.LIST,
    ApiOperation.REFUND,
)

GRIDS = st.sampled_from([1, 2, 5, 20])
"""Seconds to which times are cut: requests are then sent at the very moment at which answers arrive."""

relaxed = settings(deadline=None, derandomize=True, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


def ours(clause: str) -> bool:
    return clause.startswith(OURS) and clause not in UNDER_LOAD


def history_of(seed: int, length: int, spread: int, shop: Shop) -> History:
    history = play(drawn(seed, length, spread), shop)
    expires = any(o.answer is not None and b"EXPIRED" in o.answer.body for o in history.operations)
    history.profile = "2026-05" if expires or seed % 2 else "2026-02"
    return whole(history)


def in_ties(history: History, grid: int) -> History:
    """Return a history with its times cut to a grid: what was under way together still is, and more besides."""
    cut = [
        replace(one, invoked=one.invoked // grid * grid, returned=one.returned // grid * grid)
        for one in in_order(history)
    ]
    return replace(history, operations=cut)


@relaxed
@given(SEEDS, SPREADS, SHOPS)
def test_a_true_shop_is_never_accused_and_every_exercise_is_counted(seed, spread, shop):
    agree_that_nothing_is_wrong(history_of(seed, 60, spread, shop))


@relaxed
@given(SEEDS, SPREADS, SHOPS, GRIDS)
def test_requests_at_the_moment_of_an_answer_accuse_nobody_and_are_counted_alike(seed, spread, shop, grid):
    agree_that_nothing_is_wrong(in_ties(history_of(seed, 60, spread, shop), grid))


def agree_that_nothing_is_wrong(history: History) -> None:
    """Assert that neither side finds anything, and that both count the same exercises."""
    judge, oracle = judge_of(history), oracle_of(history)
    assert found(judge.docket) == found(oracle) == set()
    answered = sum(one.answer is not None for one in history.operations)
    assert judge.docket.exercised["LOAD-1"] == judge.docket.exercised["AUTH-3"] == answered
    mine = {clause: count for clause, count in counts(judge.docket).items() if ours(clause)}
    theirs = {clause: count for clause, count in counts(oracle).items() if ours(clause)}
    # The first page of a list is held against what was bought, which the oracle leaves to walks.
    assert mine.pop("LIFE-6", 0) >= theirs.pop("LIFE-6", 0)
    assert mine == theirs


@relaxed
@given(SEEDS, SPREADS, SHOPS)
def test_handing_purchases_over_to_the_bench_or_forgetting_them_accuses_nobody(seed, spread, shop):
    chance = random.Random(seed)
    history = history_of(seed, 70, spread, shop)
    judge = Judge(history.profile, secrets=[KEY])
    for operation in in_order(history):
        judge.see(*called(operation))
        rows = list(judge._register.rows)
        if rows and chance.random() < 0.25:
            judge._lives._promote(chance.choice(rows))
        if rows and chance.random() < 0.05:
            judge.forget(chance.choice(rows))
        if chance.random() < 0.02:
            judge._lives.close()
    judge.finish()
    assert judge.crashes == {}
    assert found(judge.docket) == set()


ODD: dict[str, list[Any]] = {
    "status": ["PENDING", "SUCCESS", "ERROR", "REFUND", "EXPIRED", "NEW", None],
    "phone_number": [None, "", "+12025550000", "+49301234567", "12025550000", "+1 202", "+12025550001\n", 7],
    "created_at": ["2024-11-19T07:50:00Z", "2024-02-30T00:00:00Z", "2024-11-19T07:50:00.000+01:00", "x", None],
    "price": [
        {"amount": "0", "currency_code": "USD"},
        {"amount": "1.5", "currency_code": "USD"},
        {"amount": "1.50", "currency_code": "ZZZ"},
        {"amount": 1.5, "currency_code": "USD"},
        None,
    ],
    "verification": [
        None,
        {},
        {"code": "11111", "password": "p", "received_at": "2024-11-19T07:50:00Z"},
        {"code": "11111", "password": None, "received_at": "2024-11-19T09:50:00Z"},
        {"code": "", "password": "p", "received_at": "2024-11-19T07:50:00Z"},
        {"code": "\x1f", "password": "\x1e", "received_at": "2024-11-19T07:50:00Z"},
    ],
    "id": [100, 101, 102, 0, -1, 2**60, 1.0, "7", None, {}],
    "country_code": ["us", "ZW", "US", 1],
    "display_name": [{"ru": " ", "en": "x"}, {"ru": "x"}, [], {"ru": "a", "en": "b", "fr": "c"}],
    "purchase_type": ["BULK", "ADMIN", "GIFT"],
    "extra": [1],
}


def spoilt(view: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    key = chance.choice(list(ODD))
    if chance.random() < 0.15:
        return {name: value for name, value in view.items() if name != key}
    return view | {key: chance.choice(ODD[key])}


def plant(history: History, chance: random.Random) -> None:
    """Spoil one answer: a value, the whole body, its status; or repeat a call much later."""
    views = [(operation, value) for operation, value in served(history, *VIEWS) if isinstance(value, dict)]
    if not views:
        return
    operation, value = chance.choice(views)
    place = history.operations.index(operation)
    way = chance.randrange(10)
    if way < 7:
        if value.get("items"):
            number = chance.randrange(len(value["items"]))
            value["items"][number] = spoilt(value["items"][number], chance)
        elif "purchase" in value:
            value["purchase"] = spoilt(value["purchase"], chance)
        elif "id" in value:
            value = spoilt(value, chance)
        rewritten(history, operation, value)
    elif way == 7:
        status = chance.choice([404, 403, 410, 409, 500, 503, 201, 400, 429, 204])
        body = operation.answer.body if status == 201 else b'{"message":"no"}'
        history.operations[place] = replace(operation, answer=Answer(status, operation.answer.headers, body))
    elif way == 8:
        text = json.dumps(value).encode()
        bodies = [
            text.replace(b'{"', b'{"id":1,"', 1),
            b'{"x":"' + KEY.encode() + b'"}',
            text[:-3],
            b"\xff" + text,
            b"[1]",
        ]
        bodies += [text.replace(b"}", b',"x":NaN}', 1), b"", b"null", text + text]
        history.operations[place] = replace(
            operation, answer=Answer(200, operation.answer.headers, chance.choice(bodies))
        )
    else:
        end = max(o.returned for o in history.operations) + 100
        history.operations.append(replace(operation, index=len(history.operations), invoked=end, returned=end + 1))


@settings(relaxed, max_examples=80)
@given(SEEDS, SPREADS, st.integers(1, 3))
def test_what_is_planted_is_found_exactly_as_the_oracle_finds_it(seed, spread, times):
    chance = random.Random(seed)
    history = history_of(seed, 40, spread, Shop())
    for _ in range(times):
        plant(history, chance)
    agree_on_what_is_wrong(history)


@settings(relaxed, max_examples=40)
@given(SEEDS, SPREADS, st.integers(1, 3), GRIDS)
def test_what_is_planted_is_found_alike_where_requests_are_sent_at_the_moment_of_an_answer(seed, spread, times, grid):
    chance = random.Random(seed)
    history = history_of(seed, 40, spread, Shop())
    for _ in range(times):
        plant(history, chance)
    agree_on_what_is_wrong(in_ties(history, grid))


def agree_on_what_is_wrong(history: History) -> None:
    """Assert that both sides find the same, but for what only the judge holds against the first page of a list."""
    mine, theirs = found(judge_of(history).docket), found(oracle_of(history))
    mine.discard(("LIFE-6", "acknowledged-but-not-listed", "error"))
    assert {f for f in mine if ours(f[0])} == {f for f in theirs if ours(f[0])}


def test_the_planted_faults_break_most_of_the_clauses():
    """The comparison would be worth little if both sides saw nothing."""
    broken: set[str] = set()
    for seed in range(60):
        chance = random.Random(seed)
        history = history_of(seed, 40, (1, 4, 12, 40)[seed % 4], Shop())
        for _ in range(3):
            plant(history, chance)
        broken |= {f.clause for f in judge_of(history).docket.findings if f.clause != "LOAD-1"}
    assert broken >= {
        *(f"SHAPE-{number}" for number in range(1, 12)),
        *("VALUE-1", "VALUE-2", "VALUE-3", "VALUE-7", "AUTH-3", "LOAD-3"),
        *("LIFE-1", "LIFE-2", "LIFE-3", "LIFE-5", "LIFE-6", "LIFE-7", "LIST-5"),
    }
