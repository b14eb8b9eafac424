"""Replay: what is chosen of a record written out by hand, how it is restored, shortened and told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import UsageError
from contracts.finding import ClauseResult, ClauseVerdict, Finding, Severity, finding_id
from contracts.gate.replay.objection import objection_of
from contracts.gate.replay.record import Recorded, UnreplayableError, load_recorded
from contracts.gate.replay.restore import Restorer
from contracts.gate.replay.script import script_of
from contracts.gate.replay.selection import select, whole, with_lists
from contracts.gate.replay.shortening import shorten
from contracts.gate.replay.states import clock_moves, course_of
from contracts.gate.replay.steps import Call, Lever, Script, Together, Walk, without
from contracts.gate.replay.wording import lines_of
from contracts.history import OTHER, OWNER, Aim, ApiOperation, Demand, Input, Operation
from contracts.record.historyfile import HistoryWriter
from contracts.record.masking import Masker
from contracts.record.result import build_run
from tests.record import scene
from tests.test_cli import one_line, run

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
    assert lines_of((last,)) == ["every purchase is read once more"]
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
