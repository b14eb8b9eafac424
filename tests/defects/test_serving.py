"""The proxy is served on a free loopback port while its context is open, and no longer."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from fixtures.defects.catalogue import wrap
from fixtures.defects.serving import Served
from tests.defects.tiny import ANNA, Tiny


def get(url: str) -> httpx.Response:
    with httpx.Client(trust_env=False) as client:
        return client.get(f"{url}/v1/profile", headers={"x-api-key": ANNA})


def test_an_app_answers_on_a_port_of_its_own_until_its_context_ends() -> None:
    with Served(Tiny()) as plain, Served(wrap(Tiny(), ["noop"])) as wrapped:
        assert plain.url != wrapped.url
        assert get(plain.url).json() == get(wrapped.url).json()
        url = plain.url
    with pytest.raises(httpx.ConnectError):
        get(url)


def test_no_header_is_added_to_those_of_the_app() -> None:
    with Served(Tiny()) as served:
        headers = get(served.url).headers
    assert len(headers.get_list("date")) == 1
    assert "server" not in headers


def test_what_is_no_http_is_refused_in_json() -> None:
    with Served(Tiny()) as served:
        address = urlsplit(served.url)
        with socket.create_connection((address.hostname, address.port), timeout=5) as sock:
            sock.sendall(b"GET /\x00 nonsense\r\n\r\n")
            answer = b""
            while piece := sock.recv(4096):
                answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert body == b'{"message":"the request is not valid HTTP"}'


def test_an_app_that_does_not_start_is_an_error() -> None:
    async def broken(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed"})

    with pytest.raises(RuntimeError, match="did not start"), Served(broken):
        pass
