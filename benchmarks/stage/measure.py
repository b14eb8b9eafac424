"""One way to measure every generator: what the server counted, and what the generator's processes used, in between."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

from benchmarks.stage.servers import Server


@dataclass(frozen=True)
class Pace:
    """What a generator did.

    Attributes:
        rate: requests per second, as the server counted them.
        cost_us: processor time of the generator per request, microseconds.
        server: processor time of the server, as a share of one core.
        megabytes: resident memory of the generator at the end.
    """

    rate: float
    cost_us: float
    server: float
    megabytes: float


def measure(
    command: Sequence[str],
    server: Server,
    core: int | None,
    *,
    warm: float,
    seconds: float,
    environment: Mapping[str, str] | None = None,
) -> Pace:
    """Run a generator and measure it in its steady state.

    Args:
        command: starts it.
        server: what it loads.
        core: to pin it to, None for none.
        warm: seconds to wait once requests come in.
        seconds: how long to measure.
        environment: variables beside ours.
    """
    pinned = ["taskset", "-c", str(core)] if core is not None else []
    before = server.count()
    process = subprocess.Popen(
        [*pinned, *command],
        env={**os.environ, "ASSAY_API_KEY": "benchmark-key", **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60
        while server.count() - before < 200:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} sends nothing (exit code {process.poll()})")
            time.sleep(0.1)
        time.sleep(warm)
        began, count, used, serving = time.perf_counter(), server.count(), _used(process.pid), _used(server.pid)
        time.sleep(seconds)
        span = time.perf_counter() - began
        requests = server.count() - count
        cost = _used(process.pid) - used
        served = _used(server.pid) - serving
        memory = psutil.Process(process.pid).memory_info().rss / 1e6
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return Pace(requests / span, cost / max(requests, 1) * 1e6, served / span, memory)


def _used(pid: int) -> float:
    """Return the processor time of a process and its children, seconds."""
    process = psutil.Process(pid)
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        times = each.cpu_times()
        total += times.user + times.system
    return total
