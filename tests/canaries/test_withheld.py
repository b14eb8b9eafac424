"""What may turn out to be somebody's secret is in no history while the run goes, and back in it afterwards."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from contracts.history import Answer, ApiOperation, Input, Operation
from contracts.record import historyfile
from contracts.record.historyfile import HistoryWriter, read_history
from contracts.record.masking import Masker
from tests.gate.test_session import PURCHASE

SECRET = "o2roAejGrHVI"


def answered(document: Any, *headers: tuple[str, str]) -> Operation:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    sent = Input("GET", "/v1/purchases/7")
    return Operation(0, "other", ApiOperation.RETRIEVE, sent, Answer(404, headers, body), 0.0, 0.1)


def shown_to_its_owner() -> Operation:
    verification = {"code": "48213", "password": SECRET, "received_at": "2026-03-01T12:00:00Z"}
    return answered({**PURCHASE, "status": "SUCCESS", "verification": verification})


LEAKS = {
    "an unknown member": answered({"debug": {"zapp": [SECRET]}}),
    "an unknown header field": answered({}, ("x-trace", f"sid={SECRET}; path=/")),
    "a cookie": answered({}, ("set-cookie", f'last="{SECRET}", a=b')),
}


@pytest.mark.parametrize("where", LEAKS)
def test_a_password_shown_early_under_another_name_never_stands_in_the_file(where: str, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with HistoryWriter(path, Masker({})) as history:
        history.write(LEAKS[where])
        assert SECRET not in path.read_text("ascii")
        assert "<withheld:" in path.read_text("ascii")
        history.write(shown_to_its_owner())
        assert SECRET not in path.read_text("ascii")
    text = path.read_text("ascii")
    assert SECRET not in text
    assert "<withheld:" not in text
    assert text.count("<password:1>") == 2


def test_a_phone_number_in_a_sentence_is_withheld_and_put_back(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with HistoryWriter(path, Masker({})) as history:
        history.write(answered({"error": "call +15550100999 now"}))
        assert "15550100999" not in path.read_text("ascii")
    (operation,) = read_history(path)
    assert operation.answer is not None
    assert json.loads(operation.answer.body) == {"error": "call +15550100999 now"}


@pytest.mark.parametrize(
    "operation",
    [
        answered({"error": {"code": "not_found", "message": "no purchase has this id"}}),
        answered({"detail": [{"msg": "field required", "type": "missing"}], "took": "12 ms", "n": 48213}),
        answered(
            {**PURCHASE, "phone_number": None}, ("content-type", "application/json"), ("date", "Mon, 02 Mar 2026")
        ),
        answered({"id": 1234567, "status": "PENDING", "copy": "1234567", "was": "PENDING"}),
        answered(b"\xff\xfe no JSON"),
        answered({}, ("retry-after", "1200"), ("location", "/v1/purchases/1234567")),
    ],
)
def test_what_judging_needs_is_never_withheld(operation: Operation, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with HistoryWriter(path, Masker({})) as history:
        history.write(operation)
        assert "withheld" not in path.read_text("ascii")


def test_what_there_was_no_memory_for_stays_withheld(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(historyfile, "_MAX_WITHHELD", 1_000)
    path = tmp_path / "history.jsonl"
    with HistoryWriter(path, Masker({})) as history:
        for _ in range(5):
            history.write(answered({"zapp": "harmless-1"}))
    lines = path.read_text("ascii").splitlines()
    kept = ["harmless-1" in line for line in lines]
    assert kept[0]
    assert not kept[-1]
    assert [("<withheld:1>" in line) for line in lines] == [not one for one in kept]


def test_a_full_disk_puts_nothing_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "history.jsonl"
    history = HistoryWriter(path, Masker({}))
    history.write(LEAKS["an unknown member"])
    history.write(shown_to_its_owner())
    monkeypatch.setattr(os, "fsync", full)
    history.close()
    assert SECRET not in path.read_text("ascii")
    assert len(list(read_history(path))) == 2
