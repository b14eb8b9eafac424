"""Soaks the gate: gate after gate in one process against one sandbox, as a test suite runs them; is it all flat?

    python benchmarks/gate_soak.py --minutes 30 [--depth quick] [--profile 2026-02] [--warm 3]

Both processes live as long as the soak. The sandbox's shop is emptied between gates, as a suite empties its database,
so that every gate has the same to do. Both are looked at from outside: once a second, for what a gate takes at its
peak, and after each gate, while nothing is under way, for what it leaves behind.

Exit code 1 unless every gate is kept with about as many requests as the others, and, after the warm-up, in either
process at rest:

- memory grows by less than ``MOST_A_GATE_MB`` a gate (Theil and Sen), and by less than ``MOST_CHANGE`` in all. A gate
  that is not let go is about 9 MB; the tables that are bounded (thousands of timestamps and amounts) fill up at some
  ten kilobytes a gate.
- descriptors, threads and child processes fall back to what the warm-up reached, in the last quarter of the gates too;
- nothing is left in the directory for temporary files.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.stage.afresh import EMPTY
from benchmarks.stage.soak import Look, look_at, slope

MINUTE = 60.0
MOST_A_GATE_MB = 0.1
MOST_CHANGE = 0.05
MOST_OFF = 0.1
"""Share by which a gate's requests may differ from the median: its fuzzing takes turns with what is random."""

FEWEST = 8
"""Gates after the warm-up that say anything."""

REST_LOOKS = 5
REST_S = 0.1
"""A server takes a moment to notice that a connection was closed: the least of several looks is what it rests at."""

STAGE = Path(__file__).resolve().parent / "stage"


@dataclass(frozen=True)
class Gate:
    """One gate of the soak, and both processes after it.

    Attributes:
        t: seconds from the soak's beginning to its end.
        verdict: as in run.json.
        requests: that it sent.
        purchases: that it made.
        cpu: its processor time, seconds.
        suite: the process of the gates at rest.
        sandbox: the target at rest.
        left: entries in the directory for temporary files.
    """

    t: float
    verdict: str
    requests: int
    purchases: int
    cpu: float
    suite: Look
    sandbox: Look
    left: int


