"""Replay: a finding's steps are sent again, fail as long as the defect is there, and not when it is gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from starlette.types import ASGIApp

from contracts.config import Settings as FileSettings
from contracts.errors import UsageError
from contracts.gate.opening import GateRequest, open_gate
from contracts.gate.plan import PLANS
from contracts.gate.replay.opening import make_replay_request, open_replay
from contracts.gate.replay.options import Outcome, ReplayOptions
from contracts.gate.replay.record import Recorded, load_recorded
from contracts.gate.replay.replay import Replay
from contracts.gate.replay.steps import purchases_of
from contracts.gate.replay.telling import in_one_line
from contracts.gate.replay.wording import lines_of
from contracts.gate.run import PHASES, GateOptions
from contracts.target import Keys, Target
from fixtures.defects.catalogue import wrap
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from reports.rundocs import run_schema

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
