"""The recipes: valid by the published schemas, and each command in them one that exists."""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from assay import app
from tests.test_cli import ROOT, run

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCHEMAS = [(path, "github-workflows") for path in WORKFLOWS]
SCHEMAS += [(ROOT / "action.yml", "github-actions"), (ROOT / "compose.yaml", "compose-spec")]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def scripts(path: Path) -> Iterator[str]:
    """Every shell script of a workflow or action."""
    held = read(path)
    jobs = [held["runs"]] if "runs" in held else held["jobs"].values()
    for job in jobs:
        yield from (step["run"] for step in job["steps"] if "run" in step)


def commands() -> Iterator[tuple[str, str]]:
    """Every call of assay in a recipe, by where it stands."""
    for path in WORKFLOWS:
        for script in scripts(path):
            yield from ((path.name, line) for line in re.findall(r"^\s*(assay .+)$", script, re.MULTILINE))
    for name, service in read(ROOT / "compose.yaml")["services"].items():
        if service["command"][0] == "assay":
            yield name, shlex.join(service["command"])
    yield from ((hook["id"], shlex.join([*hook["entry"].split(), *hook["args"]])) for hook in hooks())


def hooks() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(ROOT / ".pre-commit-hooks.yaml")
    return found


@pytest.mark.parametrize(("path", "schema"), SCHEMAS, ids=lambda value: getattr(value, "name", value))
def test_a_recipe_is_valid_by_the_published_schema(path: Path, schema: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_a_workflow_for_each_occasion() -> None:
    assert [path.stem for path in WORKFLOWS] == ["gate", "nightly", "prerelease"]


@pytest.mark.parametrize(("place", "line"), sorted(set(commands())))
def test_every_command_and_option_of_a_recipe_exists(place: str, line: str) -> None:
    words = shlex.split(line)
    group: Any = typer.main.get_command(app)
    assert words[1] in group.commands
    known = {name for option in group.commands[words[1]].params for name in option.opts}
    given = {word.partition("=")[0] for word in words[2:] if word.startswith("--")}
    assert given <= known, f"{place}: {given - known}"


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda path: path.name)
def test_no_expression_is_pasted_into_a_script(path: Path) -> None:
    assert [script for script in scripts(path) if "${{" in script] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_asks_for_no_more_rights_than_it_needs(path: Path) -> None:
    assert read(path)["permissions"] == {"contents": "read"}


@pytest.mark.parametrize(
    ("inputs", "wanted"),
    [
        ({}, ["gate", "--depth", "quick", "--out", "reports/runs/gate"]),
        (
            {"INPUT_URL": "http://127.0.0.1:1", "INPUT_PROFILE": "auto", "INPUT_DEPTH": "full",
             "INPUT_OPTIONS": "--max-purchases=40\n--max-spend=9.50\n"},
            ["gate", "--depth", "full", "--out", "reports/runs/gate", "--url", "http://127.0.0.1:1", "--profile",
             "auto", "--max-purchases=40", "--max-spend=9.50"],
        ),
        ({"INPUT_URL": "$(touch x); true"},
         ["gate", "--depth", "quick", "--out", "reports/runs/gate", "--url", "$(touch x); true"]),
    ],
)  # fmt: skip
def test_the_action_hands_its_inputs_on_and_the_exit_code_back(
    tmp_path: Path, inputs: dict[str, str], wanted: list[str]
) -> None:
    assay = tmp_path / "assay" / "bin" / "assay"
    assay.parent.mkdir(parents=True)
    assay.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 3\n')
    assay.chmod(assay.stat().st_mode | stat.S_IXUSR)
    action = read(ROOT / "action.yml")
    step = next(step for step in action["runs"]["steps"] if step.get("name") == "Gate")
    given = {f"INPUT_{name.upper()}": action["inputs"][name]["default"] for name in
             ("url", "profile", "depth", "options", "out")} | inputs  # fmt: skip
    assert set(step["env"]) == set(given)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path, env={"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path), **given},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()) == (3, wanted), done.stderr
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("document", "code"), [("2026-02.yaml", 0), ("broken.yaml", 1)])
def test_the_hook_fails_where_the_document_breaks_a_consumer(tmp_path: Path, document: str, code: int) -> None:
    held = yaml.safe_load((ROOT / "contracts" / "openapi" / "2026-02.yaml").read_text())
    (tmp_path / "2026-02.yaml").write_text(yaml.safe_dump(held))
    del held["paths"]["/v1/purchases"]["post"]
    (tmp_path / "broken.yaml").write_text(yaml.safe_dump(held))
    hook = hooks()[0]
    done = run(*hook["entry"].split()[1:], *hook["args"], f"./{document}", cwd=tmp_path)
    assert done.returncode == code, done.stderr


def test_the_hook_looks_at_openapi_documents_alone() -> None:
    pattern = re.compile(hooks()[0]["files"])
    assert pattern.search("api/openapi.yaml")
    assert pattern.search("openapi.json")
    assert not pattern.search("api/openapi.yaml.md")


def test_the_image_is_not_run_by_root_and_has_what_it_runs() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["10001"]
    copied = {
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    }
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == kept
    packages = {path.name for path in ROOT.iterdir() if (path / "__init__.py").is_file()} - {"tests"}
    assert packages <= copied
