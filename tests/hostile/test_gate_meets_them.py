"""The gate and the doctor against targets that misbehave: they end, and blame nobody wrongly."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.finding import Severity
from contracts.gate.doctor import diagnose
from contracts.gate.plan import PLANS
from contracts.gate.run import Gate, GateOptions
from contracts.gate.wire import Wire
from contracts.history import Input, Operation
from contracts.target import Keys, admit
from fixtures.hostile.catalogue import find
from fixtures.hostile.certificates import write_authority
from fixtures.hostile.model import AFTER, START
from fixtures.hostile.serving import HostileTarget
from tests.hostile.probe import BODY, front, upstream

OPTIONS = GateOptions(plan=PLANS["quick"], seconds=3.0, timeout=0.4, countries=("US", "GB"))


def gate_of(target: HostileTarget, seen: list[Operation], options: GateOptions = OPTIONS) -> Gate:
    keys = Keys(target.keys["ASSAY_API_KEY"], target.keys["ASSAY_OTHER_API_KEY"], target.keys["ASSAY_ADMIN_KEY"])
    return Gate(admit(target.url, keys), options, seen.append)


def blamed(gate: Gate) -> set[str]:
    return {finding.clause for finding in gate.findings if finding.severity is Severity.ERROR}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("refuses-connections", "no connection"),
        ("swallows-requests", "timeout"),
        ("drips-body", "timeout while the answer arrived"),
        ("resets-in-body", "connection closed"),
        ("http-0.9", "malformed HTTP"),
        ("chunk-size-not-hex", "a chunk without a size"),
        ("interim-flood", "more than 16 answers of status 1xx"),
        ("ten-thousand-headers", "a head of more than 64 KiB"),
        ("gzip-bomb", "too long to read"),
        ("gzip-broken", "not gzip"),
    ],
)
def test_a_target_that_is_never_whole_cannot_be_tested_and_the_doctor_says_why(name: str, words: str) -> None:
    with HostileTarget(find(name)) as target:
        found = diagnose(gate_of(target, []))
    assert not found.reachable
    assert words in found.trouble
    assert "\n" not in found.trouble
    assert find(name).designs["doctor", START].exits == {3}


@pytest.mark.parametrize(
    "name",
    [
        "limited-for-a-year",
        "limited-until-nan",
        "gateway-page-502",
        "portal-page-200",
        "redirects-to-nonsense",
        "unavailable-for-a-year",
    ],
)
def test_a_gateway_in_front_of_everything_is_no_purchases_api(name: str) -> None:
    with HostileTarget(find(name)) as target:
        found = diagnose(gate_of(target, [], replace(OPTIONS, seconds=0.5)))
    assert not found.reachable
    assert found.trouble
    assert "crashed" not in found.trouble


@pytest.mark.parametrize("name", ["closes-in-body", "resets-on-arrival", "garbage"])
def test_a_target_that_goes_in_mid_run_breaks_no_promise(name: str) -> None:
    seen: list[Operation] = []
    with HostileTarget(find(name), after=25) as target:
        gate = gate_of(target, seen)
        gate.run()
        assert target.front.met > 0
    design = find(name).designs["gate", AFTER]
    assert all(design.allows(clause) for clause in blamed(gate))
    assert [trouble for trouble in gate.troubles if "crashed" in trouble] == []
    assert gate.troubles
    assert len(seen) < 400


def test_an_answer_that_nobody_asked_for_is_never_judged() -> None:
    seen: list[Operation] = []
    with HostileTarget(find("answers-twice")) as target:
        gate = gate_of(target, seen)
        gate.run_phase("survey", lambda gate: iter(()))
        for _ in range(30):
            gate.session.call("GET", "/v1/profile")
        gate.finish()
    assert blamed(gate) == set()
    assert any("no request had asked for" in trouble for trouble in gate.troubles)
    answers = [operation.answer.body for operation in seen if operation.answer is not None]
    assert len(answers) >= 30
    assert all("unasked" not in json.loads(body) for body in answers)


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("tls-body-until-cut", "connection closed (without a farewell of TLS)"),
        ("tls-body-until-farewell", None),
        ("tls-ends-unannounced", None),
        ("tls-many-tickets", None),
    ],
)
def test_over_tls_a_body_without_a_length_is_whole_with_a_farewell_alone(
    name: str, trouble: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_authority(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with upstream() as url, front(name, url) as target, Wire(admit(target.url, Keys("K")), 5.0) as wire:
        replies = [wire.send(Input("GET", "/v1/purchases/7")) for _ in range(3)]
    assert [reply.error for reply in replies] == [trouble] * 3
    assert [reply.answer.body for reply in replies if reply.answer] == ([] if trouble else [BODY] * 3)


def test_a_run_against_a_slow_target_ends_soon_after_its_budget() -> None:
    seen: list[Operation] = []
    with HostileTarget(find("answers-in-the-last-moment")) as target:
        gate = gate_of(target, seen, replace(OPTIONS, seconds=1.0, timeout=1.5))
        gate.run()
    assert len(seen) <= 4
    assert [trouble for trouble in gate.troubles if "crashed" in trouble] == []


@pytest.mark.parametrize("name", ["date-missing", "date-is-none"])
def test_a_target_without_a_clock_of_its_own_is_not_blamed_for_the_one_that_we_moved(name: str) -> None:
    with HostileTarget(find(name)) as target:
        gate = gate_of(target, [], replace(OPTIONS, seconds=60.0, timeout=5.0))
        gate.run_phase("survey", lambda gate: iter(()))
        gate.lives.buy()
        judged = gate.session.oracle.exercised["VALUE-5"]
        assert judged == 1
        assert gate.lives.levers is not None
        assert gate.lives.levers.advance(3600.0)
        gate.lives.buy()
        gate.finish()
    assert blamed(gate) == set()
    assert gate.session.oracle.exercised["VALUE-5"] == judged
