"""A text of a target becomes no markup, shows what cannot be seen, and is bounded."""

from __future__ import annotations

import html
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.html.text import island, marked, offending, pretty, shown, visible

TEXTS = st.text(st.characters() | st.sampled_from("<>&\"'\u202e\u2028\ud800\x00`"), max_size=60)

DATA = st.recursive(
    TEXTS | st.integers() | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=6,
)


def plain(markup: str) -> str:
    return html.unescape(re.sub(r"</?(?:mark|span)(?: class=\"esc\")?>", "", markup))


@given(text=TEXTS)
def test_any_text_comes_out_as_its_visible_self(text: str) -> None:
    made = shown(text)
    assert plain(made) == visible(text)
    made.encode("utf-8")
    assert not re.search(r"<(?!span class=\"esc\">|/span>)", made)


@given(text=TEXTS, values=st.lists(TEXTS, max_size=4))
def test_marking_adds_marks_and_changes_nothing_else(text: str, values: list[str]) -> None:
    assert plain(marked(text, values)) == visible(text)


@given(text=TEXTS)
def test_visible_text_can_be_seen(text: str) -> None:
    assert all(character.isprintable() or character.isspace() for character in visible(text))
    assert "\n" not in visible(text)


def test_long_texts_are_cut_with_a_note() -> None:
    assert shown("x" * 5000, 10) == "xxxxxxxxxx… (5,000 characters)"
    assert visible(5000 * "\u202e", 2) == "\\u202e\\u202e… (5,000 characters)"


def test_line_feeds_break_lines_only_where_that_is_wanted() -> None:
    assert shown("a\nb\r", lines=True) == 'a\nb<span class="esc">\\r</span>'
    assert shown("a\nb") == 'a<span class="esc">\\n</span>b'


@given(data=DATA)
def test_data_for_scripts_ends_no_element_and_comes_back_the_same(data: object) -> None:
    text = island(data)
    assert text.isascii()
    assert not set("<>&") & set(text)
    assert json.loads(text) == data


@pytest.mark.parametrize(
    ("expected", "observed", "parts", "values"),
    [
        ("status 200", "status 201", ["201"], ["201"]),
        ("one code", "purchase 8117: '<code:1>', '<code:2>'", ["'<code:1>'", "'<code:2>'"], ["<code:1>", "<code:2>"]),
        ("balance 962.32 USD", "964.54 before, 964.17 after, 6 creates", ["964.54", "964.17"], ["964.54", "964.17"]),
        ("1 item", "2 items on page 3", ["2"], []),
        ("valid UTF-8", "not UTF-8 at byte 56", ["not UTF-8 at byte 56"], []),
        ("in order", "0.0–6.5 request-code: no order is lawful", ["0.0–6.5 request-code: no order is lawful"], []),
        ("E.164", r"'+1\n'", [r"'+1\n'"], [r"+1\n", "+1\n"]),
        ("two letters", "'U'", ["'U'"], ['"U"']),
        ("text", "''", ["''"], []),
    ],
)  # fmt: skip
def test_what_offends_is_told_apart(expected: str, observed: str, parts: list[str], values: list[str]) -> None:
    found, looked_for = offending(expected, observed)
    assert (found, sorted(looked_for)) == (parts, sorted(values))


def test_a_value_is_marked_as_a_whole_only() -> None:
    body = '{"a":"964.54","b":"1964.54","c":964.541,"d":[964.54]}'
    assert marked(body, ["964.54"]).count("<mark>") == 2
    assert marked("201, 2011, 12.201, 201", ["201"]).count("<mark>") == 2


def test_json_is_set_out_only_when_nothing_of_it_is_lost() -> None:
    assert pretty('{"a":1,"b":["x"]}') == '{\n  "a": 1,\n  "b": [\n    "x"\n  ]\n}'
    assert pretty('{"a": "\\u00e9"}') == '{\n  "a": "é"\n}'
    for odd in ('{"a":1,"a":2}', '{"a":1.00}', "[1e2]", '{"a":NaN} ', "not JSON", '"text"', "[" * 5000, ""):
        assert pretty(odd) == odd
