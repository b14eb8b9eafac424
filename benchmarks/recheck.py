"""How fast a history is judged again, and in how much memory: `python benchmarks/recheck.py 1000000 --command load`.

The history is that of lawful buyers at speed, written down as a run writes it, secrets masked: each asks for
a price, buys, asks for the code, looks twice and reads the first page of a list.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contracts.config import Settings
from contracts.history import Answer, ApiOperation, Input, Operation
from contracts.record.line import dumps, to_line
from contracts.record.masking import Masker
from contracts.record.recheck import recheck
from load.judge.again import JudgedAgain

STARTED = datetime(2026, 2, 23, 10, 15, tzinfo=UTC)
COUNTRIES = (("US", "США", "United States"), ("DE", "Германия", "Germany"), ("KZ", "Казахстан", "Kazakhstan"))
PAGE = 5
CALLS_OF_A_LIFE = 6
KEY = "<key:owner>"


def purchase(number: int, *, code: bool) -> dict[str, Any]:
    """Return a purchase as a masked history shows it."""
    country, ru, en = COUNTRIES[number % len(COUNTRIES)]
    created = STARTED + timedelta(milliseconds=10 * number)
    received = (created + timedelta(seconds=2)).isoformat(timespec="milliseconds")[:-6] + "Z"
    shown = {"code": f"<code:{number + 1}>", "password": f"<password:{number + 1}>", "received_at": received}
    return {
        "id": 1_000_000 + number,
        "country_code": country,
        "display_name": {"ru": ru, "en": en},
        "phone_number": f"<phone:{number + 1}>",
        "price": {"amount": "1.50", "currency_code": "USD"},
        "status": "SUCCESS" if code else "PENDING",
        "purchase_type": "SINGLE",
        "verification": shown if code else None,
        "created_at": created.isoformat(timespec="milliseconds")[:-6] + "Z",
    }


def life(number: int) -> Iterator[tuple[ApiOperation, str, str, bytes, tuple[tuple[str, str], ...], Any]]:
    """Yield what one buyer sends and is answered."""
    new, done = purchase(number, code=False), purchase(number, code=True)
    path = f"/v1/purchases/{new['id']}"
    country = new["country_code"]
    offer = {"country_code": country, "display_name": new["display_name"], "price": new["price"], "available": True}
    offer["discount"] = {"base_price": "1.50", "percent": 0}
    newest = [purchase(at, code=True) for at in range(number, max(-1, number - PAGE), -1)]
    pages = -(-(number + 1) // PAGE)
    turned = {"current_page": 1, "total_pages": pages, "has_next": pages > 1}
    query = (("page", "1"), ("page_size", str(PAGE)))
    asked = {"status": "success", "attempt": 1, "max_attempts": 18, "next_attempt_at": None, "retry_after": None}
    yield ApiOperation.ACCOUNT, "GET", f"/v1/accounts/{country}", b"", (), offer
    yield ApiOperation.CREATE, "POST", "/v1/purchases", b'{"country_code":"%b"}' % country.encode(), (), new
    yield ApiOperation.REQUEST_CODE, "POST", f"{path}/request-code", b"", (), {"purchase": done, "code_request": asked}
    yield ApiOperation.RETRIEVE, "GET", path, b"", (), done
    yield ApiOperation.RETRIEVE, "GET", path, b"", (), done
    yield ApiOperation.LIST, "GET", "/v1/purchases", b"", query, {"items": newest, "pagination": turned}


def operations(count: int) -> Iterator[Operation]:
    """Yield lawful operations, one after the other."""
    index = 0
    for number in range(-(-count // CALLS_OF_A_LIFE)):
        for kind, method, path, body, query, answer in life(number):
            if index == count:
                return
            wall = STARTED + timedelta(milliseconds=10 * number)
            headers = (("content-type", "application/json"), ("date", f"{wall:%a, %d %b %Y %H:%M:%S} GMT"))
            content = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
            sent = Input(method, path, query, (("accept", "application/json"), ("x-api-key", KEY)), body)
            began = index * 0.002
            lane = f"connection {number % 16}"
            yield Operation(
                index,
                "owner",
                kind,
                sent,
                Answer(200, headers, content),
                began,
                began + 0.0015,
                wall.timestamp(),
                None,
                lane,
            )
            index += 1


def write(directory: Path, count: int, command: str) -> dict[str, Any]:
    """Write a history and return the ``run.json`` beside it."""
    masker = Masker({})
    with (directory / "history.jsonl").open("wb") as file:
        for operation in operations(count):
            file.write(dumps(to_line(operation, masker)))
    return {
        "schema": 1,
        "command": command,
        "verdict": "kept",
        "exit_code": 0,
        "reasons": [],
        "partial": False,
        "started": "2026-02-23T10:15:00.000Z",
        "duration_s": 0.0,
        "target": "http://127.0.0.1:1",
        "profile": "2026-02",
        "seed": 0,
        "purchases": 0,
        "spend": "0.00",
        "spend_currency": None,
        "requests": count,
        "rerun": f"assay {command}",
        "notes": [],
        "phases": [],
        "clauses": [],
        "findings": [],
    }


def main() -> None:
    """Write, judge again, and tell operations a second of processor time and the memory at its peak."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("operations", type=int, nargs="?", default=20_000)
    parser.add_argument("--command", choices=("gate", "load"), default="load", help="whose run it was")
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        document = write(directory, given.operations, given.command)
        size = (directory / "history.jsonl").stat().st_size
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        profiler = cProfile.Profile()
        began, worked = time.perf_counter(), time.process_time()
        if given.profile:
            profiler.enable()
        judged = recheck(directory, document, Settings(), judges={"load": JudgedAgain})
        profiler.disable()
        worked, took = time.process_time() - worked, time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    out = sys.stdout.write
    out(f"{given.operations} operations, {size / 1e6:.1f} MB, findings: {[f['id'] for f in judged['findings']]}\n")
    out(f"{worked:.2f} s of processor time, {took:.2f} s by the clock\n")
    out(f"{given.operations / worked:,.0f} operations/s, {worked / given.operations * 1e6:.0f} us each\n")
    out(f"peak memory {peak / 1024:.0f} MB, {before / 1024:.0f} MB before\n")
    if given.profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    main()
