"""Soaks `assay load` at half capacity: is its memory flat, and does the schedule stay in time?

    python benchmarks/load_soak.py --minutes 10 [--journey buyer] [--rate JOURNEYS_PER_SECOND] [--connections 256]

The fast shop runs on one core, the generator on another. Its capacity is what the same journey reaches with sixteen
users who never pause, measured first; half of that is then kept as a constant rate (open model). Once a second the
generator is looked at from outside: resident memory, open descriptors, threads. What a minute asked for, what it got
and how late its requests were sent come from the run's own ``timeline.csv``.

Exit code 1 unless, after the first minute, memory stays within five per cent of where it was at its end, threads do
not grow, descriptors are never more than the plan's connections explain, every minute gets its arrivals to half a per
cent, none is dropped, and the last minute is not sent later than the first by more than ``MOST_DRIFT_MS`` (medians
over seconds of the lag's p99).
"""

from __future__ import annotations

import argparse
import csv
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.stage.measure import measure
from benchmarks.stage.servers import Server, fastshop
from benchmarks.stage.soak import Look, look_at, slope

CALLS = {"buyer": 4, "poller": 1}
"""Requests of one life, against the fast shop."""

MINUTE = 60
MOST_CHANGE = 0.05
CONNECTIONS = 256
OTHER_DESCRIPTORS = 32
"""Files, and what the event loop keeps open."""

MOST_SHORT = 0.005
MOST_DRIFT_MS = 5.0
USERS = """
[plan]
name = "capacity"
users = 16
duration = "10m"
countries = ["US"]
[journeys]
{journey} = 1
"""
SOAK = """
[plan]
name = "soak"
rate = "{rate}/s"
arrival = "constant"
duration = "{seconds}s"
countries = ["US"]
max_connections = {connections}
[journeys]
{journey} = 1
"""


@dataclass(frozen=True)
class Minute:
    """What the run's timeline tells of one minute.

    Attributes:
        asked: journeys that the schedule asked for.
        achieved: journeys that began.
        requests: that ended.
        lag_ms: median over its seconds of the 99th percentile of the lag.
        worst_ms: the same percentile in the worst second.
        p99_ms: median over its seconds of the response times' 99th percentile.
    """

    asked: float
    achieved: float
    requests: int
    lag_ms: float
    worst_ms: float
    p99_ms: float


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--journey", default="buyer", choices=CALLS)
    parser.add_argument("--rate", type=float, help="journeys a second; half the capacity by default")
    parser.add_argument("--connections", type=int, default=CONNECTIONS, help="at most (default: %(default)s)")
    asked = parser.parse_args()
    if asked.minutes < 2:
        parser.error(f"--minutes {asked.minutes}: what comes after the first minute needs a second one")
    cores = sorted(os.sched_getaffinity(0))
    core, other = (cores[0], cores[-1]) if len(cores) > 1 else (None, None)
    print(f"server on core {core}, generator on core {other}, load average {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name, fastshop(core) as server:
        folder = Path(name)
        rate = asked.rate or _half_capacity(server, asked.journey, folder, other)
        print(f"{asked.journey}: {rate:,.1f} journeys/s for {asked.minutes} min", flush=True)
        looks = _soak(server, asked, rate, folder, other)
        minutes = read_minutes(folder / "run" / "timeline.csv", asked.minutes)
    _print(looks, minutes)
    troubles = judge(looks, minutes, asked.connections)
    print("\n".join(troubles) if troubles else "memory is flat, the schedule does not drift")
    return int(bool(troubles))


def judge(looks: Sequence[Look], minutes: Sequence[Minute], connections: int = CONNECTIONS) -> list[str]:
    """Return what is not as it should be.

    Args:
        looks: once a second.
        minutes: of the run, in order.
        connections: that the plan allows.
    """
    settled = [look for look in looks if MINUTE - 10 <= look.t < MINUTE]
    after = [look for look in looks if look.t >= MINUTE]
    if not settled or not after:
        return [f"only {len(looks)} looks: the run ended before its first minute was over"]
    found = []
    memory = statistics.median(look.megabytes for look in settled)
    least, most = min(look.megabytes for look in after), max(look.megabytes for look in after)
    medians = _minutes(after)
    if most > memory * (1 + MOST_CHANGE) or least < memory * (1 - MOST_CHANGE):
        found.append(
            f"memory is not flat: {memory:.1f} MB after a minute, then {least:.1f} to {most:.1f} MB, "
            f"{slope(range(len(medians)), medians):+.2f} MB a minute"
        )
    opened = max(look.descriptors for look in after)
    if opened > connections + OTHER_DESCRIPTORS:
        found.append(f"descriptors leak: {opened} are open, with {connections} connections at most")
    threads = max(look.threads for look in settled)
    if max(look.threads for look in after) > threads:
        found.append(f"threads grow: {threads} after a minute, then up to {max(look.threads for look in after)}")
    for number, minute in enumerate(minutes, 1):
        if abs(minute.achieved - minute.asked) > MOST_SHORT * minute.asked:
            found.append(f"minute {number} got {minute.achieved:,.0f} of {minute.asked:,.0f} journeys")
    whole = sum(minute.asked for minute in minutes), sum(minute.achieved for minute in minutes)
    if whole[1] < whole[0] - 1:
        found.append(f"the schedule drifts: {whole[1]:,.0f} of {whole[0]:,.0f} journeys began in time")
    drift = minutes[-1].lag_ms - minutes[0].lag_ms
    if drift > MOST_DRIFT_MS:
        found.append(
            f"the schedule drifts: requests were sent {drift:.1f} ms later in the last minute than in the first"
        )
    return found


def read_minutes(file: Path, count: int) -> list[Minute]:
    """Return the minutes of a timeline that keeps every second.

    Args:
        file: ``timeline.csv`` of a run without warm-up.
        count: how many there are.
    """
    with file.open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["measured"] == "1"]
    found = []
    for number in range(count):
        mine = [row for row in rows if number * MINUTE <= int(row["t"]) < (number + 1) * MINUTE]
        lags = [float(row["lag_p99"]) for row in mine if row["lag_p99"]]
        found.append(
            Minute(
                sum(float(row["asked"]) for row in mine),
                sum(float(row["achieved"]) for row in mine),
                sum(int(row["requests"]) for row in mine),
                statistics.median(lags),
                max(lags),
                statistics.median(float(row["p99"]) for row in mine if row["p99"]),
            )
        )
    return found


