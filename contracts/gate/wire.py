"""The wire: one HTTP request out, one whole answer or one named trouble back."""

from __future__ import annotations

import ipaddress
import ssl
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import httpx

from contracts.history import Answer, Input
from contracts.target import Target

MAX_BODY: Final = 8 * 1024 * 1024
"""Bytes of a decoded answer that are read; a purchase has 500, a page of fifty 25,000."""


class ForeignAddressError(Exception):
    """A target admitted as loopback turned out to be at another address; nothing more is sent."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What one request led to.

    Attributes:
        answer: the whole answer, None when there was none.
        error: why there was none (``timeout``, ``connection refused``), None with an answer.
        invoked: when it was sent, ``time.perf_counter`` seconds.
        returned: when the answer had arrived or was given up, likewise.
    """

    answer: Answer | None
    error: str | None
    invoked: float
    returned: float


class Wire:
    """Sends requests to one target; never retries, never follows a redirect, never uses a proxy.

    Args:
        target: where requests go.
        timeout: seconds to wait for a connection (at most 5), for bytes, and for the whole answer.
    """

    def __init__(self, target: Target, timeout: float) -> None:
        self._target = target
        self._timeout = timeout
        context = ssl.create_default_context() if target.url.startswith("https:") else False
        limits = httpx.Timeout(timeout, connect=min(5.0, timeout))
        # Writes go on connections of their own: one that a server closes while idle would otherwise leave
        # the outcome of a create unknown, and a create is never retried.
        self._reads = httpx.Client(verify=context, timeout=limits, trust_env=False)
        self._writes = httpx.Client(
            verify=context, timeout=limits, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._reads.close()
        self._writes.close()

    def send(self, sent: Input) -> Reply:
        """Send one request and read its answer to the end.

        Raises:
            ForeignAddressError: the connection led to an address that is not loopback though the target was
                admitted as loopback.
        """
        client = self._reads if sent.method in {"GET", "HEAD", "OPTIONS"} else self._writes
        url = httpx.URL(self._target.url + sent.path)
        if sent.query:
            url = url.copy_merge_params(list(sent.query))
        headers = list(sent.headers)
        if sent.body or sent.method in {"POST", "PUT", "PATCH"}:
            headers.append(("content-length", str(len(sent.body))))
        invoked = time.perf_counter()
        try:
            request = client.build_request(sent.method, url, headers=headers, content=sent.body or None)
            response = client.send(request, stream=True)
            try:
                self._check_address(response)
                answer, error = self._read(response, invoked)
            finally:
                response.close()
        except (httpx.HTTPError, OSError) as trouble:
            return Reply(None, _name(trouble), invoked, time.perf_counter())
        return Reply(answer, error, invoked, time.perf_counter())

    def _read(self, response: httpx.Response, invoked: float) -> tuple[Answer | None, str | None]:
        pieces: list[bytes] = []
        size = 0
        truncated = False
        for piece in response.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > MAX_BODY:
                truncated = True
                break
            if time.perf_counter() - invoked > self._timeout:
                return None, "timeout while the answer arrived"
        headers = tuple(response.headers.multi_items())
        return Answer(response.status_code, headers, b"".join(pieces)[:MAX_BODY], truncated), None

    def _check_address(self, response: httpx.Response) -> None:
        if not self._target.loopback:
            return
        stream = response.extensions.get("network_stream")
        try:
            peer = stream.get_extra_info("server_addr") if stream is not None else None
        except OSError:
            # The target has answered and closed already; a closed connection has no peer to ask for.
            return
        if peer and not ipaddress.ip_address(str(peer[0]).partition("%")[0]).is_loopback:
            raise ForeignAddressError(f"{self._target.url} led to {peer[0]}, which is not loopback")


def _name(trouble: Exception) -> str:
    """Name a transport trouble in the words of a report."""
    if isinstance(trouble, httpx.ConnectTimeout | httpx.ReadTimeout | httpx.WriteTimeout | httpx.PoolTimeout):
        return "timeout"
    if isinstance(trouble, httpx.ConnectError):
        return f"no connection ({str(trouble)[:80]})"
    if isinstance(trouble, httpx.RemoteProtocolError):
        return f"connection closed or malformed HTTP ({str(trouble)[:80]})"
    return f"{type(trouble).__name__} ({str(trouble)[:80]})"
