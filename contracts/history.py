"""The history: timed operations with what was sent, what came back, and how it ended.

Frozen data, standard library only. Every other room speaks in these words: an *operation* is one
recorded call, an *API operation* is a path and method of the contract, an *outcome* is ok, fail or
unknown. Times are seconds on one monotonic clock that starts with the run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

OWNER: Final = "owner"
OTHER: Final = "other"
STRANGER: Final = "stranger"
"""Prefix of every principal that shows no valid key; what follows the colon says how (``stranger:no key``)."""


class ApiOperation(StrEnum):
    """The seven operations of the contract, by their OpenAPI ``operationId``; OTHER is any other call."""

    CREATE = "create_purchase"
    LIST = "list_purchases"
    RETRIEVE = "retrieve_purchase"
    REQUEST_CODE = "request_code"
    REFUND = "refund_purchase"
    ACCOUNT = "get_account"
    PROFILE = "get_profile"
    OTHER = "other"


class Outcome(StrEnum):
    """How an operation ended, as far as its sender can know.

    ``ok``: a 2xx answer. ``fail``: a definite refusal. ``unknown``: no answer, a broken one, a 408 or a
    5xx, after which the effect may or may not have taken place.
    """

    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Demand(StrEnum):
    """What the contract demands of the target for one request."""

    SERVE = "serve"
    REFUSE = "refuse"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Aim:
    """What a sender meant by a request where the request alone does not tell.

    Attributes:
        clause: id of the clause the request is meant to exercise (``INPUT-8``).
        reason: what is special about the request, in a few words (``an id nobody was given``).
        demand: what the contract demands of the answer.
    """

    clause: str
    reason: str
    demand: Demand


@dataclass(frozen=True, slots=True)
class Input:
    """One request as it was sent.

    Attributes:
        method: HTTP method.
        path: path below the target's base URL, percent-encoded as sent, without the query.
        query: decoded query pairs in order.
        headers: header pairs as sent, the key included (masked wherever they are written).
        body: the bytes of the body.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response as it came, its content decoded (gzip) but not interpreted.

    Attributes:
        status: HTTP status code.
        headers: header pairs in order, names as sent.
        body: the bytes of the body, at most what the client was willing to read.
        truncated: True when the body was longer than the client's limit.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    truncated: bool = False

    def header(self, name: str) -> str | None:
        """Return the first value of a header, names compared without case, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Mark:
    """An operation without its bytes: what invariants keep as evidence."""

    index: int
    principal: str
    api_operation: ApiOperation
    invoked: float
    returned: float
    lane: str = ""

    def precedes(self, later: Mark) -> bool:
        """Tell whether the other was sent after this one's answer had arrived (contract, LIFE)."""
        return self.returned < later.invoked


@dataclass(frozen=True, slots=True)
class Operation:
    """One recorded call.

    Attributes:
        index: position in the history, unique within a run.
        principal: whose key was shown: ``owner``, ``other``, or ``stranger:<how>``.
        api_operation: which of the contract's operations the path and method name.
        input: what was sent.
        answer: what came back, None when nothing whole did.
        invoked: when the first byte was about to be sent, seconds.
        returned: when the answer had arrived or was given up, seconds.
        wall: our own clock at ``returned``, Unix seconds (the yardstick of VALUE-5 when there is no ``Date``); 0 where
            it is none.
        error: why there is no answer (``timeout``, ``connection reset``), None otherwise.
        lane: which connection or worker sent it, for timelines.
        walk: name of the page walk this list call belongs to, empty outside of one.
        aim: what the sender meant, where the request alone does not tell.
    """

    index: int
    principal: str
    api_operation: ApiOperation
    input: Input
    answer: Answer | None
    invoked: float
    returned: float
    wall: float = 0.0
    error: str | None = None
    lane: str = ""
    walk: str = ""
    aim: Aim | None = field(default=None)

    @property
    def authenticated(self) -> bool:
        """True when the principal showed a valid key in the documented place."""
        return not self.principal.startswith(STRANGER)

    @property
    def outcome(self) -> Outcome:
        """How the operation ended, as far as its sender can know."""
        if self.answer is None or self.answer.truncated:
            return Outcome.UNKNOWN
        status = self.answer.status
        if 200 <= status < 300:
            return Outcome.OK
        if status >= 500 or status == 408 or status < 200:
            return Outcome.UNKNOWN
        return Outcome.FAIL

    @property
    def status(self) -> int | None:
        """HTTP status code of the answer, None without one."""
        return None if self.answer is None else self.answer.status

    @property
    def mark(self) -> Mark:
        """The operation without its bytes."""
        return Mark(self.index, self.principal, self.api_operation, self.invoked, self.returned, self.lane)
