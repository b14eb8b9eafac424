"""Where this assay was installed from, as pip takes it."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from typing import Final

_NAME: Final = "assay"


def requirement() -> str | None:
    """Return what a requirements file says to install the same assay, None where it is of this machine alone."""
    try:
        found = distribution(_NAME)
    except PackageNotFoundError:
        return None
    return requirement_of(found.version, found.read_text("direct_url.json"))


def requirement_of(version: str, direct_url: str | None) -> str | None:
    """Return the requirement of an installation.

    Args:
        version: of the package.
        direct_url: the file that pip leaves where it was not installed from an index (PEP 610), None without it.
    """
    if direct_url is None:
        return f"{_NAME}=={version}"
    try:
        told = json.loads(direct_url)
        url = str(told["url"])
    except (ValueError, TypeError, KeyError):
        return None
    if "@" in url.partition("://")[2].partition("/")[0]:
        # A user name or password would end up in a file that everybody reads.
        return None
    revision = told.get("vcs_info")
    if isinstance(revision, dict):
        return f"{_NAME} @ {revision.get('vcs')}+{url}@{revision.get('commit_id')}"
    return f"{_NAME} @ {url}" if url.startswith("https://") else None
