"""Answers read from bytes: every split alike, the quick way like the strict one, and the strict one like others."""

from __future__ import annotations

import time
from dataclasses import dataclass

import h11
import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from load.wire.coding import decode
from load.wire.faults import MalformedError, TooLargeError
from load.wire.head import Heads
from load.wire.limits import Limits
from load.wire.response import AnswerReader, read_at_once
from tests.load.wire.answers import Made, lawful, mutated, split

LIMITS = Limits(header_count=16, header_bytes=2_000, body_bytes=2_000, interim_count=3)
CUTS = st.lists(st.integers(0, 10_000), max_size=8)


@dataclass(frozen=True)
class Outcome:
    """What became of an answer's bytes: the answer, "cut" where more was needed, or the kind of error."""

    error: str
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    keep: bool = False
    excess: bytes = b""


def read(pieces: list[bytes], *, bodiless: bool = False) -> Outcome:
    """Read pieces, then the end of the connection; what is left over after a whole answer is excess."""
    reader = AnswerReader(LIMITS, Heads(LIMITS), bodiless=bodiless)
    try:
        for number, piece in enumerate(pieces):
            if reader.feed(piece):
                excess = reader.excess + b"".join(pieces[number + 1 :])
                return Outcome("", reader.status, reader.headers, reader.body, reader.keep, excess)
        if reader.finish():
            return Outcome("", reader.status, reader.headers, reader.body, reader.keep)
    except MalformedError:
        return Outcome("malformed")
    except TooLargeError:
        return Outcome("too large")
    return Outcome("cut")


def coding_of(outcome: Outcome) -> str:
    return ", ".join(value for name, value in outcome.headers if name == "content-encoding").lower()


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


@settings(deadline=None)
@given(made=lawful(), cuts=CUTS)
def test_a_lawful_answer_is_read_alike_from_any_split(made: Made, cuts: list[int]) -> None:
    whole = read([made.data])
    assert (whole.error, whole.status, whole.body, whole.excess) == ("", made.status, made.body, b"")
    assert not (made.until_close and whole.keep)
    assert read(split(made.data, cuts)) == whole
    assert read(bytewise(made.data)) == whole


@settings(deadline=None)
@given(made=lawful(), after=st.binary(min_size=1, max_size=20), cuts=CUTS)
def test_bytes_after_a_whole_answer_are_excess_from_any_split(made: Made, after: bytes, cuts: list[int]) -> None:
    if not made.until_close:
        outcome = read(split(made.data + after, cuts))
        assert (outcome.error, outcome.body, outcome.excess) == ("", made.body, after)


@settings(deadline=None)
@given(data=st.one_of(mutated(), st.binary(max_size=40), lawful().map(lambda made: made.data)), cuts=CUTS)
def test_any_bytes_are_read_alike_from_any_split(data: bytes, cuts: list[int]) -> None:
    assert read(split(data, cuts)) == read([data]) == read(bytewise(data))


@settings(deadline=None)
@given(
    data=st.one_of(mutated(), lawful().map(lambda made: made.data)),
    again=st.booleans(),
)
def test_the_quick_way_reads_what_the_strict_one_reads_or_nothing(data: bytes, again: bool) -> None:
    heads = Heads(LIMITS)
    if again:
        read_at_once(data, heads)
    found = read_at_once(data, heads)
    if found is not None:
        head, body = found
        assert Outcome("", head.status, head.headers, body, head.keep) == read([data])


@settings(deadline=None)
@given(made=lawful())
def test_the_quick_way_reads_every_common_answer(made: Made) -> None:
    data = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(made.body), made.body)
    found = read_at_once(data, Heads(LIMITS))
    assert found is not None
    assert (found[0].status, found[1]) == (200, made.body)


@settings(deadline=None)
@given(made=lawful(), cut=st.integers(0, 10_000))
def test_an_answer_cut_short_is_never_whole(made: Made, cut: int) -> None:
    if not made.until_close:
        assert read([made.data[: cut % len(made.data)]]).error == "cut"


@settings(deadline=None)
@given(made=lawful())
def test_what_we_read_h11_reads(made: Made) -> None:
    peer = h11.Connection(h11.CLIENT)
    peer.send(h11.Request(method="GET", target="/", headers=[("host", "x")]))
    peer.send(h11.EndOfMessage())
    peer.receive_data(made.data)
    peer.receive_data(b"")
    status, body = 0, b""
    while not isinstance(event := peer.next_event(), h11.EndOfMessage):
        if isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
    ours = read([made.data])
    assert (status, decode(body, coding_of(ours), 10_000)) == (ours.status, ours.body)


class Heard:
    """What httptools' parser said of the last answer."""

    def __init__(self) -> None:
        self.body = b""
        self.whole = 0

    def on_message_begin(self) -> None:
        self.body = b""

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole += 1


LAWFUL_YET_REFUSED = (b"\r\n ", b"\r\n\t", b" ;", b"; ", b" =", b"= ")
"""What httptools refuses and RFC 9112 has a client read: folded values (5.2), blanks in chunk extensions (7.1.1)."""


