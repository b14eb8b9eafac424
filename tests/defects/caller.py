"""Calling an ASGI app in this process, as several connections would."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.types import ASGIApp, Message

from tests.defects.tiny import ANNA


@dataclass(frozen=True)
class Reply:
    """An answer as it was sent; `pieces` is how many parts its body came in."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    pieces: int = 1

    def json(self) -> Any:
        return orjson.loads(self.body)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


class Caller:
    """Sends requests to an app, over one connection unless another is named."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def call(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        key: str | None = ANNA,
        headers: Sequence[tuple[str, str]] = (),
        connection: int = 1,
    ) -> Reply:
        path, _, query = target.partition("?")
        pairs = [*headers, *([("x-api-key", key)] if key is not None else [])]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in pairs],
            "client": ("127.0.0.1", 50000 + connection),
        }
        sent: list[Message] = []
        incoming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if not incoming:
                await asyncio.Event().wait()
            return incoming.pop()

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start, parts = sent[0], sent[1:]
        return Reply(
            start["status"],
            tuple((name.decode(), value.decode("latin-1")) for name, value in start["headers"]),
            b"".join(part.get("body", b"") for part in parts),
            len(parts),
        )

    async def get(self, target: str, **options: Any) -> Reply:
        return await self.call("GET", target, **options)

    async def post(self, target: str, body: bytes = b"", **options: Any) -> Reply:
        return await self.call("POST", target, body, **options)

    async def buy(self, country: str, **options: Any) -> Reply:
        return await self.post("/v1/purchases", orjson.dumps({"country_code": country}), **options)

    async def code(self, number: int, **options: Any) -> Reply:
        return await self.post(f"/v1/purchases/{number}/request-code", **options)

    async def read(self, number: int, **options: Any) -> Reply:
        return await self.get(f"/v1/purchases/{number}", **options)
