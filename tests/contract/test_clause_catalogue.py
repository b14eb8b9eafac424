"""The catalogue of clauses is complete, sound, and refused where it is not."""

import copy
import dataclasses
from typing import Any

import pytest

from contracts.clauses import Clause, load_clauses, load_families, nearest, parse_clauses

FAMILIES = {
    "SHAPE": 11,
    "VALUE": 8,
    "INPUT": 9,
    "AUTH": 6,
    "LIFE": 10,
    "LIST": 5,
    "MONEY": 2,
    "RACE": 3,
    "LOAD": 3,
    "WIRE": 3,
}
IDS = [f"{family}-{number}" for family, count in FAMILIES.items() for number in range(1, count + 1)]
WARNINGS = {"MONEY-2", "LOAD-3"}
OPTIONAL = {
    *("VALUE-6", "INPUT-3", "INPUT-4", "AUTH-4", "AUTH-5", "AUTH-6", "LIFE-9", "LIFE-10"),
    *("MONEY-1", "MONEY-2", "RACE-1", "RACE-2", "RACE-3", "LOAD-1", "LOAD-2", "LOAD-3"),
}
BASIS = {
    "published": {
        "SHAPE-7",
        "VALUE-4",
        "INPUT-3",
        "INPUT-9",
        "LIFE-10",
        "LIST-1",
        "LIST-3",
        "LIST-4",
        "LIST-5",
    }
    | {"WIRE-1", "WIRE-2", "WIRE-3"},
    "implied": {"INPUT-2", "INPUT-5", "INPUT-6", "INPUT-7", "AUTH-2", "AUTH-3", "LIFE-6"}
    | {"MONEY-2", "RACE-1", "RACE-3", "LOAD-3"},
    "user": {"LOAD-2"},
}


def catalogue(**changes: Any) -> dict[str, Any]:
    """Write out a catalogue of one sound clause, with some of its values changed."""
    clause = {
        "id": "LIFE-1",
        "title": "a name of words",
        "promise": "It is\nso.",
        "basis": "documented",
        "severity": "error",
        "min_exercise": 1,
        "required": True,
        "needs": ["create"],
        "modes": ["gate"],
        "why": "Money.",
        "tested": "By looking.",
        "breaks": "This.",
        "lawful": "That.",
    }
    return {"families": {"LIFE": "across responses"}, "clause": [clause | changes]}


def test_the_catalogue_has_every_clause_in_order() -> None:
    assert list(load_clauses()) == IDS
    assert list(load_families()) == list(FAMILIES)


def test_severities_are_the_contracts() -> None:
    assert {name for name, clause in load_clauses().items() if clause.severity == "warning"} == WARNINGS


def test_bases_are_the_contracts() -> None:
    expected = {name: basis for basis, names in BASIS.items() for name in names}
    assert {name: clause.basis for name, clause in load_clauses().items()} == {
        name: expected.get(name, "documented") for name in IDS
    }


def test_a_plain_target_must_exercise_the_rest() -> None:
    assert {name for name, clause in load_clauses().items() if not clause.required} == OPTIONAL


def test_required_clauses_need_no_more_than_a_plain_target() -> None:
    plain = {"create", "retrieve", "list", "request_code", "success"}
    for clause in load_clauses().values():
        if clause.required:
            assert set(clause.needs) <= plain, clause.id
            assert "gate" in clause.modes, clause.id


def test_only_load_can_exercise_what_is_about_load() -> None:
    assert {name for name, clause in load_clauses().items() if clause.modes == ("load",)} == {
        "LOAD-1",
        "LOAD-2",
    }


def test_what_load_promises_to_check_can_be_checked_under_load() -> None:
    for name, clause in load_clauses().items():
        if clause.family in {"SHAPE", "VALUE"} or name in {*(f"LIFE-{n}" for n in range(1, 9)), "AUTH-3"}:
            assert "load" in clause.modes, name


def test_tolerances() -> None:
    assert {name: clause.tolerance for name, clause in load_clauses().items() if clause.tolerance} == {
        "VALUE-5": {"clock_skew_s": 300},
        "VALUE-6": {"rounding_cents": 1},
        "LIFE-10": {"refund_age_s": 1200},
    }