@settings(deadline=None)
@given(data=mutated())
def test_what_we_take_for_whole_httptools_does_not_refuse(data: bytes) -> None:
    ours = read([data])
    if any(odd in data for odd in LAWFUL_YET_REFUSED):
        return
    if ours.error or ours.excess:
        return
    heard = Heard()
    parser = httptools.HttpResponseParser(heard)
    parser.feed_data(data)
    if heard.whole:
        assert (parser.get_status_code(), decode(heard.body, coding_of(ours), 10_000)) == (ours.status, ours.body)


def head(*fields: str, first: str = "HTTP/1.1 200 OK") -> bytes:
    return "\r\n".join([first, *fields, "", ""]).encode("latin-1")


@pytest.mark.parametrize(
    "data",
    [
        head("content-length: 2", "transfer-encoding: chunked") + b"{}",
        head("transfer-encoding: chunked", "content-length: 5") + b"0\r\n\r\n",
        head("content-length: 2", "content-length: 3") + b"{}",
        head("content-length: 2, 3") + b"{}",
        head("content-length: +2") + b"{}",
        head("content-length: -2") + b"{}",
        head("content-length: 0x2") + b"{}",
        head("content-length: 2 2") + b"{}",
        head("content-length:") + b"{}",
        head("content-length: \xb2") + b"{}",
        head("content-length: " + "1" * 19),
        head("transfer-encoding: gzip, chunked"),
        head("transfer-encoding: identity"),
        head("transfer-encoding: chunked", "transfer-encoding: chunked"),
        head("transfer-encoding: chunked", first="HTTP/1.0 200 OK"),
        head("content-length : 2") + b"{}",
        head(": 2"),
        head("no colon"),
        head(" folded: first"),
        head("a: b\rc"),
        head("a: b\x00c"),
        head("a: b\x7fc"),
        head("naïve: b"),
        head(first="HTTP/1.1 99 OK"),
        head(first="HTTP/1.1 2000 OK"),
        head(first="HTTP/1.1  200 OK"),
        head(first="HTTP/1.1 200OK"),
        head(first="HTTP/2.0 200 OK"),
        head(first="HTTP/1.12 200 OK"),
        head(first="http/1.1 200 OK"),
        head(first="\r\nHTTP/1.1 200 OK"),
        head(first="HTTP/1.1 101 Switching Protocols"),
        head(first="HTTP/1.1 200 O\x01K"),
        head("transfer-encoding: chunked") + b"\r\n",
        head("transfer-encoding: chunked") + b"g\r\n",
        head("transfer-encoding: chunked") + b"-1\r\n",
        head("transfer-encoding: chunked") + b"0x1\r\n",
        head("transfer-encoding: chunked") + b"2\n{}\r\n0\r\n\r\n",
        head("transfer-encoding: chunked") + b"2 \r\n{}\r\n0\r\n\r\n",
        head("transfer-encoding: chunked") + b"2;\r\n{}\r\n0\r\n\r\n",
        head("transfer-encoding: chunked") + b"2;a=\r\n{}\r\n0\r\n\r\n",
        head("transfer-encoding: chunked") + b"2;a b\r\n{}\r\n0\r\n\r\n",
        head("transfer-encoding: chunked") + b'2;a="b\r\n{}\r\n0\r\n\r\n',
        head("transfer-encoding: chunked") + b"1\r\n{}\r\n0\r\n\r\n",
        head("transfer-encoding: chunked") + b"1\r\n{}",
        head("transfer-encoding: chunked") + b"2\r\n{}\n0\r\n\r\n",
        head("transfer-encoding: chunked") + b"2\r\n{}\rx0\r\n\r\n",
        head("transfer-encoding: chunked") + b"0\r\nbad trailer: 1\r\n\r\n",
        head("transfer-encoding: chunked") + b"0\r\na: b\n\r\n",
        head("transfer-encoding: chunked") + b"1;" + b"x" * 5_000,
        head("transfer-encoding: chunked") + b"1" * 17 + b"\r\n",
        head("content-encoding: gzip", "content-length: 2") + b"{}",
        head("content-encoding: deflate", "content-length: 2") + b"{}",
        head("content-encoding: br", "content-length: 2") + b"\x0b\x02",
        head("content-encoding: gzip, gzip", "content-length: 2") + b"{}",
    ],
)
def test_what_breaks_the_grammar_or_leaves_the_end_in_doubt_is_malformed(data: bytes) -> None:
    assert read([data]).error == "malformed"
    assert read(bytewise(data)).error == "malformed"
    assert read_at_once(data, Heads(LIMITS)) is None


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (head("content-length: 2", "content-length: 2") + b"{}", b"{}"),
        (head("content-length: 2, 2") + b"{}", b"{}"),
        (head("Content-LENGTH:2") + b"{}", b"{}"),
        (head("content-length: \t2 \t") + b"{}", b"{}"),
        (head("content-length: 000002") + b"{}", b"{}"),
        (head("a: b\r\n folded", "content-length: 0"), b""),
        (head("content-length: 0", first="HTTP/1.1 200"), b""),
        (head("content-length: 0", first="HTTP/1.1 999 Odd"), b""),
        (head("content-length: 0", first="HTTP/1.2 200 OK"), b""),
        (head("content-length: 0", "x:"), b""),
        (head("content-length: 0", "x: \xe9"), b""),
        (head("Transfer-Encoding: CHUNKED") + b"00002\r\n{}\r\n000\r\n\r\n", b"{}"),
        (head("Transfer-Encoding: chunked") + b'a;x="y z"\r\n0123456789\r\n0\r\n\r\n', b"0123456789"),
        (head("Transfer-Encoding: chunked") + b'2 ; a ;\tb = "x\\"y";c=d\r\n{}\r\n0\r\n\r\n', b"{}"),
        (head("content-encoding: identity", "content-length: 2") + b"{}", b"{}"),
        (head("content-encoding: gzip", "content-length: 0"), b""),
    ],
)
def test_what_is_odd_and_lawful_is_read(data: bytes, body: bytes) -> None:
    outcome = read([data])
    assert (outcome.error, outcome.body, outcome.excess) == ("", body, b"")
    assert read(bytewise(data)) == outcome


