"""How large a run's documents get, and what making them takes: `python benchmarks/report_size.py 1000000`.

The run is as large as they come: a million operations in its history, 500 findings, an hour of seconds, forty API
operations and a breakpoint search. With ``--short`` it is a load run of 60 seconds that found nothing.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import recheck

from contracts.clauses import load_clauses
from contracts.history import Operation
from contracts.record.line import to_line
from contracts.record.masking import Masker
from reports.rundocs import build

FINDINGS = 500
CALLS = 12
OPERATIONS = 40
STEPS = 12
LIMIT = 5_000_000


def quantiles(factor: float) -> dict[str, float]:
    """Return a latency's quantiles in ms."""
    names = ("mean", "p50", "p90", "p95", "p99", "p999", "max")
    return {name: round(factor * (number + 1) ** 2, 3) for number, name in enumerate(names)}


def second(number: int) -> dict[str, Any]:
    """Return a row of the timeline."""
    told = {"t": number, "span_s": 1, "phase": "steady", "measured": True, "asked": 277.8, "achieved": 277}
    counts = {"requests": 277, "failures": number % 7, "backpressure": 0, "findings": number % 3, "in_flight": 4}
    times = {"p50": 3.042, "p90": 15.233 + number % 9, "p99": 31.236, "max": 41.654 + number % 50}
    others = {"service_p50": 1.642, "service_p99": 19.915, "lag_p99": 1.7, "cpu": 0.147, "loop_delay_ms": 2.974}
    return {**told, **counts, "users": 0, **times, **others}


def load_part(seconds: int, operations: int, steps: int) -> dict[str, Any]:
    """Return what such a run measured."""
    distribution = [[round(100 * point / 59, 3), 1.0 + point, 0.5 + point] for point in range(60)]
    each = {"requests": 25_000, "failures": 12, "backpressure": 0, "statuses": {"200": 24_988, "500": 12}}
    tried = [{"rate": 50.0 * (1 + n), "ok": n < steps - 1, "reason": "", "p50": 3.0, "p99": 20.0} for n in range(steps)]
    return {
        "model": "open",
        "shape": "breakpoint" if steps else "steady",
        "plan": "large",
        "target_rate": 277.8,
        "achieved_rate": 277.0,
        "dropped": 0,
        "saturated": False,
        "saturation": "",
        "operations": [
            {"name": f"operation_{number}", **each, "latency_ms": quantiles(1.0), "service_ms": quantiles(0.5),
             "distribution": distribution}
            for number in range(operations)
        ],
        "timeline": [second(number) for number in range(seconds)],
        "phases": [{"name": "steady", "start_s": 0.0, "end_s": float(seconds), "measured": True}],
        "objectives": [],
        "breakpoint": {"rate": 600.0, "finding": True, "steps": tried} if steps else None,
    }  # fmt: skip


def evidence_of(operation: Operation) -> dict[str, Any]:
    """Return a call as a finding has it."""
    line = to_line(operation, Masker({}))
    names = ("index", "principal", "operation", "method", "path", "status", "outcome", "error", "invoked", "returned")
    return {
        **{name: line[name] for name in names},
        "request": line["request_body"] or None,
        "response": line["response_body"][:2_000],
    }


def finding(number: int, calls: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one of the findings."""
    clauses = list(load_clauses())
    clause = clauses[number % len(clauses)]
    return {
        "id": f"{clause}-{number:06x}",
        "clause": clause,
        "severity": "error" if number % 3 else "warning",
        "title": "a purchase that a create acknowledged is missing in a list that was asked for later",
        "expected": "what an answer acknowledged is visible to every request sent after it arrived",
        "observed": f"purchase {number} is not on the first page, though newer than the oldest shown there",
        "operation": calls[0]["operation"],
        "count": 1 + number,
        "samples": [f"purchase {number + step}" for step in range(5)],
        "evidence": calls,
        "curl": [f"curl -sS -X {call['method']} 'http://127.0.0.1:1{call['path']}'" for call in calls],
        "replay": f"assay replay RUN {clause}-{number:06x}",
    }


def write(directory: Path, count: int, *, short: bool) -> None:
    """Write a run directory with its history."""
    document = recheck.write(directory, count, "load")
    found = 0 if short else FINDINGS
    calls = [evidence_of(operation) for operation in recheck.operations(found * CALLS)]
    document["findings"] = [finding(n, calls[n * CALLS : (n + 1) * CALLS]) for n in range(found)]
    if found:
        document |= {"verdict": "broken", "exit_code": 1, "reasons": [f"{found} findings"]}
    document["clauses"] = [
        {
            "id": clause.id,
            "title": clause.title,
            "promise": clause.promise,
            "severity": clause.severity,
            "basis": clause.basis,
            "verdict": "kept" if short else "broken",
            "exercised": count,
            "required": False,
            "findings": [one["id"] for one in document["findings"] if one["clause"] == clause.id],
            "reason": "",
        }
        for clause in load_clauses().values()
    ]
    document["load"] = load_part(60, 7, 0) if short else load_part(3_600, OPERATIONS, STEPS)
    (directory / "run.json").write_bytes(json.dumps(document, indent=2).encode("ascii"))


def main() -> None:
    """Write such a run, make its documents, and tell sizes, time and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("operations", type=int, nargs="?", default=20_000)
    parser.add_argument("--short", action="store_true", help="a load run of 60 s without findings")
    parser.add_argument("--har-all", action="store_true", help="every operation in exchanges.har")
    given = parser.parse_args()
    out = sys.stdout.write
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write(directory, given.operations, short=given.short)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.process_time()
        made = build(directory, har_all=given.har_all)
        took = time.process_time() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for path in (directory / "run.json", directory / "history.jsonl", *made):
            out(f"{path.name:16} {path.stat().st_size / 1e6:10.3f} MB\n")
        page = (directory / "report.html").stat().st_size
    out(f"{took:.2f} s of processor time, peak memory {peak / 1024:.0f} MB, {before / 1024:.0f} MB before\n")
    out(f"report.html is {'within' if page <= LIMIT else 'ABOVE'} {LIMIT / 1e6:g} MB\n")
    sys.exit(page > LIMIT)


if __name__ == "__main__":
    main()
