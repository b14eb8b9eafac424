"""Every mutant of both documents, at depth quick: a quarter of an hour of one core."""

from __future__ import annotations

import pytest

from contracts.profiles import PROFILES
from contracts.prove.case import MUTANT, Case
from contracts.prove.selection import select
from contracts.prove.trial import show

MUTANTS = [case for profile in PROFILES for case in select(kinds=[MUTANT], profile=profile, depth="quick")]


@pytest.mark.parametrize("case", MUTANTS, ids=lambda case: f"{case.profile}-{case.name}")
def test_a_mutant_is_caught_under_a_clause_that_speaks_of_it(case: Case) -> None:
    shown = show(case)
    assert shown.right, (shown.verdict, shown.caught_by, shown.note)
