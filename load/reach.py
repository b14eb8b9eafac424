"""Reaching the master: it may not be up yet, or something else, or nothing, answers where a worker was sent."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Final

from contracts.errors import UsageError

UP_SECONDS: Final = 60.0
"""How long a worker waits for a master that is not up yet: as long as a master waits for its workers."""

ANSWER_SECONDS: Final = 10.0
"""How long whoever takes our connection may take to answer."""

LOOK_EVERY: Final = 0.5
"""Seconds between two tries to connect."""

_SIGNATURE: Final = 10
"""Octets with which each side of a ZMTP connection begins, unasked: FF, eight of padding, 7F (23/ZMTP, greeting)."""

WHERE: Final = "give --worker the address that the master prints (the master listens on HOST:PORT)"


class _NotUpError(Exception):
    """Nobody listens; the message says how that showed."""


def reach(
    host: str,
    port: int,
    say: Callable[[str], object],
    *,
    up_within: float = UP_SECONDS,
    answer_within: float = ANSWER_SECONDS,
) -> None:
    """Wait until a master listens.

    Args:
        host: of the master.
        port: of the master.
        say: told, once, that it is waited for.
        up_within: seconds to wait where nobody listens: workers may be started first.
        answer_within: seconds to wait for an answer where somebody does.

    Raises:
        UsageError: none listens in time, whoever is there says nothing, or it is no master.
    """
    until = time.monotonic() + up_within
    waiting = False
    while True:
        try:
            _knock(host, port, answer_within)
        except _NotUpError as error:
            if time.monotonic() + LOOK_EVERY > until:
                raise UsageError(f"no master answers at {host}:{port}: {error}; start it, or {WHERE}") from None
            if not waiting:
                say(f"no master at {host}:{port} yet ({error}); waiting for it up to {up_within:.0f} s")
            waiting = True
            time.sleep(LOOK_EVERY)
        else:
            return


def _knock(host: str, port: int, answer_within: float) -> None:
    silent = f"no master answers at {host}:{port}: nothing was said for {answer_within:g} s; {WHERE}"
    try:
        with socket.create_connection((host, port), timeout=answer_within) as connection:
            begun = _begin(connection, answer_within)
    except TimeoutError:
        raise UsageError(silent) from None
    except OSError as error:
        raise _NotUpError(error.strerror or "no connection") from None
    if not begun:
        # So do the proxies of containers while nobody listens behind them.
        raise _NotUpError("the connection was closed")
    if begun[0] != 0xFF or begun[-1] != 0x7F:
        raise UsageError(f"what answers at {host}:{port} is no master; {WHERE}")


def _begin(connection: socket.socket, within: float) -> bytes:
    """Return the first octets that come, as many as make a signature where it may be one; none when it closes."""
    until = time.monotonic() + within
    data = b""
    while len(data) < _SIGNATURE and data[:1] in {b"", b"\xff"}:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        more = connection.recv(_SIGNATURE - len(data))
        if not more:
            return b"" if not data else data + b"\0"
        data += more
    return data
