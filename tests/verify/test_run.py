"""A verification whole, with processes that stand in for its gate and its load run."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import UsageError
from reports.rundocs import load_run
from tests.verify import standin
from tests.verify.documents import clause, finding, run
from verify import run as verifying
from verify.accepted import RUNS
from verify.caps import Caps
from verify.part import Name
from verify.request import VerifyRequest


class Stage:
    """What the stand-ins do; ``loads`` keeps the caps that the load run was given."""

    def __init__(self) -> None:
        self.gate: dict[str, Any] = {"document": run("gate"), "code": 0, "seconds": 0.0}
        self.load: dict[str, Any] = {"document": run("load"), "code": 0, "seconds": 0.0}
        self.loads: list[Caps] = []
        self.said: list[str] = []

    def verify(self, **asked: Any) -> tuple[int, dict[str, Any]]:
        request = VerifyRequest(**{"out": Path("v"), "skip": {Name.DRIFT}, "environment": {}} | asked)
        verification = verifying.Verification(request, self.said.append)
        code = verification.run()
        return code, load_run(verification.directory.path)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.chdir(tmp_path)
    made = Stage()

    def command(asked: dict[str, Any], place: Path) -> list[str]:
        return [sys.executable, str(standin.__file__), str(place), json.dumps(asked)]

    def load(_request: VerifyRequest, place: Path, caps: Caps) -> list[str]:
        made.loads.append(caps)
        return command(made.load, place)

    monkeypatch.setattr(verifying, "gate_command", lambda _request, place: command(made.gate, place))
    monkeypatch.setattr(verifying, "load_command", load)
    return made


def test_parts_that_keep_everything_are_a_go(stage: Stage) -> None:
    code, document = stage.verify()
    assert (code, document["verdict"]) == (0, "kept")
    assert document["reasons"][0] == "Go: gate and load keep what was promised. Left out: drift, compare."
    assert [part["verdict"] for part in document["parts"]] == ["kept", "kept", "left_out", "left_out"]
    assert {"report.html", "report.md", "junit.xml", "findings.sarif"} <= {path.name for path in Path("v").iterdir()}
    assert "Go: gate and load" in Path("v/report.md").read_text()


def test_a_defect_is_a_no_go_that_names_it(stage: Stage) -> None:
    broken = run("gate", "broken", findings=[finding("SHAPE-6-1", "SHAPE-6")],
                 clauses=[clause("SHAPE-6", "broken", findings=["SHAPE-6-1"])])  # fmt: skip
    stage.gate = {"document": broken, "code": 1, "seconds": 0.0}
    code, document = stage.verify()
    assert code == 1
    assert document["reasons"][0].startswith("No-go: gate says")
    assert "a number ends in a newline" in document["reasons"][1]
    assert document["findings"][0]["id"] == "SHAPE-6-1"


def test_a_part_that_crashes_is_no_pass_and_the_others_go_on(stage: Stage) -> None:
    stage.gate = {"document": None, "code": 70, "seconds": 0.0}
    code, document = stage.verify()
    assert code == 3
    assert [part["verdict"] for part in document["parts"][:2]] == ["inconclusive", "kept"]
    assert "gate: ended with exit code 70 and left no result" in document["reasons"]


def test_what_a_part_came_to_stands_while_the_next_one_runs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stood = []
    command = verifying.load_command

    def load(request: VerifyRequest, place: Path, caps: Caps) -> list[str]:
        stood.append(load_run(Path("v")))
        return command(request, place, caps)

    monkeypatch.setattr(verifying, "load_command", load)
    assert stage.verify()[0] == 0
    (begun,) = stood
    assert (begun["verdict"], begun["exit_code"], begun["partial"]) == ("inconclusive", 3, True)
    assert [(part["name"], part["verdict"]) for part in begun["parts"]] == [("gate", "kept")]


def test_a_directory_that_another_verification_has_taken_is_left_to_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = VerifyRequest(out=Path("v"), skip={Name.DRIFT}, environment={})
    first, second = (verifying.Verification(asked, stage.said.append) for _ in range(2))
    assert first.run() == 0
    with pytest.raises(UsageError, match="v already holds a run"):
        second.run()
    assert load_run(Path("v"))["partial"] is False


def test_what_the_gate_left_of_the_caps_is_the_loads(stage: Stage) -> None:
    stage.verify(caps=Caps(10, Decimal("20.00")))
    assert stage.loads == [Caps(8, Decimal("17.00"))]


def test_a_gate_that_spent_everything_leaves_no_load(stage: Stage) -> None:
    code, document = stage.verify(caps=Caps(2))
    assert (code, stage.loads) == (3, [])
    assert "caps on purchases and spend leave nothing" in document["parts"][1]["sentence"]


def test_a_gate_that_crashed_under_a_cap_leaves_no_load(stage: Stage) -> None:
    stage.gate = {"document": None, "code": -9, "seconds": 0.0}
    code, _ = stage.verify(caps=Caps(100))
    assert (code, stage.loads) == (3, [])


def test_parts_left_out_are_told(stage: Stage) -> None:
    code, document = stage.verify(skip={Name.LOAD, Name.DRIFT, Name.COMPARE})
    assert (code, stage.loads) == (0, [])
    assert document["reasons"][0] == "Go: gate keeps what was promised. Left out: load, drift, compare."
    assert "load was left out: as asked" in document["notes"]


def test_an_accepted_run_is_what_the_next_is_compared_with(stage: Stage) -> None:
    stage.verify(skip={Name.LOAD, Name.DRIFT}, out=RUNS / "one")
    verifying.record_accepted(RUNS / "one", datetime(2026, 2, 23, tzinfo=UTC))
    worse = run("gate", "broken", findings=[finding("LIFE-1-x", "LIFE-1")])
    stage.gate = {"document": worse, "code": 1, "seconds": 0.0}
    _, document = stage.verify(skip={Name.LOAD, Name.DRIFT}, out=RUNS / "two")
    assert document["parts"][3]["verdict"] == "broken"
    assert f"beside {RUNS / 'one'}: gate worse: new: LIFE-1" in document["parts"][3]["sentence"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_passed_on_and_reported(stage: Stage, number: signal.Signals) -> None:
    stage.gate["seconds"] = 30.0

    def interrupt() -> None:
        until = time.monotonic() + 20
        while not Path("v/gate/ready").exists() and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=interrupt)
    thread.start()
    code, document = stage.verify()
    thread.join()
    assert (code, document["exit_code"], document["verdict"]) == (130, 130, "inconclusive")
    assert stage.loads == []
    assert document["parts"][0]["sentence"] == "was interrupted"
    assert document["parts"][1]["sentence"] == "the verification was interrupted before"


def test_keys_reach_no_document(stage: Stage) -> None:
    key = "sk-live-0123456789abcdef"
    stage.gate["document"] = run("gate", "broken", reasons=[f"the server said {key}"])
    stage.gate["code"] = 1
    stage.verify(environment={"ASSAY_API_KEY": key})
    told = [path for path in Path("v").iterdir() if path.is_file() and key in path.read_text("utf-8")]
    assert told == []
