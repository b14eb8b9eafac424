"""The proxy forwards faithfully, and `python -m fixtures.defects` puts defects in front of a URL."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

import httpx
import pytest

from fixtures.defects.__main__ import main
from fixtures.defects.catalogue import DEFECTS, VARIANTS, wrap
from fixtures.defects.proxy import Proxy
from tests.defects.caller import Caller, Reply
from tests.defects.tiny import ANNA, Tiny
from tests.defects.tour import short_tour

Serve = Callable[[httpx.Request], Awaitable[Reply]]


class Wire(httpx.AsyncBaseTransport):
    """Stands in for the network: what would have been sent is served by a function."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self.closed = 0

    async def aclose(self) -> None:
        self.closed += 1

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        reply = await self._serve(request)
        return httpx.Response(reply.status, headers=list(reply.headers), stream=httpx.ByteStream(reply.body))


def through(serve: Serve, url: str = "http://shop.test:8080/base") -> Caller:
    return Caller(Proxy(url, transport=Wire(serve)))


def to_tiny(tiny: Tiny) -> Wire:
    caller = Caller(tiny)

    async def serve(request: httpx.Request) -> Reply:
        headers = [pair for pair in request.headers.multi_items() if pair[0] != "x-api-key"]
        target = request.extensions["target"].decode()
        return await caller.call(
            request.method, target, request.content, key=request.headers.get("x-api-key"), headers=headers
        )

    return Wire(serve)


def test_a_request_is_forwarded_byte_for_byte() -> None:
    seen: list[httpx.Request] = []

    async def serve(request: httpx.Request) -> Reply:
        seen.append(request)
        return Reply(200, (), b"{}")

    headers = [
        ("host", "127.0.0.1:9"),
        ("connection", "keep-alive, x-private"),
        ("x-private", "1"),
        ("te", "trailers"),
        ("x-many", "1"),
        ("x-many", "2"),
    ]
    target = "/v1/purchases/%2e%2E/a%0A?page=1&&x=%41"
    asyncio.run(through(serve).post(target, b"\xff{", headers=headers))
    [request] = seen
    assert request.extensions["target"] == b"/base/v1/purchases/%2e%2E/a%0A?page=1&&x=%41"
    assert (request.method, request.content) == ("POST", b"\xff{")
    assert request.url.host == "shop.test"
    assert request.headers.raw == [
        (b"x-many", b"1"),
        (b"x-many", b"2"),
        (b"x-api-key", ANNA.encode()),
        (b"host", b"shop.test:8080"),
        (b"Content-Length", b"2"),
    ]


def test_an_answer_comes_back_byte_for_byte() -> None:
    headers = (
        ("Content-Type", "text/odd"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Connection", "close"),
        ("Keep-Alive", "timeout=5"),
        ("Location", "/v1/elsewhere"),
        ("Content-Length", "1"),
    )

    async def serve(_request: httpx.Request) -> Reply:
        return Reply(307, headers, b"\xfe")

    reply = asyncio.run(through(serve).get("/v1/profile"))
    assert (reply.status, reply.body) == (307, b"\xfe")
    assert reply.headers == (
        ("Content-Type", "text/odd"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Location", "/v1/elsewhere"),
        ("Content-Length", "1"),
    )


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("http://shop.test:8080/base/v1/purchases/", "/v1/purchases/"),
        ("/base/v1/purchases/", "/v1/purchases/"),
        ("http://shop.test:8080/base?next", "?next"),
        ("http://shop.test:8080/basement/v1", "http://shop.test:8080/basement/v1"),
        ("https://shop.test:8080/base/v1", "https://shop.test:8080/base/v1"),
        ("http://elsewhere.test/base/v1", "http://elsewhere.test/base/v1"),
        ("purchases/", "purchases/"),
    ],
)
def test_a_redirect_within_the_api_leads_back_through_the_proxy(location: str, told: str) -> None:
    async def serve(_request: httpx.Request) -> Reply:
        return Reply(307, (("location", location),), b"")

    reply = asyncio.run(through(serve).post("/v1/purchases", b"{}"))
    assert dict(reply.headers)["location"] == told


def test_an_api_that_does_not_answer_is_a_502() -> None:
    async def serve(request: httpx.Request) -> Reply:
        raise httpx.ConnectError("refused", request=request)

    reply = asyncio.run(through(serve).get("/v1/profile"))
    assert reply.status == 502
    assert "ConnectError" in reply.json()["message"]


def test_defects_work_in_front_of_a_url() -> None:
    now = Tiny().now

    async def tour(*names: str) -> list[Reply]:
        proxy = Proxy("http://tiny.test", transport=to_tiny(Tiny(now)))
        return [reply async for reply in short_tour(Caller(wrap(proxy, names)))]

    async def direct() -> list[Reply]:
        return [reply async for reply in short_tour(Caller(wrap(Tiny(now), [])))]

    bare, defective = asyncio.run(tour("noop")), asyncio.run(tour("status-in-lower-case", "id-zero"))
    assert [reply.body for reply in bare] == [reply.body for reply in asyncio.run(direct())]
    assert [reply.body for reply in bare[:2]] == [reply.body for reply in defective[:2]]
    assert defective[2].json()["purchase"]["id"] == 0


def test_the_lifespan_closes_the_connections() -> None:
    wire = to_tiny(Tiny())
    proxy = Proxy("http://tiny.test", transport=wire)
    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def live() -> None:
        async def receive() -> dict[str, str]:
            return incoming.pop(0)

        async def send(message: dict[str, str]) -> None:
            sent.append(message["type"])

        await wrap(proxy, ["noop"])({"type": "lifespan"}, receive, send)  # type: ignore[arg-type]

    asyncio.run(live())
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert wire.closed == 2


def test_the_list_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [*DEFECTS, *VARIANTS]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "--url must be"),
        (["--url", "shop.test"], "--url must be"),
        (["--url", "http://shop.test", "--defect", "id-as-sting"], "nearest is 'id-as-string'"),
    ],
)
def test_a_wrong_command_line_exits_with_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert re.search(complaint, capsys.readouterr().err)
