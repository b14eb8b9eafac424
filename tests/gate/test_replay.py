"""Replay: a finding's steps are sent again, fail as long as the defect is there, and not when it is gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from starlette.types import ASGIApp

from contracts.config import Settings as FileSettings
from contracts.errors import UsageError
from contracts.finding import ClauseResult, ClauseVerdict, Finding, Severity, finding_id
from contracts.gate.opening import GateRequest, open_gate
from contracts.gate.plan import PLANS
from contracts.gate.replay.objection import objection_of
from contracts.gate.replay.opening import make_replay_request, open_replay
from contracts.gate.replay.options import Outcome, ReplayOptions
from contracts.gate.replay.record import Recorded, UnreplayableError, load_recorded
from contracts.gate.replay.replay import Replay
from contracts.gate.replay.restore import Restorer
from contracts.gate.replay.script import script_of
from contracts.gate.replay.selection import select, whole, with_lists
from contracts.gate.replay.shortening import shorten
from contracts.gate.replay.states import clock_moves, course_of
from contracts.gate.replay.steps import Call, Lever, Script, Together, Walk, purchases_of, without
from contracts.gate.replay.telling import in_one_line
from contracts.gate.replay.wording import lines_of
from contracts.gate.run import PHASES, GateOptions
from contracts.history import OTHER, OWNER, Aim, ApiOperation, Demand, Input, Operation
from contracts.record.historyfile import HistoryWriter
from contracts.record.masking import Masker
from contracts.record.result import build_run
from contracts.target import Keys, Target
from fixtures.defects.catalogue import wrap
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from reports.rundocs import run_schema
from tests.record import scene
from tests.test_cli import one_line, run

STATEFUL = "code-changes-after-two-readings"
REFUSAL = "lower-case-accepted"
AUTH = "truncated-key-gets-code"
FOREIGN = "other-owner-gets-code"
ENDED = "code-after-refund-answers-200"
RACE = "overlapping-creates-share-phone"

PHASES_OF = {
    STATEFUL: ("survey", "lives"),
    REFUSAL: ("survey", "lives", "near misses"),
    AUTH: ("survey", "lives", "near misses"),
    FOREIGN: ("survey", "lives", "two owners"),
    ENDED: ("survey", "lives"),
    RACE: ("survey", "races"),
}
CLAUSES = {STATEFUL: "LIFE-3", REFUSAL: "INPUT-1", AUTH: "AUTH-1", FOREIGN: "AUTH-5", ENDED: "LIFE-9", RACE: "RACE-1"}


@contextmanager
def sandbox(*defects: str, levers: bool = True) -> Iterator[Target]:
    """Yield a sandbox as a target, with defects around it or without."""

    def around(app: ASGIApp) -> ASGIApp:
        return wrap(app, defects, 0)

    with SandboxThread(Settings(seed=0, failure_rate=0.1, pending_rate=0.1), around) as served:
        keys = Keys(served.owner_key, served.other_key, served.admin_key if levers else None)
        yield Target(served.url, served.url, loopback=True, keys=keys)


def environment(target: Target) -> dict[str, str]:
    keys = target.keys
    named = {"ASSAY_API_KEY": keys.owner, "ASSAY_OTHER_API_KEY": keys.other, "ASSAY_ADMIN_KEY": keys.admin}
    return {name: key for name, key in named.items() if key}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Recorded]:
    """Runs of as many phases of the gate as show a defect, each made when it is first asked for."""
    made: dict[str, Recorded] = {}

    def of(defect: str) -> Recorded:
        if defect not in made:
            out = tmp_path_factory.mktemp(defect)
            with sandbox(defect) as target:
                request = GateRequest(
                    options=GateOptions(plan=PLANS["quick"], seconds=60.0),
                    url=target.url,
                    out=out,
                    rerun=f"assay gate --url {target.url}",
                    environment=environment(target),
                )
                with open_gate(request) as opened:
                    for name, phase in PHASES:
                        if name in PHASES_OF[defect]:
                            opened.gate.run_phase(name, phase)
            made[defect] = load_recorded(out)
        return made[defect]

    return of


def finding_of(recorded: Recorded, clause: str) -> Mapping[str, Any]:
    return next(f for f in recorded.document["findings"] if f["clause"] == clause and f["severity"] == "error")


def replayed(target: Target, recorded: Recorded, clause: str, **options: Any) -> Replay:
    chosen = ReplayOptions(**{"wider": False, "timeout": 5.0, **options})
    replay = Replay(target, recorded, finding_of(recorded, clause), chosen, lambda _: None)
    replay.run()
    return replay


@pytest.mark.parametrize("defect", [STATEFUL, REFUSAL, AUTH, FOREIGN, ENDED, RACE])
def test_it_still_fails_with_the_defect_and_no_longer_without(defect: str, runs: Callable[[str], Recorded]) -> None:
    recorded = runs(defect)
    with sandbox(defect) as target:
        failing = replayed(target, recorded, CLAUSES[defect])
    assert (failing.outcome, failing.troubles) == (Outcome.FAILS, [])
    assert failing.shortest is not None
    assert len(failing.shortest.script) <= len(failing.script)
    with sandbox() as target:
        fixed = replayed(target, recorded, CLAUSES[defect])
    assert (fixed.outcome, fixed.troubles, fixed.gaps) == (Outcome.GONE, [], ())
    assert fixed.exercised > 0
    assert fixed.budget.purchases <= purchases_of(fixed.script) * fixed.tries


def test_the_shortest_steps_are_told_in_words(runs: Callable[[str], Recorded]) -> None:
    recorded = runs(STATEFUL)
    with sandbox(STATEFUL) as target:
        replay = replayed(target, recorded, "LIFE-3", max_purchases=60)
    assert replay.shortest is not None
    country = json.loads(next(iter(recorded.births.values())).operation.input.body)["country_code"]
    assert lines_of(replay.shortest.script) == [
        f"owner buys in {country} -> #1",
        "owner asks for the code of #1",
        "owner reads #1 ×3",
    ]


def test_a_state_that_only_levers_bring_about_cannot_be_replayed_without(runs: Callable[[str], Recorded]) -> None:
    recorded = runs(ENDED)
    with sandbox(levers=False) as target:
        replay = replayed(target, recorded, "LIFE-9")
    assert replay.outcome is Outcome.UNPLAYED
    assert any("ASSAY_ADMIN_KEY" in gap for gap in replay.gaps)


def test_a_second_owner_is_needed_where_the_steps_have_one(runs: Callable[[str], Recorded]) -> None:
    recorded = runs(FOREIGN)
    with sandbox() as target:
        alone = replace(target, keys=replace(target.keys, other=None))
        replay = replayed(alone, recorded, "AUTH-5")
    assert replay.outcome is Outcome.UNPLAYED
    assert "it needs a second owner: set ASSAY_OTHER_API_KEY" in replay.gaps


def test_a_wrong_key_is_no_proof_of_anything(runs: Callable[[str], Recorded]) -> None:
    recorded = runs(REFUSAL)
    with sandbox() as target:
        stranger = replace(target, keys=Keys("nobody-knows-this-key", None, None))
        replay = replayed(stranger, recorded, "INPUT-1")
    assert replay.outcome is Outcome.UNPLAYED
    assert "refuses the key" in replay.troubles[0]


def test_a_cap_below_the_steps_is_told_before_anything_is_sent(runs: Callable[[str], Recorded]) -> None:
    recorded = runs(STATEFUL)
    with sandbox() as target:
        replay = replayed(target, recorded, "LIFE-3", max_purchases=0)
    assert (replay.outcome, replay.troubles) == (Outcome.UNPLAYED, ["the steps buy 1, and the cap allows 0"])
    assert replay.operations == {}


def test_a_replay_writes_a_run_of_its_own(runs: Callable[[str], Recorded], tmp_path: Path) -> None:
    recorded = runs(STATEFUL)
    finding = finding_of(recorded, "LIFE-3")
    assert finding["replay"] == f"assay replay {recorded.path} {finding['id']}"
    for defects, code, outcome in (((STATEFUL,), 1, "still fails"), ((), 0, "does not fail any more")):
        with sandbox(*defects) as target:
            request = make_replay_request(
                recorded, finding, FileSettings(), ReplayOptions(wider=False), url=target.url, allow_host=None,
                timeout="5s", time=None, max_purchases=None, max_spend=None, out=tmp_path / str(code),
            )  # fmt: skip
            request = replace(request, gate=replace(request.gate, environment=environment(target)))
            with open_replay(request) as opened:
                opened.replay.run()
        document = json.loads((tmp_path / str(code) / "run.json").read_text("utf-8"))
        jsonschema.validate(document, run_schema())
        assert (document["command"], document["exit_code"]) == ("replay", code)
        assert document["replay"]["outcome"] == outcome
        assert document["reasons"][0].startswith(f"{finding['id']} {outcome}")
        lines = (tmp_path / str(code) / "history.jsonl").read_text("utf-8").splitlines()
        assert [json.loads(line)["index"] for line in lines] == list(range(document["requests"]))
        written = "".join(path.read_text("utf-8") for path in (tmp_path / str(code)).iterdir())
        assert target.keys.owner not in written
    assert document["findings"] == []
    line = in_one_line(document, "run", ascii_only=True)
    assert line.startswith(f"{finding['id']} does not fail any more")
    assert line.endswith(" purchases | run")
    with pytest.raises(UsageError, match="is a replay itself"):
        load_recorded(tmp_path / "0")


# A record written out by hand: what is chosen of it, and how it is told.

PATH = "/v1/purchases/8117"
PAGE = (("page", "1"), ("page_size", "10"))


def retrieve(index: int, state: str, principal: str = OWNER, **changes: Any) -> Operation:
    shown = scene.purchase(status=state, verification=scene.credentials() if state == "SUCCESS" else None)
    return scene.call(index, ApiOperation.RETRIEVE, "GET", PATH, answer=shown, principal=principal, **changes)


def create(index: int, number: int = 8117) -> Operation:
    body = b'{"country_code": "US"}'
    return scene.call(index, ApiOperation.CREATE, "POST", "/v1/purchases", body=body, answer=scene.purchase(id=number))


def request_code(index: int, status: str = "SUCCESS", number: int = 8117) -> Operation:
    shown = scene.purchase(id=number, status=status, verification=scene.credentials() if status == "SUCCESS" else None)
    answer = {"purchase": shown, "code_request": {"status": "success"}}
    path = f"/v1/purchases/{number}/request-code"
    return scene.call(index, ApiOperation.REQUEST_CODE, "POST", path, body=b"{}", answer=answer)


def page(index: int, walk: str, number: str = "1") -> Operation:
    answer = {"items": [scene.purchase()], "pagination": {"current_page": 1, "total_pages": 1, "has_next": False}}
    made = scene.call(
        index, ApiOperation.LIST, "GET", "/v1/purchases", query=(("page", number), ("page_size", "1")), answer=answer
    )
    return replace(made, walk=walk)


def written(directory: Path, operations: Sequence[Operation], *marked: int, clause: str = "LIFE-3") -> Recorded:
    """Write a run down whose one finding names some of its operations, and read it again."""
    masker = Masker({"owner": scene.OWNER_KEY, "other": scene.OTHER_KEY})
    with HistoryWriter(directory / "history.jsonl", masker) as history:
        for operation in operations:
            history.write(operation)
    by_index = {operation.index: operation for operation in operations}
    marks = tuple(by_index[index].mark for index in marked)
    finding = Finding(finding_id(clause, "x"), clause, "x", Severity.ERROR, "t", "e", "purchase 8117", 1, marks)
    result = ClauseResult(clause, Severity.ERROR, "documented", ClauseVerdict.BROKEN, 1, True, (finding.id,))
    document = build_run(scene.facts(run_dir=directory), [result], [finding], by_index, masker)
    (directory / "run.json").write_text(json.dumps(document), "utf-8")
    return load_recorded(directory)


def script(recorded: Recorded) -> Script:
    """Return the steps of a record's finding, without the last look at every purchase."""
    finding = recorded.document["findings"][0]
    marked = {call["index"] for call in finding["evidence"]}
    *steps, last = script_of(recorded, select(recorded, finding), marked)
    assert lines_of([last]) == ["every purchase is read once more"]
    return tuple(steps)