def test_a_folded_value_is_joined_by_a_space() -> None:
    assert ("a", "b folded") in read([head("a: b \r\n\t folded", "content-length: 0")]).headers


@pytest.mark.parametrize(
    ("fields", "first", "keep"),
    [
        ([], "HTTP/1.1 200 OK", True),
        (["connection: close"], "HTTP/1.1 200 OK", False),
        (["connection: Keep-Alive, CLOSE"], "HTTP/1.1 200 OK", False),
        (["connection: x", "connection: close"], "HTTP/1.1 200 OK", False),
        (["connection: closed"], "HTTP/1.1 200 OK", True),
        ([], "HTTP/1.0 200 OK", False),
        (["connection: keep-alive"], "HTTP/1.0 200 OK", True),
    ],
)
def test_connections_persist_by_version_and_option(fields: list[str], first: str, keep: bool) -> None:
    assert read([head("content-length: 0", *fields, first=first)]).keep is keep


@pytest.mark.parametrize(
    ("data", "within"),
    [
        (head("content-length: 2001") + b"x" * 2_001, head("content-length: 2000") + b"x" * 2_000),
        (head() + b"x" * 2_001, head() + b"x" * 2_000),
        (head(*["a: b"] * 16, "content-length: 0"), head(*["a: b"] * 15, "content-length: 0")),
        (head("a: " + "b" * 2_000), head("a: " + "b" * 1_900, "content-length: 0")),
        (b"HTTP/1.1 200 OK\r\na: " + b"b" * 2_001, head("content-length: 0")),
        (
            head("transfer-encoding: chunked") + b"3e8\r\n" + b"x" * 1_000 + b"\r\n3e9\r\n",
            head("transfer-encoding: chunked") + b"3e8\r\n" + b"x" * 1_000 + b"\r\n0\r\n\r\n",
        ),
        (head("transfer-encoding: chunked") + b"0\r\na: " + b"b" * 2_001, head("content-length: 0")),
        (head("transfer-encoding: chunked") + b"0\r\n" + b"a: b\r\n" * 17 + b"\r\n", head("content-length: 0")),
        (head(first="HTTP/1.1 100 Continue") * 4, head(first="HTTP/1.1 100 Continue") * 3 + head("content-length: 0")),
    ],
    ids=["length", "until close", "count", "head", "endless head", "chunks", "trailer", "trailer count", "interim"],
)
def test_a_limit_is_held_and_not_before_it_is_passed(data: bytes, within: bytes) -> None:
    assert read([data]).error == "too large"
    assert read(bytewise(data)).error == "too large"
    assert read_at_once(data, Heads(LIMITS)) is None
    assert read([within]).error == ""


def test_the_answer_to_head_has_no_body_whatever_its_fields_say() -> None:
    for fields in (["content-length: 5"], ["content-length: 99999"], ["transfer-encoding: chunked"], []):
        outcome = read([head(*fields)], bodiless=True)
        assert (outcome.error, outcome.body, outcome.keep) == ("", b"", True)


def test_a_large_answer_that_drips_in_costs_time_in_proportion() -> None:
    def cost(length: int) -> float:
        limits = Limits(body_bytes=10_000_000)
        reader = AnswerReader(limits, Heads(limits))
        data = head("transfer-encoding: chunked") + b"1\r\nx\r\n" * length + b"0\r\n\r\n"
        began = time.process_time()
        for at in range(0, len(data), 50):
            whole = reader.feed(data[at : at + 50])
        assert whole
        assert reader.body == b"x" * length
        return time.process_time() - began

    cost(1_000)
    assert cost(40_000) < 40 * cost(4_000)


def test_heads_remembered_are_bounded() -> None:
    heads = Heads(LIMITS)
    for number in range(2_000):
        assert heads.read(head(f"x-request-id: {number}", "content-length: 0")).headers[0][1] == str(number)
    assert max(len(heads.known), len(heads._lines), len(heads._framings)) <= 512
