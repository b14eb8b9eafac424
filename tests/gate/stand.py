"""A stand for the random phases: a sandbox, possibly with a falsified answer, and a session that knows it a little."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.budget import Budget
from contracts.finding import Finding, Severity
from contracts.gate.book import Entry, price_of
from contracts.gate.levers import find_levers
from contracts.gate.lives import Lives
from contracts.gate.pace import Pace
from contracts.gate.plan import PLANS, Plan
from contracts.gate.session import Session
from contracts.gate.survey import Offer, Survey
from contracts.gate.wire import Wire
from contracts.history import ApiOperation, Operation
from contracts.monitor import Setting
from contracts.oracle import make_oracle
from contracts.profiles import get_profile
from contracts.reading import Reading
from contracts.target import Keys, Target
from fixtures.sandbox.server import SandboxThread, Wrap
from fixtures.sandbox.settings import Settings

COUNTRIES = ("US", "GB", "DE", "BR", "ID", "KZ")
QUICK = replace(PLANS["quick"], fuzz_examples=7)

Falsify = Callable[[str, str, bytes, int, Any], tuple[int, Any]]
"""Method, path without its trailing slash, request body, status and document to another status and document."""


@dataclass(frozen=True, slots=True)
class Stand:
    """What a random phase is run on."""

    session: Session
    survey: Survey
    lives: Lives
    plan: Plan
    sent: list[Operation]
    sandbox: SandboxThread

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.session.oracle.findings if finding.severity is Severity.ERROR]

    @property
    def wire(self) -> list[tuple[str, str, tuple[tuple[str, str], ...], bytes]]:
        """Every request sent through the session, as it left."""
        return [(o.input.method, o.input.path, o.input.query, o.input.body) for o in self.sent]

    @property
    def notes(self) -> list[str]:
        return self.session.counts.notes


@contextmanager
def stand(
    *,
    seed: int = 0,
    profile: str = "2026-02",
    plan: Plan = QUICK,
    budget: Budget | None = None,
    falsify: Falsify | None = None,
    bought: int = 2,
    levers: bool = True,
    pace: Pace | None = None,
) -> Iterator[Stand]:
    """Yield a stand on which so many purchases were bought, every other one with its code."""
    wrap = None if falsify is None else falsified(falsify)
    with SandboxThread(Settings(profile=profile, seed=seed), wrap) as sandbox:
        keys = Keys(sandbox.owner_key, sandbox.other_key, sandbox.admin_key if levers else None)
        target = Target(sandbox.url, sandbox.url, loopback=True, keys=keys)
        sent: list[Operation] = []
        setting = Setting(profile=get_profile(profile), secrets=[keys.owner, sandbox.other_key])
        with Wire(target, 5.0) as wire:
            session = Session(
                target,
                wire,
                make_oracle(setting),
                budget or Budget(plan.purchases),
                # Nobody waits in a test: an admin's provider can be told to keep a buyer waiting for ten seconds.
                pace or Pace(600.0, sleep=lambda _: None),
                get_profile(profile),
                seed,
                sent.append,
            )
            known = Survey(other_known=True)
            lives = Lives(session, known, plan, find_levers(target, wire))
            for code in COUNTRIES:
                value = Reading(lives.shop.account(code)).document.value
                known.offers[code] = Offer(code, True, price_of(value["price"] if isinstance(value, dict) else None))
            for number in range(bought):
                _buy(lives, ask=number % 2 == 0)
            sent.clear()
            yield Stand(session, known, lives, plan, sent, sandbox)


def _buy(lives: Lives, *, ask: bool) -> Entry | None:
    entry = lives.buy()
    if entry is not None and ask:
        lives.request_code(entry)
    return entry


def falsified(falsify: Falsify) -> Wrap:
    """Return a wrapper that puts a function between a Purchases API and its callers."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            request, answer = b"", b""
            start: Message = {}

            async def received() -> Message:
                nonlocal request
                message = await receive()
                request += message.get("body", b"")
                return message

            async def held(message: Message) -> None:
                nonlocal answer
                if message["type"] == "http.response.start":
                    start.update(message)
                answer += message.get("body", b"")

            await app(scope, received, held)
            path = scope["path"].rstrip("/")
            status, document = falsify(scope["method"], path, request, start["status"], json.loads(answer))
            body = json.dumps(document).encode()
            kept = [pair for pair in start["headers"] if pair[0] != b"content-length"]
            headers = [*kept, (b"content-length", b"%d" % len(body))]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        return wrapped

    return wrap


def is_create(method: str, path: str) -> bool:
    return (method, path) == ("POST", "/v1/purchases")


def lacking(stand: Stand, *operations: ApiOperation) -> None:
    """Let the survey say that the target lacks some operations."""
    for operation in operations:
        stand.survey.lacking[operation] = "the test says so"
