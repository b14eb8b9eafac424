"""A trial: what a gate found in front of something seeded, told without anybody's secrets."""

from __future__ import annotations

import re

import pytest

from contracts.gate.plan import PLANS
from contracts.gate.run import Gate, GateOptions
from contracts.prove.case import CRASHED, DEFECT, MUTANT, Case
from contracts.prove.selection import select
from contracts.prove.trial import Trial, seeded, show
from contracts.target import Keys, Target
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings

OPTIONS = GateOptions(plan=PLANS["quick"], profile="2026-02", timeout=5.0)


def case(name: str) -> Case:
    return select([name], kinds=[DEFECT, MUTANT], depth="quick", brief=True)[0]


def test_a_note_shows_no_phone_number() -> None:
    what = case("phone-with-newline")
    with SandboxThread(Settings(), lambda app: seeded(app, what)) as sandbox:
        keys = Keys(sandbox.owner_key, sandbox.other_key, sandbox.admin_key)
        trial = Trial(what, Target(sandbox.url, sandbox.url, loopback=True, keys=keys), OPTIONS)
        shown = trial.run()
    bodies = b" ".join(o.answer.body for o in trial.gate.operations if o.answer is not None).decode()
    phones = re.findall(r'"phone_number":"\+([0-9]+)', bodies)
    assert shown.right
    assert shown.note.startswith("phone_number is ill-formed: ")
    assert "<phone:" in shown.note
    assert phones
    assert not any(phone in shown.note for phone in phones)


def test_a_catch_is_timed_by_its_first_finding() -> None:
    shown = show(case("get_profile/balance/amount:number"))
    assert shown.right
    assert (shown.verdict, shown.caught_by) == ("broken", ("SHAPE-7",))
    assert shown.catch_seconds is not None
    assert 0 < shown.catch_seconds <= shown.seconds
    assert shown.catch_purchases == 0


def test_a_gate_that_raises_has_shown_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_gate: Gate, _enough: object) -> None:
        raise ZeroDivisionError("x" * 1000)

    monkeypatch.setattr(Gate, "run", run)
    shown = show(case("get_profile/id:dropped"))
    assert (shown.verdict, shown.right, shown.wrong) == (CRASHED, False, True)
    assert shown.note == f"ZeroDivisionError: {'x' * 1000}"[:300]
