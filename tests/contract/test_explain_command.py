"""What a reader of `assay explain` sees."""

import json
import re

import pytest
import typer
from typer.testing import CliRunner, Result

from contracts.clauses import load_clauses, load_families
from contracts.explain import explain

app = typer.Typer()
app.command()(explain)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "80", "NO_COLOR": "1"})


def words(text: str) -> str:
    """Undo the wrapping: the text without the labels' column and line breaks."""
    return " ".join(text.split())


@pytest.mark.parametrize("name", load_clauses())
def test_a_clause_is_told_whole(name: str) -> None:
    clause = load_clauses()[name]
    result = run(name)
    assert result.exit_code == 0
    heading, standing, _, *body = result.stdout.splitlines()
    assert heading == f"{name}  {clause.title}"
    assert standing == f"{clause.severity} · {clause.basis} · {load_families()[clause.family]}"
    told = re.sub(r"\W", "", "".join(line[11:] for line in body))
    for text in (clause.promise, clause.why, clause.tested, clause.breaks, clause.lawful):
        assert re.sub(r"\W", "", text) in told


def test_brackets_are_no_markup() -> None:
    assert '["US"] with 500' in words(run("INPUT-1").stdout)


def test_letter_case_and_space_do_not_matter() -> None:
    assert run(" life-3 ").stdout == run("LIFE-3").stdout


def test_tolerances_are_told_where_there_are_any() -> None:
    assert "clock_skew_s = 300" in run("VALUE-5").stdout
    assert "tolerance" not in run("VALUE-4").stdout


def test_a_family_is_listed() -> None:
    lines = run("life").stdout.splitlines()
    assert lines[0] == "LIFE: across responses, in real time"
    assert [line.split()[0] for line in lines[1:]] == [f"LIFE-{number}" for number in range(1, 11)]


@pytest.mark.parametrize("arguments", [(), ("all",), ("ALL",)])
def test_all_are_listed(arguments: tuple[str, ...]) -> None:
    listed = [line.split()[0] for line in run(*arguments).stdout.splitlines() if line.strip()]
    assert [name for name in listed if name in load_clauses()] == list(load_clauses())


def test_json_of_a_clause_is_an_object() -> None:
    told = json.loads(run("value-5", "--json").stdout)
    assert told["id"] == "VALUE-5"
    assert told["tolerance"] == {"clock_skew_s": 300}
    assert told["promise"] == load_clauses()["VALUE-5"].promise


def test_json_of_a_family_is_an_array() -> None:
    assert [clause["id"] for clause in json.loads(run("WIRE", "--json").stdout)] == [
        "WIRE-1",
        "WIRE-2",
        "WIRE-3",
    ]


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("LIFE-33", "unknown clause 'LIFE-33'; did you mean LIFE-3?"),
        ("shpe", "unknown clause 'shpe'; did you mean SHAPE?"),
        ("\n", f"unknown clause '\\n'; the families are {', '.join(load_families())}"),
        ("?" * 100, f"unknown clause '{'?' * 40}'; the families are {', '.join(load_families())}"),
    ],
)
def test_an_unknown_clause_is_a_usage_error_of_one_line(name: str, complaint: str) -> None:
    result = run(name)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == f"assay: {complaint}\n"
