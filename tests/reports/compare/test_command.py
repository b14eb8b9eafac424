"""`assay compare` ends with the exit code of its word, and shows hostile text as text."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from reports.compare.command import compare
from reports.compare.numbers import changed, measured
from tests.record import scene
from tests.reports import doorway
from tests.reports.compare import made

app = typer.Typer()


@app.command()
def command(ctx: typer.Context) -> None:
    """Hold the place of another command, so that compare is called by its name as in assay."""


app.command("compare")(compare)


def invoke(*arguments: object) -> Any:
    return CliRunner(env={"COLUMNS": "100"}).invoke(app, ["compare", *map(str, arguments)], standalone_mode=False)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return made.load_run(tmp_path / "before", 1)


@pytest.mark.parametrize(("scale", "code", "first"), [(1.0, 0, "Same:"), (1.6, 1, "Worse:"), (0.5, 0, "Better:")])
def test_the_word_comes_first_and_decides_the_exit_code(
    before: Path, tmp_path: Path, scale: float, code: int, first: str
) -> None:
    result = invoke(before, made.load_run(tmp_path / "after", 2, scale=scale), "--tolerance", "20%")
    assert result.return_value == code
    assert result.stdout.startswith(first)
    assert "seed       0" in result.stdout
    assert "Tolerated: 20.0%, of failures 0.1 percentage points." in result.stdout


def test_nobody_can_tell_from_short_runs(before: Path, tmp_path: Path) -> None:
    result = invoke(before, made.load_run(tmp_path / "after", 2, seconds=10))
    assert result.return_value == 3
    assert result.stdout.startswith("Cannot tell:")


def test_every_measure_stands_in_the_table(before: Path, tmp_path: Path) -> None:
    text = invoke(before, made.load_run(tmp_path / "after", 2, scale=1.6)).stdout
    rows = [line.split() for line in text.splitlines()]
    start = rows.index(["create_purchase"])
    assert [row[0] for row in rows[start + 1 : start + 5]] == ["p50", "p90", "p99", "failures"]
    assert rows[start + 1][-1] == "worse"
    assert all(len(line) <= 100 for line in text.splitlines() if "ms" in line)


def test_a_judgement_without_room_stands_below_its_figures(before: Path, tmp_path: Path) -> None:
    after = made.load_run(tmp_path / "after", 2, seconds=10)
    runner = CliRunner(env={"COLUMNS": "80"})
    text = runner.invoke(app, ["compare", str(before), str(after)], standalone_mode=False).stdout
    lines = text.splitlines()
    start = lines.index("create_purchase")
    assert lines[start + 1].startswith("  p50  ")
    assert lines[start + 2].startswith("    cannot tell: ")
    table = lines[lines.index("all") : lines.index(next(line for line in lines if line.startswith("Intervals")))]
    assert all(len(line) <= 80 for line in table)
    assert all(line == line.rstrip() for line in table)


def test_json_holds_what_the_table_shows(before: Path, tmp_path: Path) -> None:
    after = made.load_run(tmp_path / "after", 2, scale=1.6)
    document = json.loads(invoke(before, after, "--json", "--seed", 9, "--tolerance", "20%").stdout)
    assert (document["change"], document["exit_code"], document["seed"]) == ("worse", 1, 9)
    assert document["tolerance"] == {"ratio": 0.2, "share": 0.001}
    assert [run["run"] for run in (*document["baseline"], *document["candidate"])] == [str(before), str(after)]
    cell = next(each for each in document["measures"] if (each["operation"], each["measure"]) == ("all", "p50"))
    assert cell["low"] < cell["effect"] < cell["high"]
    assert cell["effect"] == pytest.approx(cell["candidate"] / cell["baseline"] - 1)


def test_quiet_is_one_line(before: Path, tmp_path: Path) -> None:
    text = invoke(before, made.load_run(tmp_path / "after", 2, scale=1.6), "--quiet").stdout
    assert text.startswith("worse: worse: all (p50, p90, p99), create_purchase (p50, ")
    assert text.count("\n") == 1


def test_markdown_is_written_beside_what_is_shown(before: Path, tmp_path: Path) -> None:
    after = made.load_run(tmp_path / "after", 2, scale=1.6)
    assert invoke(before, after, "--markdown", tmp_path / "out.md").stdout.startswith("Worse:")
    text = (tmp_path / "out.md").read_text()
    assert text.startswith("## Worse: the candidate falls behind the baseline.\n")
    rows = [line for line in text.splitlines() if line.startswith("| all | p50 |")]
    assert len(rows) == 1
    assert rows[0].endswith("| **worse** |")


def test_gates_show_findings_and_clauses(tmp_path: Path) -> None:
    one, two = made.write(tmp_path / "one", made.document()), made.write(tmp_path / "two", scene.document())
    result = invoke(one, two, "--markdown", tmp_path / "out.md")
    assert result.return_value == 1
    assert "appeared error LIFE-3" in result.stdout
    assert "LIFE-3   kept, now broken" in result.stdout
    assert "| LIFE-3 | kept | broken | worse |" in (tmp_path / "out.md").read_text()


def test_a_label_stands_beside_its_run(before: Path, tmp_path: Path) -> None:
    labelled = made.document(made.load_section(), label="4b96832")
    after = made.write(tmp_path / "after", labelled, made.lines(2))
    assert f"{after} (4b96832): kept" in "".join(invoke(before, after).stdout.splitlines(keepends=True))


def test_hostile_text_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    nasty = "\x1b[2J\u202e<script>alert(1)</script> | [x](http://evil.example) @all\n# no\ud800"
    findings = [{**finding, "title": nasty} for finding in scene.document()["findings"]]
    load = made.load_section()
    one = made.write(tmp_path / "one", made.document(load), made.lines(1, operations=("<b>[red]\x1b]0;x",)))
    two = made.write(
        tmp_path / "two",
        made.document(load, label=nasty, findings=findings, target=nasty),
        made.lines(2, operations=("<b>[red]\x1b]0;x",)),
    )
    result = invoke(one, two, "--markdown", tmp_path / "out.md")
    assert result.return_value == 1
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout
    assert "<b>[red]\\x1b]0;x" in result.stdout
    text = (tmp_path / "out.md").read_text()
    for bad in ("\x1b", "\u202e", "<script>", "<b>", "@all", "\n# no"):
        assert bad not in text
    assert re.search(r"(?<!\\)\]\(", text) is None
    assert {line.replace("\\|", "").count("|") for line in table(text, "operation")} == {8}
    assert json.loads(invoke(one, two, "--json").stdout)["findings"][0]["title"] == nasty


def table(text: str, first: str) -> list[str]:
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first}"))
    end = next(number for number in range(start, len(lines)) if not lines[number].startswith("|"))
    return [line for line in lines[start:end] if "---" not in line]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--tolerance", "5"], "'5' is no percentage from 0% to 1000%, such as 5%"),
        (["--tolerance", "-5%"], "'-5%' is no percentage"),
        (["--tolerance", "nan%"], "'nan%' is no percentage"),
        (["--failure-tolerance", "much"], "'much' is no percentage"),
        (["--seed", "-1"], "'-1' is no whole number from 0"),
    ],
)
def test_a_wrong_value_is_told_with_the_value(before: Path, arguments: list[str], told: str) -> None:
    result = invoke(before, before, *arguments)
    assert told in str(result.exception)


def test_what_is_no_run_is_one_line_and_exit_code_2(before: Path, tmp_path: Path) -> None:
    result = doorway.invoke(app, "compare", str(before), str(tmp_path / "nothing"))
    assert result.exit_code == 2
    assert result.stderr.startswith("assay: ")
    assert "holds no run" in result.stderr
    assert result.stderr.count("\n") == 1
    (before / "seconds.jsonl").unlink()
    result = doorway.invoke(app, "compare", str(before), str(before))
    assert (result.exit_code, "seconds.jsonl" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "ms", "-"),
        (0.1234, "ms", "0.12 ms"),
        (12.34, "ms", "12.3 ms"),
        (1234.5, "ms", "1,234 ms"),
        (0.0012, "%", "0.12 %"),
        (40.0, "/s", "40.0/s"),
    ],
)
def test_numbers_have_three_figures_and_a_unit(value: float | None, unit: str, shown: str) -> None:
    assert measured(value, unit) == shown


@pytest.mark.parametrize(
    ("effect", "unit", "shown"),
    [
        (None, "ms", "-"),
        (0.2, "ms", "+20.0 %"),
        (-0.05, "/s", "-5.0 %"),
        (1e9, "ms", "> +999 %"),
        (0.002, "%", "+0.20 pp"),
        (-0.00001, "ms", "+0.0 %"),
    ],
)
def test_changes_have_a_sign(effect: float | None, unit: str, shown: str) -> None:
    assert changed(effect, unit) == shown


def test_no_other_command_waits_for_the_statistics() -> None:
    code = "import sys, reports.compare.command, reports.trend.command; print({'numpy', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
