"""A load run that was killed tells what it had measured until then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import assay
from contracts.record.rundir import RunDirectory
from load.measure.answers import Answers
from load.measure.histogram import Histogram
from load.measure.rows import csv_head, csv_line
from load.measure.second import Second
from load.measure.timeline import timeline_row
from reports.partial import Measured, kept, measured
from tests.record import scene


def killed(directory: Path, *rows: str) -> Path:
    """Write what a load run leaves that was killed."""
    RunDirectory.create("load", directory, scene.STARTED).write_started(replace(scene.facts(), command="load"))
    (directory / "timeline.csv").write_text("".join([csv_head(), *rows]), "utf-8")
    return directory


def row(t: int, requests: int) -> str:
    told = timeline_row(Second(t), Answers(), Histogram(), None, None)
    return csv_line({**told, "requests": requests})


def test_seconds_and_requests_are_told_in_every_document(tmp_path: Path) -> None:
    run = killed(tmp_path / "run", row(0, 90), row(1, 1100))
    shown = CliRunner().invoke(assay.app, ["report", str(run)])
    assert shown.exit_code == 0, shown.output
    told = "The run ended before its time; its timeline holds 2 seconds with 1,190 requests"
    assert told in " ".join(shown.output.split())
    assert "its timeline holds 2 seconds with 1,190 requests" in (run / "report.md").read_text("utf-8")
    assert "its timeline holds 2 seconds with 1,190 requests" in (run / "report.html").read_text("utf-8")


def test_a_row_that_was_cut_is_not_counted(tmp_path: Path) -> None:
    run = killed(tmp_path / "run", row(0, 90), row(1, 1100)[:-4])
    assert measured(run) == Measured(1, 90)


@pytest.mark.parametrize("content", ["t,requests\n1,many\n", "\0\n\0\n", f"t,span_s,requests\n0,1,{'9' * 5000}\n"])
def test_what_is_no_timeline_tells_nothing(content: str, tmp_path: Path) -> None:
    run = killed(tmp_path / "run")
    (run / "timeline.csv").write_text(content)
    assert measured(run) is None


def test_a_gate_has_its_history_told(tmp_path: Path) -> None:
    made = RunDirectory.create("gate", tmp_path / "run", scene.STARTED)
    with made.history(scene.masker()) as history:
        history.write(scene.operations()[0])
    left = kept(made.path)
    assert left is not None
    assert left.told.startswith("its history holds 1 operation, ")
