"""Writing a document so that a reader finds the old one or the new one, never a part."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from reports.errors import DocumentError


def beside(path: Path) -> Path:
    """Return where a document is written before it takes its place: no two processes write to the same file."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def write_document(path: Path, content: bytes) -> Path:
    """Write a document and return its path.

    Args:
        path: the file; one that is there is replaced.
        content: all of it.

    Raises:
        DocumentError: it cannot be written.
    """
    partial = beside(path)
    try:
        # Made anew: one that lies there may be a link, and a stranger's run directory decides where it leads.
        partial.unlink(missing_ok=True)
        with partial.open("xb") as stream:
            stream.write(content)
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise DocumentError(f"cannot write {path}: {error.strerror}") from None
    return path