@pytest.mark.parametrize("clause", load_clauses().values(), ids=lambda clause: clause.id)
def test_a_clause_can_be_read(clause: Clause) -> None:
    assert 3 <= len(clause.title.split()) <= 7
    for text in (clause.promise, clause.why, clause.tested, clause.breaks, clause.lawful):
        assert text.endswith(".")
        assert "\n" not in text
        assert 15 <= len(text) <= 500


def test_titles_tell_clauses_apart() -> None:
    assert len({clause.title for clause in load_clauses().values()}) == len(IDS)


def test_a_clause_is_parsed_whole() -> None:
    assert parse_clauses(catalogue(tolerance={"age_s": 2.5})) == {
        "LIFE-1": Clause(
            id="LIFE-1",
            title="a name of words",
            promise="It is so.",
            basis="documented",
            severity="error",
            min_exercise=1,
            required=True,
            needs=("create",),
            modes=("gate",),
            why="Money.",
            tested="By looking.",
            breaks="This.",
            lawful="That.",
            tolerance={"age_s": 2.5},
        )
    }


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"id": "LIVE-1"}, "'LIVE-1' is not a family and a number"),
        ({"id": "LIFE-01"}, "'LIFE-01' is not a family and a number"),
        ({"id": "LIFE-1\n"}, None),
        ({"id": 7}, "a clause: id is 7, not a text"),
        ({"severty": "error"}, "LIFE-1: unknown key 'severty'"),
        ({"severity": "fatal"}, "LIFE-1: severity is 'fatal', not one of error, warning"),
        ({"severity": ["error"]}, r"LIFE-1: severity is \['error'\], not one of"),
        ({"basis": "rumour"}, "LIFE-1: basis is 'rumour', not one of documented"),
        ({"needs": ["luck"]}, "LIFE-1: needs is 'luck', not one of create"),
        ({"needs": "create"}, "LIFE-1: needs is 'create', not a list"),
        ({"modes": ["verify"]}, "LIFE-1: modes is 'verify', not one of gate, load"),
        ({"min_exercise": 0}, "LIFE-1: min_exercise is 0, not a whole number from 1"),
        ({"min_exercise": True}, "LIFE-1: min_exercise is True, not a whole number"),
        ({"min_exercise": 1.5}, "LIFE-1: min_exercise is 1.5, not a whole number"),
        ({"required": 1}, "LIFE-1: required is 1, neither true nor false"),
        ({"why": " "}, "LIFE-1: why is ' ', not a text"),
        ({"tolerance": 5}, "LIFE-1: tolerance is 5, not a table"),
        ({"tolerance": {"age_s": "5"}}, "LIFE-1: tolerance.age_s is '5', not a number"),
        ({"tolerance": {"age_s": True}}, "LIFE-1: tolerance.age_s is True, not a number"),
    ],
)
def test_an_unsound_value_is_named(changes: dict[str, Any], complaint: str | None) -> None:
    if complaint is None:  # whitespace around a text is no mistake
        assert list(parse_clauses(catalogue(**changes))) == ["LIFE-1"]
        return
    with pytest.raises(ValueError, match=complaint):
        parse_clauses(catalogue(**changes))


@pytest.mark.parametrize("key", ["title", "promise", "lawful", "modes"])
def test_a_missing_key_is_named(key: str) -> None:
    written = catalogue()
    del written["clause"][0][key]
    with pytest.raises(ValueError, match=f"LIFE-1: missing key '{key}'"):
        parse_clauses(written)


def test_a_repeated_id_is_named() -> None:
    written = catalogue()
    written["clause"] *= 2
    with pytest.raises(ValueError, match="'LIFE-1' is there twice"):
        parse_clauses(copy.deepcopy(written))


def test_a_clause_is_frozen_and_hashable() -> None:
    clause = load_clauses()["VALUE-5"]
    assert {clause: 1}[dataclasses.replace(clause)] == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        clause.severity = "warning"  # type: ignore[misc]


def test_family() -> None:
    assert {clause.family for clause in load_clauses().values()} == set(FAMILIES)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("LIFE3", "LIFE-3"), ("life-3", "LIFE-3"), ("shap", "SHAPE"), ("LIFE-33", "LIFE-3"), ("?", None)],
)
def test_nearest(name: str, expected: str | None) -> None:
    assert nearest(name) == expected
