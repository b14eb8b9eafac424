"""A user's own locustfile under the oracle: every answer that its users get is judged and counted as ours are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import orjson
from locust import User
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment
from locust.exception import StopUser
from locust.util.load_locustfile import load_locustfile

from contracts.asking import most_purchases
from contracts.budget import BudgetSpentError, Reservation
from contracts.errors import UsageError
from contracts.history import OTHER, OWNER, STRANGER
from contracts.routes import route
from contracts.target import Keys
from load.call import CLOSED, Call, Reply
from load.clock import Clock
from load.drive.engine import Judging, Recording

_KEY_HEADER: Final = "x-api-key"
_MS: Final = 1000.0


def user_classes(path: Path) -> list[type[User]]:
    """Return the users of a locustfile.

    Args:
        path: of the file, which is run: it is the user's own code.

    Raises:
        UsageError: it cannot be imported, or has no users.
    """
    try:
        found, _ = load_locustfile(str(path.resolve()))
    except Exception as error:  # noqa: BLE001 - a user's own code may raise anything
        raise UsageError(f"-f {path} cannot be imported: {type(error).__name__}: {str(error)[:200]}") from None
    classes = [kind for kind in found.values() if not kind.abstract]
    if not classes:
        raise UsageError(f"-f {path} has no user class; write one with tasks, such as class Buyer(FastHttpUser)")
    return classes


class Guard(Protocol):
    """Holds creates to the caps."""

    def reserve(self, body: bytes) -> Reservation:
        """Hold one purchase.

        Raises:
            BudgetSpentError: a cap is reached.
        """

    def settle(self, held: Reservation, reply: Reply) -> None:
        """Count it as made, or give it back."""


class Attachment:
    """Listens to locust's request event.

    Args:
        environment: locust's.
        keys: who is who at the target.
        clock: of the run.
        judge: judges every answer.
        recorder: counts every answer.
        guard: asks before a create leaves, and is told what came of it.
        base: path of the target's base URL, which is not part of the API's paths.
    """

    def __init__(
        self,
        environment: Environment,
        keys: Keys,
        clock: Clock,
        judge: Judging,
        recorder: Recording,
        guard: Guard,
        base: str,
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._judge = judge
        self._recorder = recorder
        self._base = base
        self.unreadable = 0
        self._origin = _origin(environment.host) if environment.host else None
        environment.events.request.add_listener(self._on_request)
        for session in (HttpSession, FastHttpSession):
            self._hold(session, guard)

    def _hold(self, session: type[Any], guard: Guard) -> None:
        """Hold a session's creates to the caps: they leave through its one method ``request``."""
        send = session.request

        def request(this: Any, method: Any, url: Any = "", *rest: Any, **more: Any) -> Any:
            self._check_place(this, url)
            # A redirect is the target's answer; followed, it would take the key to wherever it leads.
            more["allow_redirects"] = False
            if not self._creates(method, url):
                return send(this, method, url, *rest, **more)
            if session is FastHttpSession:
                # A user class may ask for retries; a create that is sent twice may buy twice.
                more["max_retries"] = 0
            try:
                held = guard.reserve(_body(more))
            except BudgetSpentError:
                raise StopUser from None
            now = self._clock.now()
            try:
                response = send(this, method, url, *rest, **more)
            except BaseException:
                guard.settle(held, Reply(0, (), b"", CLOSED, b"", now, now, now))
                raise
            guard.settle(held, Reply(int(response.status_code or 0), (), b"", None, b"", now, now, now))
            return response

        session.request = request

    def _check_place(self, session: Any, url: Any) -> None:
        """Refuse a request that leads elsewhere than to the target, which alone was admitted.

        Raises:
            UsageError: it does.
        """
        text = _text(url)
        whole = text if "://" in text or text.startswith("//") else f"{session.base_url}{text}"
        if self._origin is not None and _origin(whole) != self._origin:
            raise UsageError(
                f"a user's request leads to {_origin(whole)[1]!r}, which is not the target; nothing was sent"
            )

    def _creates(self, method: Any, url: Any) -> bool:
        path = urlsplit(_text(url)).path.removeprefix(self._base)
        return most_purchases(_text(method), path, b"") > 0

    def _on_request(
        self,
        request_type: str,
        response_time: float | None = None,
        response: Any = None,
        exception: Any = None,
        url: str | None = None,
        **_: Any,
    ) -> None:
        if response_time is None or url is None:
            # An event of another protocol than HTTP, fired by the user's own code.
            self.unreadable += 1
            return
        call = self._call(str(request_type), url, response)
        ended = self._clock.now()
        begun = ended - response_time / _MS
        reply = _reply(response, exception, begun, ended)
        seen = self._judge.see(call, reply)
        self._recorder.record(call, reply, lawful=seen.lawful)

    def _call(self, method: str, url: str, response: Any) -> Call:
        parts = urlsplit(url)
        path = parts.path.removeprefix(self._base) or "/"
        request = getattr(response, "request", None)
        whole = f"{path}?{parts.query}" if parts.query else path
        return Call(
            route(method.upper(), path).api_operation,
            method.upper(),
            whole,
            _bytes(getattr(request, "body", None) or getattr(request, "payload", None)),
            principal=self._principal(getattr(request, "headers", None)),
        )

    def _principal(self, headers: Any) -> str:
        """Return whose key was shown; one that cannot be seen was set for all requests, and is the owner's."""
        if not isinstance(headers, Mapping):
            return OWNER
        key = next((value for name, value in headers.items() if str(name).lower() == _KEY_HEADER), None)
        key = key.decode("latin-1") if isinstance(key, bytes) else key
        if key is None or key == self._keys.owner:
            return OWNER
        return OTHER if key == self._keys.other else f"{STRANGER}:another key"


def _reply(response: Any, exception: Any, begun: float, ended: float) -> Reply:
    status = int(getattr(response, "status_code", 0) or 0)
    if not status:
        detail = f"{type(exception).__name__}".encode() if exception is not None else b""
        return Reply(0, (), b"", CLOSED, detail, begun, begun, ended)
    headers = tuple((str(name).lower(), str(value)) for name, value in response.headers.items())
    return Reply(status, headers, _bytes(response.content), None, b"", begun, begun, ended)


def _origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a URL; one that cannot be read has a host that no target has."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", "", None
    return parts.scheme, parts.hostname or "", port or {"http": 80, "https": 443}.get(parts.scheme)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _body(more: Mapping[str, Any]) -> bytes:
    data = _bytes(more.get("data"))
    if data or more.get("json") is None:
        return data
    return orjson.dumps(more["json"], default=str)


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode("utf-8", "replace") if isinstance(value, str) else b""
