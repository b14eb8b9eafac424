"""The command as a user meets it: exit codes, one line for every mistake, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from openapi_spec_validator import validate
from typer.testing import CliRunner

import assay
import contracts.drift
from contracts.drift.command import drift
from contracts.drift.overlay import apply_overlay
from contracts.drift.rules import RULES
from contracts.errors import UsageError
from contracts.history import OWNER, Answer, ApiOperation, Input, Operation
from contracts.profiles import openapi_document
from contracts.record.historyfile import HistoryWriter
from contracts.record.masking import Masker
from tests.drift.build import answered, call

SCHEMA = json.loads((Path(contracts.drift.__file__).parent / "drift.schema.json").read_text("utf-8"))
PURCHASE: dict[str, Any] = openapi_document("2026-05")["components"]["examples"]["ExpiredPurchase"]["value"]
PHONE, KEY = PURCHASE["phone_number"], "owner-key-0123456789"


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    return found


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run on a target of the newer profile, judged by the older one."""
    directory = tmp_path / "run"
    directory.mkdir()
    (directory / "run.json").write_text(json.dumps({"schema": 1, "profile": "2026-02"}))
    answer = Answer(200, (("content-type", "application/json"),), json.dumps(PURCHASE).encode())
    sent = Input("GET", "/v1/purchases/12349", headers=(("x-api-key", KEY),))
    with HistoryWriter(directory / "history.jsonl", Masker({"owner": KEY})) as history:
        for index in range(3):
            history.write(Operation(index, OWNER, ApiOperation.RETRIEVE, sent, answer, 0.0, 1.0))
    return directory


def test_the_profiles_drift_is_breaking(capsys: pytest.CaptureFixture[str]) -> None:
    assert drift("2026-02", "2026-05", as_json=True) == 1
    found = document(capsys)
    assert (found["verdict"], found["exit_code"]) == ("breaking", 1)
    assert found["counts"] == {"breaking": 1, "warning": 1, "info": 5}
    assert found["changes"][0]["subject"] == "Verification.password"
    assert found["old"] == {"source": "2026-02", "title": "Purchases API", "version": "2026-02"}


def test_a_contract_does_not_drift_from_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert drift("2026-05", "2026-05") == 0
    assert "no drift from 2026-05 to 2026-05" in capsys.readouterr().out
    assert drift("2026-05", "2026-05", as_json=True) == 0
    assert document(capsys)["changes"] == []


def test_severities_are_told_apart_for_readers(capsys: pytest.CaptureFixture[str]) -> None:
    assert drift("2026-02", "2026-05") == 1
    shown = capsys.readouterr().out
    places = [shown.index(word) for word in ("Breaking (1)", "Warnings", "EXPIRED", "Compatible (5)", "Account.emoji")]
    assert places == sorted(places)
    assert drift("2026-02", "2026-05", quiet=True) == 1
    assert capsys.readouterr().out.splitlines() == [
        "2026-05 breaks a consumer of 2026-02: 1 breaking, 1 warning, 5 compatible changes"
    ]


def test_markdown_is_written_whole_and_no_text_of_a_document_escapes_its_cell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = "a|b`c<script>\x1b[31m\u202e\ud800"
    (tmp_path / "old.json").write_text(json.dumps(answered({"type": "object", "properties": {odd: {}}})))
    (tmp_path / "new.json").write_text(json.dumps(answered({"type": "object"})))
    page = tmp_path / "drift.md"
    assert drift(str(tmp_path / "old.json"), str(tmp_path / "new.json"), markdown_file=page) == 0
    text = page.read_text("utf-8")
    row = next(line for line in text.splitlines() if "response-optional-key-removed" in line)
    assert row.replace("\\|", "").count("|") == 6
    assert "<script" not in text
    shown = capsys.readouterr().out
    for bad in ("\x1b", "\u202e", "\ud800"):
        assert bad not in text
        assert bad not in shown


def test_only_info_and_warnings_exit_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "old.json").write_text(json.dumps(answered({"enum": ["a"]})))
    (tmp_path / "new.json").write_text(json.dumps(answered({"enum": ["a", "b"]})))
    assert drift(str(tmp_path / "old.json"), str(tmp_path / "new.json"), as_json=True) == 0
    assert document(capsys)["counts"] == {"breaking": 0, "warning": 1, "info": 0}


