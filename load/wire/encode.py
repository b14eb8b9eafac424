"""Requests as bytes: everything that does not change from one call to the next is encoded once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from load.call import Call
from load.wire.address import Origin

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")
_OURS: Final = frozenset(
    "accept-encoding connection content-length content-type expect host te trailer transfer-encoding upgrade "
    "x-api-key".split()
)
_WITH_LENGTH: Final = ("POST", "PUT", "PATCH")


class Encoder:
    """Turns calls into requests of HTTP/1.1.

    Args:
        origin: where requests go.
        keys: API key of each principal; None for one that shows none.
        headers: further header fields for every request; ``accept`` and ``user-agent`` replace ours.
        compressed: whether answers may come as gzip or deflate.

    Raises:
        ValueError: a name or a value cannot stand in a header, or a name is one the encoder sets itself. The
            message never shows a key.
    """

    def __init__(
        self,
        origin: Origin,
        keys: Mapping[str, str | None],
        headers: Mapping[str, str] | None = None,
        *,
        compressed: bool = False,
    ) -> None:
        fields = {"accept": "application/json", "user-agent": "assay"}
        for name, value in (headers or {}).items():
            lower = name.lower()
            if not _TOKEN.fullmatch(name):
                raise ValueError(f"not a header name: {name!r}")
            if lower in _OURS:
                raise ValueError(f"header {name!r} is set by the encoder itself; leave it out")
            if not _VALUE.fullmatch(value):
                raise ValueError(f"the value of header {name!r} holds characters that cannot stand in a header")
            fields[lower] = value
        for principal, key in keys.items():
            if key is not None and not _VALUE.fullmatch(key):
                raise ValueError(f"the key of {principal!r} holds characters that cannot stand in a header")
        if compressed:
            fields["accept-encoding"] = "gzip, deflate"
        self._keys = dict(keys)
        self._prefix = origin.prefix
        self._common = f" HTTP/1.1\r\nhost: {origin.authority}\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in fields.items()
        )
        self._frames: dict[tuple[str, str, bool, bool], tuple[str, str]] = {}

    def encode(self, call: Call) -> bytes:
        """Return the bytes of a call's request.

        ``content-length`` stands wherever there is a body, and with 0 on methods that give a body a meaning
        (RFC 9110 section 8.6); ``content-type`` with a body, and without one where the call is labelled.

        Raises:
            ValueError: the method is no token, the path holds white space, control or non-ASCII characters or does
                not begin with a slash, or no key is known for the principal.
        """
        path, body = call.path, call.body
        frame = self._frames.get((call.method, call.principal, call.labelled, not body))
        if frame is None:
            frame = self._frame(call)
        if not (path.isascii() and path.isprintable()) or " " in path or path[:1] != "/":
            raise ValueError(f"not a path that can be sent: {path!r}; percent-encode it and begin with a slash")
        before, after = frame
        if body:
            return f"{before}{path}{after}{len(body)}\r\n\r\n".encode("latin-1") + body
        return f"{before}{path}{after}".encode("latin-1")

    def _frame(self, call: Call) -> tuple[str, str]:
        """Return what stands before a request's path and what follows it, up to the length of a body."""
        if not _TOKEN.fullmatch(call.method):
            raise ValueError(f"not a method: {call.method!r}")
        if call.principal not in self._keys:
            raise ValueError(f"no key is known for the principal {call.principal!r}")
        key = self._keys[call.principal]
        after = self._common
        if key is not None:
            after += f"x-api-key: {key}\r\n"
        if call.body or call.labelled:
            after += "content-type: application/json\r\n"
        if call.body:
            after += "content-length: "
        else:
            after += "content-length: 0\r\n\r\n" if call.method in _WITH_LENGTH else "\r\n"
        frame = (f"{call.method} {self._prefix}", after)
        self._frames[call.method, call.principal, call.labelled, not call.body] = frame
        return frame
