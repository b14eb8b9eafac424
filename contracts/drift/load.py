"""A contract from where the user keeps it: a file, a profile, or a running target."""

from __future__ import annotations

import difflib
import errno
import os
import select
import time
from collections.abc import Collection
from pathlib import Path
from typing import Final

from contracts.drift.fetch import fetch_document
from contracts.drift.tree import MAX_BYTES, parse_tree
from contracts.drift.walk import Api, read_api
from contracts.errors import UsageError
from contracts.foreign import open_foreign
from contracts.profiles import PROFILES, openapi_document

PIPE_S: Final = 30.0
"""Seconds that whoever fills a pipe has."""

_PIECE: Final = 65536


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


def _from_pipe(path: Path) -> bytes:
    """Return what comes out of a pipe, such as a shell makes of ``<(git show main:openapi.yaml)``.

    Raises:
        OSError: nothing more comes, and it does not end.
    """
    content = bytearray()
    ends = time.monotonic() + PIPE_S
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        while len(content) <= MAX_BYTES and select.select([descriptor], [], [], max(0.0, ends - time.monotonic()))[0]:
            piece = os.read(descriptor, _PIECE)
            if not piece:
                return bytes(content)
            content += piece
    finally:
        os.close(descriptor)
    if len(content) > MAX_BYTES:
        return bytes(content)
    raise OSError(errno.ETIMEDOUT, f"the pipe did not end within {PIPE_S:g} s")


def _content(source: str) -> bytes:
    shown = repr(source if len(source) <= 200 else f"{source[:200]}…")
    try:
        path = Path(source)
        if path.is_fifo():
            return _from_pipe(path)
        with open_foreign(path, links=True) as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        near = difflib.get_close_matches(source, PROFILES, 1, 0.6)
        hint = f"did you mean the profile {near[0]}?" if near else f"nor one of the profiles {', '.join(PROFILES)}"
        raise UsageError(f"{shown} is no file; {hint}") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"cannot read {shown}: {why}") from None
