"""The Prometheus endpoint of a run, on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from gevent.pywsgi import WSGIServer

from contracts.errors import UsageError
from load.collect import Collector
from load.measure.prometheus import CONTENT_TYPE, exposition

HOST: Final = "127.0.0.1"
PATH: Final = "/metrics"


@contextlib.contextmanager
def serve_metrics(port: int, collector: Collector) -> Iterator[None]:
    """Serve a run's metrics while the context is open.

    Args:
        port: to listen on.
        collector: of the run.

    Raises:
        UsageError: the port is taken.
    """

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH or environ.get("REQUEST_METHOD") != "GET":
            start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
            return [f"metrics are at {PATH}\n".encode()]
        start("200 OK", [("Content-Type", CONTENT_TYPE)])
        return [exposition(collector.snapshot()).encode()]

    server = WSGIServer((HOST, port), answer, log=None)
    try:
        server.start()
    except OSError as error:
        raise UsageError(f"--metrics {port}: {error.strerror or error}") from None
    try:
        yield
    finally:
        server.stop(timeout=1)
