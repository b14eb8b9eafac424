"""A load run's history judged again: by the judge of the run, which says what the contract's oracle says."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.checks.leak import LeakCheck
from contracts.checks.pagination import PaginationCheck
from contracts.checks.pressure import PressureCheck
from contracts.checks.shape import ShapeCheck
from contracts.checks.value import ValueCheck
from contracts.clauses import load_clauses
from contracts.config import Settings
from contracts.errors import UsageError
from contracts.finding import Finding, Severity, Violation
from contracts.history import Answer, ApiOperation
from contracts.invariants.pages import Pages
from contracts.monitor import Setting
from contracts.oracle import Oracle
from contracts.record.line import dumps, from_line, to_line
from contracts.record.masking import Masker
from contracts.record.readahead import read_recorded
from contracts.record.recheck import MakeJudging, recheck
from contracts.record.result import build_run
from load.call import MALFORMED, Call, Reply
from load.historykeep import HistoryKeep
from load.judge.again import JudgedAgain
from load.judge.bench import INVARIANTS
from load.judge.judge import Judge
from load.judge.share import SEED_BYTES, Shares
from tests.invariants.build import History
from tests.invariants.model import Shop
from tests.load.judge.sides import KEY, called, in_order
from tests.load.judge.test_differential import SEEDS, SHOPS, SPREADS, history_of, ours, plant, relaxed
from tests.record import scene

AGAIN: Mapping[str, MakeJudging] = {"load": JudgedAgain}
KEYS = {"owner": KEY}


def written(history: History) -> list[bytes]:
    """Return the lines that a load run with `--history all` writes of a history."""
    masker = Masker(KEYS)
    lines = []
    for index, operation in enumerate(in_order(history), 1):
        masker.learn_from(operation)
        lines.append(dumps(to_line(replace(operation, index=index), masker)))
    return lines


def document_of(profile: str, requests: int, **changes: Any) -> dict[str, Any]:
    facts = replace(scene.facts(requests=requests), command="load", profile=profile)
    return {**build_run(facts, [], [], {}, Masker(KEYS)), "clauses": [], "findings": [], **changes}


def again(run: Path, document: dict[str, Any], judges: Mapping[str, MakeJudging] = AGAIN) -> dict[str, Any]:
    return recheck(run, document, Settings(), judges=judges)


def causes(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(finding["id"], finding["severity"]) for finding in document["findings"] if ours(finding["clause"])}


def counts(document: dict[str, Any]) -> dict[str, int]:
    return {clause["id"]: clause["exercised"] for clause in document["clauses"] if ours(clause["id"])}


class ByOracle:
    """The slow way: the contract's oracle with the checks and invariants that are for load runs."""

    def __init__(
        self, setting: Setting, severities: Mapping[str, Severity], withhold: Callable[[Violation], bool]
    ) -> None:
        clauses = load_clauses()
        full = replace(setting, tolerances={clause.id: dict(clause.tolerance) for clause in clauses.values()})
        monitors = [make(full) for make in (ShapeCheck, ValueCheck, LeakCheck, PressureCheck, PaginationCheck)]
        monitors += [make(full) for make in (*INVARIANTS, Pages)]
        self.oracle = Oracle(monitors, severities=severities, withhold=withhold)
        self.finish = self.oracle.finish
        self.results = self.oracle.results
        self.notes = ()

    def feed(self, line: Mapping[str, Any]) -> None:
        self.oracle.feed(from_line(line))

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.oracle.findings


