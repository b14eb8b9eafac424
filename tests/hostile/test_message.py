"""An answer is read strictly and within bounds, in pieces of any size."""

from __future__ import annotations

import gzip
import zlib

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.gate.message import MAX_BODY, MAX_HEAD, MAX_KEPT, Exchange, MalformedError, Place
from contracts.history import Answer, Input
from tests.gate.rawserver import answer

PLACE = Place.of("http://127.0.0.1:8080/base")
GET = Input("GET", "/v1/profile")
EMPTY = gzip.compress(b"{}", mtime=0)
"""Without the time: names of tests are made of their parameters, and must be the same in every process."""

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def read(
    raw: bytes, *, closed: bool = False, pieces: int = 1 << 20, limit: int = MAX_BODY, method: str = "GET"
) -> Exchange:
    exchange = Exchange(PLACE, Input(method, "/v1/profile"), limit=limit)
    for place in range(0, len(raw), pieces):
        if exchange.answer is None:
            exchange.feed(raw[place : place + pieces])
    if closed and exchange.answer is None:
        exchange.feed(b"")
    return exchange


def trouble(raw: bytes, *, closed: bool = False) -> str:
    with pytest.raises(MalformedError) as caught:
        read(raw, closed=closed)
    return str(caught.value)


def body_of(exchange: Exchange) -> bytes:
    assert exchange.answer is not None
    return exchange.answer.body


@given(st.integers(1, 60))
def test_an_answer_is_the_same_in_pieces_of_any_size(pieces: int) -> None:
    for raw in (answer(b'{"a": 1}'), CHUNKED + b"3\r\n{}{\r\n1\r\n}\r\n0\r\nx-end: 1\r\n\r\n"):
        assert read(raw, pieces=pieces).answer == read(raw).answer


@given(st.binary(max_size=400))
def test_no_bytes_whatever_raise_anything_but_what_they_should(raw: bytes) -> None:
    for start in (b"", b"HTTP/1.1 200 OK\r\n", CHUNKED, b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n"):
        try:
            exchange = read(start + raw, closed=True)
        except MalformedError:
            continue
        assert exchange.answer is not None


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"garbage\r\n\r\n", "no status line"),
        (b'{"id": 1}\n\n', "no status line"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "illegal header line"),
        (b"HTTP/1.1 200 OK\r\nx: a\x00b\r\n\r\n", "illegal header line"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n", "bad Content-Length"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n123456", "conflicting Content-Length"),
        (CHUNKED.replace(b"\r\n\r\n", b"\r\ncontent-length: 5\r\n\r\n"), "Content-Length beside Transfer-Encoding"),
        (b"220 mail.invalid ESMTP\r\n", "no status line"),
        (b"\x00\x00\x06\x04", "no status line"),
        (b"HTTP/1.1 200 OK\nx: y\r\n\r\n", "LF alone"),
        (b"HTTP/1.1 200 OK\r\nx: y\n\n{}", "LF alone"),
        (b"HTTP/1.1 103 Early Hints\r\nx: y\n\r\nHTTP/1.1 200 OK\r\n\r\n", "LF alone"),
        (b"HTTP/1.1 200 OK\r\nx: a\x07b\r\n\r\n", "a control character"),
        (CHUNKED + b"0\r\nx: a\x7fb\r\n\r\n", "a control character"),
        (b"HTTP/2.0 200 OK\r\n\r\n", "a version other than 1"),
        (CHUNKED.replace(b"1.1", b"1.0"), "Transfer-Encoding in an answer of HTTP/1.0"),
        (CHUNKED + b"xyz\r\n", "a chunk without a size"),
        (CHUNKED + b"-1\r\n", "a chunk without a size"),
        (CHUNKED + b"f" * 100 + b"\r\n", "a chunk without a size"),
        (CHUNKED + b"2\r\n{}}", "a chunk longer than its size"),
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", "another protocol"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 17, "more than 16"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 257 + b"\r\n", "more than 256"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * (MAX_HEAD + 1), "more than 64 KiB"),
        (CHUNKED + b"0\r\n" + b"x: y\r\n" * MAX_HEAD, "more than 64 KiB"),
        (answer(b"{}", "200 OK", "content-encoding: br"), "a content coding other than gzip"),
        (answer(b"{}", "200 OK", "content-encoding: gzip"), "a body that is not gzip"),
        (answer(EMPTY[:-3], "200 OK", "content-encoding: gzip"), "whose end is missing"),
        (answer(EMPTY + b"more", "200 OK", "content-encoding: gzip"), "a body that is not gzip"),
    ],
)  # fmt: skip
def test_what_is_no_lawful_answer_is_refused(raw: bytes, words: str) -> None:
    assert words in trouble(raw)


