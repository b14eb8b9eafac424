"""Releases told apart by `assay verify`, with real parts: the same twice, a defect, 30 % slower, half of it missing."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fixtures.defects.catalogue import wrap as wrap_defects
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings
from reports.rundocs import load_run

PLAN = """
objectives = ["error_rate < 1%", "findings <= 0"]
[plan]
shape = "steady"
rate = "15/s"
warmup = "3s"
duration = "40s"
patience = "15s"
max_wait = "5s"
max_dropped = "1%"
[journeys]
buyer = 3
poller = 2
browser = 2
"""
BALANCE = "999999.00"
LATENCY_S = 0.05
"""Of every answer: so far above what a busy machine adds that 30 % of it shows."""

MISSING = ("/v1/accounts", "/v1/profile", "/request-code", "/refund")

Wrap = Callable[[ASGIApp], ASGIApp]


def slowed(by_s: float) -> Wrap:
    def wrap(app: ASGIApp) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                await asyncio.sleep(by_s)
            await app(scope, receive, send)

        return answer

    return wrap


def halved(app: ASGIApp) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and any(part in scope["path"] for part in MISSING):
            await JSONResponse({"error": "not found"}, 404)(scope, receive, send)
        else:
            await app(scope, receive, send)

    return answer


def verify(place: Path, wrap: Wrap, name: str, *options: str) -> tuple[int, dict[str, Any]]:
    plan = place / "plan.toml"
    plan.write_text(PLAN)
    with SandboxThread(Settings(balance=BALANCE, failure_rate=0.05), wrap) as sandbox:
        keys = {
            "ASSAY_API_KEY": sandbox.owner_key,
            "ASSAY_OTHER_API_KEY": sandbox.other_key,
            "ASSAY_ADMIN_KEY": sandbox.admin_key,
        }
        done = subprocess.run(
            [sys.executable, "-P", "-m", "assay", "verify", "--url", sandbox.url, "--plan", str(plan), "--depth",
             "quick", "--quiet", "--out", f"reports/runs/{name}", *options],
            cwd=place, env={**os.environ, **keys}, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    document = load_run(place / "reports" / "runs" / name)
    assert done.returncode == document["exit_code"], done.stderr
    return done.returncode, document


def sentence(document: dict[str, Any], name: str) -> str:
    return str(next(part["sentence"] for part in document["parts"] if part["name"] == name))


def test_the_same_release_twice_is_a_go_and_a_slower_one_is_not(tmp_path: Path) -> None:
    code, document = verify(tmp_path, slowed(LATENCY_S), "one", "--accept")
    assert code == 0, document["reasons"]
    code, document = verify(tmp_path, slowed(LATENCY_S), "two")
    assert code == 0, document["reasons"]
    assert document["reasons"][0] == "Go: gate, load, drift and compare keep what was promised."
    code, document = verify(tmp_path, slowed(LATENCY_S * 1.3), "three", "--skip", "gate", "--skip", "drift")
    assert code in {1, 3}, document["reasons"]
    assert "p50" in sentence(document, "compare")
    assert "ms (+" in sentence(document, "compare")


def test_a_release_with_a_defect_is_a_no_go_that_names_it(tmp_path: Path) -> None:
    code, document = verify(tmp_path, lambda app: wrap_defects(app, ["phone-with-newline"]), "one", "--skip", "load")
    assert code == 1
    assert document["reasons"][0].startswith("No-go: gate")
    assert "SHAPE-6" in sentence(document, "gate")


def test_a_release_half_of_which_is_missing_is_neither(tmp_path: Path) -> None:
    code, document = verify(tmp_path, halved, "one", "--skip", "load")
    assert code == 3, document["reasons"]
    assert document["reasons"][0].startswith("Cannot tell: gate came to no verdict.")
    assert "required but not exercised" in sentence(document, "gate")


def test_two_releases_side_by_side_are_told_apart_by_their_answers(tmp_path: Path) -> None:
    with SandboxThread(Settings(balance=BALANCE, failure_rate=0.05)) as old:
        options = ("--against-url", old.url, "--skip", "load", "--skip", "gate", "--skip", "drift")
        code, document = verify(tmp_path, slowed(0.0), "same", *options)
        assert code == 0, document["reasons"]
        assert document["purchases"] > 0
        code, document = verify(tmp_path, lambda app: wrap_defects(app, ["id-as-string"]), "other", *options)
    assert code == 1
    assert "id: string is new" in sentence(document, "against")
