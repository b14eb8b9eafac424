"""A run's metrics are served on loopback while it lasts, and nothing else is."""

from __future__ import annotations

import re
import socket

import gevent
import pytest
from gevent import socket as green

from contracts.errors import UsageError
from load.collect import Collector
from load.judge.merge import Merge
from load.metrics import serve_metrics
from load.plan.reading import parse_plan
from load.schedule import Schedule
from tests.load.hands import Hand

PLAN = parse_plan({"plan": {"rate": "10/s", "duration": "10s"}}, "test")


@pytest.fixture
def port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture
def collector() -> Collector:
    hand, found = Hand(PLAN), Collector(Schedule(PLAN), Merge("2026-02", {}), None)
    hand.look(0.2)
    hand.look(0.3, 500)
    found.take("a", hand.share(1.1, arrivals=5, dropped=1))
    assert any(closed is not None for closed in found.close(1))
    return found


def asked(port: int, line: str) -> tuple[str, str]:
    """Return head and body of the answer to a request line, asked beside the server's greenlets."""
    with gevent.Timeout(30), green.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(f"{line} HTTP/1.0\r\n\r\n".encode())
        parts = iter(lambda: sock.recv(65536), b"")
        head, _, body = b"".join(parts).decode().partition("\r\n\r\n")
        return head, body


def test_what_was_counted_so_far_is_told(port: int, collector: Collector) -> None:
    with serve_metrics(port, collector):
        head, body = asked(port, "GET /metrics")
    assert head.split("\r\n")[0].endswith("200 OK")
    assert "version=0.0.4" in head
    assert re.search(r"^assay_arrivals_total 5(\.0)?$", body, re.MULTILINE)
    assert re.search(r'^assay_requests_total\{operation="retrieve_purchase",status="500"\} 1$', body, re.MULTILINE)


@pytest.mark.parametrize("line", ["GET /", "GET /metrics/../run.json", "POST /metrics", "DELETE /metrics"])
def test_there_is_nothing_beside_the_metrics_and_nothing_to_change(line: str, port: int, collector: Collector) -> None:
    with serve_metrics(port, collector):
        head, body = asked(port, line)
    assert head.split("\r\n")[0].endswith("404 Not Found")
    assert body == "metrics are at /metrics\n"


# gevent drops the socket that it could not bind; the command ends with it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_port_that_is_taken_is_said_in_a_line(collector: Collector) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        with pytest.raises(UsageError, match=f"^--metrics {port}: "), serve_metrics(port, collector):
            pass


def test_nobody_listens_once_the_run_is_over(port: int, collector: Collector) -> None:
    with serve_metrics(port, collector):
        asked(port, "GET /metrics")
    with pytest.raises(ConnectionRefusedError):
        asked(port, "GET /metrics")
