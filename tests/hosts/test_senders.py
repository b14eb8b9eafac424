"""Whatever sends a request connects to the addresses found when the target was admitted, and to nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import socket
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from contracts.drift.fetch import fetch_document
from contracts.errors import UsageError
from contracts.gate.volley import fire
from contracts.gate.wire import Wire
from contracts.history import Input
from contracts.pinning import PinnedTransport
from contracts.target import Keys, Target, admit
from fixtures.defects.proxy import Proxy
from load.preflight import NotReadyError, survey
from load.wire.address import Origin, resolve
from tests.gate.rawserver import answer, raw_server, read_request

NAME = "api.example.com"
KEYS = Keys("owner-key-1234")
ELSEWHERE = "203.0.113.9"

OFFER = answer(b'{"available": true, "price": {"amount": "1.50", "currency_code": "USD"}}')


class Resolver:
    """Answers for a name with loopback once, and with somebody else's address ever after (DNS rebinding)."""

    def __init__(self, first: list[str]) -> None:
        self.first = first
        self.asked: list[str] = []
        self._real = socket.getaddrinfo

    def __call__(self, host: Any, port: Any, *rest: Any, **more: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else str(host)
        try:
            ipaddress.ip_address(name)
        except ValueError:
            self.asked.append(name)
            found = self.first if len(self.asked) == 1 else [ELSEWHERE]
            return [one for address in found for one in self._real(address, port, *rest, **more)]
        return self._real(host, port, *rest, **more)


class Seen:
    """A target that takes down every request, and answers all of them alike."""

    def __init__(self, reply: bytes = OFFER) -> None:
        self.requests: list[bytes] = []
        self.reply = reply

    def __call__(self, sock: socket.socket) -> None:
        while request := read_request(sock):
            self.requests.append(request)
            sock.sendall(self.reply)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """Any attempt to connect to anything but loopback fails the test that makes it."""
    found = Resolver(["127.0.0.1"])
    strays: list[object] = []

    def guarded(name: str) -> Any:
        real = getattr(socket.socket, name)

        def connect(sock: socket.socket, address: Any) -> Any:
            if not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
                strays.append(address)
                raise AssertionError(f"a connection to {address}")
            return real(sock, address)

        return connect

    monkeypatch.setattr(socket.socket, "connect", guarded("connect"), raising=False)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded("connect_ex"), raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", found)
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(variable, "http://203.0.113.1:3128")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    return found


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def target(resolver: Resolver, seen: Seen) -> Iterator[Target]:
    """A target under a name that will soon be somebody else's."""
    with raw_server(seen) as url:
        yield admit(f"http://{NAME}:{urlsplit(url).port}", KEYS, allow_hosts=[NAME], capped=True)
    assert resolver.asked == [NAME], "a name is looked up once"


def hosts(seen: Seen) -> set[str]:
    return {line for request in seen.requests for line in request.decode().lower().split("\r\n") if line[:5] == "host:"}


def test_the_gate(target: Target, seen: Seen) -> None:
    with Wire(target, 5.0) as wire:
        for method in ("GET", "POST"):
            assert wire.send(Input(method, "/v1/purchases")).answer is not None
    assert len(seen.requests) == 2
    assert hosts(seen) == {f"host: {NAME}:{urlsplit(target.url).port}"}


def test_a_volley(target: Target, seen: Seen) -> None:
    replies = fire(target, [Input("POST", "/v1/purchases", body=b"{}")] * 3, 5.0)
    assert [reply.answer is not None for reply in replies] == [True] * 3
    assert len(seen.requests) == 3


def test_the_look_before_a_load_run(target: Target, seen: Seen) -> None:
    assert survey(target, 5.0, ["US"]).prices == {"US": Decimal("1.50")}
    assert {request.split()[0] for request in seen.requests} == {b"GET"}
    assert hosts(seen) == {f"host: {NAME}:{urlsplit(target.url).port}"}


def test_every_process_of_a_load_run(target: Target) -> None:
    origin = Origin.from_url(target.url)
    assert [address.sockaddr for address in resolve(origin, target.addresses)] == [("127.0.0.1", origin.port)]
    with pytest.raises(UsageError, match="no IPv4 or IPv6 address"):
        resolve(origin, ())


def test_the_proxy_that_defects_are_put_around(target: Target, seen: Seen) -> None:
    assert target.addresses is not None
    app = Proxy(target.url, address=target.addresses[0])

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://proxy", trust_env=False) as client:
            reply = await client.get("/v1/profile")
        await app._reads.aclose()
        await app._writes.aclose()
        return reply

    assert asyncio.run(ask()).status_code == 200
    assert hosts(seen) == {f"host: {NAME}:{urlsplit(target.url).port}"}


def test_the_reader_of_a_live_contract(resolver: Resolver, seen: Seen) -> None:
    with raw_server(seen) as url:
        port = urlsplit(url).port
        content, _ = fetch_document(f"http://{NAME}:{port}", allow_hosts=[NAME])
    assert json.loads(content)["available"] is True
    assert resolver.asked == [NAME]
    assert hosts(seen) == {f"host: {NAME}:{port}"}


def test_an_address_that_does_not_answer_leaves_the_next_one(seen: Seen, resolver: Resolver) -> None:
    # Nobody listens on the first: the server is bound to 127.0.0.1 alone.
    resolver.first = ["127.0.0.77", "127.0.0.1"]
    with raw_server(seen) as url:
        found = admit(f"http://{NAME}:{urlsplit(url).port}", KEYS, allow_hosts=[NAME], capped=True)
        with Wire(found, 5.0) as wire:
            assert wire.send(Input("POST", "/v1/purchases", body=b"{}")).answer is not None
        assert survey(found, 5.0, ["US"]).accounts is True
    assert sum(request.startswith(b"POST") for request in seen.requests) == 1


def test_a_name_without_an_address_is_never_looked_up_again(resolver: Resolver) -> None:
    resolver.first = []
    target = admit(f"http://{NAME}:9", KEYS, allow_hosts=[NAME], capped=True)
    with Wire(target, 5.0) as wire:
        reply = wire.send(Input("POST", "/v1/purchases", body=b"{}"))
    assert reply.error == "no connection (the name does not resolve)"
    with pytest.raises((NotReadyError, UsageError), match="has no IPv4 or IPv6 address"):
        survey(target, 5.0)
    assert resolver.asked == [NAME]


@pytest.mark.usefixtures("resolver")
@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"])
def test_no_redirect_to_another_origin_is_followed(status: str) -> None:
    other = Seen()
    with raw_server(other) as there:
        first = Seen(answer(b"{}", status, f"location: {there}/v1/purchases"))
        with raw_server(first) as url:
            target = admit(url, KEYS)
            with Wire(target, 5.0) as wire:
                for method in ("GET", "POST"):
                    wire.send(Input(method, "/v1/purchases", headers=(("x-api-key", KEYS.owner),)))
            fire(target, [Input("POST", "/v1/purchases", headers=(("x-api-key", KEYS.owner),))], 5.0)
            with contextlib.suppress(NotReadyError):
                survey(target, 5.0, ["US"])
            with pytest.raises(UsageError, match="another origin"):
                fetch_document(url, key=KEYS.owner)
    assert first.requests
    assert other.requests == []


def test_a_client_for_one_host_asks_no_other() -> None:
    transport = PinnedTransport("127.0.0.1", ["127.0.0.1"], None)
    with (
        httpx.Client(transport=transport) as client,
        pytest.raises(httpx.ConnectError, match="not the host that was admitted"),
    ):
        client.get("http://localhost:9/")


def test_threads_that_look_at_once_share_one_lookup(resolver: Resolver, seen: Seen) -> None:
    with raw_server(seen) as url:
        target = admit(f"http://{NAME}:{urlsplit(url).port}", KEYS, allow_hosts=[NAME], capped=True)
        with Wire(target, 5.0) as wire:
            ask = [threading.Thread(target=wire.send, args=(Input("GET", "/v1/profile"),)) for _ in range(8)]
            for thread in ask:
                thread.start()
            for thread in ask:
                thread.join()
    assert len(seen.requests) == 8
    assert resolver.asked == [NAME]
