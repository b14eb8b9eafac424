"""The target: where requests may go, and with whose keys."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from contracts.errors import UsageError
from contracts.history import OTHER, OWNER
from contracts.record.keys import is_common

KEY_VARIABLES: Mapping[str, str] = {
    OWNER: "ASSAY_API_KEY",
    OTHER: "ASSAY_OTHER_API_KEY",
    "admin": "ASSAY_ADMIN_KEY",
}
"""Environment variable of each principal's key; ``admin`` is for sandboxes that serve /admin."""

_KEY: Final = re.compile(r"ASSAY_(?:.+_)?KEY")
"""Environment variables of ours that hold a key: a principal's, a sandbox's, that of a release compared with."""

_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_PORT: Final = re.compile(r"(:[0-9]*)?")
_NUMERIC: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Keys:
    """API keys in memory; never part of a command line, a document or a representation.

    Attributes:
        owner: key of the owner who buys.
        other: key of a second owner, None when there is none.
        admin: key of a sandbox's admin operations, None for real targets.
    """

    owner: str = field(repr=False)
    other: str | None = field(default=None, repr=False)
    admin: str | None = field(default=None, repr=False)

    def of(self, principal: str) -> str | None:
        """Return the key that a principal shows, None for strangers."""
        return {OWNER: self.owner, OTHER: self.other}.get(principal)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What to tell of keys that reports do not hide, for that would hide what the reports say."""
        given = {OWNER: self.owner, OTHER: self.other, "admin": self.admin}
        return tuple(
            f"{KEY_VARIABLES[principal]} is a word or number that answers are full of: where a target "
            "repeats it, it is neither hidden nor found (AUTH-3); use a key of at least 8 characters"
            for principal, key in given.items()
            if key and is_common(key)
        )


@dataclass(frozen=True, slots=True)
class Target:
    """A running Purchases API.

    Attributes:
        url: base URL without a trailing slash; a path prefix is kept.
        origin: scheme, host and port as in the URL.
        loopback: True when only loopback addresses may be connected to.
        keys: who we are there.
        embedded: True for the sandbox that the command itself started.
        addresses: the only ones that connections are made to, as they were found when the target was admitted; empty
            where its name did not resolve, None where its host is an address itself.
    """

    url: str
    origin: str
    loopback: bool
    keys: Keys
    embedded: bool = False
    addresses: tuple[str, ...] | None = None


def keys_from_environment(environment: Mapping[str, str]) -> Keys:
    """Read the keys of a target given by ``--url``.

    Raises:
        UsageError: the owner's key is missing, or a key cannot stand in a header.
    """
    owner = environment.get(KEY_VARIABLES[OWNER], "")
    if not owner:
        raise UsageError(
            f"{KEY_VARIABLES[OWNER]} is not set: assay needs the owner's API key in the environment "
            f"(export {KEY_VARIABLES[OWNER]}=…)"
        )
    other = environment.get(KEY_VARIABLES[OTHER]) or None
    admin = environment.get(KEY_VARIABLES["admin"]) or None
    for principal, key in ((OWNER, owner), (OTHER, other), ("admin", admin)):
        if key is not None and not (key.isascii() and key.isprintable() and key.strip() == key):
            raise UsageError(
                f"{KEY_VARIABLES[principal]} holds white space or characters that cannot stand in a header; "
                "its value is not shown here"
            )
    if other == owner:
        raise UsageError(f"{KEY_VARIABLES[OTHER]} is the same key as {KEY_VARIABLES[OWNER]}: two owners need two keys")
    return Keys(owner, other, admin)


def without_keys(environment: Mapping[str, str], *, but: Collection[str] = ()) -> dict[str, str]:
    """Return the environment of a child process that has no use for keys, whoever they belong to.

    Args:
        environment: our own.
        but: variables that the child needs all the same.
    """
    return {name: value for name, value in environment.items() if name in but or not _KEY.fullmatch(name)}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads, found out once.

    Attributes:
        url: the URL without a trailing slash.
        origin: scheme, host and port as in the URL.
        host: name or address without brackets, in lower case.
        addresses: those that the host stands for, the only ones that connections are made to; empty where the name
            does not resolve.
        loopback: whether all of them are loopback and the host is known to be this machine.
    """

    url: str
    origin: str
    host: str
    addresses: tuple[str, ...]
    loopback: bool


