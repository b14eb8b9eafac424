"""The catalogue is whole: named, reasoned, over every clause, and says so when a name is unknown."""

from __future__ import annotations

import re

import pytest

from fixtures.defects import catalogue
from fixtures.defects.catalogue import DEFECTS, NOOP, VARIANTS, find, wrap
from fixtures.defects.model import BOTH, NEEDS, Defect, Variant
from tests.defects.tiny import Tiny

CLAUSES = {
    *(f"SHAPE-{number}" for number in range(1, 12)),
    *(f"VALUE-{number}" for number in range(1, 9)),
    *(f"INPUT-{number}" for number in range(1, 10)),
    *(f"AUTH-{number}" for number in range(1, 7)),
    *(f"LIFE-{number}" for number in range(1, 11)),
    *(f"LIST-{number}" for number in range(1, 6)),
    *(f"MONEY-{number}" for number in range(1, 3)),
    *(f"RACE-{number}" for number in range(1, 4)),
    *(f"LOAD-{number}" for number in range(1, 4)),
    *(f"WIRE-{number}" for number in range(1, 4)),
}

# Breaking these is a warning whatever is done, so that no defect of theirs turns a verdict.
WARNINGS_ONLY = {"VALUE-8", "MONEY-2", "LOAD-3"}

OPERATIONS = {
    "create_purchase",
    "list_purchases",
    "retrieve_purchase",
    "request_code",
    "refund_purchase",
    "get_account",
    "get_profile",
}


def groups(kind: str) -> list[tuple[Defect | Variant, ...]]:
    modules = [value for value in vars(catalogue).values() if hasattr(value, kind) and hasattr(value, "__file__")]
    return [getattr(module, kind) for module in modules]


@pytest.mark.parametrize("one", [*DEFECTS.values(), *VARIANTS.values()], ids=lambda one: one.name)
def test_names_and_reasons_are_written_out(one: Defect | Variant) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.name)
    reason = one.suffers if isinstance(one, Defect) else one.why
    assert len(reason) > 10
    assert "\n" not in reason
    assert not reason.endswith(".")
    assert set(one.needs) <= set(NEEDS)


@pytest.mark.parametrize("defect", [one for one in DEFECTS.values() if one is not NOOP], ids=lambda one: one.name)
def test_defects_name_clauses_of_the_contract(defect: Defect) -> None:
    assert defect.clauses
    assert set(defect.clauses) <= CLAUSES
    assert not set(defect.clauses) & WARNINGS_ONLY
    assert len(set(defect.clauses)) == len(defect.clauses)
    assert defect.family in {clause.partition("-")[0] for clause in CLAUSES}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=lambda one: one.name)
def test_variants_say_where_they_are_lawful(variant: Variant) -> None:
    assert set(variant.expects_warning) <= CLAUSES
    assert variant.profiles
    assert set(variant.profiles) <= set(BOTH)
    assert set(variant.lacks) <= OPERATIONS


def test_everything_is_registered_once() -> None:
    defects = [one.name for group in groups("DEFECTS") for one in group]
    variants = [one.name for group in groups("VARIANTS") for one in group]
    assert sorted([*defects, "noop"]) == sorted(DEFECTS)
    assert sorted(variants) == sorted(VARIANTS)
    assert not set(DEFECTS) & set(VARIANTS)


def test_every_clause_has_a_defect() -> None:
    covered = {clause for defect in DEFECTS.values() for clause in defect.clauses}
    assert covered == CLAUSES - WARNINGS_ONLY


def test_the_catalogue_is_large_enough() -> None:
    assert len(DEFECTS) > 130
    assert len(VARIANTS) > 30


def test_the_control_names_no_clause() -> None:
    assert DEFECTS["noop"] is NOOP
    assert NOOP.clauses == ()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("id-as-sting", "id-as-string"), ("ratelimited", "rate-limited"), ("NOOP", "")],
)
def test_an_unknown_name_is_told_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(ValueError, match=f"{name}.*{nearest}"):
        wrap(Tiny(), [name])


def test_find_knows_both_kinds() -> None:
    assert isinstance(find("id-as-string"), Defect)
    assert isinstance(find("rate-limited"), Variant)
