"""The gate as plain pytest: selection, failures by clause, and the exit codes of pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fixtures.defects.catalogue import wrap
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent


def run_pytest(cwd: Path, *arguments: str, **keys: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on the installed gate from a directory that has nothing to do with this project."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **keys}
    command = [sys.executable, "-m", "pytest", "-p", "contracts.gate.plugin", "-p", "no:cacheprovider", "-q"]
    command += ["--pyargs", "contracts.gate", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=110, check=False)


def test_a_lawful_target_passes_and_what_was_not_tested_is_skipped_with_the_reason(tmp_path: Path) -> None:
    with SandboxThread(Settings(seed=2)) as sandbox:
        result = run_pytest(tmp_path, "-rs", "--assay-url", sandbox.url, ASSAY_API_KEY=sandbox.owner_key)
    assert result.returncode == 0, result.stdout
    assert "ASSAY_OTHER_API_KEY" in result.stdout
    assert len(list(tmp_path.rglob("run.json"))) == 1


def test_a_broken_clause_fails_and_only_what_is_selected_runs(tmp_path: Path) -> None:
    with SandboxThread(Settings(seed=2), lambda app: wrap(app, ["phone-with-newline"])) as sandbox:
        result = run_pytest(
            tmp_path, "-k", "SHAPE-6 or SHAPE-3", "--assay-url", sandbox.url, ASSAY_API_KEY=sandbox.owner_key
        )
    assert result.returncode == 1
    assert "FAILED" in result.stdout
    assert "1 failed, 1 passed" in result.stdout
    assert sandbox.owner_key not in result.stdout


def test_bad_usage_ends_with_one_line(tmp_path: Path) -> None:
    result = run_pytest(tmp_path, "--assay-url", "http://127.0.0.1:1", ASSAY_API_KEY="")
    assert result.returncode == 2
    assert "ASSAY_API_KEY is not set" in result.stdout + result.stderr
