"""Every defect and every variant, at full depth: half an hour on two cores."""

from __future__ import annotations

import pytest

from contracts.prove.case import CONTROL, DEFECT, VARIANT, Case
from contracts.prove.selection import select
from contracts.prove.trial import show

DEFECTS = select(kinds=[DEFECT], depth="full", brief=True)
LAWFUL = [
    case
    for profile in ("2026-02", "2026-05")
    for case in select(kinds=[CONTROL, VARIANT], profile=profile, depth="full")
]


@pytest.mark.parametrize("case", DEFECTS, ids=lambda case: case.name)
def test_a_defect_is_caught_under_a_clause_that_names_it(case: Case) -> None:
    shown = show(case)
    assert shown.right, (shown.verdict, shown.caught_by, shown.note)


@pytest.mark.parametrize("case", LAWFUL, ids=lambda case: f"{case.name}-{case.profile}")
def test_a_variant_raises_no_alarm(case: Case) -> None:
    shown = show(case)
    assert shown.right, (shown.caught_by, shown.warned_by, shown.missed, shown.note)