def admit(url: str, keys: Keys, *, allow_hosts: Collection[str] = (), capped: bool = False) -> Target:
    """Check a target's URL against the safety rules of the design and return the target.

    Args:
        url: base URL as the user gave it.
        keys: the keys to be shown there.
        allow_hosts: hosts named by ``--allow-host``.
        capped: whether a purchase or spend cap was given explicitly.

    Raises:
        UsageError: the URL is not one, carries user-info, query or fragment, or names a host that is not
            loopback and was not allowed together with a cap.
    """
    place = locate(url)
    host = place.host
    if not is_allowed(host, allow_hosts) and not place.loopback:
        raise UsageError(
            f"{host} is not a loopback address; if it is yours to test, add --allow-host {host} "
            "and a cap (--max-purchases N or --max-spend AMOUNT)"
        )
    if not place.loopback and not capped:
        raise UsageError(
            f"{host} is allowed, but buying there needs a cap: add --max-purchases N or --max-spend AMOUNT"
        )
    return Target(place.url, place.origin, place.loopback, keys, addresses=place.addresses)


def locate(url: str, option: str = "--url") -> Place:
    """Take a base URL apart, refuse what clients read differently from each other, and look its host up, once.

    Args:
        url: as the user gave it.
        option: how messages name it.

    Raises:
        UsageError: it is no base URL, or its host could be taken for another one.
    """
    shown = repr(url.partition("?")[0][:200]) if "@" not in url else "the URL given"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{option} {shown} is not a URL: {error}") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{option} carries a user name or password; credentials belong in the environment")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{option} {shown} is not an http or https URL; for example {option} http://127.0.0.1:8080")
    if "?" in url or "#" in url or " " in url or "\\" in url or not url.isprintable():
        raise UsageError(f"{option} {shown} must be a base URL without a query, fragment, spaces or backslashes")
    host = parts.hostname
    trouble = unsafe_host(host)
    if trouble:
        raise UsageError(f"{option} {shown}: {trouble}")
    bare = f"[{host}]" if ":" in host else host
    if not _PORT.fullmatch(parts.netloc.lower().removeprefix(bare)):
        raise UsageError(f"{option} {shown} has more than a host and a port before its path")
    if not parts.path.isascii():
        raise UsageError(f"{option} {shown} has characters in its path that must be percent-encoded")
    addresses = addresses_of(host)
    loopback = is_loopback(host, addresses)
    origin = f"{parts.scheme}://{bare}" + (f":{port}" if port is not None else "")
    return Place(origin + parts.path.rstrip("/"), origin, host, addresses, loopback)


def unsafe_host(host: str) -> str | None:
    """Return why a host may be read as another one, None where everybody reads it alike.

    Libraries disagree on addresses that are not four decimal numbers (``127.1``, ``0x7f000001``, WHATWG URL section
    3.5), on names in other scripts (IDNA 2003 and 2008), on a dot at the end and on percent signs; none is needed.
    """
    if not host.isascii():
        return f"{host!r} is not ASCII; give the name as it stands in the DNS (xn--…)"
    if "%" in host:
        return f"{host!r} has a percent sign; give the address without a scope, and names as they are"
    if is_address(host):
        return None
    labels = host.split(".")
    if _NUMERIC.fullmatch(labels[-1] or labels[-2 if len(labels) > 1 else -1]):
        return f"{host!r} is no address that everybody reads alike; write IPv4 as four decimal numbers"
    if host.endswith("."):
        return f"{host!r} ends in a dot; leave it out"
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return f"{host[:80]!r} is no host name"
    return None


def is_loopback(host: str, addresses: Collection[str] | None = None) -> bool:
    """Tell whether a host is this machine: an address that is, or the name ``localhost`` by every address it has.

    Args:
        host: name or address without brackets.
        addresses: what it stands for, None to look that up.
    """
    if not is_address(host) and host != "localhost":
        return False
    # A hosts file may say anything of localhost.
    found = addresses_of(host) if addresses is None else addresses
    return bool(found) and all(map(is_loopback_address, found))


def is_allowed(host: str, allow_hosts: Collection[str]) -> bool:
    """Tell whether a host was named by ``--allow-host``: whole, whatever its case.

    Raises:
        UsageError: one of those named is no host.
    """
    named = {_named(allowed) for allowed in allow_hosts}
    return _canonical(host) in named


def _named(allowed: str) -> str:
    host = allowed.lower().removeprefix("[").removesuffix("]")
    trouble = unsafe_host(host) if host else "it is empty"
    if trouble:
        raise UsageError(f"--allow-host {allowed[:80]!r}: {trouble}; it takes one host, such as api.example.com")
    return _canonical(host)


def _canonical(host: str) -> str:
    return ipaddress.ip_address(host).compressed if is_address(host) else host.lower()


def addresses_of(host: str) -> tuple[str, ...]:
    """Return the addresses that a host stands for, in the system's order; empty where it does not resolve."""
    if is_address(host):
        return (host,)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_address(host: str) -> bool:
    """Tell an IP address from a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback_address(address: str) -> bool:
    """Tell whether an IP address is loopback, an IPv4 one written as IPv6 (RFC 4291, 2.5.5.2) included."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback
