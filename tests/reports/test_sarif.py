"""Code scanning reads findings.sarif: rules from the clauses, places in the contract, fingerprints that last."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.history import ApiOperation
from contracts.places import place_of
from contracts.profiles import PROFILES, openapi_document
from reports.rundocs import load_run
from reports.sarif import sarif
from tests.record import scene
from tests.reports import runs
from tests.reports.published import check_sarif

ROOT = Path(__file__).parents[2]


def log_of(document: dict[str, Any]) -> dict[str, Any]:
    run: dict[str, Any] = check_sarif(sarif(document))["runs"][0]
    return run


@pytest.mark.parametrize("kind", runs.ALL)
def test_every_log_is_valid_by_the_published_schema(kind: str, tmp_path: Path) -> None:
    document = load_run(runs.ALL[kind](tmp_path / kind))
    assert len(log_of(document)["results"]) == len(document["findings"])


def test_the_schema_refuses_what_is_no_log() -> None:
    log = json.loads(sarif(scene.document()))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        check_sarif(json.dumps(log).encode())


def test_rules_are_the_clauses_of_the_run_with_what_they_promise() -> None:
    rules = log_of(scene.document())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [result.id for result in scene.results()]
    life = next(rule for rule in rules if rule["id"] == "LIFE-3")
    assert life["fullDescription"]["text"].startswith("Credentials, once shown to the owner, are the same")
    assert "assay explain LIFE-3" in life["help"]["text"]
    assert life["defaultConfiguration"] == {"level": "error"}


def test_a_finding_refers_to_its_rule_and_says_what_was_seen() -> None:
    run = log_of(scene.document())
    for finding, result in zip(scene.document()["findings"], run["results"], strict=True):
        assert result["ruleId"] == finding["clause"]
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == finding["clause"]
        assert result["level"] == finding["severity"]
        assert result["occurrenceCount"] == finding["count"]
        assert result["message"]["text"].startswith(finding["title"].replace("\x1b", "\\x1b"))


def test_a_finding_of_a_clause_that_the_run_does_not_list_has_a_rule_too() -> None:
    document = scene.document()
    document["clauses"] = [clause for clause in document["clauses"] if clause["id"] != "LIFE-3"]
    run = log_of(document)
    assert run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]["id"] == "LIFE-3"


def test_fingerprints_last_over_runs_and_differ_between_findings_of_one_place() -> None:
    first = log_of(scene.document())["results"]
    second = log_of(scene.document(seed=8, target="http://127.0.0.1:9", duration_s=1.0))["results"]
    prints = [result["partialFingerprints"] for result in first]
    assert prints == [result["partialFingerprints"] for result in second]
    assert prints[0]["assayFindingId/v1"] == scene.findings()[0].id
    assert len({each["primaryLocationLineHash"] for each in prints}) == len(prints)


def test_a_finding_points_at_the_line_of_the_contract_that_it_contradicts() -> None:
    for finding, result in zip(scene.document()["findings"], log_of(scene.document())["results"], strict=True):
        where = result["locations"][0]["physicalLocation"]
        line = (
            (ROOT / where["artifactLocation"]["uri"]).read_text("utf-8").splitlines()[where["region"]["startLine"] - 1]
        )
        last = finding["location"]["pointer"].rpartition("/")[2]
        assert line.strip().strip('"').startswith(last)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("operation", ApiOperation)
def test_every_operation_has_its_place_in_every_profile(profile: str, operation: ApiOperation) -> None:
    for clause in ("SHAPE-2", "LIFE-4"):
        place = place_of(profile, clause, operation.value)
        assert place is not None
        node: Any = openapi_document(profile)
        for step in place.pointer.split("/")[1:]:
            node = node[step.replace("~1", "/").replace("~0", "~")]
        text = (ROOT / place.file).read_text("utf-8").splitlines()
        below = yaml.safe_load(text[place.line - 1].strip())
        assert list(below) == [place.pointer.rpartition("/")[2]]
        if operation is not ApiOperation.OTHER and clause == "LIFE-4":
            assert node["operationId"] == operation.value


def test_a_profile_without_a_document_has_no_place() -> None:
    assert place_of("1999-01", "SHAPE-2", "create_purchase") is None
    document = scene.document(profile="1999-01")
    assert "location" not in document["findings"][0]
    assert log_of(document)["results"][0]["locations"] == [
        {"logicalLocations": [{"name": "retrieve_purchase", "kind": "function"}]}
    ]


def test_an_accepted_finding_is_suppressed_until_its_acceptance_expires(tmp_path: Path) -> None:
    results = {r["properties"]["finding"]: r for r in log_of(load_run(runs.accepted(tmp_path / "run")))["results"]}
    first, second, third = scene.findings()
    assert results[first.id]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "known since May (until 2026-12-31)"}
    ]
    assert "suppressions" not in results[second.id]
    assert "suppressions" not in results[third.id]


def test_operations_stand_in_order_one_thread_a_principal() -> None:
    (flow,) = log_of(scene.document())["results"][0]["codeFlows"]
    (thread,) = flow["threadFlows"]
    assert thread["id"] == "owner"
    assert [step["location"]["message"]["text"].partition(":")[0] for step in thread["locations"]] == [
        "operation 1",
        "operation 2",
    ]
    result = log_of(scene.document())["results"][0]
    assert result["webRequest"]["method"] == "GET"
    assert result["webResponse"]["statusCode"] == 200


def test_an_exchange_without_an_answer_says_so() -> None:
    document = scene.document()
    document["findings"][0]["evidence"][-1].update(status=None, response=None, error="timeout")
    assert log_of(document)["results"][0]["webResponse"] == {"noResponseReceived": True}


def test_an_inconclusive_or_partial_run_was_not_successful(tmp_path: Path) -> None:
    (whole,) = log_of(scene.document())["invocations"]
    assert whole["executionSuccessful"] is True
    (cut,) = log_of(load_run(runs.partial(tmp_path / "run")))["invocations"]
    assert cut["executionSuccessful"] is False
    assert cut["exitCode"] == 3
    told = [entry["message"]["text"] for entry in cut["toolExecutionNotifications"]]
    assert "the run ended before its time: findings may be missing" in told


def test_no_text_of_a_target_becomes_a_link() -> None:
    document = scene.document()
    document["findings"][0]["title"] = "[click](http://evil.example/)"
    assert "](" not in log_of(document)["results"][0]["message"]["text"]


@settings(deadline=None, max_examples=30)
@given(text=st.text(st.characters(exclude_categories=())))
def test_any_text_of_a_target_leaves_a_valid_log(text: str) -> None:
    document = scene.document()
    finding = document["findings"][0]
    finding.update(title=text, expected=text, observed=text, operation=text or None)
    finding["evidence"][0].update(path=text, request=text, response=text, principal=text)
    document.update(notes=[text], reasons=[text], target=text, rerun=text)
    log_of(document)
