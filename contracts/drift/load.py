"""A contract from where the user keeps it: a file, a profile, or a running target."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from pathlib import Path

from contracts.drift.fetch import fetch_document
from contracts.drift.tree import MAX_BYTES, parse_tree
from contracts.drift.walk import Api, read_api
from contracts.errors import UsageError
from contracts.profiles import PROFILES, openapi_document


def load_api(source: str, *, allow_hosts: Collection[str] = (), key: str | None = None) -> Api:
    """Return what a contract promises.

    Args:
        source: the name of a profile, an http or https URL, or the path of an OpenAPI file; a profile's name comes
            before a file of that name, which ``./2026-02`` still reaches.
        allow_hosts: hosts that are not loopback and may be asked.
        key: the owner's API key, for targets that ask for one.

    Raises:
        UsageError: the source cannot be read, or is no OpenAPI document.
    """
    if source in PROFILES:
        return read_api(source, openapi_document(source))
    if source.lower().startswith(("http://", "https://")):
        content, address = fetch_document(source, allow_hosts=allow_hosts, key=key)
        return read_api(address, _parse(content, address))
    return read_api(source, _parse(_content(source), source))


def _parse(content: bytes, name: str) -> object:
    try:
        return parse_tree(content, name)
    except RecursionError:
        raise UsageError(f"{name} is nested too deeply to read") from None


def _content(source: str) -> bytes:
    shown = repr(source if len(source) <= 200 else f"{source[:200]}…")
    try:
        with Path(source).open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        near = difflib.get_close_matches(source, PROFILES, 1, 0.6)
        hint = f"did you mean the profile {near[0]}?" if near else f"nor one of the profiles {', '.join(PROFILES)}"
        raise UsageError(f"{shown} is no file; {hint}") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"cannot read {shown}: {why}") from None
