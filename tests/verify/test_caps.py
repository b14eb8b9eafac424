"""Caps that the parts share."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.verify.documents import run
from verify.caps import Caps


def test_what_the_gate_left_is_the_loads() -> None:
    left = Caps(10, Decimal("20.00")).after(run(purchases=4, spend="7.25"))
    assert left == Caps(6, Decimal("12.75"))


def test_without_a_cap_nothing_is_shared_even_after_a_crash() -> None:
    assert Caps().after(None) == Caps()


def test_after_a_gate_that_was_cut_short_nobody_knows_what_is_left() -> None:
    assert Caps(10).after(run(partial=True)) is None
    assert Caps(None, Decimal(5)).after(None) is None


def test_caps_that_are_used_up_leave_nothing() -> None:
    assert Caps(0).spent
    assert Caps(None, Decimal("0.00")).spent
    assert not Caps().spent
    assert not Caps(1, Decimal("0.01")).spent


@given(st.integers(0, 1000), st.integers(0, 2000))
def test_what_is_left_is_never_more_than_the_cap_nor_below_zero(cap: int, made: int) -> None:
    left = Caps(cap).after(run(purchases=made))
    assert left is not None
    assert left.purchases == max(0, cap - made)
