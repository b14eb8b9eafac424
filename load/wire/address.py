"""Where requests go: the base URL taken apart, and the addresses its host stands for."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Final
from urllib.parse import urlsplit

from contracts.errors import UsageError

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """A base URL's parts.

    Attributes:
        secure: True for https.
        host: name or address without brackets, in ASCII.
        port: TCP port.
        prefix: path before every request's own, without a trailing slash; empty for none.
    """

    secure: bool
    host: str
    port: int
    prefix: str = ""

    @classmethod
    def from_url(cls, url: str) -> Origin:
        """Take a base URL apart.

        Raises:
            UsageError: it is no http or https URL of a host, or has credentials, a query or a fragment.
        """
        way_out = "give a base URL such as https://api.example.com or http://127.0.0.1:8080/prefix"
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise UsageError(f"not a URL: {url!r} ({error}); {way_out}") from error
        if parts.username is not None or parts.password is not None:
            raise UsageError(f"a URL with credentials for {host!r}, which would be sent and shown; {way_out}")
        if parts.scheme not in _PORTS or not host or parts.query or parts.fragment:
            raise UsageError(f"not a base URL: {url!r}; {way_out}")
        try:
            ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise UsageError(f"not a host name: {host!r} ({error}); {way_out}") from error
        if not _sendable(ascii_host) or not _sendable(parts.path):
            raise UsageError(f"a URL with white space, control or non-ASCII characters: {url!r}; {way_out}")
        return cls(
            secure=parts.scheme == "https",
            host=ascii_host,
            port=_PORTS[parts.scheme] if port is None else port,
            prefix=parts.path.rstrip("/"),
        )

    @property
    def authority(self) -> str:
        """Value of the ``Host`` field: the port only where it is not the scheme's own (RFC 9110 section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.secure else "http"] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Address:
    """One address that a connection may be made to.

    Attributes:
        family: ``socket.AF_INET`` or ``socket.AF_INET6``.
        sockaddr: as ``socket.connect`` takes it.
    """

    family: socket.AddressFamily
    sockaddr: tuple[str, int] | tuple[str, int, int, int]


def resolve(origin: Origin, known: Sequence[str] | None = None) -> tuple[Address, ...]:
    """Look the host up, once: a lookup during the run would be part of what is measured, and could lead elsewhere.

    Args:
        origin: where requests go.
        known: the addresses that the host was found to have when the target was admitted; no other is returned.

    Returns:
        Its addresses, the families taking turns in the system's order of preference (RFC 8305 section 4).

    Raises:
        UsageError: the name does not resolve.
    """
    try:
        hosts = [origin.host] if known is None else known
        found = [one for host in hosts for one in socket.getaddrinfo(host, origin.port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise UsageError(f"{origin.host!r} does not resolve ({error.strerror}); check the URL's host") from error
    addresses = [
        Address(socket.AddressFamily(family), sockaddr)
        for family, _, _, _, sockaddr in found
        if family in {socket.AF_INET, socket.AF_INET6} and isinstance(sockaddr[0], str)
    ]
    if not addresses:
        raise UsageError(f"{origin.host!r} has no IPv4 or IPv6 address; check the URL's host")
    leading = addresses[0].family
    first = [address for address in addresses if address.family is leading]
    second = [address for address in addresses if address.family is not leading]
    turns = chain.from_iterable(zip_longest(first, second))
    return tuple(dict.fromkeys(address for address in turns if address is not None))


def _sendable(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text
