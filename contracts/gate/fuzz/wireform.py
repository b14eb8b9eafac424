"""A generated case in our wire form: what leaves through the session instead of schemathesis' own transport."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import requests
from schemathesis.core.errors import InvalidSchema, SerializationNotPossible

from contracts.document import parse
from contracts.gate.fuzz.source import Case
from contracts.history import Aim, Input

_SHOWN: Final = 160
"""Characters of a body or query that a reader wants to see."""


@dataclass(frozen=True, slots=True)
class Request:
    """One generated request, ready to be sent.

    Attributes:
        method: HTTP method.
        path: path below the base URL, percent-encoded.
        query: decoded query pairs.
        headers: header pairs, keys apart.
        body: bytes of the body.
        principal: whose key is shown.
        aim: what is meant, where the request alone does not tell.
        prepared: the same request as schemathesis' checks want to see it.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    body: bytes
    principal: str
    aim: Aim | None
    prepared: requests.PreparedRequest = field(compare=False, repr=False)

    @property
    def input(self) -> Input:
        """The request as the contract judges it, without a key."""
        return Input(self.method, self.path, self.query, self.headers, self.body)

    @property
    def country(self) -> str | None:
        """The country that its body names, None where it names none."""
        value = parse(self.body).value
        code = value.get("country_code") if isinstance(value, dict) else None
        return code if isinstance(code, str) else None

    @property
    def size(self) -> int:
        """How much of it there is to read."""
        return len(self.path) + len(self.body) + sum(len(name) + len(value) for name, value in self.query)

    def __str__(self) -> str:
        text = f"{self.method} {_cut(self.path)}"
        if self.query:
            text += " ? " + _cut(" & ".join(f"{name}={value!a}" for name, value in self.query))
        if self.headers:
            text += " [" + ", ".join(f"{name}: {value}" for name, value in self.headers) + "]"
        if self.body:
            text += " " + _cut(self.body.decode("utf-8", "backslashreplace"))
        return text


def request_of(case: Case, base: str, principal: str, aim: Aim | None) -> Request | None:
    """Return a case as a request.

    Args:
        case: as schemathesis made it up.
        base: the target's base URL.
        principal: whose key is to be shown.
        aim: what is meant by it.

    Returns:
        The request; None where the case cannot be put on the wire, or would arrive as another one: clients
        and proxies resolve dot segments and encoded slashes as they please (RFC 3986, section 6.2).
    """
    try:
        serialised = case.as_transport_kwargs(base_url=base)
        wanted = ("method", "url", "headers", "params", "data", "json")
        prepared = requests.Request(**{name: serialised.get(name) for name in wanted}).prepare()
        parts = urlsplit(str(prepared.url))
        query = tuple(parse_qsl(parts.query, keep_blank_values=True, errors="strict"))
        path = parts.path[len(urlsplit(base).path) :]
        # Our own client refuses URLs of more than 65,536 characters.
        httpx.URL(base + path).copy_merge_params(list(query))
    except (InvalidSchema, SerializationNotPossible, requests.RequestException, httpx.InvalidURL, ValueError):
        return None
    body = prepared.body or b""
    if isinstance(body, str):
        body = body.encode()
    if not isinstance(body, bytes) or not prepared.method or not _arrives(path, case.path):
        return None
    label = prepared.headers.get("Content-Type")
    headers = () if label is None else (("content-type", str(label)),)
    return Request(
        prepared.method,
        path,
        query,
        headers,
        body,
        principal,
        aim,
        prepared,
    )


def _arrives(path: str, template: str) -> bool:
    segments = path.split("/")
    if len(segments) != len(template.split("/")):
        return False
    plain = [unquote(segment) for segment in segments[1:]]
    return all(segment and segment not in {".", ".."} and not {"/", "\\"} & set(segment) for segment in plain)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
