"""Measures what the wire alone costs, without journeys or checks, beside locust's FastHttpUser on the same server.

    python benchmarks/wire_speed.py [--rounds 3] [--seconds 3] [--warm 1] [--only plain,tls] [--most 20]

nginx answers on one core, the generators take turns on another, sixteen connections each, the next request sent as
soon as the answer is in. Both are measured alike: by what the server counted and what the generator's process used.
Requests per second depend on what else the machine does; the processor time per request hardly does. Exit code 0 when
the wire's median cost over plain TCP is at most ``--most`` microseconds, 1 when it is more.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.stage.measure import Pace, measure
from benchmarks.stage.servers import Server, nginx

LOOKER = Path(__file__).with_name("stage") / "looker.py"
CONNECTIONS = 16
ROUND_LIMIT_S = 120.0


def main() -> int:
    """Run the benchmark; return the exit code."""
    options = _parser().parse_args()
    if options.drive:
        drive(options.drive, options.certificate)
        return 0
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    server_core, driver_core = (cores[0], cores[-1]) if len(cores) > 1 else (None, None)
    print(f"server on core {server_core}, generator on core {driver_core}, {CONNECTIONS} connections")
    print(f"load average at the start: {os.getloadavg()[0]:.1f}")
    cost = {}
    for kind in options.only.split(","):
        with nginx(server_core, tls=kind == "tls") as server:
            cost[kind] = compare(kind, server, driver_core, options)
    return 1 if cost.get("plain", 0.0) > options.most else 0


def compare(kind: str, server: Server, core: int | None, options: argparse.Namespace) -> float:
    """Measure both generators in turn and print medians; return the wire's cost per request in microseconds."""
    certificate = ["--certificate", str(server.certificate)] if server.certificate else []
    generators = {
        "the wire": [sys.executable, __file__, "--drive", server.url, *certificate],
        "FastHttpUser": [
            sys.executable, "-m", "locust", "-f", str(LOOKER), "--headless", "-u", str(CONNECTIONS),
            "-r", str(CONNECTIONS), "-t", "10m", "-H", server.url, "--only-summary", "--loglevel", "ERROR",
        ],
    }  # fmt: skip
    paces: dict[str, list[Pace]] = {name: [] for name in generators}
    for number in range(1, options.rounds + 1):
        for name, command in generators.items():
            pace = measure(command, server, core, warm=options.warm, seconds=options.seconds)
            paces[name].append(pace)
            print(f"  {kind}, round {number}: {name:<12} {pace.rate:>9,.0f}/s {pace.cost_us:>7.1f} us", flush=True)
    rate = {name: statistics.median(pace.rate for pace in each) for name, each in paces.items()}
    cost = {name: statistics.median(pace.cost_us for pace in each) for name, each in paces.items()}
    busy = statistics.median(pace.server for pace in paces["the wire"])
    print(
        f"{kind}: the wire {rate['the wire']:,.0f}/s at {cost['the wire']:.1f} us of processor a request, the server "
        f"at {busy:.0%}; FastHttpUser {rate['FastHttpUser']:,.0f}/s at {cost['FastHttpUser']:.1f} us: "
        f"{rate['the wire'] / rate['FastHttpUser']:.1f} x the requests, "
        f"{cost['FastHttpUser'] / cost['the wire']:.1f} x less processor"
    )
    return cost["the wire"]


def drive(url: str, certificate: Path | None) -> None:
    """Keep every connection busy until ended; stop at the first answer that is not 200.

    Args:
        url: of the server.
        certificate: whom TLS trusts.
    """
    from gevent.event import Event  # noqa: PLC0415 - only the generator's process needs gevent

    from contracts.history import OWNER, ApiOperation  # noqa: PLC0415
    from load.call import Call, Reply  # noqa: PLC0415
    from load.wire.address import Origin  # noqa: PLC0415
    from load.wire.encode import Encoder  # noqa: PLC0415
    from load.wire.engine import Engine  # noqa: PLC0415
    from load.wire.pool import Pool  # noqa: PLC0415
    from load.wire.tls import Security  # noqa: PLC0415

    origin = Origin.from_url(url)
    security = Security(origin, ca_file=certificate) if origin.secure else None
    engine = Engine(origin, time.perf_counter(), security=security)
    encoder = Encoder(origin, {OWNER: "benchmark-key"})
    pool = Pool(engine, CONNECTIONS)
    call = Call(ApiOperation.RETRIEVE, "GET", "/v1/purchases/7")
    stop = Event()

    def done(reply: Reply) -> None:
        if reply.status == 200 and reply.ended < ROUND_LIMIT_S:
            pool.submit(encoder.encode(call), call, reply.ended, done)
        else:
            stop.set()

    for _ in range(CONNECTIONS):
        pool.submit(encoder.encode(call), call, 0.0, done)
    stop.wait()
    raise SystemExit("an answer that is not 200, or nobody ended the benchmark")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, choices=range(1, 101), default=3, metavar="1..100")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--warm", type=float, default=1.0)
    parser.add_argument("--only", default="plain,tls")
    parser.add_argument("--most", type=float, default=20.0, help="microseconds a request above which it fails")
    parser.add_argument("--drive", help=argparse.SUPPRESS)
    parser.add_argument("--certificate", type=Path, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
