"""What the soak of the gate says of gates, made up so that the right answer is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.gate_soak import MOST_A_GATE_MB, Gate, judge
from benchmarks.stage.soak import Look, slope

WARM = 180.0


def gates(
    count: int = 60, *, grows: int = 0, per_gate: float = 0, of: str = "suite", what: str = "megabytes"
) -> list[Gate]:
    """Return gates of ten seconds each, one count of a process growing from the end of the warm-up on.

    Args:
        count: how many.
        grows: by how much at once.
        per_gate: by how much with every gate.
        of: ``suite`` or ``sandbox``.
        what: an attribute of ``Look``.
    """
    found = []
    for number in range(count):
        t = 10.0 * (number + 1)
        rest = Look(t, 150.0 + 0.3 * (number % 3), 8, 1, 4.0 * number)
        gate = Gate(t, "kept", 1995 + number % 5, 43, 4.0, rest, replace(rest, megabytes=40.0), 0)
        after = max(number - 17, 0)
        grown = getattr(getattr(gate, of), what) + after * per_gate + (grows if after else 0)
        found.append(replace(gate, **{of: replace(getattr(gate, of), **{what: grown})}))
    return found


def test_gates_that_leave_nothing_behind_have_no_trouble() -> None:
    assert judge(gates(), WARM) == []


def test_what_one_gate_holds_for_a_while_is_no_growth() -> None:
    held = gates()
    held[30] = replace(held[30], suite=replace(held[30].suite, descriptors=14, threads=7, megabytes=230.0), left=3)
    assert judge(held, WARM) == []


@pytest.mark.parametrize(
    ("seen", "complaint"),
    [
        (gates(per_gate=0.2), "suite: memory is not flat: 150.6 to 159.0 MB over 43 gates, +0.200 MB a gate"),
        (gates(per_gate=0.06, of="sandbox"), "sandbox: memory is not flat"),
        (gates(grows=1, what="descriptors"), "suite: descriptors grow: at most 8 in the warm-up, never less than 9"),
        (gates(per_gate=0.1, of="sandbox", what="threads"), "sandbox: threads grow"),
        (gates(grows=1, what="children"), "suite: children grow"),
        ([replace(gate, left=number // 20) for number, gate in enumerate(gates())], "temporary files are left behind"),
        ([*gates()[:-1], replace(gates()[-1], verdict="inconclusive")], "gate 60 of the same sandbox is inconclusive"),
        ([*gates()[:-1], replace(gates()[-1], requests=1500)], "gate 60 sent 1,500 requests, the median is 1,997"),
        (gates(20), "17 and 3 gates before and after the warm-up say nothing"),
        (gates()[18:], "0 and 42 gates before and after the warm-up say nothing"),
    ],
)
def test_what_grows_or_differs_is_named(seen: Sequence[Gate], complaint: str) -> None:
    (told,) = judge(seen, WARM)
    assert complaint in told


def test_a_leak_of_a_whole_gate_is_far_beyond_the_limit() -> None:
    # What was measured when Hypothesis kept every run of the state machine.
    assert MOST_A_GATE_MB < 9 / 50
    assert "memory is not flat" in judge(gates(per_gate=9.0), WARM)[0]


@given(
    st.lists(st.floats(-100, 100), min_size=12, max_size=30),
    st.floats(-5, 5),
    st.data(),
)
def test_the_slope_of_a_line_is_found_through_a_quarter_of_wild_values(
    noise: list[float], rise: float, data: st.DataObject
) -> None:
    values = [rise * place for place in range(len(noise))]
    for place in data.draw(st.lists(st.integers(0, len(noise) - 1), max_size=len(noise) // 5)):
        values[place] += noise[place]
    assert slope(range(len(values)), values) == pytest.approx(rise, abs=1e-6)


def test_one_value_has_no_slope() -> None:
    assert slope([1.0], [5.0]) == 0.0
    assert slope([], []) == 0.0
