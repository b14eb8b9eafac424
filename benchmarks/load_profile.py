"""Where `assay load` spends its processor time, by layer: a sampling profile of the generator before a fast server.

    python benchmarks/load_profile.py [--journey buyer] [--seconds 15]

Needs py-spy (``pip install py-spy``). The server runs on one core, the generator on another, with sixteen users who
never pause; waiting in the system counts. A sample belongs to the innermost line of ours that was at work; what that
line had the system or a compiled library do is part of it.
"""

from __future__ import annotations

import argparse
import linecache
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.stage.servers import Server, fastshop

PLAN: Final = """
objectives = []
[plan]
name = "profile"
users = 16
duration = "{seconds}s"
countries = ["US"]
[journeys]
{journey} = 1
"""
WARM: Final = 5
SAMPLES_A_SECOND: Final = 200

LINES: Final = (
    ("system calls: recv, send, poll", re.compile(r"self\._recv\(|_socket\.send\(|self\._look\(")),
    ("JSON and schema", re.compile(r"orjson\.loads|\.is_valid\(")),
)
"""Lines that stand for themselves, wherever they are."""

LAYERS: Final = (
    ("judging", "load/judge/"),
    ("connections and parsing", "load/wire/"),
    ("journeys", "load/journeys/"),
    ("driving", "load/drive/"),
    ("recording", "load/measure/"),
    ("caps", "contracts/budget"),
    ("the rest of load", "load/"),
)
_FRAME: Final = re.compile(r"^(?P<name>.*) \((?P<file>[^()]*):(?P<line>\d+)\)$")


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--journey", default="buyer", choices=("buyer", "poller"))
    parser.add_argument("--seconds", type=int, default=15, metavar="N", help="how long to sample")
    asked = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder, fastshop(cores[0] if len(cores) > 1 else None) as server:
        shares = profile(server, Path(folder), asked.journey, asked.seconds, cores[-1])
    whole = sum(shares.values())
    if not whole:
        print("no sample was taken", file=sys.stderr)
        return 1
    print(f"{asked.journey}, {whole} samples")
    for layer, count in shares.most_common():
        print(f"{100 * count / whole:5.1f} %  {layer}")
    return 0


def profile(server: Server, folder: Path, journey: str, seconds: int, core: int) -> Counter[str]:
    """Return how many samples fell to each layer."""
    plan, samples = folder / "plan.toml", folder / "samples.txt"
    plan.write_text(PLAN.format(seconds=seconds + WARM + 10, journey=journey), encoding="utf-8")
    command = [sys.executable, str(ROOT / "assay.py"), "load", str(plan), "--url", server.url]
    command += ["--out", str(folder / "run"), "--max-purchases", "100000000", "--quiet"]
    keys = {**os.environ, "ASSAY_API_KEY": "benchmark-key"}
    pinned = ["taskset", "-c", str(core)]
    generator = subprocess.Popen([*pinned, *command], env=keys, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        time.sleep(WARM)
        spy = ["py-spy", "record", "--format", "raw", "--rate", str(SAMPLES_A_SECOND), "--idle"]
        spy += ["--duration", str(seconds), "--output", str(samples), "--pid", str(generator.pid)]
        subprocess.run(spy, check=True, capture_output=True)
    finally:
        generator.send_signal(signal.SIGTERM)
        generator.wait(30)
    shares: Counter[str] = Counter()
    for line in samples.read_text(encoding="utf-8").splitlines():
        stack, _, count = line.rpartition(" ")
        shares[layer_of(stack.split(";"))] += int(count)
    return shares


def layer_of(stack: list[str]) -> str:
    """Return the layer that was at work.

    Args:
        stack: frames as py-spy writes them, the outermost first.
    """
    for frame in reversed(stack):
        found = _FRAME.match(frame)
        if found is None:
            continue
        file = found["file"]
        place = next((path for path in (ROOT / file, Path(file)) if path.is_file()), None)
        text = linecache.getline(str(place), int(found["line"])) if place is not None else ""
        for name, pattern in LINES:
            if pattern.search(text):
                return name
        for name, part in LAYERS:
            if part in file and "site-packages" not in file:
                return name
    return "gevent's loop and Python itself"


if __name__ == "__main__":
    sys.exit(main())
