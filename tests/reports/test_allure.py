"""Allure shows every clause of a run, with what broke it, and how it did in runs before."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from reports.allure import write_allure
from reports.errors import DocumentError
from reports.junit import clauses_of
from reports.rundocs import load_run
from tests.record import scene
from tests.reports import runs


def results(directory: Path) -> dict[str, dict[str, Any]]:
    found = [json.loads(path.read_bytes()) for path in directory.glob("*-result.json")]
    return {result["name"]: result for result in found}


def test_there_is_one_result_a_clause_and_one_for_the_run(tmp_path: Path) -> None:
    assert write_allure(scene.document(), tmp_path) == 9
    found = results(tmp_path)
    assert {name.split()[0]: result["status"] for name, result in found.items()} == {
        "the": "passed",
        "SHAPE-1": "passed",
        "SHAPE-6": "failed",
        "INPUT-6": "passed",
        "AUTH-4": "skipped",
        "AUTH-5": "skipped",
        "LIFE-3": "failed",
        "LIFE-10": "skipped",
        "MONEY-2": "passed",
    }


def test_a_broken_clause_tells_its_findings_and_has_them_attached(tmp_path: Path) -> None:
    write_allure(scene.document(), tmp_path)
    life = next(result for name, result in results(tmp_path).items() if name.startswith("LIFE-3"))
    assert life["statusDetails"]["message"] == "the code of a purchase changed"
    (attached,) = life["attachments"]
    text = (tmp_path / attached["source"]).read_text("utf-8")
    assert text.startswith(f"error {scene.findings()[0].id}: the code of a purchase changed")
    assert "curl" in text
    assert {"name": "suite", "value": "LIFE"} in life["labels"]
    assert {"name": "severity", "value": "critical"} in life["labels"]
    assert life["stop"] - life["start"] == 14252


def test_a_clause_that_was_not_exercised_says_why(tmp_path: Path) -> None:
    write_allure(scene.document(), tmp_path)
    skipped = next(result for name, result in results(tmp_path).items() if name.startswith("AUTH-4"))
    assert skipped["statusDetails"]["message"] == "it needs a second owner: set ASSAY_OTHER_API_KEY"


def test_the_history_of_a_clause_goes_on_in_the_next_run(tmp_path: Path) -> None:
    write_allure(scene.document(), tmp_path / "one")
    write_allure(scene.document(seed=8, target="http://127.0.0.1:9"), tmp_path / "two")
    one, two = ({r["historyId"] for r in results(tmp_path / name).values()} for name in ("one", "two"))
    assert one == two
    assert len(one) == 9


def test_an_inconclusive_run_is_no_success(tmp_path: Path) -> None:
    write_allure(load_run(runs.partial(tmp_path / "run")), tmp_path / "allure")
    (only,) = results(tmp_path / "allure").values()
    assert (only["status"], only["statusDetails"]["message"]) == (
        "broken",
        "the run was cut short before it could reach a verdict",
    )


@pytest.mark.parametrize("kind", runs.ALL)
def test_every_run_can_be_written(kind: str, tmp_path: Path) -> None:
    document = load_run(runs.ALL[kind](tmp_path / kind))
    count = write_allure(document, tmp_path / "allure")
    assert len(results(tmp_path / "allure")) == count == 1 + len(clauses_of(document))
    for path in (tmp_path / "allure").iterdir():
        assert path.stat().st_size < 200_000


def test_without_the_library_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "allure_commons.logger", None)
    with pytest.raises(DocumentError, match=r"needs allure-python-commons: pip install 'assay\[allure\]'"):
        write_allure(scene.document(), tmp_path / "allure")
    assert not (tmp_path / "allure").exists()


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DocumentError, match="cannot write Allure results to .*file"):
        write_allure(scene.document(), tmp_path / "file")
