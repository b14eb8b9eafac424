"""The gate as plain pytest, of a target that loses answers."""

from __future__ import annotations

from pathlib import Path

from fixtures.hostile.catalogue import find
from fixtures.hostile.serving import HostileTarget
from tests.gate.test_pytest_plugin import run_pytest


def test_a_target_that_loses_answers_fails_as_a_whole(tmp_path: Path) -> None:
    with HostileTarget(find("loses-every-ninth-answer")) as target:
        result = run_pytest(tmp_path, "-k", "test_whole", "--assay-url", target.url, **target.keys)
    assert result.returncode == 1, result.stdout
    assert "without an answer" in result.stdout
