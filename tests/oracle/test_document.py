"""Strict JSON: what is one value, what is not, and what is said of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.document import MAX_DEPTH, Document, _parse_plain, _parse_strictly, parse


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (
            b' {"a": [1, 1.5, -0, 1e2, true, false, null, "x"]} \r\n\t',
            {"a": [1, 1.5, 0, 100.0, True, False, None, "x"]},
        ),
        (b"null", None),
        (b'"\\u0041\\ud800"', "A\ud800"),
        ('"США"'.encode(), "США"),
        (b'{"": {"": 1}}', {"": {"": 1}}),
        (b"1e999", float("inf")),
        (b"9007199254740993", 9007199254740993),
    ],
)
def test_json(body: bytes, value: object) -> None:
    assert parse(body) == Document(value)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "empty body"),
        (b" \n ", "empty body"),
        (b"NaN", "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8 at byte 0"),
        (b'{"a": "\xc3\x28"}', "not UTF-8 at byte 7"),
        (b'"\xed\xa0\x80"', "not UTF-8 at byte 1"),
        (b'"\xc1\x93"', "not UTF-8 at byte 1"),
        (b"\xef\xbb\xbf{}", "starts with a byte order mark"),
        (b"{} {}", "Extra data at character 3"),
        (b"{'a': 1}", "Expecting property name enclosed in double quotes at character 1"),
        (b'{"a": 1,}', None),
        (b'{"a": 1', "Expecting ',' delimiter at character 7"),
        (b"01", "Extra data at character 1"),
        (b'"a\nb"', "Invalid control character at at character 2"),
        (b"// no\n{}", "Expecting value at character 0"),
        (b"<html>", "Expecting value at character 0"),
        (b"[" * 100_000, "nested too deeply to read"),
        (b"9" * 5_000, "a number too long to read"),
    ],
)
def test_what_is_no_json(body: bytes, error: str | None) -> None:
    found = parse(body)
    assert (found.value, found.duplicates) == (None, ())
    assert found.error is not None
    if error is not None:
        # None where the words differ between versions of Python.
        assert found.error == error


@pytest.mark.parametrize(
    ("body", "value", "duplicates"),
    [
        (b'{"a": 1, "a": 2}', {"a": 2}, ("a",)),
        (b'{"a": 1, "\\u0061": 1}', {"a": 1}, ("a",)),
        (b'{"a": 1, "a": 2, "a": 3, "b": 1, "b": 1}', {"a": 3, "b": 1}, ("a", "a", "b")),
        (b'{"x": [{"b": 1, "b": 2}], "a": {"a": 1}}', {"x": [{"b": 2}], "a": {"a": 1}}, ("b",)),
        (b'{"a": 1, "A": 1}', {"a": 1, "A": 1}, ()),
    ],
)
def test_keys_that_stand_twice(body: bytes, value: object, duplicates: tuple[str, ...]) -> None:
    assert parse(body) == Document(value, None, duplicates)


@given(st.binary(max_size=300))
@example(b"\x00")
def test_no_bytes_make_it_raise(body: bytes) -> None:
    found = parse(body)
    assert found.error is None or found.value is None


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_what_was_written_is_read(value: object) -> None:
    assert parse(json.dumps(value).encode()) == Document(value)


WRITTEN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.sampled_from('ab":,{}[]\\\n-0e19\ud800')),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.sampled_from('a":\\'), max_size=3), inner, max_size=4)
    ),
)
"""Values whose texts look like the syntax around them."""


@given(
    value=WRITTEN,
    indent=st.sampled_from([None, 1]),
    odd=st.sampled_from(["", '{"a":1,"a":2}', "-0", "1" * 40, "1E400", "[" * 500, "\ufeff"]),
)
def test_the_fast_way_reads_what_the_strict_way_reads(value: object, indent: int | None, odd: str) -> None:
    for text in (json.dumps(value, indent=indent), json.dumps([value])[:-1] + f", {odd}]", odd):
        body = text.encode("utf-8", "surrogatepass")
        assert repr(parse(body)) == repr(_parse_strictly(body))


def test_a_purchase_is_read_the_fast_way() -> None:
    body = (
        b'{"id": 8117, "price": {"amount": "1.50"}, "created_at": "2026-02-03T10:15:01.000Z", "items": [{"a": null}]}'
    )
    assert _parse_plain(body) == _parse_strictly(body)


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
def test_how_deep_a_body_may_be_is_the_same_whoever_decodes_it(opening: bytes, closing: bytes) -> None:
    levels = MAX_DEPTH // (opening.count(b"[") + opening.count(b"{"))
    assert parse(opening * levels + b"0" + closing * levels).error is None
    assert parse(opening * (levels + 1) + b"0" + closing * (levels + 1)).error == "nested too deeply to read"
    wide = b"[" + b"[]," * 2 * MAX_DEPTH + b"{}]"
    assert parse(wide).error is None, "many are not deep"
