"""Answers of HTTP/1.1, lawful and slightly unlawful, generated."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import strategies as st

NAMES = st.sampled_from(["Content-Type", "Server", "X-Request-Id", "Date", "ETag", "Vary", "x"])
VALUES = st.text(st.sampled_from('abz09 ;=/,\t"é~'), max_size=20)
REASONS = st.sampled_from(["OK", "", "Not Found", "Zażółć".encode().decode("latin-1")])
STATUSES = st.sampled_from([200, 201, 204, 304, 400, 401, 404, 409, 429, 500, 503])
BODIES = st.one_of(st.binary(max_size=60), st.sampled_from([b"{}", b'{"id":1}', b"HTTP/1.1 200 OK\r\n\r\n"]))


@dataclass(frozen=True)
class Made:
    """A lawful answer and what is to be read from it."""

    data: bytes
    status: int
    body: bytes
    until_close: bool


@st.composite
def heads(draw: st.DrawFn, status: int, framing: str) -> bytes:
    fields = [
        f"{name}:{draw(st.sampled_from(['', ' ', '  ']))}{value}"
        for name, value in draw(st.lists(st.tuples(NAMES, VALUES), max_size=4))
    ]
    fields.insert(draw(st.integers(0, len(fields))), framing) if framing else None
    version = "HTTP/1.1" if "hunked" in framing else draw(st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]))
    return "\r\n".join([f"{version} {status} {draw(REASONS)}", *fields, "", ""]).encode("latin-1")


@st.composite
def chunked(draw: st.DrawFn, body: bytes) -> bytes:
    cuts = sorted(set(draw(st.lists(st.integers(0, len(body)), max_size=3))) | {0, len(body)})
    extension = draw(st.sampled_from(["", ";a", "; a=b", ';q="x y"']))
    parts = [body[start:end] for start, end in pairwise(cuts) if end > start]
    sized = b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension.encode(), part) for part in parts)
    trailer = draw(st.sampled_from([b"", b"", b"x-sum: 1\r\n", b"a: b\r\nc: d\r\n"]))
    return sized + b"0" + extension.encode() + b"\r\n" + trailer + b"\r\n"


@st.composite
def lawful(draw: st.DrawFn) -> Made:
    """An answer with its body framed in any of the ways there are, perhaps after interim answers."""
    status = draw(STATUSES)
    body = draw(BODIES)
    interim = draw(
        st.sampled_from([b"", b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\n"])
    )
    if status in {204, 304}:
        return Made(interim + draw(heads(status, "")), status, b"", until_close=False)
    framing = draw(st.sampled_from(["length", "length", "chunked", "close"]))
    coded = draw(st.sampled_from(["", "", "", "gzip", "deflate"]))
    sent = {"": body, "gzip": gzip.compress(body, mtime=0), "deflate": zlib.compress(body)}[coded]
    field = f"\r\nContent-Encoding: {coded}" if coded else ""
    if framing == "length":
        head = draw(heads(status, f"Content-Length: {len(sent)}{field}"))
    elif framing == "chunked":
        head = draw(heads(status, f"Transfer-Encoding: {draw(st.sampled_from(['chunked', 'Chunked']))}{field}"))
        sent = draw(chunked(sent))
    else:
        head = draw(heads(status, field.removeprefix("\r\n")))
    return Made(interim + head + sent, status, body, until_close=framing == "close")


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """An answer with a few bytes changed, doubled, dropped or put in: mostly unlawful, some still lawful."""
    data = bytearray(draw(lawful()).data)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        what = draw(
            st.sampled_from([b"", b"\r", b"\n", b"\r\n", b"\x00", b":", b" ", b"0", b"-", b"HTTP/1.1 200 OK\r\n"])
        )
        data[place : place + draw(st.integers(0, 2))] = what
    return bytes(data)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    """The pieces of data between cuts; together they are the data."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(places)]
