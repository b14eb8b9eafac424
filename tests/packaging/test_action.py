"""What the composite action makes of its inputs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


def words(tmp_path: Path, **inputs: str) -> list[str]:
    """Return what the action calls assay with, the inputs that are not given by their defaults."""
    command = tmp_path / "assay" / "bin" / "assay"
    command.parent.mkdir(parents=True)
    command.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    command.chmod(0o755)
    (step,) = [step for step in ACTION["runs"]["steps"] if step.get("name") == "Gate"]
    given = {name: declared.get("default", "") for name, declared in ACTION["inputs"].items()} | inputs
    # An expression of an input is its value.
    values = {
        name: given[expression.removeprefix("${{ inputs.").removesuffix(" }}")]
        for name, expression in step["env"].items()
    }
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        env={"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path), **values},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.splitlines()


USUAL = ["gate", "--depth", "quick", "--out", "reports/runs/gate"]


def test_without_an_address_the_sandbox_is_tested(tmp_path: Path) -> None:
    assert words(tmp_path) == USUAL


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", ""])
def test_an_address_is_passed_on_and_an_empty_one_too_for_assay_to_refuse(tmp_path: Path, url: str) -> None:
    assert words(tmp_path, url=url) == [*USUAL, "--url", url]


def test_options_are_lines_and_no_script(tmp_path: Path) -> None:
    options = "--max-purchases=40\n\n--label=$(id); true"
    assert words(tmp_path, options=options, profile="auto") == [
        *USUAL,
        "--profile",
        "auto",
        "--max-purchases=40",
        "--label=$(id); true",
    ]
