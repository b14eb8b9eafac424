"""A load run that writes every answer down is judged again to the same findings, counts and verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reports.rundocs import load_run
from tests.load.runs import assay
from tests.reports.published import check_har

RUN = ("load", "--rate", "20/s", "--duration", "3s", "--warmup", "0s", "--history", "all", "--quiet", "--out")
OF_NUMBERS = {"SHAPE-6", "VALUE-2"}


def exercised(document: dict[str, Any]) -> dict[str, tuple[str, int]]:
    return {
        clause["id"]: (clause["verdict"], clause["exercised"])
        for clause in document["clauses"]
        if clause["id"] not in OF_NUMBERS
    }


def test_a_kept_run_is_kept_again_clause_by_clause(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assay(*RUN, str(run))
    document = load_run(run)
    lines = (run / "history.jsonl").read_bytes().splitlines()
    assert len(lines) == document["requests"] > 100
    assay("report", str(run), "--recheck", "--quiet")
    again = load_run(run / "recheck")
    assert again["findings"] == document["findings"] == []
    assert exercised(again) == exercised(document)
    assert again["load"] == document["load"]


def test_a_defect_is_found_again_with_its_calls(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assay(*RUN, str(run), "--defect", "price-in-cents")
    document = load_run(run)
    assay("report", str(run), "--recheck", "--quiet", "--har", "all")
    again = load_run(run / "recheck")
    counts = {finding["id"]: finding["count"] for finding in document["findings"]}
    assert any(name.startswith("SHAPE-7") for name in counts)
    assert {finding["id"]: finding["count"] for finding in again["findings"]} == counts
    archive = check_har((run / "recheck" / "exchanges.har").read_bytes())["log"]["entries"]
    assert len(archive) == document["requests"]
    lines = [json.loads(line) for line in (run / "history.jsonl").read_bytes().splitlines()]
    for finding in document["findings"]:
        for call in finding["evidence"]:
            if call["path"] is not None:
                assert lines[call["index"] - 1]["path"] == call["path"].partition("?")[0]
