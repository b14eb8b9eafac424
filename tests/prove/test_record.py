"""The record of a proof: a document that is always whole, and a directory that a later proof takes up again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contracts.errors import UsageError
from contracts.prove.case import CONTROL, CRASHED, DEFECT, MUTANT, NOT_SHOWN, VARIANT, Case, Shown, without_gate
from contracts.prove.record import DOCUMENT, EMBEDDED, RESULTS, ProofFacts, Record
from contracts.prove.selection import select

FACTS = ProofFacts(target=EMBEDDED, profile="2026-02", depth="quick", seeds=[0])


def selected() -> list[Case]:
    """Return a case of each kind."""
    names = ("none", "create-answers-201", "get_profile/id:dropped", "json-spelt-out")
    return [
        select([name], kinds=[kind], depth="quick")[0]
        for name, kind in zip(names, (CONTROL, DEFECT, MUTANT, VARIANT), strict=True)
    ]


def right(case: Case) -> Shown:
    """Return what comes of a case whose gate does right."""
    caught = case.clauses[:1]
    verdict = "broken" if caught else "kept"
    seconds, purchases = (1.5, 4) if caught else (None, None)
    note = "what was found" if caught else "all clauses kept"
    return Shown(case.key, case.name, case.kind, True, verdict, caught, (), (), 2.0, 9, 5, seconds, purchases, note)


def wrong(case: Case) -> Shown:
    return replace(right(case), right=False, verdict="kept", caught_by=(), catch_seconds=None, catch_purchases=None)


def written(path: Path) -> dict[str, Any]:
    """Return the document in a directory, once it is known to be lawful."""
    document: dict[str, Any] = json.loads((path / DOCUMENT).read_text("utf-8"))
    schema = json.loads(resources.files("reports").joinpath("proof.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    return document


def recorded(path: Path, results: Sequence[Shown], stopped: str | None = None) -> dict[str, Any]:
    record = Record(path, FACTS, selected())
    for one in results:
        record.add(one)
    record.stopped = stopped
    assert record.write(partial=False) == written(path)
    return written(path)


def test_a_proof_in_which_all_is_right_is_kept(tmp_path: Path) -> None:
    document = recorded(tmp_path, list(map(right, selected())))
    assert (document["verdict"], document["exit_code"], document["partial"]) == ("kept", 0, False)
    assert document["reasons"] == [
        "1 of 1 defects caught",
        "1 of 1 mutants caught",
        "2 of 2 variants and controls silent",
    ]
    assert document["summary"] == {
        "defects": 1,
        "caught": 1,
        "mutants": 1,
        "caught_mutants": 1,
        "variants": 2,
        "silent": 2,
        "median_seconds": 1.5,
        "median_purchases": 4,
        "not_shown": 0,
    }
    assert [case["right"] for case in document["cases"]] == [True] * 4
    assert document["cases"][1] == {
        "name": "create-answers-201",
        "kind": "defect",
        "family": "SHAPE",
        "statement": "a client that waits for the documented 200 reports a paid purchase as failed and buys again",
        "clauses": ["SHAPE-1"],
        "right": True,
        "verdict": "broken",
        "caught_by": ["SHAPE-1"],
        "warned_by": [],
        "seconds": 2.0,
        "catch_seconds": 1.5,
        "purchases": 5,
        "catch_purchases": 4,
        "note": "what was found",
        "seed": 0,
        "depth": "quick",
        "profile": "2026-02",
    }


@pytest.mark.parametrize("place", range(4))
def test_one_case_gone_wrong_breaks_a_proof(place: int, tmp_path: Path) -> None:
    cases = selected()
    results = [wrong(case) if number == place else right(case) for number, case in enumerate(cases)]
    document = recorded(tmp_path, results, stopped="the cap is spent")
    assert (document["verdict"], document["exit_code"]) == ("broken", 1)
    assert [case["right"] for case in document["cases"]].count(False) == 1


def test_a_missed_defect_is_told_as_such(tmp_path: Path) -> None:
    cases = selected()
    document = recorded(tmp_path, [wrong(cases[1]), without_gate(cases[2], CRASHED, "ValueError: x")])
    assert document["cases"][1]["note"] == "missed; found nothing"
    assert document["cases"][2]["note"] == "the gate crashed: ValueError: x"
    assert document["cases"][2]["seconds"] is None


def test_a_proof_that_stopped_early_is_inconclusive_and_tells_what_was_not_shown(tmp_path: Path) -> None:
    document = recorded(tmp_path, [right(case) for case in selected()[:2]], stopped="the cap is spent")
    assert (document["verdict"], document["exit_code"], document["partial"]) == ("inconclusive", 3, False)
    assert document["reasons"][0] == "the cap is spent"
    assert document["summary"]["not_shown"] == 2
    assert [(c["verdict"], c["right"], c["note"], c["purchases"]) for c in document["cases"][2:]] == [
        ("not_shown", None, "the cap is spent", None)
    ] * 2


def test_cases_that_a_target_cannot_show_leave_a_proof_kept_unless_nothing_else_is_left(tmp_path: Path) -> None:
    cases = selected()
    lacking = [without_gate(case, NOT_SHOWN, "it shows only where …") for case in cases]
    assert recorded(tmp_path / "some", [right(cases[0]), *lacking[1:]])["exit_code"] == 0
    nothing = recorded(tmp_path / "none", lacking)
    assert (nothing["exit_code"], nothing["reasons"]) == (3, ["no case was shown"])


def test_an_interrupted_proof_is_partial(tmp_path: Path) -> None:
    record = Record(tmp_path, FACTS, selected())
    record.add(right(selected()[0]))
    record.interrupted = True
    record.write(partial=False)
    document = written(tmp_path)
    assert (document["verdict"], document["exit_code"], document["partial"]) == ("inconclusive", 130, True)
    assert document["summary"]["not_shown"] == 3


def test_a_proof_that_is_killed_leaves_a_partial_document(tmp_path: Path) -> None:
    Record(tmp_path, FACTS, selected())
    document = written(tmp_path)
    assert (document["partial"], document["exit_code"], document["summary"]["not_shown"]) == (True, 3, 4)
    assert list(tmp_path.iterdir()) == [tmp_path / DOCUMENT]


def test_a_later_proof_takes_up_what_was_shown_and_tries_again_what_was_not(tmp_path: Path) -> None:
    cases = selected()
    recorded(tmp_path, [right(cases[0]), wrong(cases[1]), without_gate(cases[2], NOT_SHOWN, "the cap is spent")])
    record = Record(tmp_path, FACTS, cases)
    assert record.todo == cases[2:]
    assert record.results[:2] == [right(cases[0]), wrong(cases[1])]
    assert len((tmp_path / RESULTS).read_text("utf-8").splitlines()) == 2


def test_results_of_cases_that_were_not_asked_for_stay_out_of_the_document(tmp_path: Path) -> None:
    recorded(tmp_path, list(map(right, selected())))
    record = Record(tmp_path, FACTS, selected()[:1])
    assert (record.todo, len(record.results)) == ([], 1)


@pytest.mark.parametrize("trouble", ["holds a run of another command", "is a file, not a directory"])
def test_a_directory_that_will_not_do_is_a_usage_error(trouble: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    if "file" in trouble:
        out.write_text("")
    else:
        out.mkdir()
        (out / "run.json").write_text("{}")
    with pytest.raises(UsageError, match=trouble):
        Record(out, FACTS, selected())
