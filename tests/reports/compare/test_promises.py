"""Clauses and findings that appeared or went get the word they deserve; what was not tested again is not gone."""

from __future__ import annotations

from typing import Any

import pytest

from reports.compare.change import Change
from reports.compare.promises import ClauseChange, FindingChange, promises
from tests.record import scene
from tests.reports.compare import made

KEPT = made.document()
BROKEN = scene.document()


def with_clause(document: dict[str, Any], id_: str, **changes: Any) -> dict[str, Any]:
    clauses = [{**clause, **(changes if clause["id"] == id_ else {})} for clause in document["clauses"]]
    return {**document, "clauses": clauses}


def test_a_run_beside_itself_differs_in_nothing() -> None:
    for document in (KEPT, BROKEN):
        found = promises(document, document)
        assert (found.clauses, found.findings) == ((), ())


def test_findings_that_appeared_are_worse_and_warnings_are_only_told() -> None:
    found = promises({**KEPT, "clauses": BROKEN["clauses"]}, BROKEN)
    ids = {finding["clause"]: finding["id"] for finding in BROKEN["findings"]}
    titles = {finding["clause"]: finding["title"] for finding in BROKEN["findings"]}
    assert found.findings == tuple(
        FindingChange(ids[clause], clause, severity, titles[clause], appeared=True, change=change)
        for clause, severity, change in (
            ("LIFE-3", "error", Change.WORSE),
            ("SHAPE-6", "error", Change.WORSE),
            ("INPUT-6", "warning", Change.SAME),
        )
    )


def test_findings_that_went_are_better_when_their_clause_was_tested_again() -> None:
    found = promises(BROKEN, KEPT)
    assert {(each.clause, each.appeared, each.change) for each in found.findings} == {
        ("LIFE-3", False, Change.BETTER), ("SHAPE-6", False, Change.BETTER), ("INPUT-6", False, Change.SAME),
    }  # fmt: skip
    assert {(each.id, each.change) for each in found.clauses} >= {("LIFE-3", Change.BETTER), ("SHAPE-6", Change.BETTER)}


def test_a_finding_whose_clause_was_not_exercised_again_is_not_gone() -> None:
    blind = with_clause(KEPT, "LIFE-3", verdict="not_exercised", exercised=0, reason="no purchase was made")
    found = promises(BROKEN, blind)
    assert {each.change for each in found.findings if each.clause == "LIFE-3"} == {Change.CANNOT_TELL}
    (clause,) = (each for each in found.clauses if each.id == "LIFE-3")
    assert (clause.change, clause.reason) == (Change.CANNOT_TELL, "no purchase was made")


@pytest.mark.parametrize(
    ("before", "after", "required", "change"),
    [
        ("kept", "broken", True, Change.WORSE),
        ("not_exercised", "broken", False, Change.WORSE),
        ("broken", "kept", True, Change.BETTER),
        ("not_exercised", "kept", True, Change.SAME),
        ("kept", "not_exercised", True, Change.CANNOT_TELL),
        ("kept", "not_exercised", False, Change.SAME),
        ("broken", "not_exercised", False, Change.CANNOT_TELL),
    ],
)
def test_each_step_of_a_clause_has_its_word(before: str, after: str, required: bool, change: Change) -> None:
    old, new = (with_clause(KEPT, "SHAPE-1", verdict=word, required=required) for word in (before, after))
    (found,) = promises(old, new).clauses
    title = next(clause["title"] for clause in KEPT["clauses"] if clause["id"] == "SHAPE-1")
    assert found == ClauseChange("SHAPE-1", title, before, after, change, "")


def test_clauses_that_one_run_does_not_know_are_told() -> None:
    fewer = {**KEPT, "clauses": [clause for clause in KEPT["clauses"] if clause["id"] != "MONEY-2"]}
    (gone,) = promises(KEPT, fewer).clauses
    assert (gone.id, gone.baseline, gone.candidate) == ("MONEY-2", "kept", "absent")
    (new,) = promises(fewer, KEPT).clauses
    assert (new.id, new.baseline, new.candidate, new.change) == ("MONEY-2", "absent", "kept", Change.SAME)


def test_an_accepted_finding_counts_as_a_warning_until_its_acceptance_expires() -> None:
    def accepted(*, expired: bool) -> dict[str, Any]:
        note = {"reason": "known", "expires": "2026-03-01", "expired": expired}
        return {**BROKEN, "findings": [{**finding, "accepted": note} for finding in BROKEN["findings"]]}

    appeared = promises(KEPT, accepted(expired=False)).findings
    assert {(each.severity, each.change) for each in appeared} == {("warning", Change.SAME)}
    expired = promises(accepted(expired=False), accepted(expired=True)).findings
    assert {(each.clause, each.appeared, each.change) for each in expired} == {
        ("LIFE-3", True, Change.WORSE), ("SHAPE-6", True, Change.WORSE),
    }  # fmt: skip
