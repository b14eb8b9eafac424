"""A load run's history judged again: by the run's settings, and of what was kept whole alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.finding import Severity, Violation
from contracts.history import Aim
from contracts.monitor import Setting
from contracts.profiles import get_profile
from contracts.record.line import to_line
from contracts.record.masking import Masker
from load.call import Call, Reply
from load.journeys.steps import REPEATED, create, list_page, request_code, retrieve
from load.judge import again
from load.judge.again import JudgedAgain
from load.judge.operations import operation_of
from tests.load.judge.scene import ASKED, BASE, KEY, REFUSAL, Scene, purchase, reply


def line(call: Call, answer: Reply, index: int = 1) -> dict[str, Any]:
    """Return an answer as a line of a history has it."""
    written: dict[str, Any] = json.loads(json.dumps(to_line(operation_of(call, answer, index), Masker({"owner": KEY}))))
    return written


def judged(
    *lines: dict[str, Any],
    tolerances: dict[str, dict[str, float]] | None = None,
    severities: dict[str, Severity] | None = None,
    withheld: str = "",
) -> JudgedAgain:
    def withhold(violation: Violation) -> bool:
        return violation.clause == withheld

    setting = Setting(profile=get_profile("2026-02"), tolerances=tolerances or {})
    judge = JudgedAgain(setting, severities or {}, withhold)
    for one in lines:
        judge.feed(one)
    judge.finish()
    return judge


def errors(judge: JudgedAgain) -> set[str]:
    return {one.clause for one in judge.findings if one.severity is Severity.ERROR} - {"LOAD-1"}


LATE = line(create("US"), reply(purchase(1), 100, 101))
"""A create whose purchase is a hundred seconds older than the server's clock."""


@pytest.mark.parametrize(
    ("settings", "broken"),
    [
        ({}, set()),
        ({"tolerances": {"VALUE-5": {"clock_skew_s": 50}}}, {"VALUE-5"}),
        ({"tolerances": {"VALUE-5": {"clock_skew_s": 50}}, "severities": {"VALUE-5": Severity.WARNING}}, set()),
        ({"tolerances": {"VALUE-5": {"clock_skew_s": 50}}, "withheld": "VALUE-5"}, set()),
    ],
)
def test_what_the_run_was_set_to_is_what_it_is_judged_by(settings: dict[str, Any], broken: set[str]) -> None:
    assert errors(judged(LATE, **settings)) == broken


@pytest.mark.parametrize(("wall", "broken"), [(1.0, set()), (1_000.0, {"VALUE-5"}), (1e300, {"VALUE-5"})])
def test_without_a_date_the_clock_of_the_run_counts(wall: float, broken: set[str]) -> None:
    undated = line(create("US"), reply(purchase(1), 100, 101, headers=(("content-type", "application/json"),)))
    assert errors(judged(undated | {"wall": BASE.timestamp() + wall})) == broken


def test_an_answer_kept_in_part_is_not_judged_and_told() -> None:
    odd = line(retrieve(1), reply(purchase(1, "DONE"), 2, 3), 2)
    assert errors(judged(LATE, odd)) == {"SHAPE-8"}
    cut = judged(LATE, odd | {"response_body_cut": True})
    assert errors(cut) == set()
    assert cut.unread == 1
    assert cut.notes == ("1 answers were not judged: the history holds a part of them only",)
    assert judged(LATE).notes == ()


def test_what_a_list_asked_for_is_read_again_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "_MAX_QUERIES", 2)
    told = {"current_page": 1, "total_pages": 1, "has_next": False}
    body = {"items": [purchase(1)], "pagination": told}
    asked = ["SUCCESS", "PENDING", "ERROR", "PENDING", "REFUND", "SUCCESS"]
    lines = [
        line(list_page(1, 20, status=status), reply(body, at, at + 0.5), at) for at, status in enumerate(asked, 200)
    ]
    (found,) = [one for one in judged(LATE, *lines).findings if one.clause == "LIST-2"]
    assert found.count == 4


def test_findings_name_the_positions_that_the_history_has() -> None:
    odd = line(retrieve(1), reply(purchase(1, "DONE"), 2, 3), 41)
    (found,) = [one for one in judged(LATE, odd).findings if one.clause == "SHAPE-8"]
    assert [mark.index for mark in found.marks] == [41]


@pytest.mark.parametrize(("aim", "broken"), [(REPEATED, set()), (None, {"LIFE-4"})])
def test_what_a_call_was_sent_for_is_known_again(aim: Aim | None, broken: set[str]) -> None:
    coded = {"purchase": purchase(1, "SUCCESS"), "code_request": ASKED | {"status": "success"}}
    lines = [
        line(request_code(1), reply(coded, 200, 201), 2),
        line(request_code(1, aim), reply(REFUSAL, 202, 203, 422), 3),
    ]
    assert errors(judged(LATE, *lines)) == broken


@pytest.mark.parametrize("query", ["page=&page_size=20", "page=1&page_size=20"])
def test_a_parameter_without_a_value_is_told_as_it_was_sent(query: str) -> None:
    call = Call(list_page(1, 20).operation, "GET", f"/v1/purchases?{query}")
    told = operation_of(call, reply({}, 0, 1), 1).input.query
    assert "&".join(f"{name}={value}" for name, value in told) == query


def test_an_answer_of_which_nothing_came_is_told_by_its_error() -> None:
    scene = Scene()
    scene.judge.see(retrieve(1), Reply(0, (), b"", "malformed", b"", 0, 0, 1))
    scene.judge.finish()
    (found,) = scene.judge.docket.findings
    assert found.observed == "malformed, status 0"