def both_ways(history: History, directory: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    lines = written(history)
    (directory / "history.jsonl").write_bytes(b"".join(lines))
    document = document_of(history.profile, len(lines))
    return again(directory, document), again(directory, document, {"load": ByOracle})


NOT_COUNTED = {"LOAD-1", "VALUE-2", "LIFE-6"}
"""The oracle has no count of answers at speed, a history hides calling codes, and the judge holds first pages against
what was bought besides."""


@settings(relaxed, max_examples=12)
@given(SEEDS, SPREADS, SHOPS)
def test_a_true_shop_is_kept_by_either_way_and_every_exercise_counted(
    tmp_path_factory: pytest.TempPathFactory, seed: int, spread: int, shop: Shop
) -> None:
    fast, slow = both_ways(history_of(seed, 30, spread, shop), tmp_path_factory.mktemp("run"))
    assert causes(fast) == causes(slow) == set()
    assert {k: v for k, v in counts(fast).items() if k not in NOT_COUNTED} == {
        k: v for k, v in counts(slow).items() if k not in NOT_COUNTED
    }


@settings(relaxed, max_examples=25)
@given(SEEDS, SPREADS, st.integers(1, 3))
def test_what_is_planted_is_found_by_either_way(
    tmp_path_factory: pytest.TempPathFactory, seed: int, spread: int, times: int
) -> None:
    chance = random.Random(seed)
    history = history_of(seed, 30, spread, Shop())
    for _ in range(times):
        plant(history, chance)
    fast, slow = both_ways(history, tmp_path_factory.mktemp("run"))
    assert {f for f in causes(fast) if not f[0].startswith("LOAD-1")} == causes(slow)


def test_the_planted_faults_are_seen_through_their_masks(tmp_path: Path) -> None:
    """The comparison would be worth little if both sides saw nothing."""
    broken: set[str] = set()
    for seed in range(25):
        chance = random.Random(seed)
        history = history_of(seed, 30, (1, 4, 12, 40)[seed % 4], Shop())
        for _ in range(3):
            plant(history, chance)
        fast, _ = both_ways(history, tmp_path)
        broken |= {finding["clause"] for finding in fast["findings"]}
        places = [call["index"] for finding in fast["findings"] for call in finding["evidence"]]
        assert all(place < 2 * len(history.operations) for place in places)
    assert broken >= {"SHAPE-1", "SHAPE-2", "SHAPE-7", "SHAPE-8", "SHAPE-11", "VALUE-7", "LIFE-1", "LIFE-5", "LOAD-1"}


def test_a_run_keeps_every_answer_under_the_position_that_findings_know(tmp_path: Path) -> None:
    history = history_of(7, 40, 4, Shop())
    judge = Judge(history.profile, secrets=[KEY])
    keep = HistoryKeep(judge, tmp_path / "history.jsonl", KEYS)
    for operation in in_order(history):
        keep.see(*called(operation))
    assert keep.close() is None
    judge.finish()
    lines = [json.loads(line) for line in (tmp_path / "history.jsonl").read_bytes().splitlines()]
    assert [line["index"] for line in lines] == list(range(1, len(history.operations) + 1))
    assert [line["status"] for line in lines] == [o.status for o in in_order(history)]
    assert KEY not in (tmp_path / "history.jsonl").read_text()
    fast = again(tmp_path, document_of(history.profile, len(lines)))
    assert causes(fast) == set()
    assert {name: number for name, number in judge.docket.exercised.items() if ours(name) and name != "VALUE-2"} == {
        name: counts(fast).get(name, 0) for name in judge.docket.exercised if ours(name) and name != "VALUE-2"
    }


def test_an_answer_that_is_no_http_is_found_again(tmp_path: Path) -> None:
    judge = Judge("2026-02", secrets=[KEY])
    keep = HistoryKeep(judge, tmp_path / "history.jsonl", KEYS)
    call = Call(ApiOperation.RETRIEVE, "GET", "/v1/purchases/7")
    keep.see(call, Reply(0, (), b"", MALFORMED, b"SSH-2.0", 1.0, 1.0, 1.1))
    keep.see(call, Reply(404, (("content-type", "application/json"),), b"{}", None, b"", 2.0, 2.0, 2.1))
    keep.close()
    judge.finish()
    fast = again(tmp_path, document_of("2026-02", 2))
    assert [finding["id"] for finding in fast["findings"]] == [finding.id for finding in judge.docket.findings]
    assert [finding["clause"] for finding in fast["findings"]] == ["LOAD-1"]


def test_an_answer_of_which_a_part_was_kept_is_not_called_broken(tmp_path: Path) -> None:
    items = [scene.purchase(id=number) for number in range(1, 400)]
    page = {"items": items, "pagination": {"current_page": 1, "total_pages": 1, "has_next": False}}
    call = scene.call(0, ApiOperation.LIST, "GET", "/v1/purchases", answer=page)
    (tmp_path / "history.jsonl").write_bytes(dumps(to_line(call, Masker(KEYS))))
    fast = again(tmp_path, document_of("2026-02", 1))
    assert fast["findings"] == []
    assert "1 answers were not judged: the history holds a part of them only" in fast["notes"]


@pytest.mark.parametrize("only", ["LOAD-2", "MONEY-1", "RACE-3"])
def test_what_only_the_run_could_tell_stands(tmp_path: Path, only: str) -> None:
    """An objective that was missed stays missed, and with it the verdict; so does a balance that did not add up."""
    history = history_of(3, 20, 1, Shop())
    (tmp_path / "history.jsonl").write_bytes(b"".join(written(history)))
    missed: dict[str, Any] = {
        "id": f"{only}-aaaaaa",
        "clause": only,
        "severity": "error",
        "title": "an objective is missed",
        "expected": "p99 < 10ms",
        "observed": "p99 = 20 ms",
        "operation": None,
        "count": 1,
        "samples": [],
        "evidence": [],
        "curl": [],
        "replay": "",
    }
    told = {
        "id": only,
        "title": "t",
        "promise": "p",
        "severity": "error",
        "basis": "user",
        "verdict": "broken",
        "exercised": 5,
        "required": False,
        "findings": [f"{only}-aaaaaa"],
        "reason": "",
    }
    whole = document_of(history.profile, len(history.operations), findings=[missed], clauses=[told])
    fast = again(tmp_path, whole)
    assert fast["verdict"] == "broken"
    (clause,) = (clause for clause in fast["clauses"] if clause["id"] == only)
    assert (clause["verdict"], clause["exercised"], clause["findings"]) == ("broken", 5, [f"{only}-aaaaaa"])
    mild = recheck(tmp_path, whole, Settings(severity={only: Severity.WARNING}), judges=AGAIN)
    (clause,) = (clause for clause in mild["clauses"] if clause["id"] == only)
    assert clause["verdict"] == "kept"


def test_a_load_run_that_kept_no_history_says_how_it_would(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="history.jsonl is missing; .* unless it is given --history all"):
        again(tmp_path, document_of("2026-02", 1))


def test_numbers_that_findings_quote_are_masked_in_every_sample() -> None:
    """Only a finding's first operation is kept as evidence; the others' secrets have to be known as well."""
    numbers = [f"1202555{number:04}" for number in range(100, 106)]
    masker = Masker(KEYS)
    judge = Judge("2026-02", secrets=[KEY], learn=masker.learn_from)
    for place, number in enumerate(numbers):
        view = scene.purchase(id=place + 1, phone_number=number)
        call = scene.call(place, ApiOperation.RETRIEVE, "GET", f"/v1/purchases/{place + 1}", answer=view)
        judge.see(*called(replace(call, invoked=place + 0.1, returned=place + 0.2)))
    judge.finish()
    told = json.dumps(Shares(judge, masker, bytes(SEED_BYTES)).take(9.0, final=True), default=repr)
    assert "SHAPE-6" in told
    assert "<phone:2>" in told
    assert not [number for number in numbers if number in told]


class TestReadingAhead:
    def test_another_process_reads_the_same(self, tmp_path: Path) -> None:
        path = tmp_path / "history.jsonl"
        path.write_bytes(b"".join(written(history_of(5, 60, 4, Shop()))))
        assert list(read_recorded(path, ahead_from=0)) == list(read_recorded(path))

    def test_what_is_wrong_with_a_line_is_told_with_its_number(self, tmp_path: Path) -> None:
        path = tmp_path / "history.jsonl"
        lines = written(history_of(5, 20, 4, Shop()))
        path.write_bytes(b"".join([*lines, b"nonsense\n", *lines]))
        reading = read_recorded(path, ahead_from=0)
        for _ in lines:
            next(reading)
        with pytest.raises(UsageError, match=f"line {len(lines) + 1} is no operation"):
            next(reading)

    def test_a_judge_that_stops_early_leaves_no_process(self, tmp_path: Path) -> None:
        path = tmp_path / "history.jsonl"
        path.write_bytes(b"".join(written(history_of(5, 20, 4, Shop()))) * 400)
        reading = read_recorded(path, ahead_from=0)
        next(reading)
        reading.close()

    def test_a_last_line_cut_short_is_passed_over(self, tmp_path: Path) -> None:
        path = tmp_path / "history.jsonl"
        lines = written(history_of(5, 20, 4, Shop()))
        path.write_bytes(b"".join(lines)[:-20])
        assert len(list(read_recorded(path, ahead_from=0))) == len(lines) - 1


@pytest.mark.parametrize("wall", [1e300, -1e300])
def test_a_moment_that_no_calendar_has_ends_nothing(wall: float, tmp_path: Path) -> None:
    body = json.dumps(scene.purchase()).encode()
    call = scene.call(0, ApiOperation.CREATE, "POST", "/v1/purchases", body=b'{"country_code":"US"}')
    odd = replace(call, wall=wall, answer=Answer(200, (("content-type", "application/json"),), body))
    (tmp_path / "history.jsonl").write_bytes(dumps(to_line(odd, Masker(KEYS))))
    assert again(tmp_path, document_of("2026-02", 1))["requests"] == 1
