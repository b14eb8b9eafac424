"""The machinery passes on what it should, and nothing else."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import orjson
import pytest
from starlette.types import Message, Receive, Scope, Send

from fixtures.defects.catalogue import wrap
from fixtures.defects.wrapper import (
    ACCOUNT,
    CODE,
    CREATE,
    LIST,
    OTHER,
    PROFILE,
    REFUND,
    RETRIEVE,
    Request,
    enclose,
    route,
)
from tests.defects.caller import Caller, Reply
from tests.defects.tiny import ANNA, BORIS, Tiny
from tests.defects.tour import short_tour


class Echo:
    """Answers with what it was sent."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if scope["type"] != "http":
            return
        message = await receive()
        seen = {
            "method": scope["method"],
            "path": scope["path"],
            "raw": scope["raw_path"].decode(),
            "query": scope["query_string"].decode(),
            "headers": [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]],
            "body": message["body"].decode("latin-1"),
        }
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": orjson.dumps(seen)[:10], "more_body": True})
        await send({"type": "http.response.body", "body": orjson.dumps(seen)[10:]})


@pytest.mark.parametrize(
    ("method", "path", "operation", "parameter"),
    [
        ("POST", "/v1/purchases", CREATE, ""),
        ("POST", "/v1/purchases/", CREATE, ""),
        ("GET", "/v1/purchases", LIST, ""),
        ("GET", "/v1/purchases/7", RETRIEVE, "7"),
        ("GET", "/v1/purchases/%31/", RETRIEVE, "1"),
        ("POST", "/v1/purchases/7/request-code", CODE, "7"),
        ("POST", "/v1/purchases/7/refund/", REFUND, "7"),
        ("GET", "/v1/accounts/US", ACCOUNT, "US"),
        ("GET", "/v1/accounts/", OTHER, ""),
        ("GET", "/v1/profile", PROFILE, ""),
        ("DELETE", "/v1/purchases/7", OTHER, ""),
        ("GET", "/v1/purchases/7/request-code", OTHER, ""),
        ("GET", "/v1/purchases//", RETRIEVE, ""),
        ("GET", "/v2/profile", OTHER, ""),
    ],
)
def test_operations_are_told_by_method_and_path(method: str, path: str, operation: str, parameter: str) -> None:
    assert route(method, path) == (operation, parameter)


def test_purchase_ids_are_those_the_contract_allows() -> None:
    def read(text: str) -> int | None:
        return Request(method="GET", path=f"/v1/purchases/{text}").purchase_id

    assert [read(text) for text in ("1", "9007199254740991")] == [1, 2**53 - 1]
    assert [read(text) for text in ("0", "01", "-1", "1.0", "a", "%D9%A1", "12345678901234567")] == [None] * 7


def test_a_request_reaches_the_app_byte_for_byte() -> None:
    reply = asyncio.run(
        Caller(enclose(Echo(), [])).post(
            "/v1/purchases/%2e%2E//a%20b?page=1&&x=%41", b"\xff\x00", headers=[("x-many", "1"), ("x-many", "2")]
        )
    )
    seen = reply.json()
    assert seen["raw"] == "/v1/purchases/%2e%2E//a%20b"
    assert seen["path"] == "/v1/purchases/..//a b"
    assert seen["query"] == "page=1&&x=%41"
    assert seen["body"] == "\xff\x00"
    assert seen["headers"] == [["x-many", "1"], ["x-many", "2"], ["x-api-key", ANNA], ["content-length", "2"]]


def test_the_length_is_that_of_the_whole_body() -> None:
    reply = asyncio.run(Caller(enclose(Echo(), [])).get("/v1/profile"))
    assert reply.header("content-length") == str(len(reply.body))


def test_compression_is_not_asked_for() -> None:
    reply = asyncio.run(Caller(enclose(Echo(), [])).get("/v1/profile", headers=[("accept-encoding", "gzip")]))
    assert "accept-encoding" not in dict(reply.json()["headers"])


@pytest.mark.parametrize("path", ["/admin/state", "/", "/v10/profile"])
def test_other_paths_pass_untouched(path: str) -> None:
    echo = Echo()
    reply = asyncio.run(Caller(wrap(echo, ["create-alone"])).get(path))
    # The wrong length shows that nobody touched it.
    assert reply.header("content-length") == "0"
    assert reply.pieces == 2


def test_lifespan_passes_through() -> None:
    echo = Echo()

    async def unused(*_: Any) -> Any:
        raise AssertionError

    async def live() -> None:
        await wrap(echo, ["noop"])({"type": "lifespan"}, unused, unused)

    asyncio.run(live())
    assert echo.scopes == [{"type": "lifespan"}]


def test_a_client_that_leaves_is_not_answered() -> None:
    tiny = Tiny()

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        raise AssertionError

    scope = {"type": "http", "method": "GET", "path": "/v1/profile", "query_string": b"", "headers": []}

    async def live() -> None:
        await wrap(tiny, ["noop"])(scope, receive, send)

    asyncio.run(live())
    assert tiny.calls == 0


def test_an_answer_without_content_has_no_length() -> None:
    reply = asyncio.run(_last("code-answers-204"))
    assert (reply.status, reply.body, reply.header("content-length")) == (204, b"", None)


def test_chunks_announce_no_length() -> None:
    reply = asyncio.run(_last("chunked-answers"))
    assert reply.pieces == 3
    assert reply.header("content-length") is None
    assert reply.json()["purchase"]["status"] == "SUCCESS"


def test_several_may_be_at_work_at_once() -> None:
    reply = asyncio.run(_last("id-zero", "status-in-lower-case", "code-unlabelled"))
    assert reply.json()["purchase"]["id"] == 0
    assert reply.header("content-type") is None


def test_equal_seeds_give_equal_answers() -> None:
    now = Tiny().now

    async def codes(seed: int) -> list[bytes]:
        caller = Caller(wrap(Tiny(now), ["code-changes-after-two-readings"], seed))
        number = (await caller.buy("US")).json()["id"]
        await caller.code(number)
        return [(await caller.read(number)).body for _ in range(5)]

    assert asyncio.run(codes(3)) == asyncio.run(codes(3))
    assert asyncio.run(codes(3)) != asyncio.run(codes(4))


def test_it_is_quick() -> None:
    async def spend(app: Any) -> float:
        caller = Caller(app)
        await caller.get("/v1/profile")
        began = time.perf_counter()
        for _ in range(300):
            await caller.get("/v1/profile", key=BORIS)
        return (time.perf_counter() - began) / 300

    async def compare() -> float:
        # The best of several, for other work on this machine only ever adds.
        return min([await spend(wrap(Tiny(), ["noop"])) for _ in range(5)]) - min(
            [await spend(Tiny()) for _ in range(5)]
        )

    assert asyncio.run(compare()) < 0.0003


async def _last(*names: str) -> Reply:
    replies = [reply async for reply in short_tour(Caller(wrap(Tiny(), names)))]
    return replies[-1]
