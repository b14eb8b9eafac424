"""`assay replay` as a user meets it: still failing where the defect is, gone where it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from tests.test_cli import one_line, run


@pytest.mark.parametrize(
    ("defect", "clause"),
    [
        ("phone-with-newline", "SHAPE-6"),
        ("lower-case-accepted", "INPUT-1"),
        ("code-changes-after-two-readings", "LIFE-3"),
    ],
)
def test_a_finding_is_replayed_with_and_without_its_defect(defect: str, clause: str, tmp_path: Path) -> None:
    arguments = ["--depth", "quick", "--time", "100s", "--defect", defect, "--out", "run", "--quiet"]
    run("gate", *arguments, cwd=tmp_path)
    document = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    finding = next(finding["id"] for finding in document["findings"] if finding["clause"] == clause)
    again = run("replay", "run", finding, cwd=tmp_path)
    assert (again.returncode, "still fails" in again.stdout) == (1, True), again.stdout + again.stderr
    with SandboxThread(Settings()) as sandbox:
        keys = {"ASSAY_API_KEY": sandbox.owner_key, "ASSAY_OTHER_API_KEY": sandbox.other_key}
        fixed = run("replay", "run", finding, "--url", sandbox.url, cwd=tmp_path, **keys)
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    assert "does not fail any more" in fixed.stdout


def test_an_unknown_run_is_one_line(tmp_path: Path) -> None:
    result = run("replay", "nowhere", "LIFE-3-1f0c9a", cwd=tmp_path)
    assert result.returncode == 2
    assert "nowhere" in one_line(result)
