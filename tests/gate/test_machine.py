"""The state machine: lawful targets stay clean, failing lives are found and made short, money and time are minded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from contracts.budget import Budget
from contracts.gate.generator import SEARCH, contained, draw, settings
from contracts.gate.machine import live
from contracts.gate.machine.rules import LifeWriter, Means, Script
from contracts.gate.machine.shortening import part, shorten
from contracts.gate.machine.steps import (
    Create,
    ListPage,
    Look,
    Old,
    OtherOwner,
    RequestCode,
    Retrieve,
    Stranger,
    Walk,
)
from contracts.gate.pace import Pace, TimeSpentError
from contracts.gate.plan import PLANS, Plan
from contracts.gate.session import UnreachableError
from contracts.history import OTHER, STRANGER, ApiOperation
from tests.gate.stand import QUICK, Falsify, Stand, lacking, stand

FULL = replace(PLANS["full"], machine_examples=14)


def run(on: Stand) -> list[str]:
    return list(live(on.session, on.survey, on.plan, on.lives))


def stories(on: Stand) -> dict[str, list[str]]:
    """Return the steps of the shortest life that was noted for each finding."""
    found = {}
    for note in on.notes:
        finding, said, story = note.partition(": shortest life that shows it: ")
        if said:
            found[finding] = story.split("; ")
    return found


def changes_after_the_third_read() -> Falsify:
    reads: dict[int, int] = {}

    def falsify(method: str, path: str, body: bytes, status: int, document: Any) -> tuple[int, Any]:
        if method == "GET" and path.startswith("/v1/purchases/") and status == 200 and document["verification"]:
            reads[document["id"]] = reads.get(document["id"], 0) + 1
            if reads[document["id"]] > 3:
                document["verification"]["code"] = "changed"
        return status, document

    return falsify


def pending_again_in_the_list(method: str, path: str, body: bytes, status: int, document: Any) -> tuple[int, Any]:
    if (method, path, status) == ("GET", "/v1/purchases", 200):
        for item in document["items"]:
            if item["status"] == "SUCCESS":
                item.update(status="PENDING", verification=None)
    return status, document


@pytest.mark.parametrize(
    ("profile", "seed", "plan"),
    [("2026-02", 1, QUICK), ("2026-02", 2, FULL), ("2026-05", 3, QUICK)],
)
def test_a_lawful_target_has_no_findings(profile: str, seed: int, plan: Plan) -> None:
    with stand(profile=profile, seed=seed, plan=plan) as on:
        labels = run(on)
        assert on.errors == []
        assert labels[-1] == f"{plan.machine_examples} of {plan.machine_examples} lives"
        assert not stories(on)


def test_lives_go_through_every_operation_by_everybody() -> None:
    with stand(plan=FULL) as on:
        run(on)
        assert {o.api_operation for o in on.sent} == set(ApiOperation) - {ApiOperation.OTHER}
        principals = {o.principal for o in on.sent}
        assert {"owner", OTHER} <= principals
        assert any(principal.startswith(STRANGER) for principal in principals)
        statuses = {entry.status for entry in on.session.book.of("owner")}
        assert {"PENDING", "SUCCESS", "ERROR", "REFUND"} <= statuses


def test_a_seed_decides_every_request() -> None:
    records = []
    for seed in (5, 5, 6):
        with stand(seed=seed) as on:
            run(on)
            records.append(on.wire)
    assert records[0] == records[1]
    assert records[1] != records[2]


@pytest.mark.parametrize("seed", [0, 1])
def test_credentials_that_change_late_are_found_and_the_life_made_short(seed: int) -> None:
    with stand(seed=seed, plan=FULL, bought=0, falsify=changes_after_the_third_read()) as on:
        run(on)
        assert "LIFE-3" in {finding.clause for finding in on.errors}
        story = next(story for finding, story in stories(on).items() if finding.startswith("LIFE-3"))
        assert story[0].startswith("create")
        assert 3 <= len(story) <= 6


@pytest.mark.parametrize("seed", [0, 1])
def test_a_status_that_goes_back_in_the_list_is_found_and_the_life_made_short(seed: int) -> None:
    with stand(seed=seed, plan=FULL, bought=0, falsify=pending_again_in_the_list) as on:
        run(on)
        assert {finding.clause for finding in on.errors} & {"LIFE-1", "LIFE-2", "LIFE-6", "LIST-5"}
        shortest = min(stories(on).values(), key=len)
        assert len(shortest) <= 3
        assert any(step.startswith(("list", "walk")) for step in shortest)


def test_every_finding_of_the_phase_has_its_story() -> None:
    with stand(plan=FULL, bought=0, falsify=pending_again_in_the_list) as on:
        run(on)
        assert {finding.id for finding in on.errors} == set(stories(on))


def test_what_was_known_before_is_not_explained_again() -> None:
    with stand(falsify=pending_again_in_the_list) as on:
        on.lives.shop.walk(50)
        known = {finding.id for finding in on.errors}
        run(on)
        assert known
        assert not known & set(stories(on))


@pytest.mark.parametrize("budget", [2 + 9, 2 + 30])
def test_lives_and_their_shortening_take_a_third_each_of_what_is_left(budget: int) -> None:
    with stand(plan=FULL, budget=Budget(budget), falsify=changes_after_the_third_read()) as on:
        left = on.session.budget.left or 0
        run(on)
        bought = on.session.budget.purchases - 2
        assert 0 < bought <= 2 * (left // 3)
        assert any("were left out to save purchases" in note for note in on.notes)


def test_a_target_nothing_may_be_bought_from_is_left_alone() -> None:
    with stand(budget=Budget(2)) as on:
        run(on)
        assert on.sent == []
        assert "5 of 5 lives were left out to save purchases" in on.notes


def test_spent_time_ends_the_phase_at_once() -> None:
    now = [0.0]
    with stand(plan=FULL, pace=Pace(60.0, lambda: now[0])) as on:
        labels = live(on.session, on.survey, on.plan, on.lives)
        next(labels)
        sent = len(on.sent)
        now[0] = 61.0
        on.session.pace.seconds = 61.0
        on.session.pace.limit = 60.0
        on.session.pace.start = -1000.0
        with pytest.raises(TimeSpentError):
            on.session.check_time()
        list(labels)
        assert len(on.sent) == sent


def test_time_that_is_spent_within_a_life_passes_through_hypothesis() -> None:
    calls = [0]

    def clock() -> float:
        calls[0] += 1
        return 0.0 if calls[0] < 60 else 100.0

    with stand(plan=FULL, pace=Pace(60.0, clock, lambda _: None)) as on:
        calls[0] = 0
        with pytest.raises(TimeSpentError):
            run(on)
        assert on.sent
    with stand() as again:
        run(again)
        assert again.errors == []


def test_a_target_that_goes_away_ends_the_phase() -> None:
    with stand(plan=FULL) as on:
        labels = live(on.session, on.survey, on.plan, on.lives)
        next(labels)
        on.sandbox.__exit__(None, None, None)
        with pytest.raises(UnreachableError):
            list(labels)


def test_a_slow_target_is_spared() -> None:
    with stand() as on:
        for _ in range(200):
            on.session.pace.took(5.0)
        assert run(on) == []
        assert "the target is too slow for 5 of 5 lives" in on.notes


def test_only_what_the_target_serves_is_lived() -> None:
    with stand(plan=FULL, levers=False) as on:
        lacking(on, ApiOperation.LIST, ApiOperation.REFUND)
        on.survey.other_known = False
        run(on)
        owned = [o for o in on.sent if o.principal == "owner"]
        assert not {o.api_operation for o in owned} & {ApiOperation.LIST, ApiOperation.REFUND}
        assert OTHER not in {o.principal for o in on.sent}
        assert {entry.status for entry in on.session.book.of("owner")} == {"PENDING", "SUCCESS"}


def written(means: Means, seed: str = "seed", lives: int = 30) -> list[Script]:
    """Return lives as the rules write them, none of them played."""
    from hypothesis import seed as seeded
    from hypothesis.stateful import run_state_machine_as_test

    scripts: list[Script] = []

    @seeded(seed)
    class Writer(LifeWriter):
        def __init__(self) -> None:
            super().__init__(means, scripts.append)

    with contained():
        run_state_machine_as_test(Writer, settings=settings(lives, SEARCH, 12))
    return scripts


MEANS = Means(countries=("US", "GB"), statuses=("PENDING", "SUCCESS"), old=((7, "ERROR"),), other=True)


def test_rules_let_every_life_begin_with_a_purchase_and_name_only_those_made() -> None:
    scripts = written(MEANS)
    assert len(scripts) >= 20
    for script in scripts:
        created = 0
        for step in script:
            created += isinstance(step, Create)
            assert step.on <= created
        assert isinstance(script[0], Create)
        assert 1 <= created <= 2
    kinds = {type(step) for script in scripts for step in script}
    assert kinds >= {Retrieve, RequestCode, ListPage, Walk, Look, OtherOwner, Stranger, Old}


def test_lives_are_written_while_another_error_is_handled_too() -> None:
    try:
        raise ValueError("around")
    except ValueError:
        assert len(written(MEANS, lives=5)) >= 5


def test_steps_say_what_they_do() -> None:
    script: Script = (
        Create(1, "US", slash=False),
        Retrieve(1, 2, slash=True),
        RequestCode(1, 1, slash=False),
        ListPage(0, 1, 10, "date_asc", "SUCCESS", slash=False),
        Stranger(1, "refund", "no key"),
        Old(0, 7, "ERROR", "retrieve"),
    )
    assert "; ".join(map(str, script)) == (
        "create(US) -> #1; retrieve/(#1) ×2; request_code(#1, body {}); list(page 1 of 10, date_asc, SUCCESS only); "
        "stranger.refund(#1, no key); retrieve(a ERROR purchase of before)"
    )


FIRST, SECOND = Create(1, "US", slash=False), Create(2, "GB", slash=False)
LONG: Script = (
    FIRST,
    Look(1, slash=False),
    SECOND,
    Retrieve(1, 1, slash=False),
    RequestCode(2, 0, slash=False),
    Walk(0, 50, None),
    OtherOwner(2, "retrieve"),
    Retrieve(1, 1, slash=True),
    Retrieve(2, 3, slash=False),
)


def needs(*kinds: type) -> tuple[Callable[[Script], bool], list[Script]]:
    """Return a stand-in for playing: a life fails when it has steps of all these kinds; and what was asked."""
    asked: list[Script] = []

    def fails(script: Script) -> bool:
        asked.append(script)
        return set(kinds) <= {type(step) for step in script}

    return fails, asked


def test_a_part_of_a_life_keeps_the_purchases_it_needs_and_numbers_them_anew() -> None:
    assert part(LONG, {4, 8}, {2}) == (
        replace(SECOND, on=1),
        RequestCode(1, 0, slash=False),
        Retrieve(1, 3, slash=False),
    )


def test_what_a_finding_names_is_tried_first_and_may_be_all() -> None:
    fails, asked = needs(Create, RequestCode, Retrieve)
    assert [type(step) for step in shorten(LONG, {4, 8}, fails)] == [Create, RequestCode, Retrieve]
    assert asked[0] == part(LONG, {4, 8}, {2})


def test_a_wrong_guess_costs_little_and_chunks_do_the_rest() -> None:
    fails, asked = needs(Create, RequestCode, Walk)
    assert [type(step) for step in shorten(LONG, {4, 8}, fails)] == [Create, RequestCode, Walk]
    assert len(asked) <= 12


def test_a_life_that_needs_no_purchase_loses_all_of_them() -> None:
    fails, _ = needs(Walk)
    assert shorten(LONG[:6], {5}, fails) == (Walk(0, 50, None),)


def test_a_strategy_without_values_draws_nothing() -> None:
    from hypothesis import strategies as st

    with contained():
        assert draw(st.integers().filter(lambda _: False), 5, "seed") == []