@pytest.mark.parametrize(
    "raw",
    [b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}", CHUNKED + b"2\r\n{}\r\n"],
)
def test_an_answer_that_is_not_whole_is_none(raw: bytes) -> None:
    assert "closed" in trouble(raw, closed=True)


def test_what_is_refused_is_not_quoted() -> None:
    assert "the-key" not in trouble(b"HTTP/1.1 200 OK\r\nx-api-key the-key\r\n\r\n")


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b'{"a": 1}', mtime=0)),
        ("x-gzip", gzip.compress(b'{"a"', mtime=0) + gzip.compress(b": 1}", mtime=0)),
        ("deflate", zlib.compress(b'{"a": 1}')),
        ("Deflate", zlib.compress(b'{"a": 1}', wbits=-15)),
        ("identity", b'{"a": 1}'),
    ],
)
def test_codings_that_were_asked_for_are_undone(coding: str, packed: bytes) -> None:
    raw = answer(packed, "200 OK", f"content-encoding: {coding}")
    assert body_of(read(raw)) == b'{"a": 1}'
    assert body_of(read(raw, pieces=3)) == b'{"a": 1}'


def test_an_empty_body_needs_no_coding() -> None:
    assert body_of(read(answer(b"", "200 OK", "content-encoding: gzip"))) == b""


def test_a_bomb_is_cut_before_it_is_unpacked() -> None:
    packed = gzip.compress(b" " * (8 * MAX_BODY))
    exchange = read(answer(packed, "200 OK", "content-encoding: gzip"))
    assert exchange.answer is not None
    assert (exchange.answer.truncated, len(exchange.answer.body)) == (True, MAX_KEPT)
    assert exchange._decoder._size <= MAX_BODY + 1


def test_a_body_at_the_limit_is_whole_and_one_byte_more_is_not() -> None:
    assert read(answer(b"x" * 500), limit=500).answer == Answer(
        200, (("content-type", "application/json"), ("content-length", "500")), b"x" * 500
    )
    longer = read(answer(b"x" * 501), limit=500).answer
    assert longer is not None
    assert longer.truncated


def test_bytes_after_an_answer_belong_to_no_answer() -> None:
    twice = read(answer(b"{}") + answer(b'{"unasked": true}'))
    assert (body_of(twice), twice.unasked, twice.reusable) == (b"{}", True, False)
    once = read(answer(b"{}"))
    assert (body_of(once), once.unasked, once.reusable) == (b"{}", False, True)


@pytest.mark.parametrize(
    ("raw", "reusable"),
    [
        (answer(b"{}", "200 OK", "connection: close"), False),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}", False),
        (b"HTTP/1.2 200 OK\r\ncontent-length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (CHUNKED + b"2\r\n{}\r\n0\r\n\r\n", True),
    ],
)
def test_a_connection_is_kept_where_both_sides_may(raw: bytes, reusable: bool) -> None:
    assert read(raw).reusable is reusable


def test_a_body_without_length_ends_with_the_connection() -> None:
    exchange = read(b"HTTP/1.1 200 OK\r\n\r\n{}", closed=True)
    assert (body_of(exchange), exchange.reusable) == (b"{}", False)


def test_answers_of_status_1xx_before_the_final_one_are_passed_over() -> None:
    assert body_of(read(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 16 + answer(b"{}"))) == b"{}"


def test_an_answer_to_head_has_no_body() -> None:
    exchange = read(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n", method="HEAD")
    assert (body_of(exchange), exchange.reusable) == (b"", True)


def test_a_request_that_cannot_be_written_is_not() -> None:
    with pytest.raises(h11.LocalProtocolError):
        Exchange(PLACE, Input("GET", "/v1/profile", (), (("x-odd", "a\r\nb: c"),)))


def test_dots_in_a_path_are_sent_as_they_are() -> None:
    assert Exchange(PLACE, Input("GET", "/v1/purchases/../%2e#?x")).data.startswith(
        b"GET /base/v1/purchases/../%2e%23%3Fx HTTP/1.1\r\nhost: 127.0.0.1:8080\r\n"
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nx: one\r\n two\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 \xe9\r\nx: caf\xe9 \t\xff\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 002\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\n{}",
        b"HTTP/1.2 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        CHUNKED + b'1;a=b;c="d;e"\r\n{\r\n0001\r\n}\r\n0\r\nx-end: 1\r\n\r\n',
        CHUNKED + b"2\r\n{}\r\n0\r\n\r\n",
    ],
)
@pytest.mark.parametrize("pieces", [1, 1 << 20])
def test_what_is_odd_and_lawful_is_read(raw: bytes, pieces: int) -> None:
    assert body_of(read(raw, pieces=pieces)) == b"{}"


def test_a_line_feed_in_a_body_is_no_matter() -> None:
    assert body_of(read(answer(b"{\n\n}\r\n\r\n\n"))) == b"{\n\n}\r\n\r\n\n"
