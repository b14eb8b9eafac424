"""Mutants are derived from the OpenAPI document: every promise of a clause, broken once, and nothing lawful."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import pytest

from contracts.checks.schemas import compiled
from contracts.clauses import load_clauses
from contracts.history import ApiOperation
from contracts.profiles import PROFILES, openapi_document
from contracts.prove.derived import Mutant, mutants
from contracts.schema import PythonValidator
from fixtures.defects.model import NEEDS


def names(profile: str) -> set[str]:
    return {mutant.name for mutant in mutants(profile)}


def named(profile: str, name: str) -> Mutant:
    return next(mutant for mutant in mutants(profile) if mutant.name == name)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_operation_has_mutants_of_every_sort(profile: str) -> None:
    found = mutants(profile)
    assert len(found) > 400
    assert {mutant.mutation.operation for mutant in found} == {kind.value for kind in ApiOperation} - {"other"}
    sorts = Counter(mutant.name.rpartition(":")[2] for mutant in found)
    assert sorts.keys() >= {"dropped", "null", "number", "string", "array", "object"}
    assert sorts.keys() >= {"newline", "foreign-digits", "lower-case", "unknown", "empty", "below", "above"}


@pytest.mark.parametrize("profile", PROFILES)
def test_names_and_mutations_are_unique(profile: str) -> None:
    found = mutants(profile)
    assert len({mutant.name for mutant in found}) == len(found)
    assert len({repr(mutant.mutation) for mutant in found}) == len(found)


@pytest.mark.parametrize("profile", PROFILES)
def test_clauses_and_needs_are_known(profile: str) -> None:
    known = load_clauses()
    for mutant in mutants(profile):
        assert set(mutant.clauses) <= known.keys()
        assert set(mutant.needs) <= NEEDS.keys()


def test_the_clauses_of_a_value_are_those_that_speak_of_it() -> None:
    expected = {
        "create_purchase/id:dropped": ("SHAPE-2", "SHAPE-3"),
        "create_purchase/id:string": ("SHAPE-3",),
        "list_purchases/items/each:null": ("SHAPE-2", "LIST-5"),
        "list_purchases/items/each/created_at:dropped": ("SHAPE-2", "LIST-5", "SHAPE-11"),
        "list_purchases/pagination:dropped": ("WIRE-3", "LIST-4", "SHAPE-2"),
        "list_purchases/pagination/has_next:string": ("WIRE-3", "LIST-4"),
        "retrieve_purchase/verification/received_at:newline": ("SHAPE-11", "SHAPE-10"),
        "request_code/code_request/attempt:dropped": ("SHAPE-2",),
        "refund_purchase/refund/amount/amount:number": ("SHAPE-7",),
        "get_account/price/currency_code:lower-case": ("SHAPE-7",),
        "get_profile/balance:array": ("SHAPE-7", "SHAPE-2"),
    }
    assert {name: named("2026-02", name).clauses for name in expected} == expected


@pytest.mark.parametrize(
    "lawful",
    [
        # No clause speaks of these values, only of their keys being there.
        "request_code/code_request/attempt:string",
        "get_account/available:string",
        "get_account/discount/percent:above",
        # Keys that are not required.
        "get_account/tags:dropped",
        "get_profile/login:dropped",
        # Null as long as no code has come.
        "retrieve_purchase/verification:null",
        "retrieve_purchase/phone_number:null",
        # A warning by SHAPE-10, and a create is PENDING, without credentials (VALUE-7).
        "retrieve_purchase/verification/password:null",
        "create_purchase/verification/code:dropped",
    ],
)
@pytest.mark.parametrize("profile", PROFILES)
def test_what_the_contract_allows_is_no_mutant(lawful: str, profile: str) -> None:
    assert lawful not in names(profile)


def test_keys_of_the_newer_profile_are_mutated_under_it_alone() -> None:
    newer = names("2026-05") - names("2026-02")
    assert newer
    assert all("/emoji:" in name or "/purchase_source:" in name for name in newer)
    assert "retrieve_purchase/purchase_source:unknown" in newer
    assert "retrieve_purchase/emoji:empty" not in newer


def test_every_required_key_of_a_purchase_is_dropped_in_every_view() -> None:
    keys = "id country_code display_name phone_number price status purchase_type verification created_at".split()
    views = ("create_purchase", "list_purchases/items/each", "retrieve_purchase", "request_code/purchase")
    dropped = {f"{view}/{key}:dropped" for view in (*views, "refund_purchase/purchase") for key in keys}
    assert dropped <= names("2026-02")


def examples(profile: str) -> dict[str, list[Any]]:
    """Return the examples of every operation's 200 answer."""
    document = openapi_document(profile)
    shared = document["components"]["examples"]
    found = {}
    for item in document["paths"].values():
        for operation in (value for key, value in item.items() if key in {"get", "post"}):
            shown = operation["responses"]["200"]["content"]["application/json"]["examples"]
            values = [one.get("value") or shared[one["$ref"].split("/")[-1]]["value"] for one in shown.values()]
            found[operation["operationId"]] = values
    return found


@pytest.mark.parametrize("profile", PROFILES)
def test_the_checks_of_every_answer_refuse_what_is_mutated(profile: str) -> None:
    answers = examples(profile)
    for mutant in mutants(profile):
        if mutant.clauses[0] == "WIRE-3":
            # The pagination is left to its own check.
            continue
        kind = ApiOperation(mutant.mutation.operation)
        validator = compiled(PythonValidator, profile, kind)
        mutated = []
        for answer in copy.deepcopy(answers[kind.value]):
            assert validator.is_valid(answer)
            if mutant.mutation.apply(answer):
                mutated.append(answer)
        assert mutated, mutant.name
        assert not any(map(validator.is_valid, mutated)), mutant.name
