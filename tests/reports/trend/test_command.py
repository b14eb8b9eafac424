"""`assay trend` reads a directory of nights and ends with the exit code of its word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from reports.trend.command import trend
from reports.trend.terminal import sparkline
from tests.record import scene
from tests.reports import doorway
from tests.reports.trend import made

app = typer.Typer()


@app.command()
def command(ctx: typer.Context) -> None:
    """Hold the place of another command, so that trend is called by its name as in assay."""


app.command("trend")(trend)


def invoke(*arguments: object, charset: str = "utf-8") -> Any:
    runner = CliRunner(env={"COLUMNS": "110"}, charset=charset)
    return runner.invoke(app, ["trend", *map(str, arguments)], standalone_mode=False)


@pytest.fixture(scope="module")
def worse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nights of which the last fourteen are 40 % slower, a gate, and a run that was cut short."""
    values = made.stepped(made.noise(1, 46, spread=0.03), 32, 1.4)
    root = made.directory(tmp_path_factory.mktemp("nights"), values, labels={32: "4b96832"})
    made.put(root, "gate", scene.document())
    made.put(root, "cut", made.load_night(3, 100.0, partial=True))
    return root


def test_slower_nights_are_told_first_with_the_night_and_label_of_the_change(worse: Path) -> None:
    result = invoke(worse)
    assert result.return_value == 1
    assert result.stdout.startswith("Worse: the newest nights are worse than those before.\n  worse: all (p50, p99), ")
    assert f"{made.started(32)} (4b96832): all p50 +" in result.stdout
    assert "nights     46, from 2026-01-01T02:00:00.000Z to 2026-02-15T02:00:00.000Z" in result.stdout
    assert "setup      host loopback, profile 2026-02, plan nightly, model open, shape steady, rate 40" in result.stdout
    assert "besides    1 run of other commands" in result.stdout
    assert f"{worse / 'cut'}: it ended before its time" in result.stdout
    rows = [line.split() for line in result.stdout.splitlines()]
    assert [row[-1] for row in rows if row[:2] == ["create_purchase", "p99"]] == ["worse"]


@pytest.mark.parametrize(("nights", "code", "first"), [(31, 0, "Same:"), (12, 3, "Cannot tell:")])
def test_the_word_decides_the_exit_code(tmp_path: Path, nights: int, code: int, first: str) -> None:
    result = invoke(made.directory(tmp_path, made.noise(1, nights)))
    assert result.return_value == code
    assert result.stdout.startswith(first)


def test_an_empty_directory_tells_nothing(tmp_path: Path) -> None:
    result = invoke(tmp_path)
    assert result.return_value == 3
    assert "0 nights that can be set beside each other; a trend needs 21" in result.stdout


def test_documents_are_written_where_they_are_asked_for(worse: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "trend"
    shown = invoke(worse, "--out", out, "--json").stdout
    document = json.loads((out / "trend.json").read_text())
    assert document == json.loads(shown)
    assert (document["change"], document["exit_code"], document["other_runs"]) == ("worse", 1, 1)
    assert [night["label"] for night in document["nights"]].index("4b96832") == 32
    assert [run["reason"] for run in document["left_out"]] == ["it ended before its time"]
    series = next(each for each in document["series"] if (each["operation"], each["measure"]) == ("all", "p99"))
    assert (series["change"], series["unit"], len(series["values"])) == ("worse", "ms", 46)
    assert abs(series["change_points"][0]["index"] - 32) <= 1
    text = (out / "trend.md").read_text()
    assert text.startswith("## Worse: the newest nights are worse than those before.\n")
    assert sum(line.startswith("| ") for line in text.splitlines()) == 1 + len(document["series"])
    assert "### The level changed" in text
    assert "### Left out" in text
    assert (out / "trend.html").read_text().startswith("<!doctype html>")
    assert sorted(path.name for path in out.iterdir()) == ["trend.html", "trend.json", "trend.md"]


def test_quiet_is_one_line(worse: Path) -> None:
    text = invoke(worse, "--quiet").stdout
    assert text.startswith("worse: worse: all (p50, p99)")
    assert text.count("\n") == 1


def test_nothing_is_written_unless_asked_for(worse: Path) -> None:
    before = sorted(worse.rglob("*"))
    assert invoke(worse).return_value == 1
    assert sorted(worse.rglob("*")) == before


def test_hostile_nights_are_named_and_nothing_of_them_is_obeyed(tmp_path: Path) -> None:
    root = made.directory(tmp_path / "nights", made.noise(2, 30), labels={3: "\x1b[2J<b>@all"})
    made.put(root, "0-\x1b[31m<script>", "{" * 10_000)
    made.put(root, "1", made.load_night(1, 100.0, {"plan": "\u202e[x](http://evil.example)"}))
    made.put(root, "2", made.load_night(1, 100.0, {"operations": [made.row("\x1b]0;x", 1.0, -5.0)]}))
    result = invoke(root, "--out", tmp_path / "out")
    assert result.return_value == 0
    for bad in ("\x1b", "\u202e"):
        assert bad not in result.stdout
    assert "0-\\x1b[31m<script>: " in result.stdout
    text = (tmp_path / "out" / "trend.md").read_text()
    for bad in ("\x1b", "\u202e", "<script>", "<b>"):
        assert bad not in text
    assert len(json.loads((tmp_path / "out" / "trend.json").read_text())["left_out"]) == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--newest", "2"], "'2' is no number of nights from 3 to 30"),
        (["--newest", "seven"], "'seven' is no number of nights"),
        (["--min-effect", "10"], "'10' is no percentage"),
        (["--seed", "x"], "'x' is no whole number from 0"),
    ],
)
def test_a_wrong_value_is_told_with_the_value(worse: Path, arguments: list[str], told: str) -> None:
    assert told in str(invoke(worse, *arguments).exception)


@pytest.mark.parametrize("effect", ["0%", "100%"])
def test_an_effect_that_cannot_be_judged_is_exit_code_2(worse: Path, effect: str) -> None:
    result = doorway.invoke(app, "trend", str(worse), "--min-effect", effect)
    assert (result.exit_code, result.stderr) == (2, f"assay: --min-effect {effect} is not between 0% and 100%\n")


def test_what_is_no_directory_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    result = doorway.invoke(app, "trend", str(tmp_path / "nothing"))
    assert result.exit_code == 2
    assert result.stderr.startswith("assay: ")
    assert result.stderr.count("\n") == 1


def test_a_sparkline_runs_from_the_lowest_to_the_highest_with_gaps() -> None:
    assert sparkline([1.0, None, 8.0, 4.5], ascii_only=False) == "▁ █▅"
    assert sparkline([1.0, None, 8.0, 4.5], ascii_only=True) == "_ %+"
    assert sparkline([5.0, 5.0], ascii_only=True) == "__"
    assert sparkline([None], ascii_only=True) == ""