def test_the_life_of_a_purchase_is_chosen_and_that_of_others_is_not(tmp_path: Path) -> None:
    operations = [
        create(0),
        create(1, 8118),
        retrieve(2, "PENDING"),
        request_code(3, number=8118),
        request_code(4),
        retrieve(5, "PENDING", OTHER, status=404),
        retrieve(6, "SUCCESS"),
        retrieve(7, "SUCCESS"),
    ]
    recorded = written(tmp_path, operations, 4, 6)
    assert select(recorded, recorded.document["findings"][0]) == {0, 2, 4, 5, 6}
    assert lines_of(script(recorded)) == [
        "owner buys in US -> #1",
        "owner reads #1",
        "owner asks for the code of #1 with the body {}",
        "other owner reads #1",
        "owner reads #1",
    ]


def test_walks_are_chosen_as_a_whole_though_their_names_come_again(tmp_path: Path) -> None:
    operations = [page(0, "walk 1"), page(1, "walk 1", "2"), create(2), page(3, "walk 1"), page(4, "walk 1", "2")]
    recorded = written(tmp_path, operations, 4, clause="LIST-1")
    steps = script(recorded)
    assert [step.first.index for step in steps if isinstance(step, Walk)] == [3]
    assert lines_of(steps) == ["owner buys in US -> #1", "owner walks the list in pages of 1"]


