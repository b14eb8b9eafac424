"""Seconds of several processes merge, and travel between them as plain data."""

import json
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from load.measure.answers import Count
from load.measure.second import Second
from tests.load.measure.build import second

ANSWERS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["create_purchase", "get_account"]),
        st.sampled_from([200, 409, 500, "timeout"]),
        st.sampled_from(Count),
        st.floats(0.001, 10),
    ),
    max_size=20,
)


@st.composite
def seconds(draw: st.DrawFn) -> Second:
    built = Second(5)
    for phase, operation, status, count, taken in draw(ANSWERS):
        built.of(phase, operation).record(status, count, taken, taken / 2)
        built.pace_of(phase).lag.record(taken / 2)
        built.pace_of(phase).arrivals += 1
    built.findings, built.reconnects, built.in_flight = draw(st.tuples(*[st.integers(0, 9)] * 3))
    built.cpu = draw(st.floats(0, 1))
    built.connect.record(draw(st.floats(0.001, 1)))
    return built


def rounded(data: Any) -> Any:
    """Plain data in an order of its own, sums of floats rounded, for they depend on the order of adding."""
    return json.loads(json.dumps(_sorted(data)))


def _sorted(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _sorted(data[name]) for name in sorted(data)}
    if isinstance(data, list):
        parts = [_sorted(part) for part in data]
        return sorted(parts, key=json.dumps) if any(isinstance(part, list) for part in parts) else parts
    return round(data, 9) if isinstance(data, float) else data


@settings(deadline=None)
@given(seconds())
def test_plain_data_goes_through_a_message_and_back(built: Second) -> None:
    sent = msgpack.unpackb(msgpack.packb(built.plain()))
    assert Second.from_plain(sent).plain() == built.plain()


@settings(deadline=None)
@given(seconds(), seconds(), seconds())
def test_the_order_of_merging_does_not_matter(one: Second, two: Second, three: Second) -> None:
    left, right = Second(5), Second(5)
    for part in (one, two, three):
        left.merge(part)
    for part in (three, one, two):
        right.merge(part)
    assert rounded(left.plain()) == rounded(right.plain())


@settings(deadline=None)
@given(seconds(), seconds())
def test_merging_loses_no_request(one: Second, two: Second) -> None:
    def requests(of: Second) -> int:
        return sum(answers.requests for answers in of.answers.values())

    before = requests(one) + requests(two)
    one.merge(two)
    assert requests(one) == before
    assert sum(sum(answers.statuses.values()) for answers in one.answers.values()) == before
    assert sum(answers.response.count for answers in one.answers.values()) == before


def test_levels_add_up_and_loads_keep_the_worst() -> None:
    one, two = Second(1), Second(1)
    one.in_flight, one.users, one.cpu, one.loop_delay_ms = 3, 10, 0.2, 9.0
    two.in_flight, two.users, two.cpu, two.loop_delay_ms = 4, 10, 0.9, 1.0
    one.merge(two)
    assert (one.in_flight, one.users, one.cpu, one.loop_delay_ms) == (7, 20, 0.9, 9.0)


@pytest.mark.parametrize("damage", ["t", "answers", "pace", "counts", "process", "handshakes"])
def test_damaged_data_is_refused(damage: str) -> None:
    data = second(3, 5.0).plain()
    for broken in ({name: part for name, part in data.items() if name != damage}, {**data, damage: [["x"]]}):
        with pytest.raises(ValueError, match="no second of a load run"):
            Second.from_plain(broken)
