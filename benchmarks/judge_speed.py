"""Measures what judging one exchange of a load run costs, beside the contract's whole oracle, and what it remembers.

Run it from the root of the repository:

    python benchmarks/judge_speed.py [--rounds 5] [--purchases 4000] [--held 50000]

Every exchange is judged in full: headers, decoding, schema, values, keys, and the purchase's history. Times are
processor time of this process, so that a busy machine matters little; both sides take turns, round by round, and
the median round counts. Exit code 0 when the mean over the requests of a buyer's life, and the state of one
purchase, stay within their limits.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from contracts.monitor import Setting
from contracts.oracle import Oracle, make_oracle
from contracts.profiles import DEFAULT_PROFILE, get_profile
from load.call import Call, Reply
from load.journeys.steps import account, create, list_page, request_code, retrieve
from load.judge.facts import Kinds
from load.judge.judge import Judge
from load.judge.operations import operation_of
from load.judge.register import Register
from load.judge.rules import CREATE, RETRIEVE, Rules

KEYS = ("bench-owner-key-000001", "bench-other-key-000002")
EPOCH = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
LIMIT_US = 15.0
LIMIT_BYTES = 400

ASKED = {"status": "pending", "attempt": 1, "max_attempts": 18, "next_attempt_at": None, "retry_after": 10}

Exchange = tuple[Call, Reply]
BUYER = {"accounts": 1, "create": 1, "request-code": 1, "retrieve, same body": 3, "retrieve, changed body": 1}
"""Requests of one buyer whose code comes after a few looks."""


@dataclass(slots=True)
class Shop:
    """Answers for purchases in sequence, each step a moment later than the one before."""

    now: float = 0.0

    def exchange(self, call: Call, document: dict[str, Any]) -> Exchange:
        """Return a call with an answer to it."""
        self.now += 0.001
        body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        date = format_datetime(EPOCH + timedelta(seconds=self.now), usegmt=True)
        headers = (
            ("date", date),
            ("server", "uvicorn"),
            ("content-length", str(len(body))),
            ("content-type", "application/json"),
        )
        return call, Reply(200, headers, body, None, b"", self.now, self.now, self.now + 0.0005)

    def view(self, number: int, status: str = "PENDING") -> dict[str, Any]:
        """Return a purchase as answers show it."""
        made = (EPOCH + timedelta(milliseconds=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        coded = {"code": f"{number % 90000 + 10000}", "password": f"word-{number:06d}", "received_at": made}
        return {
            "id": number,
            "country_code": "US",
            "display_name": {"ru": "США", "en": "United States"},
            "phone_number": f"+1202{number % 10**7:07d}",
            "price": {"amount": "1.50", "currency_code": "USD"},
            "status": status,
            "purchase_type": "SINGLE",
            "verification": coded if status == "SUCCESS" else None,
            "created_at": made,
        }


def exchanges(number: int) -> dict[str, list[Exchange]]:
    """Return the exchanges of many buyers, by kind and in the order in which they happen."""
    shop = Shop()
    offer = {
        "country_code": "US",
        "display_name": {"ru": "США", "en": "United States"},
        "price": {"amount": "1.50", "currency_code": "USD"},
        "discount": {"base_price": "1.50", "percent": 0},
        "available": True,
    }
    numbers = range(1, number + 1)
    pages = {"current_page": 2, "total_pages": 3, "has_next": True}
    return {
        "accounts": [shop.exchange(account("US"), offer) for _ in numbers],
        "create": [shop.exchange(create("US"), shop.view(number)) for number in numbers],
        "request-code": [
            shop.exchange(request_code(number), {"purchase": shop.view(number), "code_request": ASKED})
            for number in numbers
        ],
        "retrieve, first": [shop.exchange(retrieve(number), shop.view(number)) for number in numbers],
        "retrieve, same body": [shop.exchange(retrieve(number), shop.view(number)) for number in numbers],
        "retrieve, changed body": [shop.exchange(retrieve(number), shop.view(number, "SUCCESS")) for number in numbers],
        "list of 20": [
            shop.exchange(
                list_page(2, 20),
                {"items": [shop.view(n, "SUCCESS") for n in range(first + 19, first - 1, -1)], "pagination": pages},
            )
            for first in range(1, number - 19, 20)
        ],
    }


def main() -> int:
    """Run the benchmark; return the exit code."""
    options = _parser().parse_args()
    kinds = exchanges(options.purchases)
    judged: dict[str, list[float]] = {name: [] for name in kinds}
    whole: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(1, options.rounds + 1):
        judge = Judge(DEFAULT_PROFILE, secrets=KEYS)
        for name, each in kinds.items():
            judged[name].append(_per_call(each, judge.see))
        judge.finish()
        _expect_nothing(judge.docket)
        oracle = make_oracle(Setting(profile=get_profile(DEFAULT_PROFILE), secrets=KEYS))
        feed = _feeder(oracle)
        for name, each in kinds.items():
            whole[name].append(_per_call(each[: max(1, options.purchases // 40)], feed))
        _expect_nothing(oracle)
        sys.stderr.write(f"round {number}\n")
    return _report(
        {name: statistics.median(each) for name, each in judged.items()},
        {name: statistics.median(each) for name, each in whole.items()},
        state_bytes(options.held),
    )


def _feeder(oracle: Oracle) -> Callable[[Call, Reply], object]:
    index = count(1)
    return lambda call, reply: oracle.feed(operation_of(call, reply, next(index)))


def state_bytes(held: int) -> float:
    """Return how many bytes of the register one purchase takes that was bought and whose code has come.

    What is bounded whatever the number of purchases, such as recent bodies, is left out.
    """
    shop, kinds, register = Shop(), Kinds(), Register()
    rules = Rules(register)
    kinds.read(shop.view(1))
    gc.collect()
    tracemalloc.start()
    for number in range(10**10, 10**10 + held):
        now = number - 1e10
        for by, status in ((CREATE, "PENDING"), (RETRIEVE, "SUCCESS")):
            facts = kinds.read(shop.view(number, status))
            if facts is None:
                raise SystemExit("a purchase cannot be read")
            if by == CREATE:
                rules.meet(facts, by, now, now + 0.1)
            else:
                rules.see(register.rows[number], facts, by, now + 0.2, now + 0.3)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    if len(register) != held:
        raise SystemExit(f"{len(register)} of {held} purchases are remembered")
    return grown / held


def _per_call(each: Sequence[Exchange], act: Callable[[Call, Reply], object]) -> float:
    """Return the processor time of one call, microseconds."""
    started = time.process_time()
    for call, reply in each:
        act(call, reply)
    return (time.process_time() - started) / len(each) * 1e6


def _expect_nothing(oracle: Oracle) -> None:
    if oracle.findings:
        raise SystemExit(f"a lawful history is accused: {oracle.findings[0]}")


def _report(judged: dict[str, float], whole: dict[str, float], state: float) -> int:
    lines = [f"{'exchange':<24}{'judge us':>10}{'per second':>12}{'oracle us':>11}{'ratio':>7}"]
    lines += [
        f"{name:<24}{took:>10.1f}{1e6 / took:>12,.0f}{whole[name]:>11.0f}{whole[name] / took:>7.0f}"
        for name, took in judged.items()
    ]
    calls = sum(BUYER.values())
    mean = sum(judged[name] * times for name, times in BUYER.items()) / calls
    full = sum(whole[name] * times for name, times in BUYER.items()) / calls
    lines.append(f"{'a buyer, per exchange':<24}{mean:>10.1f}{1e6 / mean:>12,.0f}{full:>11.0f}{full / mean:>7.0f}")
    lines.append(f"state of a purchase: {state:.0f} bytes")
    sys.stdout.write("\n".join(lines) + "\n")
    return int(mean > LIMIT_US or state > LIMIT_BYTES)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--purchases", type=int, default=4_000)
    parser.add_argument("--held", type=int, default=50_000)
    return parser


if __name__ == "__main__":
    sys.exit(main())
