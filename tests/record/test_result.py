"""The verdict, and the document that tells it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contracts.finding import ClauseResult, ClauseVerdict, Finding, Severity, Verdict
from contracts.history import ApiOperation, Mark
from contracts.record.masking import Masker
from contracts.record.result import build_run, build_started, decide
from tests.record import scene

SCHEMA = json.loads((Path(__file__).parents[2] / "reports" / "run.schema.json").read_bytes())

KEPT = ClauseResult("SHAPE-1", Severity.ERROR, "documented", ClauseVerdict.KEPT, 5, True)
BROKEN = ClauseResult("LIFE-3", Severity.ERROR, "documented", ClauseVerdict.BROKEN, 5, True, ("LIFE-3-abc",))
MISSED = ClauseResult("LIFE-1", Severity.ERROR, "documented", ClauseVerdict.NOT_EXERCISED, 0, True, (), "no stock")
OPTIONAL = replace(MISSED, id="AUTH-4", required=False, reason="no second owner")
ERROR = Finding("LIFE-3-abc", "LIFE-3", "x", Severity.ERROR, "t", "e", "o", 1, ())
WARNING = replace(ERROR, id="SHAPE-1-abc", clause="SHAPE-1", severity=Severity.WARNING)


@pytest.mark.parametrize(
    ("results", "findings", "troubles", "verdict", "reasons"),
    [
        ([KEPT, OPTIONAL], [], [], Verdict.KEPT, ["1 clause exercised and kept, 0 warnings"]),
        ([KEPT], [WARNING], [], Verdict.KEPT, ["1 clause exercised and kept, 1 warning"]),
        ([KEPT, BROKEN], [ERROR], [], Verdict.BROKEN, ["1 finding of severity error: LIFE-3"]),
        ([KEPT], [ERROR, replace(ERROR, id="y")], [], Verdict.BROKEN, ["2 findings of severity error: LIFE-3"]),
        ([KEPT, BROKEN], [], [], Verdict.BROKEN, ["1 finding of severity error: LIFE-3"]),
        (
            [BROKEN, MISSED],
            [ERROR],
            ["the cap is reached"],
            Verdict.BROKEN,
            [
                "1 finding of severity error: LIFE-3",
                "the cap is reached",
                "required but not exercised: LIFE-1 (no stock)",
            ],
        ),
        (
            [KEPT, MISSED, replace(MISSED, id="LIFE-2"), replace(MISSED, id="LIFE-3", reason="")],
            [WARNING],
            [],
            Verdict.INCONCLUSIVE,
            ["required but not exercised: LIFE-1, LIFE-2 (no stock)", "required but not exercised: LIFE-3"],
        ),
        (
            [replace(MISSED, id=f"LIFE-{number}") for number in range(1, 7)],
            [],
            [],
            Verdict.INCONCLUSIVE,
            ["required but not exercised: all 6 clauses (no stock)"],
        ),
        (
            [KEPT, *(replace(MISSED, id=f"LIFE-{number}") for number in range(1, 7))],
            [],
            [],
            Verdict.INCONCLUSIVE,
            ["required but not exercised: LIFE-1, LIFE-2, LIFE-3, LIFE-4, LIFE-5, LIFE-6 (no stock)"],
        ),
        ([KEPT], [], ["unreachable"], Verdict.INCONCLUSIVE, ["unreachable"]),
        ([OPTIONAL], [], [], Verdict.INCONCLUSIVE, ["no clause was exercised"]),
        ([], [], [], Verdict.INCONCLUSIVE, ["no clause was exercised"]),
    ],
)
def test_broken_outranks_inconclusive_which_outranks_kept(
    results: list[ClauseResult], findings: list[Finding], troubles: list[str], verdict: Verdict, reasons: list[str]
) -> None:
    assert decide(results, findings, troubles) == (verdict, reasons)


def check(document: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


def test_the_document_has_the_shape_of_its_schema() -> None:
    check(scene.document())
    check(build_started(scene.facts()))
    check(build_run(scene.facts(spend_currency=None), [], [], {}, Masker({})))
    load = {
        "model": "open",
        "target_rate": 200.0,
        "achieved_rate": 199.2,
        "dropped": 0,
        "saturated": False,
        "operations": [],
        "objectives": [],
    }
    document = build_run(scene.facts(command="load"), [], [], {}, Masker({}), load=load)
    check(document)
    assert document["load"] == load


@pytest.mark.parametrize("place", [(), ("clauses", 0), ("findings", 0), ("findings", 0, "evidence", 0), ("phases", 0)])
def test_the_schema_admits_no_other_key_and_misses_none(place: tuple[str | int, ...]) -> None:
    def at_place(document: Any) -> Any:
        for step in place:
            document = document[step]
        return document

    # Both came later; a result written before has neither.
    for key in at_place(scene.document()).keys() - {"promise", "location"}:
        document = scene.document()
        del at_place(document)[key]
        with pytest.raises(jsonschema.ValidationError):
            check(document)
    document = scene.document()
    at_place(document)["unheard_of"] = 1
    with pytest.raises(jsonschema.ValidationError):
        check(document)


def test_the_head_tells_the_facts() -> None:
    document = scene.document(started=datetime(2026, 2, 23, 12, 15, tzinfo=timezone(timedelta(hours=2))))
    assert {key: value for key, value in document.items() if not isinstance(value, list)} == {
        "schema": 1,
        "command": "gate",
        "verdict": "broken",
        "exit_code": 1,
        "partial": False,
        "started": "2026-02-23T10:15:00.000Z",
        "duration_s": 14.252,
        "target": "http://127.0.0.1:8080",
        "profile": "2026-02",
        "seed": 7,
        "purchases": 25,
        "spend": "37.50",
        "spend_currency": "USD",
        "requests": 412,
        "rerun": "assay gate --url http://127.0.0.1:8080 --seed 7",
    }


def test_a_finding_stands_alone() -> None:
    found = scene.document()["findings"][0]
    assert found["operation"] == "retrieve_purchase"
    assert found["observed"] == "purchase 8117: code '<code:1>', then '<code:2>'"
    assert found["samples"] == ["purchase 8118: code '<code:2>', then '<code:1>'"]
    assert [(call["index"], call["status"], call["invoked"]) for call in found["evidence"]] == [
        (1, 200, 0.6),
        (2, 200, 0.7),
    ]
    assert '"code": "<code:2>"' in found["evidence"][1]["response"]
    assert len(found["curl"]) == 2
    assert found["replay"] == "assay gate --url http://127.0.0.1:8080 --seed 7"


def test_no_secret_is_in_the_document() -> None:
    text = json.dumps(scene.document(), ensure_ascii=False)
    assert not [secret for secret in scene.SECRETS if secret in text]


def test_an_interrupted_run_has_its_own_exit_code_and_is_never_kept() -> None:
    assert scene.document(interrupted=True)["exit_code"] == 130
    for changes in ({"interrupted": True}, {"partial": True}):
        document = build_run(scene.facts(**changes), [KEPT], [], {}, Masker({}))
        assert document["verdict"] == "inconclusive"
        assert document["reasons"] == ["the run was cut short before it could reach a verdict"]


def test_operations_that_are_not_held_any_more_are_shown_by_their_marks() -> None:
    mark = Mark(3, "owner", ApiOperation.LIST, 1.0, 2.0)
    document = build_run(scene.facts(), [], [replace(ERROR, marks=(mark,))], {}, Masker({}))
    found = document["findings"][0]
    assert found["evidence"][0]["operation"] == "list_purchases"
    assert found["evidence"][0]["method"] is None
    assert found["curl"] == []
    check(document)


def test_of_hundreds_of_operations_the_first_and_the_last_are_shown() -> None:
    marks = tuple(Mark(number, "owner", ApiOperation.CREATE, float(number), number + 0.5) for number in range(300))
    found = build_run(scene.facts(), [], [replace(ERROR, marks=marks)], {}, Masker({}))["findings"][0]
    indexes = [call["index"] for call in found["evidence"]]
    assert indexes == [*range(12), *range(288, 300)]


def test_long_texts_and_odd_bytes_are_shown_in_short() -> None:
    operation = scene.call(0, ApiOperation.RETRIEVE, "GET", "/v1/purchases/1", raw=b"\xff" + b"x" * 9000)
    finding = replace(ERROR, observed="\ud800" + "y" * 5000, marks=(operation.mark,))
    document = build_run(scene.facts(), [], [finding], {0: operation}, Masker({}))
    found = document["findings"][0]
    assert found["observed"].startswith("\\ud800yyy")
    assert found["observed"].endswith("yyy… (5006 characters)")
    assert found["evidence"][0]["response"].startswith("\\udcffxxx")
    assert found["evidence"][0]["response"].endswith("xxx… (9001 bytes)")
    check(document)


def test_a_query_is_part_of_the_path() -> None:
    assert scene.document()["findings"][1]["evidence"][0]["path"] == "/v1/purchases?page=1&page_size=50"


def test_titles_come_from_the_catalogue() -> None:
    titles = {clause["id"]: clause["title"] for clause in scene.document()["clauses"]}
    assert titles["SHAPE-6"] == "phone_number is E.164 or null"