def test_what_filled_a_list_is_chosen_where_the_list_alone_tells_nothing(tmp_path: Path) -> None:
    operations = [create(0, 8115), create(1), request_code(2), request_code(3, number=8115), page(4, "")]
    operations.append(create(5, 8119))
    recorded = written(tmp_path, operations, 4, clause="SHAPE-6")
    finding = {**recorded.document["findings"][0], "observed": "an item", "title": "t"}
    assert select(recorded, finding) == {4}
    # Every purchase that was there, and the life of the one that the page shows.
    assert with_lists(recorded, finding) == {0, 1, 2, 4}
    assert whole(recorded, finding) == {0, 1, 2, 3, 4}
    assert with_lists(recorded, {**finding, "evidence": [finding["evidence"][0] | {"index": 2}]}) == frozenset()


def test_what_overlapped_is_fired_at_once(tmp_path: Path) -> None:
    first, second = request_code(2), replace(request_code(3), lane="volley 1.2")
    operations = [create(0), first, replace(second, invoked=first.invoked, returned=second.returned)]
    steps = script(written(tmp_path, operations, 2, 3, clause="RACE-2"))
    assert [type(step) for step in steps] == [Call, Together]
    assert lines_of(steps) == [
        "owner buys in US -> #1",
        "2 requests at once:",
        "   owner asks for the code of #1 with the body {} ×2",
    ]


