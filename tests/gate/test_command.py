"""What `assay doctor` shows, and what `assay gate` still tells when the disk or the user ends it early."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from contracts.errors import UsageError
from contracts.gate import command
from contracts.gate.doctor import Diagnosis
from reports.errors import DocumentError
from tests.record import scene

APP = typer.Typer()
APP.command("gate")(command.gate)
APP.command("doctor")(command.doctor)

WELL = Diagnosis(
    target="http://127.0.0.1:8080",
    reachable=True,
    trouble="",
    profile="2026-05",
    operations={"create_purchase": "not seen yet", "list_purchases": "served", "retrieve_account": "answered 501"},
    in_stock=("DE", "US"),
    balance="12.50 USD",
    keys={"owner": "accepted", "other owner": "not given"},
    levers=True,
    exercisable=("SHAPE-1", "LIFE-3"),
    not_exercisable={"AUTH-4": "set ASSAY_OTHER_API_KEY", "AUTH-5": "set ASSAY_OTHER_API_KEY", "VALUE-6": "no account"},
)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(APP, arguments, standalone_mode=False, env={"COLUMNS": "100", "ASSAY_API_KEY": "k" * 12})


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Diagnosis], None]:
    """Let the doctor find something without a target."""
    monkeypatch.chdir(tmp_path)

    def find(diagnosis: Diagnosis) -> None:
        monkeypatch.setattr(command, "diagnose", lambda gate: diagnosis)

    return find


def test_the_doctor_tells_what_there_is_and_what_could_not_be_exercised_by_reason(
    found: Callable[[Diagnosis], None],
) -> None:
    found(WELL)
    done = call("doctor", "--url", "http://127.0.0.1:8080")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert done.return_value == 0
    assert lines[0].startswith("http://127.0.0.1:8080 ")
    for line in (
        "key of the owner accepted", "key of the other owner not given", "profile 2026-05", "list_purchases served",
        "retrieve_account answered 501", "in stock DE, US", "balance 12.50 USD",
        "levers clock and provider can be moved", "A gate could exercise 2 clauses.",
        "not AUTH-4, AUTH-5: set ASSAY_OTHER_API_KEY", "not VALUE-6: no account",
    ):  # fmt: skip
        assert line in lines


def test_the_doctor_says_of_a_target_that_shows_little_what_it_lacks(found: Callable[[Diagnosis], None]) -> None:
    found(replace(WELL, profile=None, in_stock=(), balance="", levers=False, not_exercisable={}))
    done = call("doctor", "--url", "http://127.0.0.1:8080")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    for line in (
        "profile cannot be told before something was bought", "in stock nothing that accounts shows",
        "balance not served", "levers none (only a sandbox has them)",
    ):  # fmt: skip
        assert line in lines
    assert lines[-1] == "A gate could exercise 2 clauses."


def test_a_target_that_cannot_be_tested_is_inconclusive_and_nothing_is_said_of_it_but_why(
    found: Callable[[Diagnosis], None],
) -> None:
    found(replace(WELL, reachable=False, trouble="it refuses the key [in] ASSAY_API_KEY"))
    done = call("doctor", "--url", "http://127.0.0.1:8080")
    assert done.return_value == 3
    assert "cannot be tested: it refuses the key [in] ASSAY_API_KEY" in done.stdout
    assert "exercise" not in done.stdout
    assert json.loads(call("doctor", "--url", "http://127.0.0.1:8080", "--json").stdout)["reachable"] is False


class Opened:
    """Stands for a gate that has run: its document may be there though it could not be written."""

    def __init__(self, trouble: Exception | None = None, *, document: bool = True, interrupted: bool = False) -> None:
        self.document: dict[str, Any] = scene.document() if document else {}
        self.directory = SimpleNamespace(path=Path("runs/1"))
        self.gate = SimpleNamespace(run=lambda: None)
        self.exit_code = 1
        self.interrupted = interrupted
        self.updated: list[Path] = []
        self._trouble = trouble

    @contextlib.contextmanager
    def open(self, request: object, progress: object) -> Iterator[Opened]:
        yield self
        if self._trouble is not None:
            raise self._trouble

    def update_baseline(self, path: Path) -> list[str]:
        self.updated.append(path)
        return ["base.toml accepts 2 findings"]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Opened], None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return lambda opened: monkeypatch.setattr(command, "open_gate", opened.open)


@pytest.mark.parametrize("trouble", [UsageError("no room left"), DocumentError("no room left")])
def test_what_was_found_is_told_though_it_could_not_be_written(
    trouble: Exception, stage: Callable[[Opened], None]
) -> None:
    stage(Opened(trouble))
    done = call("gate", "--json")
    assert done.exception is trouble, "the exit code is that of the trouble"
    assert json.loads(done.stdout)["findings"]


def test_trouble_before_there_is_a_document_shows_none(stage: Callable[[Opened], None]) -> None:
    stage(Opened(UsageError("no such target"), document=False))
    done = call("gate", "--json")
    assert isinstance(done.exception, UsageError)
    assert done.stdout == ""


@pytest.mark.parametrize(("interrupted", "updates"), [(False, 1), (True, 0)])
def test_a_baseline_is_written_anew_after_a_whole_run_alone(
    interrupted: bool, updates: int, stage: Callable[[Opened], None]
) -> None:
    opened = Opened(interrupted=interrupted)
    stage(opened)
    done = call("gate", "--quiet", "--baseline", "base.toml", "--update-baseline")
    assert done.return_value == 1
    assert len(opened.updated) == updates
    assert ("accepts 2 findings" in done.stderr) == bool(updates)
