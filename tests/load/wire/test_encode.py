"""Requests as bytes, and what must not get into them."""

from __future__ import annotations

import re
from dataclasses import replace

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.history import OTHER, OWNER, ApiOperation
from load.call import Call
from load.wire.address import Origin
from load.wire.encode import Encoder

KEY = "gmt_live_4f1c9a77d0e24b6f"
ENCODER = Encoder(Origin.from_url("http://127.0.0.1:8080/shop/"), {OWNER: KEY, OTHER: None})
GET = Call(ApiOperation.PROFILE, "GET", "/v1/profile")


def parsed(data: bytes) -> tuple[bytes, bytes, dict[bytes, bytes], bytes]:
    """Method, target, fields and body as an independent server reads them; nothing may follow."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(data)
    request = server.next_event()
    assert isinstance(request, h11.Request)
    body = b""
    while isinstance(event := server.next_event(), h11.Data):
        body += bytes(event.data)
    assert isinstance(event, h11.EndOfMessage)
    assert server.trailing_data == (b"", False)
    fields = dict(request.headers)
    assert len(fields) == len(list(request.headers))
    return request.method, request.target, fields, body


def test_a_get_shows_the_key_and_has_no_body() -> None:
    assert ENCODER.encode(GET) == (
        b"GET /shop/v1/profile HTTP/1.1\r\nhost: 127.0.0.1:8080\r\naccept: application/json\r\nuser-agent: assay\r\n"
        b"x-api-key: " + KEY.encode() + b"\r\n\r\n"
    )


def test_a_principal_without_a_key_shows_none() -> None:
    assert b"x-api-key" not in ENCODER.encode(replace(GET, principal=OTHER))


@settings(deadline=None)
@given(body=st.binary(max_size=300), labelled=st.booleans(), method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]))
def test_a_server_reads_the_body_and_its_label(body: bytes, labelled: bool, method: str) -> None:
    call = Call(ApiOperation.CREATE, method, "/v1/purchases", body, labelled)
    for _ in range(2):  # encoded first, then from what is remembered
        got_method, target, fields, got = parsed(ENCODER.encode(call))
        assert (got_method, target, got) == (method.encode(), b"/shop/v1/purchases", body)
        assert fields.get(b"content-type") == (b"application/json" if body or labelled else None)
        length = str(len(body)).encode() if body or method in {"POST", "PUT"} else None
        assert fields.get(b"content-length") == length


def test_compression_is_accepted_only_when_asked_for() -> None:
    origin = Origin.from_url("http://localhost")
    assert b"accept-encoding" not in Encoder(origin, {OWNER: KEY}).encode(GET)
    assert b"\r\naccept-encoding: gzip, deflate\r\n" in Encoder(origin, {OWNER: KEY}, compressed=True).encode(GET)


def test_further_fields_are_sent_and_replace_ours() -> None:
    encoder = Encoder(Origin.from_url("http://localhost"), {OWNER: KEY}, {"User-Agent": "night", "X-Run": "7 8"})
    _, _, fields, _ = parsed(encoder.encode(GET))
    assert (fields[b"user-agent"], fields[b"x-run"], fields[b"host"]) == (b"night", b"7 8", b"localhost")


@settings(deadline=None)
@given(path=st.text(st.one_of(st.sampled_from("abc/?=%&-_.~!'"), st.characters()), max_size=8).map("/{}".format))
def test_a_path_is_sent_as_it_is_or_refused(path: str) -> None:
    call = replace(GET, path=path)
    if all("\x21" <= letter <= "\x7e" for letter in path):
        assert parsed(ENCODER.encode(call))[1] == b"/shop" + path.encode("ascii")
    else:
        with pytest.raises(ValueError, match=re.escape(repr(path))):
            ENCODER.encode(call)


@pytest.mark.parametrize("path", ["", "v1", "/a b", "/a\r\nx: y", "/a\n", "/\x00", "/\x7f", "/é", "/a\tb", "*"])
def test_a_path_that_would_break_the_request_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not a path that can be sent"):
        ENCODER.encode(replace(GET, path=path))


@pytest.mark.parametrize("method", ["", "GE T", "GET\r\n", "GÉT"])
def test_a_method_that_is_no_token_is_refused(method: str) -> None:
    with pytest.raises(ValueError, match="not a method"):
        ENCODER.encode(replace(GET, method=method))


def test_a_principal_nobody_named_is_refused() -> None:
    with pytest.raises(ValueError, match="'stranger:no key'"):
        ENCODER.encode(replace(GET, principal="stranger:no key"))


@pytest.mark.parametrize("key", ["", " s3cret", "s3cret ", "s3cret\r\nx: y", "s3cret\x00", "ключ"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ValueError, match="the key of 'owner'") as caught:
        Encoder(Origin.from_url("http://localhost"), {OWNER: key})
    assert "s3cret" not in str(caught.value)
    assert "ключ" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("x y", "1"), ("x:", "1"), ("", "1"), ("x", "a\r\nb"), ("x", ""), ("x", "é€"), ("Host", "a"), ("x-api-key", "a")]
    + [(name, "1") for name in ("Content-Length", "transfer-encoding", "Connection", "Expect", "TE", "Upgrade")],
)
def test_a_field_that_would_break_or_change_the_framing_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"{name!r}"):
        Encoder(Origin.from_url("http://localhost"), {OWNER: KEY}, {name: value})