def test_what_the_provider_did_is_told_by_the_record(tmp_path: Path) -> None:
    operations = [
        create(0),
        request_code(1, "PENDING"),
        request_code(2, "ERROR"),
        retrieve(3, "SUCCESS"),
        retrieve(4, "REFUND"),
    ]
    recorded = written(tmp_path, operations, 4)
    course = course_of(recorded, 8117, OWNER)
    # A SUCCESS after ERROR is the defect's work; the administrator's refund is not.
    assert course.wanted == {1: "PENDING", 2: "ERROR"}
    assert course.moves == [(4, "refund")]
    assert [type(step) for step in script(recorded)] == [Call, Call, Call, Call, Lever, Call]


def test_a_refund_right_after_a_refused_one_is_not_the_administrators(tmp_path: Path) -> None:
    refused = scene.call(1, ApiOperation.REFUND, "POST", f"{PATH}/refund", status=409, answer={"message": "no"})
    recorded = written(tmp_path, [create(0), refused, retrieve(2, "REFUND")], 1, 2, clause="LIFE-10")
    assert course_of(recorded, 8117, OWNER).moves == []


def test_a_clock_that_moved_is_told_by_the_dates_of_answers(tmp_path: Path) -> None:
    dates = ("10:15:01", "11:00:00", "10:15:01", "10:36:02", "10:36:02", "10:36:02")
    operations = []
    for index, time in enumerate(dates):
        made = retrieve(index, "PENDING")
        assert made.answer is not None
        dated = replace(made.answer, headers=(*made.answer.headers, ("date", f"Mon, 23 Feb 2026 {time} GMT")))
        operations.append(replace(made, answer=dated))
    ((index, seconds),) = clock_moves(written(tmp_path, operations, 1))
    # One wrong date is no move of the clock.
    assert index == 3
    assert 1259 <= seconds <= 1261


