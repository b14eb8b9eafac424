"""The oracle at the side of somebody else's httpx client: every answer that it gets is judged."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

import httpx

from contracts.finding import Finding, Severity, Violation
from contracts.history import OTHER, OWNER, STRANGER, Answer, Input, Operation
from contracts.monitor import Setting
from contracts.oracle import make_oracle
from contracts.profiles import DEFAULT_PROFILE, get_profile
from contracts.record.masking import Masker
from contracts.routes import route

JUDGED: Final = ("SHAPE-", "VALUE-", "LIFE-", "AUTH-3")
"""Clauses that need no more than the calls that were seen, as under load (LOAD-1).

The others conclude from what is missing, and a suite may buy through clients that nobody watches.
"""

_KEY: Final = "x-api-key"
_ROOT: Final = "/v1/"
_BEGAN: Final = "assay.began"

Client = TypeVar("Client", httpx.Client, httpx.AsyncClient)
"""A client, given back as it came."""


class Watch:
    """Judges the calls of clients.

    Args:
        keys: principal (``owner``, ``other``) to API key; a key that a watched client shows by default is learnt.
        profile: the contract version that judges.

    Attributes:
        calls: how many were judged.
        unknown: how many were not, for they showed a key of which nobody said whose it is.
    """

    def __init__(self, keys: Mapping[str, str], profile: str = DEFAULT_PROFILE) -> None:
        self.calls = 0
        self.unknown = 0
        self._principals = {key: principal for principal, key in keys.items() if key}
        self._masker = Masker({principal: key for principal, key in keys.items() if key})
        self._secrets = list(self._principals)
        self._oracle = make_oracle(Setting(profile=get_profile(profile), secrets=self._secrets), withhold=_withhold)
        self._lock = threading.Lock()
        self._start = time.perf_counter()

    def attach(self, client: Client, principal: str = OWNER) -> Client:
        """Judge every answer that a client gets from now on.

        Args:
            client: of httpx, synchronous or not; a test client that derives from one will do.
            principal: whose key it shows by default, ``owner`` or ``other``.

        Raises:
            ValueError: the principal is neither.
        """
        if principal not in {OWNER, OTHER}:
            raise ValueError(f"principal {principal!r} is neither {OWNER!r} nor {OTHER!r}")
        key = client.headers.get(_KEY)
        if key and key not in self._principals:
            self._principals[key] = principal
            self._secrets.append(key)
            self._masker = Masker({f"{whose}": known for known, whose in self._principals.items()})
        hooks = client.event_hooks
        if isinstance(client, httpx.AsyncClient):
            hooks["request"].append(self._began_async)
            hooks["response"].append(self._ended_async)
        else:
            hooks["request"].append(self._began)
            hooks["response"].append(self._ended)
        client.event_hooks = hooks
        return client

    def errors(self) -> Sequence[Finding]:
        """Judge what was held back and return the findings of severity error."""
        with self._lock:
            self._oracle.finish()
            return [finding for finding in self._oracle.findings if finding.severity is Severity.ERROR]

    def exercised(self) -> Mapping[str, int]:
        """Return how often each clause was put to the test."""
        return {clause: count for clause, count in self._oracle.exercised.items() if clause.startswith(JUDGED)}

    def tell(self, findings: Sequence[Finding]) -> str:
        """Return findings as text, with everything secret masked."""
        return self._masker.mask("\n".join(_lines(findings)))

    def _began(self, request: httpx.Request) -> None:
        request.extensions[_BEGAN] = time.perf_counter()

    async def _began_async(self, request: httpx.Request) -> None:
        self._began(request)

    def _ended(self, response: httpx.Response) -> None:
        response.read()
        self._judge(response)

    async def _ended_async(self, response: httpx.Response) -> None:
        await response.aread()
        self._judge(response)

    def _judge(self, response: httpx.Response) -> None:
        request = response.request
        returned = time.perf_counter()
        path, _, _ = request.url.raw_path.decode("ascii").partition("?")
        # An application may be mounted below a prefix of its own.
        path = path[max(0, path.find(_ROOT)) :]
        key = request.headers.get(_KEY)
        with self._lock:
            principal = f"{STRANGER}:no key" if not key else self._principals.get(key)
            if principal is None:
                self.unknown += 1
                return
            operation = Operation(
                index=self.calls,
                principal=principal,
                api_operation=route(request.method, path).api_operation,
                input=Input(
                    request.method,
                    path,
                    tuple(request.url.params.multi_items()),
                    tuple(request.headers.multi_items()),
                    _body(request),
                ),
                answer=Answer(response.status_code, tuple(response.headers.multi_items()), response.content),
                invoked=request.extensions.get(_BEGAN, returned) - self._start,
                returned=returned - self._start,
                wall=time.time(),
                lane="suite",
            )
            self.calls += 1
            self._masker.learn_from(operation)
            self._oracle.feed(operation)


def _body(request: httpx.Request) -> bytes:
    try:
        return request.content
    except httpx.RequestNotRead:
        # A body that was streamed is gone; no clause judged here depends on it.
        return b""


def _withhold(violation: Violation) -> bool:
    return not violation.clause.startswith(JUDGED)


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"{finding.clause} ({finding.count}×): {finding.title}"
        yield f"  expected: {finding.expected}"
        yield f"  observed: {finding.observed}"
