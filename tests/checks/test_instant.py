"""Instants: which texts are ones, and which name moments that the calendar does not have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import instant


@pytest.mark.parametrize(
    ("text", "time", "digits"),
    [
        ("2024-11-19T07:50:00Z", datetime(2024, 11, 19, 7, 50, tzinfo=UTC), 0),
        ("2024-11-19T07:50:00.120Z", datetime(2024, 11, 19, 7, 50, 0, 120_000, tzinfo=UTC), 3),
        ("2024-11-19T07:50:00.000001+00:00", datetime(2024, 11, 19, 7, 50, 0, 1, tzinfo=UTC), 6),
        ("2024-02-29T23:59:59Z", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), 0),
    ],
)
def test_instants(text: str, time: datetime, digits: int) -> None:
    assert instant.parse(text) == (time, digits)


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T23:60:00Z", "2026-06-30T23:59:60Z", "0000-01-01T00:00:00Z",
    ],
)  # fmt: skip
def test_moments_that_the_calendar_does_not_have(text: str) -> None:
    assert instant.is_written(text)
    assert instant.parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2024-11-19", "2024-11-19T07:50Z", "2024-11-19T07:50:00", "2024-11-19 07:50:00Z",
        "2024-11-19t07:50:00z", "2024-11-19T07:50:00.1Z", "2024-11-19T07:50:00.12Z", "2024-11-19T07:50:00.1234Z",
        "2024-11-19T07:50:00,123Z", "2024-11-19T07:50:00+0000", "2024-11-19T07:50:00-00:00",
        "2024-11-19T07:50:00+03:00", "2024-11-19T07:50:00Z\n", " 2024-11-19T07:50:00Z", "２024-11-19T07:50:00Z",
        "+2024-11-19T07:50:00Z", "20241119T075000Z",
    ],
)  # fmt: skip
def test_texts_that_are_no_instants(text: str) -> None:
    assert not instant.is_written(text)
    assert instant.parse(text) is None


@pytest.mark.parametrize("value", [None, True, 1732002600, 1.5, [], {}])
def test_values_that_are_no_texts(value: object) -> None:
    assert instant.parse(value) is None


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))  # noqa: DTZ001 - made aware below
def test_every_moment_can_be_written_in_each_precision(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    for precision, unit in (("seconds", 1_000_000), ("milliseconds", 1_000), ("microseconds", 1)):
        found = instant.parse(aware.isoformat(timespec=precision))
        assert found is not None
        assert found.time == aware - timedelta(microseconds=aware.microsecond % unit)
