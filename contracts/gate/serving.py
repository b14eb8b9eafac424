"""An ASGI application served on a free loopback port, for as long as a test needs it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

_START_S: Final = 20.0
_STOP_S: Final = 10.0


class _Server(uvicorn.Server):
    """A server that says when it is ready, and leaves the process's signals alone."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def serve_app(app: ASGIApp) -> Iterator[str]:
    """Serve an application by a thread while the context is open; yields its base URL.

    Args:
        app: as an ASGI server takes it; its lifespan is run.

    Raises:
        RuntimeError: it did not start, its lifespan failed.
    """
    ready = threading.Event()
    # The protocol is named, for asyncio switches Nagle's algorithm off only where it is.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",
        access_log=False,
        ws="none",
        # An application that dates its answers itself would have two dates; without any, VALUE-5 takes our clock,
        # which is the application's.
        date_header=False,
    )
    server = _Server(config, ready)

    def run() -> None:
        try:
            server.run(sockets=[listener])
        except SystemExit:
            # How uvicorn says that it could not start.
            pass
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="application under test", daemon=True)
    thread.start()
    try:
        if not ready.wait(_START_S) or not server.started:
            raise RuntimeError("the application did not start: its lifespan failed")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_STOP_S)
        listener.close()
