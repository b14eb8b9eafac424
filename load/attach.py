"""A user's own locustfile under the oracle: every answer that its users get is judged and counted as ours are."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from locust import FastHttpUser, User
from locust.env import Environment
from locust.util.load_locustfile import load_locustfile

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

    Locust's FastHttpUser takes any certificate unless it is told otherwise; here it takes none that is not valid.

    Args:
        path: of the file, which is run: it is the user's own code.

    Raises:
        UsageError: it cannot be imported, or has no users.
    """
    FastHttpUser.insecure = False
    FastHttpUser.ssl_context_factory = staticmethod(_trusting)
    try:
        found, _ = load_locustfile(str(path.resolve()))
    except Exception as error:  # noqa: BLE001 - a user's own code may raise anything
        raise UsageError(f"-f {path} cannot be imported: {type(error).__name__}: {str(error)[:200]}") from None
    classes = [kind for kind in found.values() if not kind.abstract]
    if not classes:
        raise UsageError(f"-f {path} has no user class; write one with tasks, such as class Buyer(FastHttpUser)")
    for kind in classes:
        if issubclass(kind, FastHttpUser) and kind.insecure and kind.ssl_context_factory is _trusting:
            # A class that says so itself gets what it asks for.
            kind.ssl_context_factory = None
    return classes


def _trusting(**_: object) -> ssl.SSLContext:
    """Return a context that trusts what all of assay trusts (contracts.trust), not the client library's own list."""
    return ssl.create_default_context()


class Attachment:
    """Listens to locust's request event.

    Args:
        environment: locust's.
        keys: who is who at the target.
        clock: of the run.
        judge: judges every answer.
        recorder: counts every answer.
        base: path of the target's base URL, which is not part of the API's paths.
    """

    def __init__(
        self,
        environment: Environment,
        keys: Keys,
        clock: Clock,
        judge: Judging,
        recorder: Recording,
        base: str,
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._judge = judge
        self._recorder = recorder
        self._base = base
        self.unreadable = 0
        environment.events.request.add_listener(self._on_request)

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


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode("utf-8", "replace") if isinstance(value, str) else b""
