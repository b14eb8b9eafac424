"""A sandbox whose shop can be emptied while its process goes on, as a suite empties its database between tests.

    python benchmarks/stage/afresh.py [--profile 2026-02] [--seed 0]

`POST /stage/empty` puts a new shop in the place of the one at hand: no purchases, stock and balances as at the start.
One JSON line on standard output tells its url, process id and keys; it ends when its standard input does.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
import threading
from pathlib import Path

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from fixtures.sandbox.app import create_app
from fixtures.sandbox.server import LOOPBACK, serve
from fixtures.sandbox.settings import Settings

EMPTY = "/stage/empty"
FAILURE_RATE = 0.1
PENDING_RATE = 0.1
"""Shares of code requests that fail or wait, as in the sandbox that the gate embeds."""


class Afresh:
    """Serves one sandbox after another.

    Args:
        settings: of every one.
        first: the sandbox to begin with; its lifespan is that of the server.
    """

    def __init__(self, settings: Settings, first: ASGIApp) -> None:
        self._settings = settings
        self._app = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection scope."""
        if scope["type"] == "http" and scope["path"] == EMPTY:
            self._app = create_app(self._settings)
            # The old one is a circle of objects with a database in memory; what is left when it is gone is a leak.
            gc.collect()
            await PlainTextResponse("")(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="2026-02")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    settings = Settings(profile=asked.profile, seed=asked.seed, failure_rate=FAILURE_RATE, pending_rate=PENDING_RATE)
    threading.Thread(target=_end_with_stdin, daemon=True).start()

    def tell(url: str) -> None:
        keys = {"owner": settings.owner_key, "other": settings.other_key, "admin": settings.admin_key}
        sys.stdout.write(json.dumps({"url": url, "pid": os.getpid(), "keys": keys}) + "\n")
        sys.stdout.flush()

    serve(settings, host=LOOPBACK, port=0, wrap=lambda app: Afresh(settings, app), ready=tell)


def _end_with_stdin() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