def _minutes(looks: Sequence[Look]) -> list[float]:
    """Return the median of resident memory in each minute, megabytes."""
    return [
        statistics.median(look.megabytes for look in mine) for _, mine in groupby(looks, lambda look: look.t // MINUTE)
    ]


def _half_capacity(server: Server, journey: str, folder: Path, core: int | None) -> float:
    plan = folder / "capacity.toml"
    plan.write_text(USERS.format(journey=journey))
    pace = measure(_command(plan, server, folder / "capacity"), server, core, warm=2.0, seconds=6.0)
    print(f"capacity: {pace.rate:,.0f} requests/s, {pace.cost_us:.1f} us of the generator's processor each")
    return round(pace.rate / CALLS[journey] / 2, 1)


def _soak(server: Server, asked: argparse.Namespace, rate: float, folder: Path, core: int | None) -> list[Look]:
    plan, out = folder / "soak.toml", folder / "run"
    seconds = asked.minutes * MINUTE
    plan.write_text(SOAK.format(rate=rate, seconds=seconds, journey=asked.journey, connections=asked.connections))
    pinned = ["taskset", "-c", str(core)] if core is not None else []
    process = subprocess.Popen(
        [*pinned, *_command(plan, server, out)],
        env={**os.environ, "ASSAY_API_KEY": "benchmark-key"},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        timeline = out / "timeline.csv"
        _await(process, timeline)
        return _watch(process, seconds - 2)
    finally:
        if process.poll() is None:
            try:
                process.wait(60)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise


def _watch(process: subprocess.Popen[bytes], seconds: float) -> list[Look]:
    """Look once a second while the run sends; writing its report is not part of the soak."""
    seen = psutil.Process(process.pid)
    began = time.monotonic()
    looks = []
    for number in range(int(seconds)):
        time.sleep(max(began + number - time.monotonic(), 0.0))
        if process.poll() is not None:
            raise RuntimeError(f"the run ended with {process.returncode} after {number} s")
        looks.append(look_at(seen, time.monotonic() - began))
    return looks


def _await(process: subprocess.Popen[bytes], timeline: Path) -> None:
    until = time.monotonic() + 60
    while not timeline.exists() or timeline.read_text().count("\n") < 2:
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the run sends nothing (exit code {process.poll()})")
        time.sleep(0.1)


def _command(plan: Path, server: Server, out: Path) -> list[str]:
    return [sys.executable, "-P", "-m", "load", str(plan), "--url", server.url, "--out", str(out), "--quiet"]


def _print(looks: Sequence[Look], minutes: Sequence[Minute]) -> None:
    print(
        f"{'minute':<8}{'MB':>8}{'to':>8}{'fds':>6}{'threads':>9}{'cpu':>6}"
        f"{'asked':>11}{'began':>11}{'requests':>12}{'lag p99':>10}{'worst':>9}{'p99':>9}"
    )
    for number, minute in enumerate(minutes):
        mine = [look for look in looks if number * MINUTE <= look.t < (number + 1) * MINUTE]
        if not mine:
            continue
        memory = [look.megabytes for look in mine]
        busy = (mine[-1].cpu - mine[0].cpu) / max(mine[-1].t - mine[0].t, 1e-9)
        print(
            f"{number + 1:<8}{min(memory):>8.1f}{max(memory):>8.1f}{max(look.descriptors for look in mine):>6}"
            f"{max(look.threads for look in mine):>9}{busy:>6.0%}{minute.asked:>11,.0f}{minute.achieved:>11,.0f}"
            f"{minute.requests:>12,}{minute.lag_ms:>7.2f} ms{minute.worst_ms:>6.1f} ms{minute.p99_ms:>6.1f} ms"
        )


if __name__ == "__main__":
    sys.exit(main())
