"""The target: where requests may go, and with whose keys."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from contracts.errors import UsageError
from contracts.history import OTHER, OWNER

KEY_VARIABLES: Mapping[str, str] = {
    OWNER: "ASSAY_API_KEY",
    OTHER: "ASSAY_OTHER_API_KEY",
    "admin": "ASSAY_ADMIN_KEY",
}
"""Environment variable of each principal's key; ``admin`` is for sandboxes that serve /admin."""


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


@dataclass(frozen=True, slots=True)
class Target:
    """A running Purchases API.

    Attributes:
        url: base URL without a trailing slash; a path prefix is kept.
        origin: scheme, host and port as in the URL.
        loopback: True when only loopback addresses may be connected to.
        keys: who we are there.
        embedded: True for the sandbox that the command itself started.
    """

    url: str
    origin: str
    loopback: bool
    keys: Keys
    embedded: bool = False


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
    shown = url if "@" not in url else "the URL given"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"--url {shown!r} is not a URL: {error}") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError("--url carries a user name or password; credentials belong in the environment")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"--url {shown!r} is not an http or https URL; for example --url http://127.0.0.1:8080")
    if parts.query or parts.fragment or any(character.isspace() for character in url):
        raise UsageError(f"--url {shown!r} must be a base URL without query, fragment or spaces")
    host = parts.hostname
    loopback = is_loopback(host)
    if not loopback:
        if host not in {allowed.lower().strip("[]") for allowed in allow_hosts}:
            raise UsageError(
                f"{host} is not a loopback address; if it is yours to test, add --allow-host {host} "
                "and a cap (--max-purchases N or --max-spend AMOUNT)"
            )
        if not capped:
            raise UsageError(
                f"{host} is allowed, but buying there needs a cap: add --max-purchases N or --max-spend AMOUNT"
            )
    bare = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{bare}" + (f":{port}" if port is not None else "")
    return Target(origin + parts.path.rstrip("/"), origin, loopback, keys)


def is_loopback(host: str) -> bool:
    """Tell whether a host, a name or an address, is loopback by every address it has."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        pass
    if host != "localhost":
        return False
    # A hosts file may say anything of localhost; every address it gives must be loopback.
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return bool(found) and all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in found)
