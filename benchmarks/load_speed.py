"""Measures the load engine beside its peers, in one run on one machine: requests per second, and what each costs.

    python benchmarks/load_speed.py [--rounds 3] [--seconds 5] [--only looks,buyers,tls] [--k6 PATH]

The server runs on one core, the generator on another, sixteen connections each. Every generator is measured the same
way: by what the server counted and what the generator's processes used between two moments of its steady state. Ours
checks every answer; the peers check nothing (k6: one value). nginx comes with Debian, k6 from its makers; where one is
not installed its row is left out, and said.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.stage.measure import Pace, measure
from benchmarks.stage.servers import Server, fastshop, nginx

STAGE = Path(__file__).with_name("stage")
PLAN = """
[plan]
name = "benchmark"
users = {users}
duration = "10m"
timeout = "10s"
countries = ["US"]
[journeys]
{journey} = 1
"""


def main() -> int:
    """Run the benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--warm", type=float, default=2.0)
    parser.add_argument("--users", type=int, default=16)
    parser.add_argument("--only", default="looks,buyers,tls")
    parser.add_argument("--k6", default=shutil.which("k6"))
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    server_core, driver_core = (cores[0], cores[-1]) if len(cores) > 1 else (None, None)
    print(f"server on core {server_core}, generator on core {driver_core}, {options.users} connections")
    print(f"load average at the start: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, server_core, driver_core, Path(folder))
        wanted = options.only.split(",")
        if "looks" in wanted and _has_nginx():
            bench.compare("looks at purchases, nginx", lambda: nginx(server_core), bench.looks)
        if "buyers" in wanted:
            bench.compare("the buyer's journey, a fast Python server", lambda: fastshop(server_core), bench.buyers)
        if "tls" in wanted and _has_nginx():
            bench.compare("looks over TLS, nginx", lambda: nginx(server_core, tls=True), bench.looks)
    return 0


class Bench:
    """Runs generators in turn, round by round, so that a change of the machine's mood meets all of them."""

    def __init__(self, options: argparse.Namespace, server: int | None, driver: int | None, folder: Path) -> None:
        self._options = options
        self._server = server
        self._driver = driver
        self._folder = folder
        self._number = 0

    def looks(self, server: Server) -> dict[str, list[str]]:
        """Return the generators that look at a purchase."""
        found = {"assay": self._ours("poller", server), "FastHttpUser": self._locust("looker.py", server)}
        if self._options.k6:
            found["k6, one JSON check"] = [
                self._options.k6, "run", "--quiet", "--no-usage-report", "--vus", str(self._options.users),
                "--duration", "10m", "-e", f"TARGET={server.url}", str(STAGE / "looker.js"),
            ]  # fmt: skip
        else:
            print("k6 is not installed: left out")
        return found

    def buyers(self, server: Server) -> dict[str, list[str]]:
        """Return the generators that live the buyer's journey."""
        return {"assay": self._ours("buyer", server), "FastHttpUser": self._locust("shopper.py", server)}

    def compare(
        self,
        title: str,
        serve: Callable[[], AbstractContextManager[Server]],
        generators: Callable[[Server], dict[str, list[str]]],
    ) -> None:
        """Measure generators against one server and print medians and ratios."""
        print(f"\n{title}")
        paces: dict[str, list[Pace]] = {}
        with serve() as server:
            trust = {"SSL_CERT_FILE": str(server.certificate)} if server.certificate else {}
            for number in range(1, self._options.rounds + 1):
                for name, command in generators(server).items():
                    pace = measure(
                        command, server, self._driver, warm=self._options.warm, seconds=self._options.seconds,
                        environment=trust,
                    )  # fmt: skip
                    paces.setdefault(name, []).append(pace)
                    print(
                        f"  round {number}: {name:<20} {pace.rate:>9,.0f}/s {pace.cost_us:>8.1f} us/request", flush=True
                    )
        medians = {
            name: (
                statistics.median(pace.rate for pace in each),
                statistics.median(pace.cost_us for pace in each),
                statistics.median(pace.server for pace in each),
            )
            for name, each in paces.items()
        }
        ours = medians["assay"]
        for name, (rate, cost, busy) in medians.items():
            beside = (
                ""
                if name == "assay"
                else f"   assay: {ours[0] / rate:.1f} x requests/s, {cost / ours[1]:.1f} x less processor"
            )
            print(f"  {name:<20} {rate:>9,.0f}/s {cost:>8.1f} us/request, server at {busy:.0%}{beside}")

    def _ours(self, journey: str, server: Server) -> list[str]:
        self._number += 1
        plan = self._folder / f"{journey}.toml"
        plan.write_text(PLAN.format(users=self._options.users, journey=journey))
        out = self._folder / f"run-{self._number}"
        return [sys.executable, "-P", "-m", "load", str(plan), "--url", server.url, "--out", str(out), "--quiet"]

    def _locust(self, file: str, server: Server) -> list[str]:
        users = str(self._options.users)
        return [
            sys.executable, "-m", "locust", "-f", str(STAGE / file), "--headless", "-u", users, "-r", users,
            "-t", "10m", "-H", server.url, "--only-summary", "--loglevel", "ERROR",
        ]  # fmt: skip


def _has_nginx() -> bool:
    if shutil.which("nginx") or Path("/usr/sbin/nginx").exists():
        return True
    print("nginx is not installed: left out")
    return False


if __name__ == "__main__":
    sys.exit(main())