def test_observed_drift_is_told_with_counts_and_proposed(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overlay = tmp_path / "overlay.yaml"
    assert drift(observed=run, write=overlay, as_json=True) == 0
    found = document(capsys)
    assert found["observed"] == {
        "run": str(run), "answers": 3, "unread": 0, "dropped": 0, "overlay": str(overlay),
    }  # fmt: skip
    assert {(change["rule"], change["subject"], change["count"]) for change in found["changes"]} == {
        ("response-enum-widened", "Status", 3),
        ("response-key-added", "Purchase.emoji", 3),
        ("response-key-added", "Purchase.purchase_source", 3),
    }
    patched = apply_overlay(openapi_document("2026-02"), yaml.safe_load(overlay.read_text("utf-8")))
    validate(patched)
    assert "EXPIRED" in patched["components"]["schemas"]["Status"]["enum"]
    written = overlay.read_text("utf-8") + json.dumps(found)
    assert PHONE not in written
    assert KEY not in written
    assert drift(observed=run / "run.json", profile="2026-05", quiet=True) == 0


def test_a_proposal_can_be_json_and_is_not_made_of_nothing(run: Path, tmp_path: Path) -> None:
    assert drift(observed=run, write=tmp_path / "overlay.json", quiet=True) == 0
    assert json.loads((tmp_path / "overlay.json").read_text("utf-8"))["overlay"] == "1.0.0"
    assert drift(observed=run, profile="2026-05", write=tmp_path / "nothing.yaml", quiet=True) == 0
    assert not (tmp_path / "nothing.yaml").exists()


def test_a_killed_run_can_be_observed(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "run.json").unlink()
    with (run / "history.jsonl").open("ab") as history:
        history.write(b'{"index": 3, "princ')
    assert drift(observed=run, as_json=True) == 0
    found = document(capsys)
    assert (found["old"]["source"], found["observed"]["answers"]) == ("2026-02", 3)


def test_bad_usage_is_one_line(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there.yaml").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "silent").mkdir()
    (tmp_path / "silent" / "history.jsonl").touch()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "run.json").write_text('{"profile": "1999"}')
    (tmp_path / "spoilt").mkdir()
    (tmp_path / "spoilt" / "history.jsonl").write_text("{}\n")
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "two contracts are compared"),
        ({"old": "2026-02"}, "two contracts are compared"),
        ({"old": "2026-02", "new": "2026-5"}, "did you mean the profile 2026-05"),
        ({"old": "2026-02", "observed": run}, "'2026-02' was given as well"),
        ({"old": "2026-02", "new": "2026-05", "profile": "2026-02"}, "--profile '2026-02' goes with --observed"),
        ({"old": "2026-02", "new": "2026-05", "write": tmp_path / "x"}, "goes with --observed"),
        ({"observed": run, "profile": "2027-01"}, "'2027-01' is not one of 2026-02, 2026-05"),
        ({"observed": run, "write": tmp_path / "there.yaml"}, "exists; give --write a new file"),
        ({"observed": run, "write": tmp_path / "no" / "x.yaml"}, "cannot write"),
        ({"observed": tmp_path / "empty"}, "holds no run"),
        ({"observed": Path(__file__)}, "test_command.py is no run directory"),
        ({"observed": tmp_path / "silent"}, "holds no answer"),
        ({"observed": tmp_path / "odd"}, "names no profile"),
        ({"observed": tmp_path / "spoilt"}, "line 1 is no operation"),
        ({"old": "2026-02", "new": "2026-05", "markdown_file": tmp_path / "no" / "x.md"}, "cannot write"),
    ]
    for arguments, words in cases:
        with pytest.raises(UsageError) as refused:
            drift(**arguments)
        assert words in str(refused.value)
        assert len(str(refused.value).splitlines()) == 1
    monkeypatch.setenv("ASSAY_API_KEY", "secret\nvalue")
    with pytest.raises(UsageError, match="not shown here") as refused:
        drift("2026-02", "2026-05")
    assert "secret" not in str(refused.value)


def test_the_rules_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert drift(rules=True, as_json=True) == 0
    assert [entry["id"] for entry in json.loads(capsys.readouterr().out)] == list(RULES)
    assert drift(rules=True) == 0
    assert "request-key-now-required" in capsys.readouterr().out


def test_the_command_is_part_of_assay_and_its_help_has_examples(tmp_path: Path) -> None:
    runner = CliRunner()
    shown = runner.invoke(assay.app, ["drift", "--help"], env={"COLUMNS": "120"})
    assert shown.exit_code == 0
    assert "assay drift 2026-02 2026-05" in shown.output
    (tmp_path / "a.json").write_text(json.dumps(call()))
    both = runner.invoke(assay.app, ["drift", str(tmp_path / "a.json"), "2026-02", "--quiet"], standalone_mode=False)
    assert both.return_value == 1
