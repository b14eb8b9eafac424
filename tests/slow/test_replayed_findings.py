"""Findings of several families are replayed from the command line, with their defect in place and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_replay_cli import play_again


@pytest.mark.parametrize(("defect", "clause"), [("phone-with-newline", "SHAPE-6"), ("lower-case-accepted", "INPUT-1")])
def test_a_finding_is_replayed_with_and_without_its_defect(defect: str, clause: str, tmp_path: Path) -> None:
    play_again(defect, clause, tmp_path)