def main() -> int:
    """Run the soak; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--warm", type=float, default=3.0, help="minutes that are not judged (default: 3)")
    parser.add_argument("--depth", default="quick", choices=("quick", "full"))
    parser.add_argument("--profile", default="2026-02", choices=("2026-02", "2026-05"))
    asked = parser.parse_args()
    if asked.minutes <= asked.warm:
        parser.error(f"--minutes {asked.minutes:g}: what comes after --warm {asked.warm:g} needs some")
    print(f"{asked.minutes:g} min of gates at depth {asked.depth}, load average {os.getloadavg()[0]:.1f}", flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sandbox = stack.enter_context(_process("afresh.py", "--profile", asked.profile, temporary=folder / "sandbox"))
        suite = stack.enter_context(_process("gates.py", str(folder), temporary=folder / "suite"))
        gates = Soak(sandbox, suite, folder, asked.depth).run(asked.minutes * MINUTE)
    troubles = judge(gates, asked.warm * MINUTE)
    print("\n".join(troubles) if troubles else f"{len(gates)} gates: memory, descriptors and threads are flat")
    return int(bool(troubles))


def judge(gates: Sequence[Gate], warm: float) -> list[str]:
    """Return what is not as it should be.

    Args:
        gates: in order.
        warm: seconds from the beginning that are not judged.
    """
    before, after = [gate for gate in gates if gate.t < warm], [gate for gate in gates if gate.t >= warm]
    if not before or len(after) < FEWEST:
        return [f"{len(before)} and {len(after)} gates before and after the warm-up say nothing: give it more minutes"]
    found = []
    for number, gate in enumerate(gates, 1):
        if gate.verdict != "kept":
            found.append(f"gate {number} of the same sandbox is {gate.verdict}")
    usual = statistics.median(gate.requests for gate in gates)
    for number, gate in enumerate(gates, 1):
        if abs(gate.requests - usual) > MOST_OFF * usual:
            found.append(f"gate {number} sent {gate.requests:,} requests, the median is {usual:,.0f}")
    for name in ("suite", "sandbox"):
        found += [
            f"{name}: {trouble}" for trouble in _growth([_of(g, name) for g in before], [_of(g, name) for g in after])
        ]
    left = [gate.left for gate in after]
    if min(left[-_quarter(left) :]) > max(gate.left for gate in before):
        found.append(f"temporary files are left behind: {left[-1]} at the end")
    return found


def _growth(before: Sequence[Look], after: Sequence[Look]) -> list[str]:
    """Return what grows in a process, by looks at rest before and after the end of the warm-up."""
    found = []
    memory = [look.megabytes for look in after]
    each = slope(range(len(memory)), memory)
    whole = each * (len(memory) - 1)
    if each > MOST_A_GATE_MB or whole > MOST_CHANGE * memory[0]:
        found.append(
            f"memory is not flat: {memory[0]:.1f} to {memory[-1]:.1f} MB over {len(memory)} gates, "
            f"{each:+.3f} MB a gate"
        )
    for what in ("descriptors", "threads", "children"):
        most = max(getattr(look, what) for look in before)
        last = [getattr(look, what) for look in after[-_quarter(after) :]]
        if min(last) > most:
            found.append(f"{what} grow: at most {most} in the warm-up, never less than {min(last)} at the end")
    return found


def _of(gate: Gate, name: str) -> Look:
    return gate.suite if name == "suite" else gate.sandbox


def _quarter(values: Sequence[object]) -> int:
    return max(len(values) // 4, 1)


class Soak:
    """Runs gate after gate, looking at both processes all the while.

    Args:
        sandbox: the process of the target; its first line was not read yet.
        suite: the process of the gates.
        folder: below which both have their temporary files.
        depth: of every gate.
    """

    def __init__(
        self, sandbox: subprocess.Popen[bytes], suite: subprocess.Popen[bytes], folder: Path, depth: str
    ) -> None:
        told = _read(sandbox)
        self._suite = suite
        self._folder = folder
        self._url = told["url"]
        self._order = {"url": told["url"], "keys": told["keys"], "depth": depth}
        self._seen = (psutil.Process(suite.pid), psutil.Process(sandbox.pid))
        self._began = time.monotonic()
        self._peaks: list[tuple[Look, Look]] = []

    def run(self, seconds: float) -> list[Gate]:
        """Run gates for so long, and print a row a minute.

        Raises:
            RuntimeError: one of the processes ended.
        """
        gates: list[Gate] = []
        _print_head()
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(over,), daemon=True)
        watcher.start()
        try:
            shown = 0
            while time.monotonic() - self._began < seconds:
                gates.append(self._gate())
                if gates[-1].t // MINUTE > shown:
                    shown = int(gates[-1].t // MINUTE)
                    self._print_row(shown, gates)
        finally:
            over.set()
            watcher.join()
        return gates

    def _gate(self) -> Gate:
        urllib.request.urlopen(urllib.request.Request(self._url + EMPTY, method="POST"), timeout=30).close()
        assert self._suite.stdin is not None
        self._suite.stdin.write(json.dumps(self._order).encode() + b"\n")
        self._suite.stdin.flush()
        told = _read(self._suite)
        rests = []
        for _ in range(REST_LOOKS):
            time.sleep(REST_S)
            rests.append(self._look())
        suite, sandbox = (_least([rest[place] for rest in rests]) for place in (0, 1))
        left = sum(len(list((self._folder / name).iterdir())) for name in ("suite", "sandbox"))
        return Gate(suite.t, told["verdict"], told["requests"], told["purchases"], told["cpu"], suite, sandbox, left)

    def _look(self) -> tuple[Look, Look]:
        now = time.monotonic() - self._began
        return look_at(self._seen[0], now), look_at(self._seen[1], now)

    def _watch(self, over: threading.Event) -> None:
        # A process that has ended is told by who reads from it.
        with suppress(psutil.Error):
            while not over.wait(1.0):
                self._peaks.append(self._look())

    def _print_row(self, minute: int, gates: Sequence[Gate]) -> None:
        mine = [gate for gate in gates if (minute - 1) * MINUTE <= gate.t < minute * MINUTE] or gates[-1:]
        peaks = [both for both in self._peaks if (minute - 1) * MINUTE <= both[0].t < minute * MINUTE] or self._peaks[
            -1:
        ]
        told = [f"{minute:<7}{len(gates):>6}{statistics.median(gate.requests for gate in mine):>9,.0f}"]
        told += [f"{statistics.median(gate.cpu for gate in mine):>7.1f}"]
        for place, name in enumerate(("suite", "sandbox")):
            rest = [_of(gate, name) for gate in mine]
            top = [both[place] for both in peaks]
            told.append(
                f"{min(look.megabytes for look in rest):>10.1f}{max(look.megabytes for look in top):>7.1f}"
                f"{max(look.descriptors for look in rest):>5}{max(look.descriptors for look in top):>4}"
                f"{max(look.threads for look in rest):>4}{max(look.threads for look in top):>4}"
                f"{max(look.children for look in rest):>4}{max(look.children for look in top):>4}"
            )
        print("".join(told), flush=True)


def _print_head() -> None:
    print("MB, descriptors, threads and children of the gates' process, then of the sandbox's: at rest, at the peak")
    columns = f"{'MB':>10}{'':>7}{'fds':>5}{'':>4}{'thr':>4}{'':>4}{'chd':>4}{'':>4}"
    print(f"{'minute':<7}{'gates':>6}{'requests':>9}{'cpu s':>7}{columns}{columns}", flush=True)


def _least(looks: Sequence[Look]) -> Look:
    """Return the last look, with the least of each count: what was on its way to be closed has been."""
    last = looks[-1]
    return Look(
        last.t,
        last.megabytes,
        min(look.descriptors for look in looks),
        min(look.threads for look in looks),
        last.cpu,
        min(look.children for look in looks),
    )


@contextmanager
def _process(program: str, *arguments: str, temporary: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of the stage that ends with its standard input, and has temporary files of its own."""
    temporary.mkdir()
    child = subprocess.Popen(
        [sys.executable, "-P", str(STAGE / program), *arguments],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=temporary,
    )
    try:
        yield child
    finally:
        assert child.stdin is not None
        child.stdin.close()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _read(child: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line:
        raise RuntimeError(f"{child.args!r} ended with status {child.wait()}")
    told: dict[str, Any] = json.loads(line)
    return told


if __name__ == "__main__":
    sys.exit(main())
