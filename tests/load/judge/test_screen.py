"""The screen's shortcuts are exact: what they pass, the contract's own parsers pass."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import instant
from contracts.document import parse
from contracts.monitor import Setting
from contracts.profiles import get_profile
from load.journeys.steps import create
from load.judge.facts import Kinds, moment
from load.judge.judge import Judge
from load.judge.screen import Screen, count_keys
from tests.load.judge.scene import purchase, reply

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


@pytest.mark.parametrize("blank", [" ", "\n", "\t", "\r", "\r\n"])
def test_a_blank_before_a_colon_leaves_a_body_to_the_checks(blank):
    assert SCREEN.is_single(b'{"a":1,"b":2}', 2)
    assert not SCREEN.is_single(b'{"a"%b:1,"b":2}' % blank.encode(), 1)
    assert SCREEN.is_single(b'{"a":%b1,%b"b":2}' % (blank.encode(), blank.encode()), 2)


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("page=1&page_size=20", (1, 20, "date_desc", None)),
        ("page_size=50&page=99999999", (99_999_999, 50, "date_desc", None)),
        ("page=2&page_size=1&sort=date_asc", (2, 1, "date_asc", None)),
        ("page=1&page_size=20&status=ERROR", (1, 20, "date_desc", "ERROR")),
        ("page=1", None),
        ("page_size=20", None),
        ("", None),
        ("page=100000000&page_size=20", None),
        ("page=01&page_size=20", None),
        ("page=0&page_size=20", None),
        ("page=1&page_size=51", None),
        ("page=-1&page_size=20", None),
        ("page=\u0661&page_size=20", None),
        ("page=1&page_size=20&sort=by_date", None),
        ("page=1&page_size=20&status=EXPIRED", None),
        ("page=1&page_size=20&status=", None),
        ("page=1&page_size=20&page=1", None),
        ("page=1&page_size=20&phone_number=1", None),
    ],
)
def test_only_a_plain_list_call_says_what_its_page_is_held_to(query, read):
    assert SCREEN.query(f"/v1/purchases?{query}") == read


@pytest.mark.parametrize(
    ("signs", "body", "hidden"),
    [
        ((), b"a key-of-somebody-1", False),
        ((), b"a word", True),
        ((b"key:",), b"key:1 key-of-somebody-1", False),
        ((b"no", b"key:"), b"key:1 key-of-somebody-1", False),
        ((b"key:",), b"key-of-somebody-1", True),
        ((b"key:",), b"key:1", True),
    ],
)
def test_a_key_is_looked_for_where_one_may_stand(signs, body, hidden):
    screen = Screen(Setting(profile=get_profile("2026-02"), secrets=("key-of-somebody-1",)), Kinds(), signs)
    assert screen.hides_no_key(body) is hidden
    assert screen.hides_no_key(b"", (("x-note", body.decode()),)) is hidden
    assert (screen.head((("content-type", "application/json"), ("x-note", body.decode()))) is None) is hidden


@pytest.mark.parametrize(("tolerance", "lawful"), [(300.0, True), (18.0, True), (17.0, False)])
def test_a_create_is_passed_within_the_skew_that_is_configured(tolerance, lawful):
    judge = Judge("2026-02", tolerances={"VALUE-5": {"clock_skew_s": tolerance}})
    seen = judge.see(create("US"), reply(purchase(1), 19.5, 20.5))
    assert (not {one.clause for one in judge.docket.findings} & {"VALUE-5"}) is lawful
    assert seen.lawful is lawful
