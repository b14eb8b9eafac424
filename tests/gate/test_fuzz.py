"""Fuzzing: lawful targets stay clean, defects are found and made small, money and time are minded."""

from __future__ import annotations

import json
import sys
import types
from contextlib import nullcontext
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.configuration import storage_directory

from contracts.budget import Budget
from contracts.finding import Violation
from contracts.gate import generator
from contracts.gate.allowance import Allowance
from contracts.gate.fuzz import fuzz
from contracts.gate.fuzz.phase import PURCHASE_SHARE
from contracts.gate.generator import FailedAgainError, HaltError
from contracts.gate.hits import Hits
from contracts.gate.pace import Pace, TimeSpentError
from contracts.gate.plan import PLANS
from contracts.gate.session import UnreachableError
from contracts.history import ApiOperation, Outcome
from contracts.reading import Reading
from tests.gate.stand import QUICK, Stand, is_create, lacking, stand

SMALL = replace(QUICK, fuzz_examples=3)
WIDE = replace(PLANS["full"], fuzz_examples=14)


def run(on: Stand) -> list[str]:
    return list(fuzz(on.session, on.survey, on.plan))


def creates_that_bought(on: Stand) -> int:
    return sum(o.api_operation is ApiOperation.CREATE and o.outcome is Outcome.OK for o in on.sent)


@pytest.mark.parametrize(
    ("profile", "seed", "plan"),
    [
        ("2026-02", 1, QUICK),
        ("2026-02", 2, WIDE),
        ("2026-05", 3, QUICK),
    ],
)
def test_a_lawful_target_has_no_findings(profile: str, seed: int, plan: Any) -> None:
    with stand(profile=profile, seed=seed, plan=plan) as on:
        labels = run(on)
        assert on.session.oracle.findings == ()
        assert {o.api_operation for o in on.sent} == set(ApiOperation)
        assert len(labels) == 4 * 7
        assert 0 < creates_that_bought(on) <= plan.purchases // PURCHASE_SHARE


def test_a_seed_decides_every_request() -> None:
    records = []
    for seed in (5, 5, 6):
        with stand(seed=seed, plan=SMALL) as on:
            run(on)
            records.append(on.wire)
    assert records[0] == records[1]
    assert records[1] != records[2]