def restorer(cut: Mapping[int, int] | None = None) -> Restorer:
    return Restorer(cut or {}, "the-owners-key-now", "the-owners-kez-now")


def stranger(how: str, **changes: Any) -> Operation:
    return scene.call(3, ApiOperation.LIST, "GET", "/v1/purchases", principal=f"stranger:{how}", status=401, **changes)


def test_a_stranger_shows_what_it_showed_made_of_the_key_of_now() -> None:
    sent = restorer().restore(
        stranger(
            "the key in the query",
            headers=(("cookie", "x-api-key=<key:owner>"),),
            query=(*PAGE, ("x-api-key", "<key:owner>")),
        ),
        None,
        0,
    )
    assert sent == Input(
        "GET", "/v1/purchases", (*PAGE, ("x-api-key", "the-owners-key-now")), (("accept", "application/json"),), b""
    )
    truncated = restorer().restore(stranger("a truncated key"), None, 0)
    assert ("x-api-key", "the-owners-key-no") in truncated.headers
    with pytest.raises(UnreplayableError, match="was not written down"):
        restorer().restore(stranger("telepathy"), None, 0)


def test_ids_are_those_of_now() -> None:
    sent = restorer().restore(request_code(1), 5, 0)
    assert sent.path == "/v1/purchases/5/request-code"
    aim = Aim("INPUT-8", "an id nobody was given", Demand.REFUSE)
    unknown = replace(retrieve(1, "PENDING"), aim=aim)
    assert restorer().restore(unknown, None, 0).path == "/v1/purchases/1000003"
    assert restorer().restore(unknown, None, 9000).path == "/v1/purchases/1009003"
    far = replace(unknown, input=replace(unknown.input, path="/v1/purchases/9007199254740991"))
    assert restorer().restore(far, None, 9000).path == far.input.path


def test_a_body_that_was_cut_is_restored_where_it_is_of_the_catalogue() -> None:
    whole = json.dumps({"country_code": "A" * 1_000_000}).encode()
    operation = create(4)
    cut = replace(operation, input=replace(operation.input, body=whole[: 64 * 1024]))
    assert restorer({4: len(whole)}).restore(cut, None, 0).body == whole
    for length in (len(whole) + 1, 70_000):
        with pytest.raises(UnreplayableError, match="was cut"):
            restorer({4: length}).restore(cut, None, 0)


