"""A target that loses answers is not vouched for, and one that drops what is ill-formed is not blamed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.finding import Severity
from contracts.gate.losses import MIN_LOST, Losses
from contracts.gate.plan import PLANS
from contracts.gate.run import Gate, GateOptions
from contracts.history import OTHER, OWNER, STRANGER, Aim, Answer, Demand, Input, Operation
from contracts.reading import Reading
from contracts.routes import route
from contracts.target import Keys, admit
from fixtures.hostile.catalogue import find
from fixtures.hostile.serving import HostileTarget

ACCEPT = ("accept", "application/json")
KEY = ("x-api-key", "K")
READ = Input("GET", "/v1/purchases/7", (), (ACCEPT, KEY))
WRITE = Input(
    "POST", "/v1/purchases", (), (ACCEPT, KEY, ("content-type", "application/json")), b'{"country_code": "US"}'
)


def call(
    sent: Input, *, lost: bool = False, principal: str = OWNER, aim: Aim | None = None, status: int = 200
) -> Reading:
    return Reading(
        Operation(
            index=0,
            principal=principal,
            api_operation=route(sent.method, sent.path).api_operation,
            input=sent,
            answer=None if lost else Answer(status, (), b"{}"),
            invoked=0.0,
            returned=1.0,
            wall=0.0,
            error="timeout" if lost else None,
            lane="gate",
            walk="",
            aim=aim,
        )
    )


def losses(*runs: tuple[Input, int, int]) -> Losses:
    """Count so many calls of each kind, so many of them lost."""
    counted = Losses()
    for sent, calls, lost in runs:
        for number in range(calls):
            counted.take(call(sent, lost=number < lost))
    return counted


@pytest.mark.parametrize(("calls", "lost"), [(300, 3), (1000, 10), (5, 1), (1, 1), (100, 0)])
def test_as_many_as_an_accident_explains_are_no_trouble(calls: int, lost: int) -> None:
    assert losses((READ, calls, lost), (WRITE, calls, lost)).trouble == ""


@pytest.mark.parametrize(("calls", "lost"), [(299, 3), (1000, 11), (MIN_LOST, MIN_LOST)])
def test_one_more_is(calls: int, lost: int) -> None:
    trouble = losses((READ, calls, lost)).trouble
    assert f"left {lost} of {calls} reads without an answer" in trouble
    assert "timeout" in trouble


def test_writes_that_are_lost_do_not_hide_behind_many_reads() -> None:
    assert "left 4 of 100 writes without" in losses((READ, 2000, 0), (WRITE, 100, 4)).trouble
    assert "left 1 of 2000 reads and 4 of 100 writes" in losses((READ, 2000, 1), (WRITE, 100, 4)).trouble


def test_a_few_of_each_are_many_together() -> None:
    assert "2 of 90 reads and 1 of 50 writes" in losses((READ, 90, 2), (WRITE, 50, 1)).trouble


def test_an_answer_too_long_to_read_is_lost_as_well() -> None:
    counted = Losses()
    cut = Reading(replace(call(READ, lost=False).operation, answer=Answer(200, (), b"{", truncated=True)))
    for _ in range(MIN_LOST):
        counted.take(cut)
    assert "too long to read" in counted.trouble


@pytest.mark.parametrize("status", [407, 408, 421, 500, 502, 503, 504, 507, 511, 520])
@pytest.mark.parametrize("sent", [READ, WRITE])
def test_an_answer_that_leaves_the_outcome_unknown_is_lost_as_well(sent: Input, status: int) -> None:
    counted = losses((sent, 100, 0))
    for _ in range(MIN_LOST):
        counted.take(call(sent, status=status))
    assert f"left 3 of 103 {'reads' if sent is READ else 'writes'} without" in counted.trouble
    assert f"the last: status {status};" in counted.trouble


@pytest.mark.parametrize("status", [200, 204, 304, 307, 400, 401, 402, 404, 405, 409, 422, 429, 501])
def test_an_answer_that_tells_the_outcome_is_not_lost(status: int) -> None:
    counted = Losses()
    for sent in (READ, WRITE):
        for _ in range(50):
            counted.take(call(sent, status=status))
    assert (counted.trouble, counted.reads.lost, counted.writes.lost) == ("", 0, 0)


@pytest.mark.parametrize(
    "reading",
    [
        call(replace(WRITE, body=b'{"country_code": "us"}'), lost=True),
        call(replace(WRITE, body=b"\xff{"), lost=True),
        call(replace(WRITE, body=b'{"country_code": "US", "x": 1}'), lost=True),
        call(replace(READ, path="/v1/purchases/%00"), lost=True),
        call(replace(READ, query=(("x", "1"),)), lost=True),
        call(replace(READ, method="BREW"), lost=True),
        call(replace(READ, headers=(ACCEPT, KEY, ("x-odd", "y" * 9000))), lost=True),
        call(replace(READ, headers=(("accept", "text/plain"), KEY)), lost=True),
        call(READ, lost=True, principal=f"{STRANGER}:no key"),
    ],
)
def test_what_is_ill_formed_or_shows_no_key_may_be_dropped(reading: Reading) -> None:
    counted = Losses()
    for _ in range(50):
        counted.take(reading)
    assert (counted.trouble, counted.reads.calls, counted.writes.calls) == ("", 0, 0)


def test_what_is_refused_for_another_reason_is_refused_by_an_answer() -> None:
    counted = Losses()
    for aim in (Aim("AUTH-5", "another owner's purchase", Demand.REFUSE), Aim("AUTH-4", "", Demand.EITHER), None):
        counted.take(call(READ, lost=True, principal=OTHER, aim=aim))
    assert "left 3 of 3 reads" in counted.trouble


@pytest.mark.parametrize(
    ("name", "lost"), [("loses-every-ninth-answer", True), ("closes-idle-connections", False), ("half-closes", False)]
)
def test_a_gate_tells_a_target_that_loses_answers_from_one_that_closes_connections(name: str, lost: bool) -> None:
    options = GateOptions(plan=PLANS["quick"], seconds=20.0, timeout=5.0, countries=("US", "GB"))
    with HostileTarget(find(name), after=10) as target:
        keys = Keys(target.keys["ASSAY_API_KEY"], target.keys["ASSAY_OTHER_API_KEY"], target.keys["ASSAY_ADMIN_KEY"])
        gate = Gate(admit(target.url, keys), options, lambda _: None)
        gate.run_phase("survey", lambda gate: iter(()))
        for number in range(60):
            gate.session.call("GET", "/v1/profile")
            for path in ("request-code", "refund"):
                gate.session.call("POST", f"/v1/purchases/{number + 1}/{path}")
        gate.finish()
        gate.finish()
    assert [finding for finding in gate.findings if finding.severity is Severity.ERROR] == []
    told = [trouble for trouble in gate.troubles if "without an answer" in trouble]
    assert len(told) == lost, gate.troubles
    assert any("no whole answer" in note for note in gate.session.counts.notes) == lost
