"""A run directory is made once, written whole, and says so when it cannot be."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from contracts.errors import UsageError
from contracts.record.masking import Masker
from contracts.record.rundir import RunDirectory
from tests.record import scene


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_by_default_the_name_tells_the_time_in_utc_and_the_command(here: Path) -> None:
    now = datetime(2026, 2, 23, 12, 15, 0, tzinfo=timezone(timedelta(hours=2)))
    made = RunDirectory.create("gate", None, now)
    assert made.path == Path("reports/runs/20260223T101500Z-gate")
    assert (here / made.path).is_dir()
    assert RunDirectory.create("gate", None, now).path.name == "20260223T101500Z-gate-2"


def test_a_named_directory_is_used_as_it_is(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    assert RunDirectory.create("gate", out, scene.STARTED).path == out
    assert RunDirectory.create("gate", out, scene.STARTED).path == out


@pytest.mark.parametrize("name", ["run.json", "history.jsonl"])
def test_a_directory_that_holds_a_run_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(UsageError) as caught:
        RunDirectory.create("gate", tmp_path, scene.STARTED)
    assert str(caught.value) == f"{tmp_path} already holds a run; choose another --out or remove it"


def test_a_file_in_the_place_of_the_directory_is_bad_usage(here: Path) -> None:
    (here / "reports").touch()
    with pytest.raises(UsageError, match=r"cannot create reports/runs: Not a directory"):
        RunDirectory.create("gate", None, scene.STARTED)
    with pytest.raises(UsageError, match=r"reports is a file, not a directory"):
        RunDirectory.create("gate", Path("reports"), scene.STARTED)
    with pytest.raises(UsageError, match=r"cannot create x+: File name too long"):
        RunDirectory.create("gate", Path("x" * 1000), scene.STARTED)


def test_a_directory_that_cannot_be_written_is_bad_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError) as caught:
        RunDirectory.create("gate", tmp_path, scene.STARTED)
    assert str(caught.value) == f"cannot write to {tmp_path}: permission denied"


def test_a_document_is_replaced_whole_and_leaves_no_other_file(tmp_path: Path) -> None:
    made = RunDirectory.create("gate", tmp_path, scene.STARTED)
    made.write_started(scene.facts())
    started = json.loads((tmp_path / "run.json").read_bytes())
    made.write_result(scene.document())
    finished = json.loads((tmp_path / "run.json").read_bytes())
    assert (started["partial"], started["verdict"]) == (True, "inconclusive")
    assert (finished["partial"], finished["verdict"]) == (False, "broken")
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_a_lone_surrogate_is_written_as_json_can_carry_it(tmp_path: Path) -> None:
    RunDirectory(tmp_path).write_json("x.json", {"text": "\ud800 США"})
    assert json.loads((tmp_path / "x.json").read_bytes()) == {"text": "\ud800 США"}


def test_a_document_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = RunDirectory.create("gate", tmp_path, scene.STARTED)
    made.write_json("x.json", {"number": 1})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError) as caught:
        made.write_json("x.json", {"number": 2})
    assert str(caught.value) == f"cannot write {tmp_path / 'x.json'}: No space left on device"
    assert json.loads((tmp_path / "x.json").read_bytes()) == {"number": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_a_directory_that_is_gone_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot write .*run\.json: No such file or directory"):
        RunDirectory(tmp_path / "gone").write_started(scene.facts())


def test_the_history_stands_beside_the_result(tmp_path: Path) -> None:
    made = RunDirectory.create("gate", tmp_path, scene.STARTED)
    with made.history(Masker({})) as history:
        history.write(scene.operations()[0])
    assert (tmp_path / "history.jsonl").read_bytes().count(b"\n") == 1


def test_of_two_runs_that_were_given_one_directory_at_once_one_gets_it(tmp_path: Path) -> None:
    first, second = (RunDirectory.create("load", tmp_path, scene.STARTED) for _ in range(2))
    first.write_started(scene.facts(seed=1))
    with pytest.raises(UsageError, match=f"{tmp_path} already holds a run; choose another --out"):
        second.write_started(scene.facts(seed=2))
    assert json.loads((tmp_path / "run.json").read_bytes())["seed"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_a_file_system_without_links_is_written_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    RunDirectory.create("load", tmp_path, scene.STARTED).write_started(scene.facts())
    assert json.loads((tmp_path / "run.json").read_bytes())["partial"] is True
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
