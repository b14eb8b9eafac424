"""What a journey asks for and what it gets back: calls, replies, and replies that were judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from contracts.history import OWNER, Aim, ApiOperation

CONNECT: Final = "connect"
TIMEOUT: Final = "timeout"
RESET: Final = "reset"
CLOSED: Final = "closed"
MALFORMED: Final = "malformed"
TOO_LARGE: Final = "too large"
TLS: Final = "tls"

ERRORS: Final = (CONNECT, TIMEOUT, RESET, CLOSED, MALFORMED, TOO_LARGE, TLS)
"""Why there is no whole answer; the words under which reports count it."""


@dataclass(slots=True)
class Call:
    """One request that a journey wants sent. It is not changed once made; freezing it would cost twice as much.

    Attributes:
        operation: which of the contract's operations it is.
        method: HTTP method.
        path: path and query below the target's base URL, percent-encoded.
        body: the bytes of the body.
        labelled: whether an empty body is labelled ``application/json`` all the same (clause WIRE-2).
        principal: whose key is shown.
        aim: what the sender meant, where the request alone does not tell.
    """

    operation: ApiOperation
    method: str
    path: str
    body: bytes = b""
    labelled: bool = False
    principal: str = OWNER
    aim: Aim | None = None


@dataclass(slots=True)
class Reply:
    """What came of a call. Times are seconds since the run began, on the monotonic clock.

    Attributes:
        status: HTTP status code, 0 when no whole answer came.
        headers: header pairs in order, names in lower case.
        body: the bytes of the body, its content coding undone.
        error: one of ``ERRORS``, None when an answer came.
        detail: of a malformed answer, its first bytes, at most 400.
        due: when the request should have been sent.
        sent: when its first byte was handed to the system.
        ended: when the last byte of the answer had arrived, or the call was given up.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    error: str | None
    detail: bytes
    due: float
    sent: float
    ended: float


@dataclass(slots=True)
class Seen:
    """A reply that was judged: what a journey receives. It is not changed once made.

    Attributes:
        reply: as it came.
        document: the body as a JSON object; None where it is none.
        lawful: False when the answer broke a clause by an error.
    """

    reply: Reply
    document: dict[str, Any] | None
    lawful: bool

    @property
    def ok(self) -> bool:
        """True for a 200 with a JSON object, which a journey can go on from."""
        return self.reply.status == 200 and self.document is not None
