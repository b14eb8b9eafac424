"""Measures whether the percentiles of `assay load` are true while a server stalls one second in every ten.

    python benchmarks/load_truth.py [--seconds 60] [--rate 200] [--users 200,10] [--seed 0]

`assay load` keeps a constant rate of pollers (open model). The server (``stage/stalling.py``) logs when it received and
answered each request, so that the exact response times are known: the answer to the k-th arrival left at a moment that
the log tells, and was due at a moment that the constant schedule tells. Below is what stock locust reports of the same
server, FastHttpUser paced by ``constant_throughput`` to the same rate with as many users as asked.

The two clocks: the log is in CLOCK_MONOTONIC, and so is ``time.perf_counter``, from which a run counts; when that
began is written down by the run's own process (``stage/begun.py``). This is checked against the log, which could not
agree with another beginning: no request may be received before it was due, and the most punctual at most
``MOST_LATE_MS`` after. Requests are matched to arrivals by rank, the k-th received to the k-th due; a poller makes one
look. A warm-up, in which the first pollers must buy what they look at, is left out on both sides. What is exact
ends when the server hands its answer to the system, what is measured when the generator has read it.

Exit code 1 when a percentile is off by more than three per cent, or the log and the run differ in how many there were.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.stage.servers import free_port
from benchmarks.stage.stalling import RETRIEVE

STAGE = Path(__file__).with_name("stage")
PERCENTILES = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p99.9": 99.9}
OURS = {"p50": "p50", "p90": "p90", "p99": "p99", "p99.9": "p999"}
LOCUSTS = {"p50": "50%", "p90": "90%", "p99": "99%", "p99.9": "99.9%"}
MOST_ERROR = 0.03
MOST_LATE_MS = 5.0
WARMUP = 4.0
PLAN = """
[plan]
name = "truth"
rate = "{rate}/s"
arrival = "constant"
duration = "{seconds}s"
warmup = "{warmup}s"
timeout = "20s"
countries = ["US"]
max_connections = 2000
[journeys]
poller = 1
"""


class BenchmarkError(Exception):
    """What was run cannot be compared; the message says why."""


@dataclass(frozen=True)
class Truth:
    """The exact response times of a run.

    Attributes:
        times: of the measured arrivals, seconds, ascending.
        punctual: how long after its due time the most punctual request was received, seconds.
    """

    times: tuple[float, ...]
    punctual: float

    def percentile(self, percent: float) -> float:
        """Return a percentile by nearest rank, seconds."""
        rank = max(math.ceil(percent / 100 * len(self.times)), 1)
        return self.times[rank - 1]


def exact(requests: Sequence[Sequence[Any]], epoch: float, rate: float, seconds: float, warmup: float) -> Truth:
    """Return the exact response times of the measured arrivals.

    Args:
        requests: the server's log, ``[kind, received, sent]`` each.
        epoch: when the run's clock began, seconds, on the log's clock.
        rate: arrivals a second in measured time.
        seconds: how long was measured.
        warmup: before it, seconds; its arrivals climb evenly from none to the rate.

    Raises:
        BenchmarkError: the log has not one look for every arrival, or its clock does not agree with the run's.
    """
    looks = sorted((received, sent) for kind, received, sent in requests if kind == RETRIEVE)
    before, measured = round(rate * warmup / 2), round(rate * seconds)
    if len(looks) != before + measured:
        raise BenchmarkError(f"the log has {len(looks)} looks, the schedule {before} + {measured} arrivals")
    # Arrival k, from 0, is due when k + 1/2 of them are asked for.
    dues = [epoch + warmup + (k + 0.5) / rate for k in range(measured)]
    kept = looks[before:]
    lags = [received - due for due, (received, _) in zip(dues, kept, strict=True)]
    if not 0 <= min(lags) * 1000 <= MOST_LATE_MS:
        raise BenchmarkError(f"the most punctual request was received {min(lags) * 1000:.3f} ms after it was due")
    times = sorted(sent - due for due, (_, sent) in zip(dues, kept, strict=True))
    return Truth(tuple(times), min(lags))


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--users", default="200,10", help="users of stock locust, run after run; empty for none")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    crowds = [int(number) for number in asked.users.split(",") if number]
    cores = sorted(os.sched_getaffinity(0))
    core, other = (cores[0], cores[-1]) if len(cores) > 1 else (None, None)
    print(f"{asked.rate}/s for {asked.seconds} s, stalls of 1 s in every 10 (seed {asked.seed}), answers after 20 ms")
    print(f"server on core {core}, generator on core {other}, load average {os.getloadavg()[0]:.1f}")
    port = free_port()
    server = subprocess.Popen(
        [*_pinned(core), sys.executable, str(STAGE / "stalling.py"), str(port), "--seed", str(asked.seed)]
    )
    try:
        with tempfile.TemporaryDirectory() as folder:
            url = f"http://127.0.0.1:{port}"
            _await(url)
            truth, load = _ours(url, asked.rate, asked.seconds, Path(folder), other)
            beside = {}
            for users in crowds:
                print(f"stock locust, {users} users ...", flush=True)
                beside[users] = _locust(url, asked.rate, asked.seconds, users, Path(folder), other)
    except BenchmarkError as error:
        print(f"nothing to compare: {error}")
        return 1
    finally:
        server.terminate()
        server.wait(10)
    return _report(truth, load, beside)


def _ours(url: str, rate: int, seconds: int, folder: Path, core: int | None) -> tuple[Truth, dict[str, Any]]:
    plan, begun, out = folder / "truth.toml", folder / "begun", folder / "run"
    plan.write_text(PLAN.format(rate=rate, seconds=seconds, warmup=WARMUP))
    _log(url)
    command = [sys.executable, str(STAGE / "begun.py"), str(begun), str(plan), "--url", url, "--out", str(out)]
    _run([*_pinned(core), *command, "--quiet"], seconds + WARMUP + 60, {0, 3})
    load: dict[str, Any] = json.loads((out / "run.json").read_text())["load"]
    truth = exact(_log(url)["requests"], float(begun.read_text()), rate, seconds, WARMUP)
    look = next(part for part in load["operations"] if part["name"] == "retrieve_purchase")
    if look["requests"] != len(truth.times) or look["failures"] or load["dropped"]:
        raise BenchmarkError(
            f"{look['requests']} of {len(truth.times)} looks were measured, {look['failures']} failed, "
            f"{load['dropped']} arrivals were dropped"
        )
    return truth, {**load, "look": look}


def _locust(url: str, rate: int, seconds: int, users: int, folder: Path, core: int | None) -> dict[str, float]:
    """Return the percentiles that stock locust reports, milliseconds."""
    stem = folder / f"locust-{users}"
    command = [
        sys.executable, "-m", "locust", "-f", str(STAGE / "pacer.py"), "--headless", "-u", str(users), "-r", str(users),
        "-t", f"{seconds + 1}s", "-H", url, "--csv", str(stem), "--only-summary", "--loglevel", "ERROR",
        "--reset-stats", "--stop-timeout", "5s",
    ]  # fmt: skip
    _run([*_pinned(core), *command], seconds + 60, {0, 1}, PACE=str(rate), USERS=str(users))
    with Path(f"{stem}_stats.csv").open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
    return {name: float(row[column]) for name, column in LOCUSTS.items()} | {"rate": float(row["Requests/s"])}


def _report(truth: Truth, load: dict[str, Any], beside: dict[int, dict[str, float]]) -> int:
    print(
        f"{len(truth.times):,} looks; the most punctual was received {truth.punctual * 1000:.3f} ms after its due time"
    )
    print(f"lag p99 {load['lag_ms']['p99']} ms" + (f"; {load['saturation']}" if load["saturated"] else ""))
    heads = "".join(f"{f'locust, {users}':>14}" for users in beside)
    print(f"{'ms':<6}{'exact':>10}{'assay':>10}{'error':>9}{heads}")
    worst = 0.0
    for name, percent in PERCENTILES.items():
        right = truth.percentile(percent) * 1000
        mine = load["look"]["latency_ms"][OURS[name]]
        error = mine / right - 1
        worst = max(worst, abs(error))
        reported = "".join(f"{row[name]:>14.0f}" for row in beside.values())
        print(f"{name:<6}{right:>10.2f}{mine:>10.2f}{error:>+9.2%}{reported}")
    rates = "".join(f"{row['rate']:>14.1f}" for row in beside.values())
    print(f"{'rate/s':<6}{'':>10}{load['achieved_rate']:>10.1f}{'':>9}{rates}")
    print(f"worst error {worst:.2%}: {'within' if worst <= MOST_ERROR else 'more than'} {MOST_ERROR:.0%}")
    return int(worst > MOST_ERROR)


def _run(command: Sequence[str], seconds: float, codes: set[int], **environment: str) -> None:
    process = subprocess.Popen(
        command,
        env={**os.environ, "ASSAY_API_KEY": "benchmark-key", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        told, _ = process.communicate(timeout=seconds)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    if process.returncode not in codes:
        raise BenchmarkError(
            f"{command[-1]} ended with {process.returncode}: {told.decode('utf-8', 'replace')[-400:].strip()}"
        )


def _log(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/log", timeout=20) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def _await(url: str) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            _log(url)
        except OSError:
            if time.monotonic() > until:
                raise BenchmarkError("the server does not answer") from None
            time.sleep(0.05)
        else:
            return


def _pinned(core: int | None) -> list[str]:
    return [] if core is None else ["taskset", "-c", str(core)]


if __name__ == "__main__":
    sys.exit(main())
