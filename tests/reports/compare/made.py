"""Load and gate runs made up for comparing: latencies from a seeded generator, clauses and findings by hand."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from contracts.finding import ClauseVerdict
from contracts.record.result import build_run
from tests.record import scene

OPERATIONS = ("create_purchase", "get_purchase")


def load_section(**changes: Any) -> dict[str, Any]:
    return {
        "model": "open",
        "shape": "steady",
        "plan": "nightly",
        "target_rate": 40.0,
        "users": None,
        "achieved_rate": 40.0,
        "dropped": 0,
        "saturated": False,
        "operations": [],
        "objectives": [],
        **changes,
    }


def document(load: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A kept run's ``run.json``; a load run's where a load section is given."""
    results = [replace(result, verdict=ClauseVerdict.KEPT, findings=(), reason="") for result in scene.results()]
    command = "gate" if load is None else "load"
    made = build_run(scene.facts(command=command), results, [], {}, scene.masker(), load=load)
    return {**made, **changes}


def write(directory: Path, document: dict[str, Any], lines: list[dict[str, Any]] | None = None) -> Path:
    directory.mkdir(parents=True)
    (directory / "run.json").write_text(json.dumps(document))
    if lines is not None:
        (directory / "seconds.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return directory


def line(second: int, **changes: Any) -> dict[str, Any]:
    """One line of seconds.jsonl, lawful."""
    return {
        "t": second,
        "phase": "steady",
        "measured": True,
        "operation": "create_purchase",
        "requests": 3,
        "failures": 0,
        "latency": [[1.0, 2], [2.0, 1]],
        "service": [[1.0, 3]],
        **changes,
    }


def lines(
    seed: int,
    *,
    seconds: int = 60,
    rate: float = 60.0,
    scale: float = 1.0,
    failing: float = 0.0,
    wander: float = 0.02,
    operations: tuple[str, ...] = OPERATIONS,
) -> list[dict[str, Any]]:
    """What a steady run measured.

    Latency is lognormal around 8 ms; its level wanders from second to second, each like the one before.

    Args:
        seed: of everything drawn.
        seconds: measured.
        rate: requests a second of each operation.
        scale: factor of every latency.
        failing: share of requests that fail.
        wander: standard deviation of the level's logarithm.
        operations: by name.
    """
    rng = np.random.default_rng(seed)
    made: list[dict[str, Any]] = []
    level = dict.fromkeys(operations, 0.0)
    for second in range(seconds):
        for operation in operations:
            level[operation] = 0.6 * level[operation] + 0.8 * float(rng.standard_normal())
            requests = int(rng.poisson(rate))
            latency = scale * 8 * np.exp(wander * level[operation] + 0.3 * rng.standard_normal(requests))
            buckets = Counter(np.exp(np.ceil(np.log(latency) / 0.001) * 0.001).round(6).tolist())
            failures = int(rng.binomial(requests, failing))
            made.append(
                line(second, operation=operation, requests=requests, failures=failures, latency=sorted(buckets.items()))
            )
    return made


def load_run(directory: Path, seed: int, load: dict[str, Any] | None = None, **changes: Any) -> Path:
    return write(directory, document(load or load_section()), lines(seed, **changes))
