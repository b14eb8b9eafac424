"""JSON and YAML documents become bounded trees of plain values, or one line of complaint."""

from __future__ import annotations

import contextlib
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from contracts.drift.tree import MAX_BYTES, MAX_DEPTH, parse_tree
from contracts.errors import UsageError

SCALARS = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
WRITTEN = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co"), exclude_characters="\ufeff\u2028\u2029"))
WRITABLE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | WRITTEN,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WRITTEN.filter(lambda key: key != "<<"), inner, max_size=4)
    ),
    max_leaves=12,
)


def read(text: str, name: str = "doc.yaml") -> object:
    return parse_tree(text.encode(), name)


@given(VALUES)
def test_json_is_read_as_it_is(value: object) -> None:
    assert parse_tree(json.dumps(value).encode(), "doc.json") == value


@given(WRITABLE)
def test_yaml_is_read_as_it_is(value: object) -> None:
    # In quotes, for PyYAML leaves plain what its own rules of YAML 1.1 take for text.
    assert read(yaml.safe_dump(value, allow_unicode=True, default_style='"')) == value


def test_yaml_is_read_by_the_core_schema_of_its_version_1_2() -> None:
    text = (
        "a: NO\nb: on\nc: 2026-02-01\nd: 12:30:45\ne: 0x1F\nf: ~\ng: true\nh: 1_000\ni: 0o17\nj: .5\nk: '1'\n200: z\n"
    )
    assert read(text) == {
        "a": "NO", "b": "on", "c": "2026-02-01", "d": "12:30:45", "e": 31, "f": None, "g": True, "h": "1_000", "i": 15,
        "j": 0.5, "k": "1", "200": "z",
    }  # fmt: skip


def test_a_large_document_counts_each_value_once_however_deep_it_stands() -> None:
    row = "- " * 40 + "x\n"
    value = read(row * 1_500)
    assert isinstance(value, list)
    assert len(value) == 1_500


def test_aliases_and_merge_keys_stand_for_what_they_name() -> None:
    text = "base: &b {x: 1, y: 2}\nmore:\n  <<: *b\n  y: 3\nlist: [*b, &s text, *s]\n"
    base = {"x": 1, "y": 2}
    assert read(text) == {"base": base, "more": {"y": 3, "x": 1}, "list": [base, "text", "text"]}


def laughs(levels: int) -> str:
    lines = ["a0: &a0 [lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (laughs(9), "aliases counted"),
        ("a: &a [*a]", "contains itself"),
        ("a: *missing", "does not have"),
        ("a: !!python/object/apply:os.system [ls]", "YAML tag"),
        ("a: !!binary aGk=", "YAML tag"),
        ("a: 1\na: 2", "key 'a' twice"),
        ('{"a": 1, "a": 2}', "key 'a' twice"),
        ("? [a]\n: b", "collection for a key"),
        ("<<: 3", "no object"),
        ("a: 1\n---\nb: 2", "more than one YAML document"),
        ("a: [", "is not YAML"),
        ("a: b: c", "line 1"),
        ("[" * 500 + "]" * 500, f"more than {MAX_DEPTH} levels"),
        ("- " * 500 + "a", f"more than {MAX_DEPTH} levels"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1e999}', "too large for a double"),
        (f'{{"a": {"9" * 5000}}}', "too long"),
        (f"a: {'9' * 5000}", "too long"),
        ("[" + "1," * 450_000 + "1]", "more than 400,000 values"),
        ("a: \x01", "is not YAML"),
    ],
)
def test_a_hostile_document_is_one_line(text: str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(text)
    assert words in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert len(str(refused.value)) < 400


def test_bytes_that_are_no_text_or_too_many_are_refused() -> None:
    with pytest.raises(UsageError, match="UTF-8"):
        parse_tree(b"\xff\xfe", "doc")
    with pytest.raises(UsageError, match="larger than"):
        parse_tree(b" " * (MAX_BYTES + 1), "doc")


def test_a_json_file_is_told_where_it_is_not_json() -> None:
    with pytest.raises(UsageError, match="line 2, column 1"):
        read('{"a": 1\n]', "doc.json")
    assert read("{a: 1}") == {"a": 1}


@given(st.binary(max_size=200) | st.text(alphabet="ab:-&*![]{}<?#|> \n'\"", max_size=60).map(str.encode))
def test_any_bytes_are_a_tree_or_one_line(content: bytes) -> None:
    with contextlib.suppress(UsageError):
        json.dumps(parse_tree(content, "doc"))
