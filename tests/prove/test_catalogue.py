"""Defects turn the gate from kept to broken under the right clause; variants leave it kept.

A selection over every family; ``tests/slow`` shows the whole catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from contracts.prove.case import CONTROL, DEFECT, VARIANT, Case, show
from contracts.prove.selection import select
from fixtures.defects.catalogue import DEFECTS, VARIANTS

FAMILIES = ("SHAPE", "VALUE", "INPUT", "AUTH", "LIFE", "LIST", "MONEY", "RACE", "WIRE")
PER_FAMILY = 6
LAWFUL_SHOWN = 16


def spread(cases: Sequence[Case], number: int) -> list[Case]:
    """Return so many cases, evenly spread over all."""
    return [cases[place * len(cases) // number] for place in range(min(number, len(cases)))]


def seeded() -> list[Case]:
    """Return a few defects of every family."""
    cases = select(kinds=[DEFECT], depth="quick", brief=True)
    by_family = ([case for case in cases if DEFECTS[case.name].family == family] for family in FAMILIES)
    return [case for members in by_family for case in spread(members, PER_FAMILY)]


SEEDED = seeded()
LAWFUL = spread(select(kinds=[VARIANT], depth="quick"), LAWFUL_SHOWN)
CONTROLS = [c for profile in ("2026-02", "2026-05") for c in select(kinds=[CONTROL], profile=profile, depth="quick")]


def test_the_catalogue_covers_every_family() -> None:
    assert {defect.family for defect in DEFECTS.values()} >= set(FAMILIES)
    assert len(DEFECTS) > 120
    assert len(VARIANTS) >= 25
    assert len(SEEDED) >= 50
    assert len(LAWFUL) >= 15


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
