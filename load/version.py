"""The version by which a master and its workers know that they agree."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def own_version() -> str:
    """Return the version of assay that runs here; ``unknown`` where it is not installed."""
    try:
        return version("assay")
    except PackageNotFoundError:
        return "unknown"
