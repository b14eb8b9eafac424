"""What a clause without a table of refusals says of a status: a refusal is right, and nothing else is judged here."""

from __future__ import annotations

import pytest

from contracts.checks.rulings import RIGHT, rule
from contracts.demand import Fault
from contracts.reading import Reading
from tests.checks.build import answer, retrieve


@pytest.mark.parametrize(
    ("status", "right"), [(200, False), (302, False), (399, False), (400, True), (404, True), (499, True), (500, False)]
)
def test_a_refusal_that_history_decides_is_right_or_not_judged(status: int, *, right: bool) -> None:
    given = answer({}, status)
    operation = retrieve(given)
    assert operation.answer is not None
    assert rule(Fault("LIFE-10", "too young"), Reading(operation), operation.answer) is (RIGHT if right else None)
