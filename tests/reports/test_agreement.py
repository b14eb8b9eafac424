"""Every document of a run says what its run.json says: the same verdict, clauses, findings and counts."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from reports.allure import write_allure
from reports.junit import clauses_of
from reports.rundocs import build, load_run
from tests.reports import runs
from tests.reports.published import check_har, check_junit, check_sarif


@pytest.fixture(params=runs.ALL)
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    made = runs.ALL[request.param](tmp_path / request.param)
    build(made)
    return made


def ids(document: dict[str, Any]) -> set[str]:
    return {finding["id"] for finding in document["findings"]}


def test_junit_is_valid_and_counts_as_the_run_does(run: Path) -> None:
    document = load_run(run)
    content = (run / "junit.xml").read_bytes()
    check_junit(content)
    report = JUnitXml.fromstring(content)
    clauses = clauses_of(document)
    verdicts = [clause["verdict"] for clause in clauses]
    assert report.tests == len(clauses) + 1
    assert sum(suite.skipped for suite in report) == verdicts.count("not_exercised")
    assert report.errors == (document["verdict"] == "inconclusive")
    cases = {case.name.split()[0]: case for suite in report for case in suite}
    for clause in clauses:
        results = cases[clause["id"]].result
        errors = [f for f in document["findings"] if f["clause"] == clause["id"] and f["severity"] == "error"]
        named = [f["id"] for f in errors if f["id"] in clause["findings"]]
        assert len([result for result in results if isinstance(result, Failure)]) == len(named)
        assert any(isinstance(result, Skipped) for result in results) == (clause["verdict"] == "not_exercised")
        text = "".join(result.text or "" for result in results)
        assert all(name in text for name in named)
    assert any(isinstance(result, Error) for result in cases["the"].result) == (document["verdict"] == "inconclusive")


def test_sarif_has_each_finding_once_with_its_count_and_severity(run: Path) -> None:
    document = load_run(run)
    (log,) = check_sarif((run / "findings.sarif").read_bytes())["runs"]
    assert [
        (result["properties"]["finding"], result["ruleId"], result["level"], result["occurrenceCount"])
        for result in log["results"]
    ] == [(f["id"], f["clause"], f["severity"], f["count"]) for f in document["findings"]]
    assert {rule["id"] for rule in log["tool"]["driver"]["rules"]} >= {clause["id"] for clause in document["clauses"]}
    assert log["invocations"][0]["exitCode"] == document["exit_code"]
    assert log["properties"]["verdict"] == document["verdict"]


def test_the_archive_holds_the_exchanges_of_every_finding(run: Path) -> None:
    document = load_run(run)
    entries = check_har((run / "exchanges.har").read_bytes())["log"]["entries"]
    told = {int(entry["comment"].split()[1]): entry["comment"].split("; ")[1:] for entry in entries}
    wanted: dict[int, list[str]] = {}
    for finding in document["findings"]:
        for call in finding["evidence"]:
            wanted.setdefault(call["index"], []).append(finding["id"])
    assert told == wanted


def test_the_pages_name_every_finding_and_the_verdict(run: Path) -> None:
    document = load_run(run)
    page = Words()
    page.feed((run / "report.html").read_text("utf-8"))
    words = " ".join(page.words)
    assert all(name in words for name in ids(document))
    assert all(clause["id"] in words for clause in document["clauses"])
    text = (run / "report.md").read_text("utf-8").lower()
    assert (
        document["verdict"] in text
        or {"kept": "keeps", "broken": "does not keep", "inconclusive": "not put"}[document["verdict"]] in text
    )


def test_allure_agrees_too(run: Path, tmp_path: Path) -> None:
    document = load_run(run)
    write_allure(document, tmp_path / "allure")
    found = [json.loads(path.read_bytes()) for path in (tmp_path / "allure").glob("*-result.json")]
    statuses = {result["name"].split()[0]: result["status"] for result in found}
    words = {"kept": "passed", "broken": "failed", "not_exercised": "skipped"}
    assert statuses == {
        "the": "broken" if document["verdict"] == "inconclusive" else "passed",
        **{clause["id"]: words[clause["verdict"]] for clause in clauses_of(document)},
    }
    attached = {a["name"].split()[1] for result in found for a in result.get("attachments", ())}
    assert attached == {name for clause in clauses_of(document) for name in clause["findings"]} & ids(document)


def test_a_partial_run_is_marked_as_partial_everywhere(tmp_path: Path) -> None:
    run = runs.partial(tmp_path / "run")
    build(run, har_all=True)
    assert load_run(run)["partial"] is True
    assert JUnitXml.fromfile(str(run / "junit.xml")).errors == 1
    (log,) = check_sarif((run / "findings.sarif").read_bytes())["runs"]
    assert log["invocations"][0]["executionSuccessful"] is False
    archive = check_har((run / "exchanges.har").read_bytes())["log"]
    assert archive["comment"].endswith("the run ended before its time")
    assert len(archive["entries"]) == 3
    assert "before its time" in (run / "report.html").read_text("utf-8")
    assert "before its time" in (run / "report.md").read_text("utf-8")


class Words(HTMLParser):
    """Every text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)
