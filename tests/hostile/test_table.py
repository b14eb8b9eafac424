"""The table notices every departure from the design, made up so that the right answer is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.hostile_table import CLOCK_BACK, Outcome, Trial, _examine, _leaks, row, trials
from fixtures.hostile.model import AFTER, ONSETS, START

DOCUMENT: dict[str, Any] = {
    "schema": 1, "command": "gate", "verdict": "inconclusive", "exit_code": 3, "reasons": ["nothing answers"],
    "partial": False, "started": "2026-03-01T12:00:00.000Z", "duration_s": 1.0, "target": "http://127.0.0.1:1",
    "profile": "2026-02", "seed": 0, "purchases": 0, "spend": "0.00", "spend_currency": None, "requests": 5,
    "rerun": "assay gate", "notes": [], "phases": [], "clauses": [], "findings": [],
}  # fmt: skip


def examined(
    home: Path, trial: Trial, *, exit_code: int | None = 3, stderr: str = "", stdout: str = "", **document: object
) -> list[str]:
    run = home / "run"
    run.mkdir()
    (home / "stdout").write_text(stdout)
    (home / "stderr").write_text(stderr)
    (run / "run.json").write_text(json.dumps({**DOCUMENT, **document}))
    (run / "history.jsonl").write_text('{"index": 0}\n')
    (run / "report.html").write_text("<html></html>\n")
    outcome = Outcome(exit_code=exit_code, megabytes=80.0, descriptors=9)
    _examine(trial, outcome, home, [b"the-owners-key"])
    return outcome.departures


GATE = Trial("swallows-requests", "gate", START)
DOCTOR = Trial("swallows-requests", "doctor", START)


def test_what_ends_as_designed_departs_in_nothing(tmp_path: Path) -> None:
    assert examined(tmp_path, GATE) == []


@pytest.mark.parametrize(
    ("changed", "departures"),
    [
        ({"exit_code": 0}, ["exit 0, not 3", "run.json contradicts the exit code"]),
        ({"exit_code": None}, ["exit None, not 3", "run.json contradicts the exit code"]),
        ({"stderr": "Traceback (most recent call last):\n"}, ["a traceback"]),
        ({"stdout": "the-owners-key"}, ["a key in stdout"]),
        ({"notes": ["the-owners-key"]}, ["a key in run.json"]),
        ({"reasons": []}, ["no clear line"]),
        ({"reasons": ["two\nlines"]}, ["no clear line"]),
        ({"purchases": -1}, ["documents: ValidationError -1 is less than the minimum of 0"]),
    ],
)
def test_every_departure_is_noticed(tmp_path: Path, changed: dict[str, Any], departures: list[str]) -> None:
    found = examined(tmp_path, GATE, **changed)
    assert [one.partition("\n")[0] for one in found] == departures


def test_a_document_that_is_missing_or_cut_is_noticed(tmp_path: Path) -> None:
    examined(tmp_path, GATE)
    for name, words in (("report.html", "not whole"), ("history.jsonl", "documents: "), ("run.json", "documents: ")):
        (tmp_path / "run" / name).write_text('{"cut')
        outcome = Outcome(exit_code=3)
        _examine(GATE, outcome, tmp_path, [])
        assert any(words in departure for departure in outcome.departures), name


def test_memory_and_descriptors_have_a_limit(tmp_path: Path) -> None:
    examined(tmp_path, GATE)
    outcome = Outcome(exit_code=3, megabytes=501.0, descriptors=129)
    _examine(GATE, outcome, tmp_path, [])
    assert outcome.departures == ["501 MB", "129 descriptors"]


@pytest.mark.parametrize(
    ("stdout", "departures"),
    [
        ('{"reachable": false, "trouble": "timeout"}', []),
        ('{"reachable": true, "trouble": ""}', ["the diagnosis contradicts the exit code"]),
        ('{"reachable": false, "trouble": ""}', ["no clear line"]),
        ("", ["no diagnosis"]),
    ],
)
def test_a_diagnosis_is_held_to_its_exit_code(tmp_path: Path, stdout: str, departures: list[str]) -> None:
    assert examined(tmp_path, DOCTOR, stdout=stdout) == departures


def test_keys_are_found_in_every_file_however_deep(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "core").write_bytes(b"\x00\xffthe-owners-key\x00")
    assert list(_leaks(tmp_path, [b"the-owners-key"])) == ["core"]


def test_our_clock_is_set_back_once_for_each_command() -> None:
    chosen = trials(["swallows-requests", CLOCK_BACK], ["gate", "load"], ONSETS)
    assert [(one.name, one.command, one.onset) for one in chosen] == [
        ("swallows-requests", "gate", START),
        ("swallows-requests", "gate", AFTER),
        ("swallows-requests", "load", START),
        ("swallows-requests", "load", AFTER),
        (CLOCK_BACK, "gate", START),
        (CLOCK_BACK, "load", START),
    ]
    assert chosen[-1].design.exits == {0}


def test_a_row_tells_verdict_time_and_memory() -> None:
    outcome = Outcome(exit_code=3, seconds=1.25, megabytes=80.2, line="nothing answers")
    assert row(GATE, outcome, markdown=True) == (
        "| swallows-requests | gate, start | inconclusive | 1.2 s | 80 MB | as designed |"
    )
    assert "[nothing answers]" in row(GATE, outcome, markdown=False)
