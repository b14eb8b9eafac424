"""`assay replay` as a user meets it: still failing where the defect is, gone where it is not."""

from __future__ import annotations

import json
from pathlib import Path

from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from tests.test_cli import one_line, run


def play_again(defect: str, clause: str, folder: Path) -> None:
    """Gate a defect, and replay a finding with the defect in place and without."""
    run("gate", "--depth", "quick", "--time", "100s", "--defect", defect, "--out", "run", "--quiet", cwd=folder)
    document = json.loads((folder / "run" / "run.json").read_text("utf-8"))
    finding = next(finding["id"] for finding in document["findings"] if finding["clause"] == clause)
    again = run("replay", "run", finding, cwd=folder)
    assert (again.returncode, "still fails" in again.stdout) == (1, True), again.stdout + again.stderr
    with SandboxThread(Settings()) as sandbox:
        keys = {"ASSAY_API_KEY": sandbox.owner_key, "ASSAY_OTHER_API_KEY": sandbox.other_key}
        fixed = run("replay", "run", finding, "--url", sandbox.url, cwd=folder, **keys)
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    assert "does not fail any more" in fixed.stdout


def test_a_finding_is_replayed_with_and_without_its_defect(tmp_path: Path) -> None:
    play_again("code-changes-after-two-readings", "LIFE-3", tmp_path)


def test_an_unknown_run_is_one_line(tmp_path: Path) -> None:
    result = run("replay", "nowhere", "LIFE-3-1f0c9a", cwd=tmp_path)
    assert result.returncode == 2
    assert "nowhere" in one_line(result)
