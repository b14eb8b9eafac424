"""The screen's shortcuts are exact: what they pass, the contract's own parsers pass."""

from __future__ import annotations

import json

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import instant
from contracts.document import parse
from contracts.monitor import Setting
from contracts.profiles import get_profile
from load.judge.facts import Kinds, moment
from load.judge.screen import Screen, count_keys

SCREEN = Screen(Setting(profile=get_profile("2026-02")), Kinds())

relaxed = settings(deadline=None, derandomize=True, max_examples=200)

BLANKS = st.sampled_from(["", "", "", " ", "\n", "\t", " \r\n"])
TEXTS = st.sampled_from(["a", "b", "a:", 'a":', "\\", '"', " :", "é"]).map(json.dumps)
ATOMS = TEXTS | st.sampled_from(["1", "null", "true", "1.5", "[]", "{}"])


def written(members: list[tuple[str, str, str, str]]) -> str:
    return "{" + ",".join(f"{key}{before}:{after}{value}" for key, before, after, value in members) + "}"


OBJECTS = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(st.tuples(TEXTS, BLANKS, BLANKS, inner), max_size=4).map(written)
        | st.lists(inner, max_size=3).map(lambda values: "[" + ",".join(values) + "]")
    ),
    max_leaves=12,
)


@relaxed
@given(OBJECTS)
def test_no_body_with_a_key_twice_is_passed(text):
    body = text.encode()
    passed = SCREEN.is_single(body, count_keys(orjson.loads(body)))
    assert not (passed and parse(body).duplicates)


def test_a_plain_body_is_passed_however_it_is_laid_out():
    value = {"a": {"b": [1, {"c": "x: y"}]}, "d": "12:30"}
    for layout in ({"separators": (",", ":")}, {}, {"indent": 2}):
        body = json.dumps(value, **layout).encode()
        assert SCREEN.is_single(body, count_keys(value))


DIGITS = st.text("0123456789", min_size=2, max_size=4)
MOMENTS = st.builds(
    lambda date, time, fraction, zone: f"{date}T{time}{fraction}{zone}",
    st.sampled_from(["2026-01-05", "2026-02-30", "2024-02-29", "0001-01-01", "2026-1-05", "0000-00-00"]),
    st.sampled_from(["12:00:01", "24:00:00", "23:59:60", "12:00", "12:00:1"]),
    st.sampled_from(["", ".000", ".123456", ".12", ".", ",123", ".١٢٣", ".1e3"]) | DIGITS.map(lambda text: f".{text}"),
    st.sampled_from(["Z", "+00:00", "z", "", "-00:00", "+0000", "Z\n", "+01:00"]),
)


@relaxed
@given(MOMENTS | st.text(max_size=30))
def test_a_moment_is_read_exactly_where_the_contract_reads_it(text):
    expected, got = instant.parse(text), moment(text)
    assert (got is None) == (expected is None)
    if expected is not None and got is not None:
        assert abs(got - expected.time.timestamp()) < 1e-5