def test_what_else_is_imported_decides_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hypothesis draws on constants of local modules; a run must not depend on who imported what."""
    source = tmp_path / "somebody.py"
    source.write_text("NUMBERS = " + repr(list(range(700_000, 701_000))))
    drawn = []
    for _ in range(2):
        with generator.contained():
            drawn.append(generator.draw(st.integers(), 300, "seed"))
        module = types.ModuleType("somebody")
        module.__file__ = str(source)
        monkeypatch.setitem(sys.modules, "somebody", module)
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) > 200


def test_nothing_is_written_where_the_command_was_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text("this is not = [ a configuration of ours")
    monkeypatch.chdir(tmp_path)
    home = storage_directory(intent_to_write=False).home_directory
    with stand(plan=SMALL) as on:
        run(on)
    assert [path.name for path in tmp_path.iterdir()] == ["schemathesis.toml"]
    assert storage_directory(intent_to_write=False).home_directory == home


def test_a_crash_on_extra_keys_is_found_and_made_small() -> None:
    def crash(method: str, path: str, body: bytes, status: int, document: Any) -> tuple[int, Any]:
        if is_create(method, path) and status == 200 and len(json.loads(body)) > 1:
            return 500, {"error": "no"}
        return status, document

    with stand(falsify=crash, plan=WIDE, seed=3) as on:
        run(on)
        assert [finding.clause for finding in on.errors] == ["INPUT-5"]
        (note,) = [note for note in on.notes if note.startswith(on.errors[0].id)]
        smallest = json.loads(note[note.index("{") :])
        assert "smallest request that still fails: POST /v1/purchases" in note
        assert len(smallest) == 2
        assert len(note) < 160
        assert on.session.budget.purchases <= 2 + WIDE.purchases // PURCHASE_SHARE + WIDE.shrink_purchases


def test_a_crash_on_a_third_letter_is_found() -> None:
    def crash(method: str, path: str, body: bytes, status: int, document: Any) -> tuple[int, Any]:
        if is_create(method, path) and status == 422 and b'"aaa"' in body:
            return 500, {"error": "no"}
        return status, document

    with stand(falsify=crash, plan=QUICK) as on:
        run(on)
        assert [(finding.clause, finding.cause) for finding in on.errors] == [("INPUT-1", "server error")]


def test_an_id_that_crashes_is_made_small_without_spending() -> None:
    def crash(method: str, path: str, body: bytes, status: int, document: Any) -> tuple[int, Any]:
        name = path.rpartition("/")[2]
        if method == "GET" and name.lstrip("-").isdigit() and int(name) < -20:
            return 500, {"error": "no"}
        return status, document

    with stand(falsify=crash, plan=replace(QUICK, fuzz_examples=12)) as on:
        run(on)
        assert [finding.clause for finding in on.errors] == ["INPUT-8"]
        assert f"{on.errors[0].id}: smallest request that still fails: GET /v1/purchases/-21" in on.notes


def test_accepted_near_misses_stop_costing_money() -> None:
    def accept(method: str, path: str, body: bytes, status: int, document: Any) -> tuple[int, Any]:
        if is_create(method, path) and status in {400, 422}:
            return 201, {"id": 1}
        return status, document

    with stand(falsify=accept, plan=WIDE, budget=Budget(100)) as on:
        run(on)
        refusable = [o for o in on.sent if o.status == 201]
        assert 6 <= len(refusable) <= 6 + on.plan.shrink_purchases
        assert {"INPUT-1"} <= {finding.clause for finding in on.errors}


def test_schemathesis_reports_what_the_contract_agrees_with_and_our_checks_missed() -> None:
    def crash(method: str, path: str, body: bytes, status: int, document: Any) -> tuple[int, Any]:
        if (method, path, status) == ("GET", "/v1/purchases", 200) and document["pagination"]["current_page"] == 1:
            return 500, {"error": "no"}
        return status, document

    with stand(falsify=crash, plan=SMALL, bought=0) as on:
        run(on)
        causes = {(finding.clause, finding.cause) for finding in on.errors}
        assert ("LIST-1", "schemathesis: not_a_server_error") in causes
        assert {clause for clause, _ in causes} <= {"LIST-1", "LIST-2", "LIST-3", "INPUT-9"}


def test_what_schemathesis_alone_objects_to_is_a_note() -> None:
    def other_label(method: str, path: str, body: bytes, status: int, document: Any) -> tuple[int, Any]:
        return (404 if status == 405 else status), document

    with stand(falsify=other_label, plan=SMALL) as on:
        run(on)
        assert on.errors == []
        assert [note for note in on.notes if "schemathesis' check unsupported_method objects" in note]


def test_the_allowance_is_a_third_of_what_is_left() -> None:
    with stand(budget=Budget(2 + 7)) as on:
        run(on)
        assert creates_that_bought(on) <= 7 // 3


def test_a_spent_budget_stops_only_the_buying() -> None:
    with stand(budget=Budget(100, Decimal("3.00"))) as on:
        on.session.prices["US"] = Decimal("2.90")
        run(on)
        assert creates_that_bought(on) == 0
        assert any(note.startswith("fuzzing stopped buying") for note in on.notes)
        assert ApiOperation.PROFILE in {o.api_operation for o in on.sent}


def test_spent_time_ends_the_phase() -> None:
    now = [0.0]
    with stand(plan=SMALL, pace=Pace(60.0, lambda: now[0])) as on:
        labels = fuzz(on.session, on.survey, on.plan)
        next(labels)
        now[0] = 61.0
        with pytest.raises(TimeSpentError):
            list(labels)


def test_a_target_that_is_gone_ends_the_phase() -> None:
    with stand(plan=SMALL) as on:
        labels = fuzz(on.session, on.survey, on.plan)
        next(labels)
        on.sandbox.__exit__(None, None, None)
        with pytest.raises(UnreachableError):
            list(labels)


def test_a_slow_target_gets_fewer_requests() -> None:
    with stand(plan=SMALL) as on:
        run(on)
        usual = len(on.sent)
    with stand(plan=SMALL) as on:
        for _ in range(200):
            on.session.pace.took(2.0)
        run(on)
        assert 0 < len(on.sent) < usual / 2
        assert any("too slow for every generated request" in note for note in on.notes)


def test_only_what_the_target_serves_is_asked() -> None:
    with stand(plan=SMALL) as on:
        lacking(on, ApiOperation.PROFILE, ApiOperation.REFUND)
        run(on)
        paths = {o.input.path for o in on.sent}
        assert not [path for path in paths if path.startswith("/v1/profile") or path.endswith("/refund")]


def test_ids_are_the_owners_or_nobodys_and_callbacks_lead_nowhere() -> None:
    with stand(plan=WIDE) as on:
        mine = {entry.id for entry in on.session.book.of("owner")}
        free = max(mine) + 1_000_000
        run(on)
        mine |= {entry.id for entry in on.session.book.of("owner")}
        named = [(o, Reading(o).purchase_id) for o in on.sent if Reading(o).purchase_id]
        lawful = [(o, number) for o, number in named if number is not None and 0 < number < 2**53]
        assert {number in mine for _, number in lawful} == {True, False}
        assert all(number in mine or number > free for _, number in lawful)
        bodies = [o.input.body for o, number in lawful if number in mine and b"callback_url" in o.input.body]
        callbacks = [json.loads(body)["callback_url"] for body in bodies]
        assert all(".example/" in callback for callback in callbacks if isinstance(callback, str))


def test_purchases_left_pending_by_other_phases_stay_pending() -> None:
    with stand(bought=6, plan=SMALL) as on:
        pending = {entry.id for entry in on.session.book.of("owner", statuses=["PENDING"])}
        run(on)
        assert pending <= {entry.id for entry in on.session.book.of("owner", statuses=["PENDING"])}


def test_what_ends_a_run_passes_through_hypothesis_once() -> None:
    calls = []

    def test(value: int) -> None:
        calls.append(value)
        raise HaltError(ValueError("gone"))

    with pytest.raises(HaltError) as halted:
        generator.run(st.integers(), test, generator.settings(50, generator.SEARCH_AND_SHRINK), "seed")
    assert isinstance(halted.value.reason, ValueError)
    assert len(calls) == 1


def test_a_flaky_failure_is_no_error_of_ours() -> None:
    calls = []

    def test(value: int) -> None:
        calls.append(value)
        if len(calls) == 1:
            raise FailedAgainError

    how = generator.settings(50, generator.SEARCH_AND_SHRINK)
    generator.run_to_end(lambda: generator.run(st.integers(), test, how, "seed"))
    assert len(calls) > 1


def test_hypothesis_settings_owe_nothing_to_a_loaded_profile() -> None:
    hypothesis.settings.register_profile("odd", max_examples=1, derandomize=True)
    before = hypothesis.settings.get_current_profile_name()
    hypothesis.settings.load_profile("odd")
    try:
        how = generator.settings(7)
    finally:
        hypothesis.settings.load_profile(before)
    assert (how.max_examples, how.derandomize, how.database) == (7, False, None)


def test_an_allowance_is_a_third_and_charges_only_its_own_purpose() -> None:
    budget = Budget(10, Decimal("9.00"))
    allowance = Allowance(budget, 5)
    assert allowance.purchases == 3
    for own, price in ((True, "2.00"), (False, "1.00"), (True, "1.00")):
        with allowance.charged() if own else nullcontext():
            budget.settle(budget.reserve(Decimal(price)), Outcome.OK)
    assert allowance.made == 2
    assert not allowance.affords(), "three of nine dollars are spent"
    assert allowance.affords(0)


def test_hits_tell_what_was_opened_since_the_last_look() -> None:
    with stand(bought=0) as on:
        hits = Hits(on.session.oracle)
        assert hits.look() == (frozenset(), frozenset(), ())
        for _ in range(2):
            on.session.oracle.violate(Violation("INPUT-1", "cause", "title", "expected", "observed", ()))
        opened = hits.look()
        assert (len(opened.touched), len(opened.errors), len(opened.opened)) == (1, 1, 1)
        assert hits.finding(opened.opened[0]).count == 2
        on.session.oracle.violate(Violation("INPUT-1", "cause", "title", "expected", "observed", ()))
        again = hits.look()
        assert (again.errors, again.opened) == (opened.errors, ())
        assert hits.look().touched == frozenset()
