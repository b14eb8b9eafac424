"""One ``run.json`` from the parts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from contracts.finding import Severity
from reports.rundocs import run_schema
from tests.verify.documents import clause, finding, part, run
from verify.merge import Facts, Trouble, merged
from verify.part import Name, Part
from verify.verdict import decide

FACTS = Facts(
    target="http://127.0.0.1:8080", profile="2026-02", seed=7, started=datetime(2026, 2, 23, 10, 15, tzinfo=UTC),
    rerun="assay verify", label="v2",
)  # fmt: skip


def merge(parts: list[Part], gate: dict[str, Any], load: dict[str, Any], **troubles: list[Trouble]) -> dict[str, Any]:
    document = merged(
        FACTS, decide(parts), parts, {Name.GATE: gate, Name.LOAD: load},
        {Name(name): found for name, found in troubles.items()}, Path("run"),
    )  # fmt: skip
    jsonschema.Draft202012Validator(run_schema()).validate(document)
    return document


def by_id(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for entry in entries}


def test_costs_are_summed_and_parts_told_in_order() -> None:
    parts = [part("gate", document=Path("run/gate")), part("load"), part("drift", "left_out"), part("compare")]
    document = merge(parts, run(), run("load", spend="0.50"))
    assert (document["purchases"], document["spend"], document["requests"]) == (4, "3.50", 20)
    assert [entry["name"] for entry in document["parts"]] == ["gate", "load", "drift", "compare"]
    assert document["parts"][0]["document"] == "gate"
    assert document["notes"] == ["drift was left out: drift said so"]
    assert [phase["name"] for phase in document["phases"]] == ["gate", "load", "compare"]


def test_the_first_reason_is_the_sentence() -> None:
    document = merge([part("gate"), part("load", "broken")], run(), run("load", "broken"))
    assert document["reasons"][:2] == ["No-go: load says that a promise is broken.", "load: load said so"]
    assert (document["verdict"], document["exit_code"]) == ("broken", 1)


def test_a_clause_of_both_runs_has_the_worse_verdict_and_both_counts() -> None:
    gate = run(clauses=[clause("SHAPE-1"), clause("LIFE-3", "not_exercised", reason="no SUCCESS")])
    load = run("load", clauses=[clause("SHAPE-1", "broken", findings=["SHAPE-1-x"]), clause("LIFE-3", exercised=40)])
    clauses = by_id(merge([part("gate"), part("load")], gate, load)["clauses"])
    assert (clauses["SHAPE-1"]["verdict"], clauses["SHAPE-1"]["exercised"]) == ("broken", 6)
    assert clauses["SHAPE-1"]["findings"] == ["SHAPE-1-x"]
    assert (clauses["LIFE-3"]["verdict"], clauses["LIFE-3"]["exercised"], clauses["LIFE-3"]["reason"]) == (
        "kept",
        40,
        "",
    )


def test_a_clause_that_neither_run_exercised_says_why() -> None:
    missed = clause("LIFE-3", "not_exercised", reason="no SUCCESS")
    clauses = by_id(merge([part("gate")], run(clauses=[missed]), run("load", clauses=[missed]))["clauses"])
    assert clauses["LIFE-3"]["reason"] == "no SUCCESS"


def test_a_finding_of_both_runs_is_one_with_both_counts_and_the_graver_severity() -> None:
    gate = run(findings=[finding("A-1", "SHAPE-1", severity="warning", count=2), finding("B-1", "LIFE-1")])
    load = run("load", findings=[finding("A-1", "SHAPE-1", count=5)])
    findings = merge([part("gate")], gate, load)["findings"]
    assert [(entry["id"], entry["severity"], entry["count"]) for entry in findings] == [
        ("A-1", "error", 7),
        ("B-1", "error", 1),
    ]


def test_drift_and_comparison_have_clauses_of_their_own() -> None:
    trouble = Trouble("key-gone", Severity.ERROR, "Purchase.id is gone", "integer", "nothing")
    parts = [part("drift", "broken"), part("compare", "inconclusive")]
    document = merge(parts, run(), run("load"), drift=[trouble])
    clauses = by_id(document["clauses"])
    assert clauses["DRIFT-1"]["verdict"] == "broken"
    assert clauses["DRIFT-1"]["findings"] == [document["findings"][0]["id"]]
    assert (clauses["COMPARE-1"]["verdict"], clauses["COMPARE-1"]["required"]) == ("not_exercised", True)
    assert document["findings"][0]["title"] == "Purchase.id is gone"


def test_a_part_left_out_is_not_required() -> None:
    clauses = by_id(merge([part("drift", "left_out")], run(), run("load"))["clauses"])
    assert (clauses["DRIFT-1"]["verdict"], clauses["DRIFT-1"]["required"]) == ("not_exercised", False)


@given(st.lists(st.sampled_from(["kept", "broken", "not_exercised"]), min_size=2, max_size=2))
def test_a_broken_clause_stays_broken_whatever_the_other_run_says(verdicts: list[str]) -> None:
    one, two = (run(clauses=[clause("LIFE-1", verdict)]) for verdict in verdicts)
    found = by_id(merge([part("gate")], one, two)["clauses"])["LIFE-1"]["verdict"]
    assert (found == "broken") == ("broken" in verdicts)
    assert (found == "not_exercised") == (set(verdicts) == {"not_exercised"})
