"""The OpenAPI document that a running target serves, fetched with GET alone.

Nothing is bought, so that no cap is asked for; every other safety rule of a target holds: loopback, or a host named
with ``--allow-host``; no proxy; no redirect to another origin; a bounded answer. The API key is shown only where the
target asks for it.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Collection
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from contracts.drift.tree import MAX_BYTES
from contracts.errors import UsageError
from contracts.pinning import PinnedTransport
from contracts.target import Place, is_allowed, locate

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
    place = _admit(url, allow_hosts)
    named = urlsplit(url).path.lower().endswith(_DOCUMENTS)
    addresses = [url] if named else [*(f"{url.rstrip('/')}/{name}" for name in CUSTOMARY), url]
    context = ssl.create_default_context() if url.lower().startswith("https:") else None
    transport = PinnedTransport(place.host, place.addresses, context)
    with httpx.Client(transport=transport, timeout=TIMEOUT_S, trust_env=False) as client:
        tried: list[str] = []
        for address in addresses:
            status, content = _get(client, address, key)
            if status == 200 and not _is_page(content):
                return content, address
            tried.append(f"{urlsplit(address).path or '/'}: {status if status != 200 else 'an HTML page'}")
    raise UsageError(f"{url} serves no OpenAPI document ({', '.join(tried)}); give its full address")


def _admit(url: str, allow_hosts: Collection[str]) -> Place:
    """Return where an address leads.

    Raises:
        UsageError: it is no address, carries credentials, or is neither loopback nor allowed.
    """
    place = locate(url, "the URL")
    if not is_allowed(place.host, allow_hosts) and not place.loopback:
        raise UsageError(
            f"{place.host} is not a loopback address; if its document may be read, add --allow-host {place.host}"
        )
    return place


def _get(client: httpx.Client, address: str, key: str | None) -> tuple[int, bytes]:
    """Return the status and body of an answer, redirects within the origin followed."""
    origin = _origin(address)
    headers = {"accept": "application/json, application/yaml;q=0.9, */*;q=0.1", "accept-encoding": "identity"}
    here = address
    for _ in range(_MAX_REDIRECTS + 2):
        status, location, content = _once(client, here, headers)
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


def _once(client: httpx.Client, address: str, headers: dict[str, str]) -> tuple[int, str | None, bytes]:
    began = time.monotonic()
    content = bytearray()
    # The timeout of each read does not end a head that comes byte by byte.
    watch = threading.Timer(TIMEOUT_S, client.close)
    watch.daemon = True
    watch.start()
    try:
        with client.stream("GET", address, headers=headers) as response:
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
    except (httpx.HTTPError, httpx.InvalidURL, OSError, RuntimeError) as error:
        if time.monotonic() - began > TIMEOUT_S:
            raise UsageError(f"{address} took longer than {TIMEOUT_S:g} s to answer") from None
        raise UsageError(f"{address} cannot be read: {str(error)[:120] or type(error).__name__}") from None
    finally:
        watch.cancel()


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
