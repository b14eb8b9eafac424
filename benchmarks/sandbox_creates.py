"""Measures how many purchases a second the sandbox makes on one core, beside a peer that stores nothing.

Run it from the root of the repository:

    python benchmarks/sandbox_creates.py [--rounds 5] [--creates 5000] [--connections 16] [--store FILE]

Each server is a process of its own, pinned to one core where the system allows it; the driver, pinned to
another, keeps a fixed number of connections busy with one request each. The peer is a minimal Starlette
application on the same uvicorn that parses the body and answers one fixed purchase. The two take turns,
round by round, so that a change of the machine's mood meets both. Exit code 0 when the sandbox's median
reaches `--least`, 1 when it does not.
"""

import argparse
import json
import os
import selectors
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fixtures.sandbox.server import SandboxProcess
from fixtures.sandbox.settings import Settings

ROUND_LIMIT_S = 60.0
BODY = b'{"country_code":"US"}'


def main() -> int:
    """Run the benchmark; return the exit code."""
    options = _parser().parse_args()
    if options.peer:
        _serve_peer()
        return 0
    server_core, driver_core = _cores()
    with ExitStack() as stack:
        settings = Settings(seed=1, balance="9999999999.00", store=options.store)
        sandbox = stack.enter_context(SandboxProcess(settings))
        peer_pid, peer_port = stack.enter_context(_peer())
        for pid, core in ((sandbox.pid, server_core), (peer_pid, server_core), (0, driver_core)):
            _pin(pid, core)
        targets = {"sandbox": int(sandbox.url.rsplit(":", 1)[1]), "peer": peer_port}
        rates: dict[str, list[float]] = {name: [] for name in targets}
        for name, port in targets.items():
            drive(port, sandbox.owner_key, 500, options.connections)
            _say(f"{name}: warm, {options.creates} creates a round on {options.connections} connections")
        for number in range(1, options.rounds + 1):
            for name, port in targets.items():
                seconds = drive(port, sandbox.owner_key, options.creates, options.connections)
                rates[name].append(options.creates / seconds)
            _say(f"round {number}: " + ", ".join(f"{name} {rates[name][-1]:,.0f}/s" for name in targets))
    medians = {name: statistics.median(each) for name, each in rates.items()}
    _say("median: " + ", ".join(f"{name} {median:,.0f}/s" for name, median in medians.items()))
    _say(f"sandbox / peer: {medians['sandbox'] / medians['peer']:.2f}; wanted {options.least:,.0f}/s at least")
    return 0 if medians["sandbox"] >= options.least else 1


def drive(port: int, key: str, requests: int, connections: int) -> float:
    """Send creates and wait for all the answers.

    Args:
        port: Loopback port of the server.
        key: API key to send.
        requests: How many to send in all.
        connections: How many keep-alive connections carry them, one request at a time on each.

    Returns:
        Seconds from the first request to the last answer.

    Raises:
        RuntimeError: An answer was not 200, a connection was closed, or it took over a minute.
    """
    request = (
        b"POST /v1/purchases HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        b"x-api-key: %s\r\ncontent-length: %d\r\n\r\n%s" % (key.encode(), len(BODY), BODY)
    )
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        for _ in range(connections):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(sock, selectors.EVENT_READ, bytearray())
        started = time.perf_counter()
        sent = 0
        for selected in list(selector.get_map().values()):
            selected.fileobj.sendall(request)  # type: ignore[union-attr]
            sent += 1
        answered = 0
        while answered < requests:
            if time.perf_counter() - started > ROUND_LIMIT_S:
                raise RuntimeError(f"only {answered} of {requests} answers after {ROUND_LIMIT_S:.0f} s")
            for selected, _ in selector.select(timeout=1):
                sock, buffer = selected.fileobj, selected.data
                chunk = sock.recv(65536)  # type: ignore[union-attr]
                if not chunk:
                    raise RuntimeError("the server closed a connection")
                buffer += chunk
                if not _whole(buffer):
                    continue
                buffer.clear()
                answered += 1
                if sent < requests:
                    sock.sendall(request)  # type: ignore[union-attr]
                    sent += 1
        return time.perf_counter() - started


def _whole(answer: bytearray) -> bool:
    """Tell whether an answer has come whole; raise unless it is 200."""
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        return False
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"not 200: {bytes(answer[:300])!r}")
    start = head.lower().index(b"content-length:") + len(b"content-length:")
    return len(body) >= int(head[start:].split(b"\r\n", 1)[0])


@contextmanager
def _peer() -> Iterator[tuple[int, int]]:
    """Run the peer as a child process; yield its process id and port."""
    child = subprocess.Popen([sys.executable, __file__, "--peer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        yield child.pid, int(child.stdout.readline())
    finally:
        child.communicate()


def _serve_peer() -> None:
    import uvicorn  # noqa: PLC0415 - only the peer's process needs it
    from starlette.applications import Starlette  # noqa: PLC0415
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import JSONResponse, Response  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    purchase = {
        "id": 12345,
        "country_code": "US",
        "display_name": {"ru": "США", "en": "United States"},
        "phone_number": "+12025550123",
        "price": {"amount": "1.50", "currency_code": "USD"},
        "status": "PENDING",
        "purchase_type": "SINGLE",
        "verification": None,
        "created_at": "2024-11-19T07:50:00.000Z",
    }

    async def create(request: Request) -> Response:
        json.loads(await request.body())
        return JSONResponse(purchase)

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        _say(str(listener.getsockname()[1]))
        app = Starlette(routes=[Route("/v1/purchases", create, methods=["POST"])])
        config = uvicorn.Config(app, http="httptools", ws="none", log_config=None, access_log=False)
        server = uvicorn.Server(config)

        def end_with_parent() -> None:
            os.read(0, 1)
            server.should_exit = True

        threading.Thread(target=end_with_parent, daemon=True).start()
        server.run(sockets=[listener])


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _cores() -> tuple[int | None, int | None]:
    """Choose a core for the servers and another for the driver; None where there is no choice."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[-1]


def _pin(pid: int, core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(pid, {core})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, choices=range(1, 101), default=5, metavar="1..100")
    parser.add_argument("--creates", type=int, choices=range(100, 100_001), default=5000, metavar="100..100000")
    parser.add_argument("--connections", type=int, choices=range(1, 101), default=16, metavar="1..100")
    parser.add_argument("--least", type=float, default=1500, help="creates a second below which it fails")
    parser.add_argument("--store", type=Path, help="keep the purchases in this file instead of a temporary one")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