def test_a_body_that_was_masked_cannot_be_restored() -> None:
    operation = create(4)
    masked = replace(operation, input=replace(operation.input, body=b'{"code": "<code:1>"}'))
    with pytest.raises(UnreplayableError, match="masks"):
        restorer().restore(masked, None, 0)


def test_leaving_out_a_create_leaves_out_what_needs_its_purchase(tmp_path: Path) -> None:
    steps = script(written(tmp_path, [create(0), request_code(1), retrieve(2, "SUCCESS")], 1, 2))
    assert without(steps, {0}) == ()
    assert [step.operation.index for step in without(steps, {1}) if isinstance(step, Call)] == [0, 2]


def test_shortening_keeps_what_fails(tmp_path: Path) -> None:
    operations = [create(0), *(retrieve(index, "PENDING") for index in range(1, 6)), request_code(6)]
    operations += [retrieve(7, "SUCCESS"), retrieve(8, "SUCCESS")]
    steps = script(written(tmp_path, operations, 6, 8))
    needed = {0, 2, 6, 8}

    def fails(candidate: Script) -> bool:
        return needed <= {step.operation.index for step in candidate if isinstance(step, Call)}

    short = shorten(steps, fails)
    assert [step.operation.index for step in short if isinstance(step, Call)] == [0, 2, 6, 8]


def test_a_generated_request_is_objected_to_where_it_is_answered_alike() -> None:
    title = "a generated request was answered against the contract (not_a_server_error)"
    cause = "schemathesis: not_a_server_error"
    finding = {"id": finding_id("LIST-1", cause), "clause": "LIST-1", "title": title, "expected": "e"}
    objection = objection_of(finding)
    assert objection is not None
    asked = scene.call(1, ApiOperation.LIST, "GET", "/v1/purchases", query=PAGE, status=500, answer={})
    for status, raised in ((500, True), (501, True), (503, False), (404, False), (200, False)):
        again = scene.call(2, ApiOperation.LIST, "GET", "/v1/purchases", query=PAGE, status=status, answer={})
        assert (objection.raised(asked, again, ()) is not None) is raised, status
    assert objection_of({**finding, "id": "LIST-1-000000"}) is None
    assert objection_of({**finding, "title": "something else"}) is None


# Bad usage.


def test_an_unknown_finding_names_the_nearest_or_all(tmp_path: Path) -> None:
    recorded = written(tmp_path, [create(0)], 0)
    known = recorded.document["findings"][0]["id"]
    with pytest.raises(UsageError, match=f"did you mean {known}"):
        recorded.finding(known[:-1] + "x")
    with pytest.raises(UsageError, match=f"it has {known}"):
        recorded.finding("nonsense")


def test_a_history_that_cannot_be_read_is_told_by_its_line(tmp_path: Path) -> None:
    written(tmp_path, [create(0)], 0)
    history = tmp_path / "history.jsonl"
    whole = history.read_bytes()
    history.write_bytes(whole + b'{"index": 1}\n')
    with pytest.raises(UsageError, match="line 2 is no operation"):
        load_recorded(tmp_path)
    # A killed run left its last line unfinished.
    history.write_bytes(whole + whole[:100])
    assert len(load_recorded(tmp_path).operations) == 1
    history.unlink()
    with pytest.raises(UsageError, match="it has no history"):
        load_recorded(tmp_path)


def test_bad_usage_is_one_line_and_exit_2(tmp_path: Path) -> None:
    recorded = written(tmp_path, [create(0)], 0)
    known = recorded.document["findings"][0]["id"]
    for arguments, words in (
        (("nowhere", known), "nowhere"),
        ((".", known[:-1] + "x"), known),
        ((".", known), "ASSAY_API_KEY is not set"),
    ):
        result = run("replay", *arguments, cwd=tmp_path)
        assert result.returncode == 2
        assert words in one_line(result)
        assert not (tmp_path / "reports").exists()
