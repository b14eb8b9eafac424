"""Connections of httpx that lead to known addresses only, whatever a resolver says later.

A name is looked up once, when its URL is admitted. Were it looked up again for each connection, who answers for the
name could lead the next one elsewhere (DNS rebinding), key and all.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence

import httpx


class PinnedTransport(httpx.HTTPTransport):
    """Connects to one host's known addresses, one after the other, and to nothing else; uses no proxy.

    Args:
        host: name or address as it stands in URLs, without brackets.
        addresses: what it stands for.
        context: for https, None for http.
    """

    def __init__(self, host: str, addresses: Sequence[str], context: ssl.SSLContext | None) -> None:
        super().__init__(verify=context or False, trust_env=False)
        self._host = host
        self._addresses = tuple(addresses)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the host's name stays in its Host field and in the TLS handshake.

        Raises:
            httpx.ConnectError: it is for another host, or the host has no address.
        """
        if request.url.host != self._host:
            raise httpx.ConnectError(f"{request.url.host} is not the host that was admitted", request=request)
        trouble: httpx.TransportError = httpx.ConnectError(f"{self._host} does not resolve", request=request)
        for address in self._addresses:
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": self._host},
            )
            try:
                return super().handle_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                # Nothing was sent yet, so that another address may be tried even with a create.
                trouble = error
        raise trouble
