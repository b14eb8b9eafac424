"""A CI server that reads junit.xml sees what is broken, why, and that an inconclusive run is no success."""

# mypy: disallow-untyped-calls=False

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped

from reports.junit import junit, legal
from tests.record import scene


def cases(document: dict[str, Any]) -> dict[str, Any]:
    return {f"{case.classname} {case.name}": case for suite in JUnitXml.fromstring(junit(document)) for case in suite}


def test_there_is_one_suite_a_family_and_one_case_a_clause() -> None:
    report = JUnitXml.fromstring(junit(scene.document()))
    assert [(suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) for suite in report] == [
        ("assay", 1, 0, 0, 0),
        ("assay.SHAPE", 2, 1, 0, 0),
        ("assay.INPUT", 1, 0, 0, 0),
        ("assay.AUTH", 2, 0, 0, 2),
        ("assay.LIFE", 2, 1, 0, 1),
        ("assay.MONEY", 1, 0, 0, 0),
    ]
    assert (report.tests, report.failures, report.errors, report.time) == (9, 2, 0, 14.252)


def test_the_run_is_described_by_properties() -> None:
    suite = next(iter(JUnitXml.fromstring(junit(scene.document()))))
    assert {prop.name: prop.value for prop in suite.properties()} == {
        "verdict": "broken",
        "target": "http://127.0.0.1:8080",
        "profile": "2026-02",
        "seed": "7",
        "command": "gate",
        "started": "2026-02-23T10:15:00.000Z",
        "rerun": "assay gate --url http://127.0.0.1:8080 --seed 7",
    }


def test_a_broken_clause_fails_with_all_that_is_needed_to_act() -> None:
    case = cases(scene.document())["assay.SHAPE SHAPE-6 phone_number is E.164 or null"]
    (failure,) = case.result
    assert isinstance(failure, Failure)
    assert failure.message == "phone_number is no E.164 number"
    lines = failure.text.splitlines()
    assert lines[0] == "error SHAPE-6-c480d1: phone_number is no E.164 number (1 times)"
    assert lines[1] == "expected: null or a plus sign and 2 to 15 ASCII digits, matched whole"
    assert lines[2] == r"observed: '<phone:1>\n'"
    assert lines[3] == "operation 5: owner GET /v1/purchases?page=1&page_size=50 -> 200, 1000.0 to 1042.5 ms"
    assert lines[4].startswith('  came: {"items": [{"id": 8118')
    assert lines[5].startswith("curl -sS -i -X GET 'http://127.0.0.1:8080/v1/purchases?page=1&page_size=50'")
    assert lines[6:] == ["run again: assay gate --url http://127.0.0.1:8080 --seed 7", "more: assay explain SHAPE-6"]


def test_a_clause_with_warnings_alone_passes_and_tells_them() -> None:
    case = cases(scene.document())["assay.INPUT INPUT-6 a refusal gives nothing away"]
    assert case.is_passed
    assert case.system_out.startswith("exercised 231 times\nwarning INPUT-6-f79482: a refusal names a code")
    assert r"observed: \x1b[31mnothing with code <code:1>\x1b[0m" in case.system_out


def test_a_clause_that_was_not_exercised_is_skipped_with_the_reason() -> None:
    (skipped,) = cases(scene.document())["assay.AUTH AUTH-4 credentials are the owner's alone"].result
    assert isinstance(skipped, Skipped)
    assert skipped.message == "it needs a second owner: set ASSAY_OTHER_API_KEY"


def test_an_inconclusive_run_is_no_success() -> None:
    document = {**scene.document(), "verdict": "inconclusive", "reasons": ["no stock", "timeout"], "findings": []}
    (error,) = cases(document)["assay the run is conclusive"].result
    assert isinstance(error, Error)
    assert (error.message, error.text) == ("no stock", "no stock\ntimeout")


def test_a_run_that_was_cut_short_is_no_success() -> None:
    document = {
        **scene.document(),
        "verdict": "inconclusive",
        "partial": True,
        "reasons": [],
        "clauses": [],
        "findings": [],
    }
    report = JUnitXml.fromstring(junit(document))
    assert (report.tests, report.errors) == (1, 1)


def test_an_enormous_finding_is_cut() -> None:
    document = scene.document()
    document["findings"][1]["observed"] = "x" * 1_000_000
    assert len(junit(document)) < 100_000


@settings(deadline=None)
@given(text=st.text(st.characters()))
def test_any_text_of_a_target_is_xml(text: str) -> None:
    document = scene.document()
    document["findings"][0] = {**document["findings"][0], "title": text, "observed": text, "samples": [text]}
    document["findings"][2]["title"] = text
    document["clauses"][3]["reason"] = text
    document["clauses"][0]["title"] = text
    document["target"] = text
    ET.fromstring(junit(document))  # raises where it is no XML


def test_what_xml_cannot_hold_is_shown() -> None:
    assert legal("a\0\x1b\ud800\ufffe\U0001f600\tb\n") == "a\\x00\\x1b\\ud800\\ufffe\U0001f600\tb\n"


def test_what_nobody_can_see_is_shown() -> None:
    assert legal("США\r\u202e\x9b\u200b\u2028") == "США\\r\\u202e\\x9b\\u200b\\u2028"


def test_a_finding_of_a_clause_that_the_run_does_not_list_has_a_case_too() -> None:
    document = scene.document()
    document["clauses"] = [clause for clause in document["clauses"] if clause["id"] not in {"LIFE-3", "INPUT-6"}]
    found = cases(document)
    (failure,) = found["assay.LIFE LIFE-3 seen on the way"].result
    assert failure.message == "the code of a purchase changed"
    assert found["assay.INPUT INPUT-6 seen on the way"].is_passed
