"""Defects turn the gate from kept to broken under the right clause; variants leave it kept.

A selection over every family; ``tests/slow`` shows the whole catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from contracts.prove.case import CONTROL, DEFECT, MUTANT, VARIANT, Case
from contracts.prove.selection import select
from contracts.prove.trial import show
from fixtures.defects.catalogue import DEFECTS, VARIANTS

FAMILIES = ("SHAPE", "VALUE", "INPUT", "AUTH", "LIFE", "LIST", "MONEY", "RACE", "WIRE")
LAWFUL_SHOWN = 1
MUTANTS_SHOWN = 5


def spread(cases: Sequence[Case], number: int) -> list[Case]:
    """Return so many cases, evenly spread over all."""
    return [cases[(2 * place + 1) * len(cases) // (2 * number)] for place in range(min(number, len(cases)))]


def seeded() -> list[Case]:
    """Return a defect of every family, and mutants."""
    cases = select(kinds=[DEFECT], depth="quick", brief=True)
    by_family = ([case for case in cases if case.family == family] for family in FAMILIES)
    defects = [case for members in by_family for case in spread(members, 1)]
    return [*defects, *spread(select(kinds=[MUTANT], depth="quick"), MUTANTS_SHOWN)]


SEEDED = seeded()
LAWFUL = spread(select(kinds=[VARIANT], depth="quick"), LAWFUL_SHOWN)
CONTROLS = select(kinds=[CONTROL], profile="2026-05", depth="quick")


def test_the_catalogue_covers_every_family() -> None:
    assert {defect.family for defect in DEFECTS.values()} >= set(FAMILIES)
    assert len(DEFECTS) > 120
    assert len(VARIANTS) >= 25
    assert {case.family for case in SEEDED if case.kind == DEFECT} == set(FAMILIES)


@pytest.mark.parametrize("case", CONTROLS, ids=lambda case: case.profile)
def test_the_bare_sandbox_is_kept(case: Case) -> None:
    shown = show(case)
    assert (shown.verdict, shown.caught_by, shown.warned_by, shown.missed) == ("kept", (), (), ())


@pytest.mark.parametrize("case", SEEDED, ids=lambda case: case.name)
def test_a_defect_is_caught_under_a_clause_that_names_it(case: Case) -> None:
    shown = show(case)
    assert shown.verdict == "broken", shown.note
    assert set(shown.caught_by) & set(case.clauses), (shown.caught_by, shown.note)


@pytest.mark.parametrize("case", LAWFUL, ids=lambda case: case.name)
def test_a_variant_raises_no_alarm(case: Case) -> None:
    shown = show(case)
    assert shown.right, (shown.caught_by, shown.warned_by, shown.missed, shown.note)
