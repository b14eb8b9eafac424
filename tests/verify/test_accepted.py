"""Which runs were accepted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import UsageError
from tests.verify.documents import run
from verify.accepted import FILE, accept, newest, read_accepted

NOW = datetime(2026, 2, 23, 10, 15, tzinfo=UTC)


def kept(runs: Path, name: str, **other: Any) -> Path:
    directory = runs / name
    directory.mkdir(parents=True)
    document = run("verify", **other)
    (directory / "run.json").write_text(json.dumps(document))
    accept(runs, directory, document, NOW)
    return directory


def test_the_newest_accepted_run_is_found(tmp_path: Path) -> None:
    kept(tmp_path, "one")
    two = kept(tmp_path, "two")
    found = newest(read_accepted(tmp_path), tmp_path, target="http://localhost:9", profile="2026-02")
    assert found == two
    assert json.loads((tmp_path / FILE).read_text())["accepted"][-1]["run"] == "two"


def test_a_run_of_another_target_or_profile_is_passed_over(tmp_path: Path) -> None:
    kept(tmp_path, "one")
    entries = read_accepted(tmp_path)
    assert newest(entries, tmp_path, target="http://shop.example", profile="2026-02") is None
    assert newest(entries, tmp_path, target="http://127.0.0.1:1", profile="2026-05") is None


def test_a_run_that_was_thrown_away_is_passed_over(tmp_path: Path) -> None:
    one = kept(tmp_path, "one")
    (kept(tmp_path, "two") / "run.json").unlink()
    assert newest(read_accepted(tmp_path), tmp_path, target=None, profile=None) == one


@pytest.mark.parametrize("name", ["a" * 5000, "b\0c", "\ud800"])
def test_a_run_of_a_name_that_no_directory_has_is_passed_over(name: str, tmp_path: Path) -> None:
    entry = {"run": name, "when": "", "command": "gate", "verdict": "kept", "target": "", "profile": "2026-02"}
    (tmp_path / FILE).write_text(json.dumps({"schema": 1, "accepted": [entry]}))
    assert newest(read_accepted(tmp_path), tmp_path, target=None, profile=None) is None


def test_a_run_accepted_twice_is_listed_once(tmp_path: Path) -> None:
    one = kept(tmp_path, "one")
    kept(tmp_path, "two")
    accept(tmp_path, one, run("verify"), NOW + timedelta(days=1))
    assert [entry.run for entry in read_accepted(tmp_path)] == ["two", "one"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (run("verify", partial=True), "ended before its time"),
        (run("verify", exit_code=130), "ended before its time"),
        (run("replay"), "assay replay"),
    ],
)
def test_what_is_no_whole_run_is_not_accepted(tmp_path: Path, document: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        accept(tmp_path, tmp_path / "one", document, NOW)
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    "content", ["", "[]", '{"schema": 2, "accepted": []}', '{"schema": 1, "accepted": [{"run": 1}]}']
)
def test_a_spoilt_list_is_told_in_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(UsageError, match="mend it, or remove it"):
        read_accepted(tmp_path)


def test_without_a_list_nothing_was_accepted(tmp_path: Path) -> None:
    assert read_accepted(tmp_path) == []
