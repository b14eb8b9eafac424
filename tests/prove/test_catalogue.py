"""Every defect turns the gate from kept to broken under the right clause; every variant leaves it kept."""

from __future__ import annotations

import pytest

from contracts.prove.case import CONTROL, DEFECT, VARIANT, Case, show
from contracts.prove.selection import select
from fixtures.defects.catalogue import DEFECTS, VARIANTS

FAMILIES = ("SHAPE", "VALUE", "INPUT", "AUTH", "LIFE", "LIST", "MONEY", "RACE", "WIRE")


def names(cases: list[Case]) -> list[str]:
    return [f"{case.name}-{case.profile}" for case in cases]


CONTROLS = [case for profile in ("2026-02", "2026-05") for case in select(kinds=[CONTROL], profile=profile, depth="quick")]
SEEDED = select(kinds=[DEFECT], depth="quick", brief=True)
LAWFUL = select(kinds=[VARIANT], depth="quick")


def test_the_catalogue_covers_every_family() -> None:
    assert {defect.family for defect in DEFECTS.values()} >= set(FAMILIES)
    assert len(DEFECTS) > 120
    assert len(VARIANTS) >= 25


@pytest.mark.parametrize("case", CONTROLS, ids=names(CONTROLS))
def test_the_bare_sandbox_is_kept(case: Case) -> None:
    shown = show(case)
    assert (shown.verdict, shown.caught_by, shown.warned_by, shown.missed) == ("kept", (), (), ())


@pytest.mark.parametrize("case", SEEDED, ids=names(SEEDED))
def test_a_defect_is_caught_under_a_clause_that_names_it(case: Case) -> None:
    shown = show(case)
    assert shown.verdict == "broken", shown.note
    assert set(shown.caught_by) & set(case.clauses), (shown.caught_by, shown.note)


@pytest.mark.parametrize("case", LAWFUL, ids=names(LAWFUL))
def test_a_variant_raises_no_alarm(case: Case) -> None:
    shown = show(case)
    assert shown.right, (shown.caught_by, shown.warned_by, shown.missed, shown.note)
