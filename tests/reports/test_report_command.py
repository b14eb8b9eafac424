"""`assay report` shows a run again; what is no run is one clear line and exit code 2."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from junitparser import JUnitXml

from contracts.record.masking import Masker
from contracts.record.recheck import recheck_run
from contracts.record.rundir import RunDirectory
from reports.command import make_report
from reports.errors import DocumentError
from reports.partial import Recorded, recorded
from reports.rundocs import build, load_run
from tests.record import scene
from tests.reports import doorway

DOCUMENTS = {"exchanges.har", "findings.sarif", "junit.xml", "report.html", "report.md"}

app = typer.Typer()
app.command()(make_report(recheck_run))


def invoke(*arguments: str) -> Any:
    return doorway.invoke(app, *arguments)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    made = RunDirectory.create("gate", tmp_path / "run", scene.STARTED)
    with made.history(Masker({})) as history:
        for operation in scene.operations():
            history.write(operation)
    made.write_result(scene.document())
    return made.path


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A run that was killed after three operations."""
    made = RunDirectory.create("gate", tmp_path / "killed", scene.STARTED)
    made.write_started(scene.facts(notes=(), requests=0, purchases=0, spend=Decimal(0), spend_currency=None))
    history = made.history(Masker({}))
    for operation in scene.operations()[:3]:
        history.write(operation)
    history.close()
    with (made.path / "history.jsonl").open("ab") as file:
        file.write(b'{"index": 3, "prin')
    return made.path


def test_a_run_is_shown_and_its_documents_are_written_again(run: Path) -> None:
    result = invoke(str(run))
    assert result.exit_code == 0
    assert result.stdout.startswith("Broken: the target does not keep its contract.")
    assert "".join(str(run).split()) in "".join(result.stdout.split())
    assert JUnitXml.fromfile(str(run / "junit.xml")).failures == 2
    assert {path.name for path in run.iterdir()} == {*DOCUMENTS, "history.jsonl", "run.json"}


def test_the_file_itself_may_be_named(run: Path) -> None:
    assert invoke(str(run / "run.json")).exit_code == 0
    assert (run / "junit.xml").exists()


def test_one_line_and_json(run: Path) -> None:
    quiet = invoke(str(run), "--quiet").stdout
    assert quiet.startswith("broken: 2 findings (LIFE-3, SHAPE-6), 1 warning")
    assert quiet.count("\n") == 1
    assert json.loads(invoke(str(run), "--json").stdout) == scene.document()


def test_a_run_that_was_killed_says_how_far_it_came(killed: Path) -> None:
    result = invoke(str(killed))
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert text.startswith("Inconclusive: the target was not put to the whole test. the run was cut short")
    assert "The run ended before its time; its history holds 3 operations, 1 purchase among them." in text
    assert "cost" not in text
    assert "requests" not in invoke(str(killed), "-q").stdout
    assert JUnitXml.fromfile(str(killed / "junit.xml")).errors == 1


def test_creates_without_an_answer_may_have_cost_money_and_refused_ones_did_not(tmp_path: Path) -> None:
    create = '{"operation": "create_purchase", "outcome": "%s"}'
    lines = [create % "ok", create % "unknown", create % "fail", "create_purchase", '["create_purchase"]', "\xff"]
    odd = '{"operation": "list_purchases", "response_body": "create_purchase", "outcome": "ok"}'
    (tmp_path / "history.jsonl").write_text("\n".join([*lines, odd, '"create_purchase"', create % "ok"]))
    assert recorded(tmp_path) == Recorded(operations=8, purchases=2)


def test_a_run_without_a_history_holds_none(tmp_path: Path) -> None:
    RunDirectory(tmp_path).write_started(scene.facts())
    assert recorded(tmp_path) is None
    assert "The run ended before its time.\n" in invoke(str(tmp_path)).stdout


def test_what_was_built_is_told(run: Path) -> None:
    assert {path.relative_to(run).name for path in build(run)} == DOCUMENTS
    assert build(run / "run.json") == build(run)


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "{} is not JSON: Expecting value"),
        (b"\xff\xfe\x00", "{} is not JSON: "),
        (DEEP, "{} is not JSON: "),
        (b"[]", "{} is not the result of a run of assay"),
        (b'{"a": 1}', "{} is not the result of a run of assay"),
        (b'{"schema": 2}', "{} has schema version 2; this release reads version 1"),
        (b'{"schema": "' + b"x" * 9999 + b'"}', "{} has schema version 'xxx"),
        (b'{"schema": 1}', "{} is not the result of a run of assay: at its root: "),
        (
            json.dumps({**scene.document(), "seed": "seven"}).encode(),
            '{} is not the result of a run of assay: at seed: "seven" is not of type "integer"',
        ),
        (
            json.dumps(scene.document())[:-1].encode() + b', "load": ' + b"[" * 400 + b"]" * 400 + b"}",
            "{} is not the result of a run of assay: ",
        ),
        (
            json.dumps({**scene.document(), "notes": ["x" * 100_000, 1]}).encode(),
            '{} is not the result of a run of assay: at notes/1: 1 is not of type "string"',
        ),
    ],
)
def test_what_is_no_run_is_one_clear_line(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "run.json"
    file.write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        load_run(tmp_path)
    assert str(caught.value).startswith(message.format(file))
    assert len(str(caught.value)) < len(str(file)) + 400
    result = invoke(str(tmp_path))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"assay: {file}")
    assert result.stderr.count("\n") == 1


def test_a_lone_surrogate_is_shown_as_an_escape(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({**scene.document(), "target": "http://\ud800"}))
    result = invoke(str(tmp_path))
    assert result.exit_code == 0
    assert r"target    http://\ud800" in result.stdout


def test_a_place_without_a_run_is_one_clear_line(tmp_path: Path) -> None:
    result = invoke(str(tmp_path / "nowhere"))
    assert result.exit_code == 2
    assert result.stderr == f"assay: {tmp_path}/nowhere holds no run: there is no {tmp_path}/nowhere/run.json\n"
    (tmp_path / "run.json").mkdir()
    assert invoke(str(tmp_path)).stderr == f"assay: cannot read {tmp_path}/run.json: Is a directory\n"


def test_a_file_that_is_no_run_is_told_as_such(run: Path) -> None:
    page = run / "report.html"
    page.write_text("<p>a report</p>")
    result = invoke(str(page))
    assert result.exit_code == 2
    assert result.stderr == f"assay: {page} is neither a run directory nor a run.json\n"


def test_a_result_beyond_reason_is_not_read(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.rundocs._MAX_RESULT", 100)
    with pytest.raises(DocumentError, match="is larger than 100 bytes"):
        load_run(run)


def test_a_run_that_cannot_be_written_to_is_shown_all_the_same(run: Path) -> None:
    (run / "junit.xml").mkdir()
    result = invoke(str(run))
    assert result.exit_code == 2
    assert result.stdout.startswith("Broken:")
    assert result.stderr == f"assay: cannot write {run / 'junit.xml'}: Is a directory\n"
