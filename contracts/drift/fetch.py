"""The OpenAPI document that a running target serves, fetched with GET alone.

Nothing is bought, so that no cap is asked for; every other safety rule of a target holds: loopback, or a host named
with ``--allow-host``; no proxy; no redirect to another origin; a bounded answer. The API key is shown only where the
target asks for it.
"""

from __future__ import annotations

import ipaddress
import ssl
import time
from collections.abc import Collection
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from contracts.drift.tree import MAX_BYTES
from contracts.errors import UsageError
from contracts.target import is_loopback

CUSTOMARY: Final = ("openapi.json", "openapi.yaml")
"""Where a document is looked for below a base URL."""

TIMEOUT_S: Final = 10.0
"""Seconds that one document may take."""

_MAX_REDIRECTS: Final = 3
_DOCUMENTS: Final = (".json", ".yaml", ".yml")
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


def fetch_document(url: str, *, allow_hosts: Collection[str] = (), key: str | None = None) -> tuple[bytes, str]:
    """Fetch an OpenAPI document.

    Args:
        url: address of the document, or base URL of a target that serves one under a customary name.
        allow_hosts: hosts named by ``--allow-host``.
        key: the owner's API key, sent where an answer without it was 401 or 403.

    Returns:
        The bytes, and the address that they came from.

    Raises:
        UsageError: the address may not be asked, does not answer, or serves no document within ``MAX_BYTES``.
    """
    loopback = _admit(url, allow_hosts)
    named = urlsplit(url).path.lower().endswith(_DOCUMENTS)
    addresses = [url] if named else [*(f"{url.rstrip('/')}/{name}" for name in CUSTOMARY), url]
    context = ssl.create_default_context() if url.lower().startswith("https:") else False
    with httpx.Client(verify=context, timeout=TIMEOUT_S, trust_env=False) as client:
        tried: list[str] = []
        for address in addresses:
            status, content = _get(client, address, key, loopback=loopback)
            if status == 200 and not _is_page(content):
                return content, address
            tried.append(f"{urlsplit(address).path or '/'}: {status if status != 200 else 'an HTML page'}")
    raise UsageError(f"{url} serves no OpenAPI document ({', '.join(tried)}); give its full address")


def _admit(url: str, allow_hosts: Collection[str]) -> bool:
    """Return whether an address is loopback.

    Raises:
        UsageError: it is no address, carries credentials, or is neither loopback nor allowed.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{url.partition('?')[0]!r} is not a URL: {error}") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError("the URL carries a user name or password; credentials belong in the environment")
    if parts.query or parts.fragment:
        raise UsageError(f"{url.partition('?')[0]!r} must be given without a query or fragment")
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError(f"{url!r} is not an http or https URL; for example http://127.0.0.1:8080")
    loopback = is_loopback(host)
    if not loopback and host not in {allowed.lower().strip("[]") for allowed in allow_hosts}:
        raise UsageError(f"{host} is not a loopback address; if its document may be read, add --allow-host {host}")
    return loopback


def _get(client: httpx.Client, address: str, key: str | None, *, loopback: bool) -> tuple[int, bytes]:
    """Return the status and body of an answer, redirects within the origin followed."""
    origin = _origin(address)
    headers = {"accept": "application/json, application/yaml;q=0.9, */*;q=0.1", "accept-encoding": "identity"}
    here = address
    for _ in range(_MAX_REDIRECTS + 2):
        status, location, content = _once(client, here, headers, loopback=loopback)
        if status in _REDIRECTS and location:
            there = urljoin(here, location)
            if _origin(there) != origin:
                raise UsageError(f"{here} redirects to {_origin(there)}, another origin; give that address instead")
            here = there
        elif status in {401, 403} and key and "x-api-key" not in headers:
            headers["x-api-key"] = key
        else:
            return status, content
    raise UsageError(f"{address} redirects again and again")


def _once(
    client: httpx.Client, address: str, headers: dict[str, str], *, loopback: bool
) -> tuple[int, str | None, bytes]:
    began = time.monotonic()
    content = bytearray()
    try:
        with client.stream("GET", address, headers=headers) as response:
            _check_address(response, address, loopback=loopback)
            coding = response.headers.get("content-encoding", "identity")
            if coding != "identity":
                raise UsageError(f"{address} answers in the content coding {coding[:40]!r}, which was not asked for")
            for piece in response.iter_raw():
                content += piece
                if len(content) > MAX_BYTES:
                    raise UsageError(f"{address} serves more than {MAX_BYTES:,} bytes; that is no OpenAPI document")
                if time.monotonic() - began > TIMEOUT_S:
                    raise UsageError(f"{address} took longer than {TIMEOUT_S:g} s to answer")
            return response.status_code, response.headers.get("location"), bytes(content)
    except (httpx.TimeoutException, TimeoutError):
        raise UsageError(f"{address} took longer than {TIMEOUT_S:g} s to answer") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise UsageError(f"{address} cannot be read: {str(error)[:120] or type(error).__name__}") from None


def _check_address(response: httpx.Response, address: str, *, loopback: bool) -> None:
    """Hold a name that is loopback to addresses that are; a resolver may answer otherwise the second time."""
    stream = response.extensions.get("network_stream")
    peer = stream.get_extra_info("server_addr") if loopback and stream is not None else None
    if peer and not ipaddress.ip_address(str(peer[0]).partition("%")[0]).is_loopback:
        raise UsageError(f"{address} led to {peer[0]}, which is not loopback")


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "an address that is no URL"
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port or default}"


def _is_page(content: bytes) -> bool:
    return content[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))
