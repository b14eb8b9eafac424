"""Rates and shares are read as people write them, and refused with an example."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from load.plan.quantities import parse_rate, parse_share, tell_number, tell_rate


@pytest.mark.parametrize(
    ("text", "per_second"),
    [("200/s", 200), ("12/m", 0.2), ("3600/h", 1), ("0.5/s", 0.5), (" 7/s ", 7), ("20", 20), (20, 20), (2.5, 2.5)],
)
def test_a_rate_is_per_second_whatever_it_is_written_in(text: str | float, per_second: float) -> None:
    assert parse_rate(text) == pytest.approx(per_second)


@pytest.mark.parametrize(
    "text",
    ["", "/s", "-1/s", "200/d", "200 /s", "1e3/s", "٢/s", "200/s\n/s", True, -1, float("nan"), float("inf"), None],
)
def test_what_is_no_rate_is_refused_with_an_example(text: str | float) -> None:
    with pytest.raises(ValueError, match="is no rate; write 200/s"):
        parse_rate(text)


@pytest.mark.parametrize(("text", "share"), [("0.1%", 0.001), ("5 %", 0.05), ("100%", 1), ("250%", 2.5)])
def test_a_percentage_is_a_share_of_one(text: str, share: float) -> None:
    assert parse_share(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "5", "%", "-1%", "5 percent", "٥%"])
def test_what_is_no_percentage_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no percentage; write 0\.1%"):
        parse_share(text)


@settings(deadline=None)
@given(st.integers(1, 10**6) | st.sampled_from([0.2, 0.5, 12.5]))
def test_a_rate_told_is_read_back(rate: float) -> None:
    assert parse_rate(tell_rate(rate)) == pytest.approx(rate, rel=0.001)


@pytest.mark.parametrize(
    ("value", "told"), [(200.0, "200"), (0.1, "0.1"), (12.3456, "12.346"), (0.0, "0"), (100, "100")]
)
def test_a_number_is_told_without_trailing_zeros(value: float, told: str) -> None:
    assert tell_number(value) == told
