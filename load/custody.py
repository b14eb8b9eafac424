"""Custody of what users' own code sends: it goes to the target alone, and creates are held to the caps.

Locust's sessions have several doors (``request``, ``send`` of a prepared request, ``client.urlopen``), and the
libraries below them send again by themselves. So both clients are held where each request leaves, hop by hop.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, urlsplit

import gevent.socket
import geventhttpclient.client
import orjson
from locust.clients import HttpSession
from locust.contrib.fasthttp import LocustUserAgent
from locust.exception import StopUser
from urllib3 import Retry
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from contracts.asking import most_purchases, purchases_asked
from contracts.budget import BudgetSpentError, Reservation
from contracts.errors import UsageError
from contracts.history import Input
from contracts.trust import trusted
from load.call import CLOSED, Reply
from load.clock import Clock

_PORTS: Final = {"http": 80, "https": 443}
_NEVER: Final = Retry(0, read=False)

Place = tuple[str, str, int | None]
"""Scheme, host without brackets, port."""


class Guard(Protocol):
    """Holds creates to the caps."""

    def reserve(self, body: bytes, count: int = 1) -> Reservation:
        """Hold what a create may buy.

        Raises:
            BudgetSpentError: a cap is reached.
        """

    def settle(self, held: Reservation, reply: Reply, document: Mapping[str, Any] | None = None) -> None:
        """Count it as made, or give it back."""


class Custody:
    """Holds what leaves through locust's two HTTP clients in this process.

    Args:
        url: base URL of the target, the only one that is asked.
        addresses: the only ones that its name stands for; None where its host is an address itself.
        guard: asks before a create leaves, and is told what came of it.
        clock: of the run.
    """

    def __init__(self, url: str, addresses: Sequence[str] | None, guard: Guard, clock: Clock) -> None:
        parts = urlsplit(url)
        self._place = _place(parts.scheme, parts.hostname, parts.port)
        self._guard = guard
        self._clock = clock
        self._hold_requests()
        self._hold_gevent()
        if addresses is not None:
            _pin(self._place[1], addresses)

    def _hold_requests(self) -> None:
        send = HttpSession.send

        def held(this: Any, request: Any, **more: Any) -> Any:
            # The library's own reading of the URL, by which it connects: others read a backslash differently.
            try:
                parts = parse_url(request.url)
            except LocationParseError:
                raise UsageError("a user's request leads to what is no URL; nothing was sent") from None
            self._check_place(_place(parts.scheme, (parts.host or "").strip("[]"), parts.port))
            more["allow_redirects"] = False
            # Neither the environment's nor anybody's: what a proxy does with a key nobody has allowed.
            more["proxies"] = {}
            more["verify"] = trusted(more.get("verify", this.verify))
            body = _bytes(request.body)
            count = purchases_asked(_input(request, parts, body))
            if not count:
                return send(this, request, **more)
            adapter = this.get_adapter(request.url)
            if hasattr(adapter, "max_retries"):
                adapter.max_retries = _NEVER
            return self._charged(body, count, lambda: send(this, request, **more), read=not more.get("stream"))

        HttpSession.send = held  # type: ignore[method-assign,assignment]

    def _hold_gevent(self) -> None:
        # The one door through which all of its requests leave.
        send: Callable[..., Any] = LocustUserAgent._urlopen  # noqa: SLF001 - there is no other

        def held(this: Any, request: Any) -> Any:
            parts = request.url_split
            # A redirect is the target's answer; followed, it would take the key to wherever it leads.
            this.redirect_response_codes = frozenset()
            self._check_place(_place(parts.scheme, parts.host.strip("[]"), parts.port))
            body = _bytes(request.payload)
            count = purchases_asked(_input(request, parts, body))
            if not count:
                return send(this, request)
            # A create that waits for leave to send its body is sent anew where the connection ends meanwhile.
            request.headers.discard("expect")
            return self._charged(body, count, lambda: send(this, request), read=True)

        LocustUserAgent._urlopen = held  # type: ignore[method-assign] # noqa: SLF001 - likewise
        # It sends PUT again after a lost answer, for RFC 9110 (9.2.2) calls that safe; with caps it is not.
        again = geventhttpclient.client._may_retry_after_send_error  # noqa: SLF001 - there is no option for it
        geventhttpclient.client._may_retry_after_send_error = (  # noqa: SLF001 - likewise
            lambda method: again(method) and not most_purchases(method, "/v1/purchases", b"")
        )

    def _check_place(self, place: Place) -> None:
        """Refuse a request that leads elsewhere than to the target, which alone was admitted.

        Raises:
            UsageError: it does.
        """
        if place != self._place:
            raise UsageError(f"a user's request leads to {place[1][:80]!r}, which is not the target; nothing was sent")

    def _charged(self, body: bytes, count: int, send: Callable[[], Any], *, read: bool) -> Any:
        """Send a create whose purchases are reserved before and settled after.

        Raises:
            StopUser: a cap is reached; nothing was sent.
        """
        try:
            held = self._guard.reserve(body, count)
        except BudgetSpentError:
            raise StopUser from None
        now = self._clock.now()
        try:
            response = send()
            status = int(response.status_code or 0)
            document = _object(response.content) if read and 200 <= status < 300 else None
        except BaseException:
            self._guard.settle(held, Reply(0, (), b"", CLOSED, b"", now, now, now))
            raise
        self._guard.settle(held, Reply(status, (), b"", None, b"", now, now, now), document)
        return response


def _pin(name: str, addresses: Sequence[str]) -> None:
    """Let a name stand for the addresses that it had when the target was admitted, whatever a resolver says later."""
    for module in (socket, gevent.socket):
        module.getaddrinfo = _pinned(module.getaddrinfo, name, tuple(addresses))  # type: ignore[attr-defined]


def _pinned(lookup: Callable[..., Any], name: str, addresses: Sequence[str]) -> Callable[..., Any]:
    def found(host: Any, *rest: Any, **more: Any) -> list[Any]:
        asked = host.decode("latin-1") if isinstance(host, bytes) else host
        if not isinstance(asked, str) or asked.lower().rstrip(".") != name:
            return list(lookup(host, *rest, **more))
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "the name had no address when the target was admitted")
        return [one for address in addresses for one in lookup(address, *rest, **more)]

    return found


def _place(scheme: str | None, host: str | None, port: int | None) -> Place:
    scheme = (scheme or "").lower()
    return scheme, (host or "").lower(), port or _PORTS.get(scheme)


def _input(request: Any, parts: Any, body: bytes) -> Input:
    """Return a client's request as the suite knows requests."""
    headers = tuple((_text(name), _text(value)) for name, value in request.headers.items())
    return Input(str(request.method), parts.path or "/", tuple(parse_qsl(parts.query or "")), headers, body)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _object(content: bytes | None) -> dict[str, Any] | None:
    try:
        value = orjson.loads(content or b"")
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    return value.encode("utf-8", "replace") if isinstance(value, str) else b""
