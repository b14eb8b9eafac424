"""The till between a seeded defect and somebody's own API: what defects buy there is counted and capped as well.

A defect may be that a refused request buys all the same. It is acted out by creates of the wrapper's own, of which the
gate in front of it, as is the point of the defect, is told nothing.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.asking import purchases_asked
from contracts.budget import Budget, BudgetSpentError
from contracts.document import parse
from contracts.gate.book import price_of
from contracts.history import ApiOperation, Input, Outcome
from contracts.routes import route

_REFUSED: Final = 402
_TIMED_OUT: Final = 408


class Till:
    """Lets creates through to an API as long as a budget allows, and everything else.

    Args:
        app: the API.
        budget: of all creates that reach it.

    Attributes:
        refused: whether a create was kept back.
    """

    def __init__(self, app: ASGIApp, budget: Budget) -> None:
        self.budget = budget
        self.refused = False
        self._app = app
        self._dearest: Decimal | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _whole(receive)
        if body is None:
            return
        sent = _input(scope, body)
        count = purchases_asked(sent)
        if not count and route(sent.method, sent.path).api_operation is not ApiOperation.ACCOUNT:
            await self._app(scope, _again(body), send)
            return
        try:
            held = self.budget.reserve(self._dearest, count) if count else None
        except BudgetSpentError as spent:
            self.refused = True
            await _refuse(send, str(spent))
            return
        outcome, price = Outcome.UNKNOWN, None
        messages: list[Message] = []

        async def kept(message: Message) -> None:
            messages.append(message)

        try:
            await self._app(scope, _again(body), kept)
            outcome = _outcome(messages[0]["status"])
            price = _price(b"".join(message.get("body", b"") for message in messages[1:]))
            if price is not None and outcome is Outcome.OK:
                self._dearest = max(price, self._dearest or price)
        finally:
            if held is not None:
                self.budget.settle(held, outcome, None if price is None else price * count)
        for message in messages:
            await send(message)


def _input(scope: Scope, body: bytes) -> Input:
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
    headers = tuple((bytes(name).decode("latin-1"), bytes(value).decode("latin-1")) for name, value in scope["headers"])
    query = scope.get("query_string", b"").decode("latin-1")
    pairs = tuple((name, value) for name, _, value in (part.partition("=") for part in query.split("&")) if name)
    return Input(scope["method"], path, pairs, headers, body)


def _outcome(status: int) -> Outcome:
    """Return what an answer says of a create, as for the gate's own (contracts.history)."""
    if 200 <= status < 300:
        return Outcome.OK
    return Outcome.UNKNOWN if status >= 500 or status == _TIMED_OUT or status < 200 else Outcome.FAIL


def _price(body: bytes) -> Decimal | None:
    value = parse(body).value
    price = price_of(value.get("price")) if isinstance(value, dict) else None
    return price if price is not None and price > 0 else None


async def _whole(receive: Receive) -> bytes | None:
    """Return the body of a request, None where its sender has gone."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _again(body: bytes) -> Receive:
    """Return what gives a request's body once more."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    return receive


async def _refuse(send: Send, why: str) -> None:
    body = json.dumps({"message": why}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": _REFUSED, "headers": headers})
    await send({"type": "http.response.body", "body": body})
