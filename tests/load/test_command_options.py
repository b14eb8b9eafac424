"""What `assay load` refuses and hands on before anything of locust is imported."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from contracts.errors import UsageError
from load import command, interleave
from load.interleave import Interleaving
from load.version import own_version

APP = typer.Typer()
APP.command()(command.load)


def call(*arguments: str) -> int:
    """Call the command in this process; what it raises is raised."""
    done = CliRunner().invoke(APP, arguments, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return int(done.return_value)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--processes", "100000"], "--processes 100000 is above"),
        (["--worker", "127.0.0.1:1", "--master", "127.0.0.1:1"], "leave out --master"),
        (["nightly", "--worker", "127.0.0.1:1", "--users", "3"], "leave out a plan, --users"),
        (["--master", "127.0.0.1:5557", "--expect-workers", "100000"], "--expect-workers 100000 is above"),
        (["--web", "65536"], "--web 65536 is above 65535"),
        (["--metrics", "65536"], "--metrics 65536 is above 65535"),
        (["--expect-workers", "2"], "where they find us with --master"),
        (["--master", "127.0.0.1:5557"], "how many with --expect-workers N"),
        (["--interleave", "http://127.0.0.1:2"], "name the baseline with --url"),
    ],
)
def test_options_that_make_no_sense_together_are_refused_with_the_way_out(arguments: list[str], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        call(*arguments)


def test_two_releases_are_loaded_with_the_caps_and_the_seed_that_were_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[tuple[Interleaving, dict[str, Any]]] = []

    def interleaved(asked: Interleaving, environment: object, **more: Any) -> int:
        told.append((asked, more))
        return 1

    monkeypatch.setattr(interleave, "interleave", interleaved)
    monkeypatch.setenv("ASSAY_API_KEY", "some-key-1234")
    monkeypatch.setattr(sys, "argv", ["assay", "load", "--url", "http://127.0.0.1:1"])
    code = call(
        "--url", "http://127.0.0.1:1", "--interleave", "http://127.0.0.1:2", "--rounds", "4", "--seed", "9",
        "--max-purchases", "30", "--max-spend", "12.50", "--out", str(tmp_path), "--json",
    )  # fmt: skip
    [(asked, more)] = told
    assert (asked.baseline, asked.candidate, asked.rounds) == ("http://127.0.0.1:1", "http://127.0.0.1:2", 4)
    assert (asked.max_purchases, str(asked.max_spend), asked.seed, asked.out) == (30, "12.50", 9, tmp_path)
    assert asked.arguments == ["--url", "http://127.0.0.1:1"], "the command's own name is none of them"
    assert more == {"quiet": False, "as_json": True}
    assert code == 1, "its verdict is the command's"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What was executed in this process's place; nothing is."""
    told: list[list[str]] = []
    monkeypatch.setattr(command, "hold_back", lambda: None)
    monkeypatch.setattr(os, "execv", lambda _, arguments: told.append(arguments))
    monkeypatch.setattr(sys, "argv", ["assay", "load", "--users", "2"])
    return told


def test_a_worker_goes_on_in_a_fresh_interpreter_and_its_end_is_the_commands(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    masters: list[tuple[str, int]] = []

    def work(host: str, port: int, environment: object) -> int:
        masters.append((host, port))
        return 3

    monkeypatch.setitem(sys.modules, "load.worker", SimpleNamespace(work=work))
    assert call("--worker", "[::1]:5557") == 3
    assert masters == [("::1", 5557)]
    assert started == [[sys.executable, "-P", "-m", "load", "--users", "2"]]


@pytest.mark.parametrize("unwritten", ["", "cannot write runs/1: No space left on device"])
def test_what_was_measured_is_told_though_it_could_not_be_written(
    unwritten: str, started: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown: list[tuple[str, object]] = []
    finished = SimpleNamespace(
        document={"verdict": "kept"}, directory=SimpleNamespace(path=Path("runs/1")), unwritten=unwritten, exit_code=0
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "load.run", SimpleNamespace(run_load=lambda *_: finished))
    monkeypatch.setattr(command, "show_run", lambda document, place, **_: shown.append((document["verdict"], place)))
    if unwritten:
        with pytest.raises(UsageError, match="No space left on device"):
            call("--users", "2", "--quiet")
    else:
        assert call("--users", "2", "--quiet") == 0
    assert shown == [("kept", None if unwritten else Path("runs/1"))]
    assert len(started) == 1, "locust must be the first to be imported"


def test_what_is_not_installed_has_no_version_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.meta_path", [])
    monkeypatch.setattr("sys.path", [])
    assert own_version() == "unknown"
