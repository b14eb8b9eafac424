"""A closed history is masked once more though no second file can be made, and tells where that cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.history import ApiOperation
from contracts.record import historyfile
from contracts.record.historyfile import HistoryWriter
from contracts.record.masking import Masker
from tests.record import scene

LEAK = scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", answer={"debug": "sms 48213"})
SHOWN = scene.call(
    1, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", answer=scene.purchase(verification=scene.credentials())
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A history beside which no second file can be made: a folder has its name."""
    (tmp_path / ".history.jsonl.tmp").mkdir()
    return tmp_path / "history.jsonl"


def test_a_secret_learnt_late_is_masked_in_place(path: Path) -> None:
    with HistoryWriter(path, Masker({})) as history:
        history.write(LEAK)
        history.write(SHOWN)
    found = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert len(found) == 2
    assert b"48213" not in path.read_bytes()
    assert found[0]["response_body"] == '{"debug": "sms <code:1>"}'
    assert history.trouble is None


def test_a_history_without_late_secrets_is_left_as_it_is(path: Path) -> None:
    with HistoryWriter(path, Masker({})) as history:
        history.write(SHOWN)
        before = path.read_bytes()
    assert path.read_bytes() == before
    assert history.trouble is None


def test_one_too_long_for_that_is_told_to_be_incomplete(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(historyfile, "_MAX_IN_PLACE", 100)
    with HistoryWriter(path, Masker({})) as history:
        history.write(LEAK)
    assert history.trouble == f"{path} is incomplete: it is too long to be masked again without room for a copy"


def test_a_very_long_history_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(historyfile, "_MAX_MASKED_AGAIN", 1)
    with HistoryWriter(tmp_path / "history.jsonl", Masker({})) as history:
        history.write(LEAK)
        history.write(SHOWN)
        before = (tmp_path / "history.jsonl").read_bytes()
    assert (tmp_path / "history.jsonl").read_bytes() == before
