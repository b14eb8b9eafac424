"""Writing a document so that a reader finds the old one or the new one, never a part."""

from __future__ import annotations

from pathlib import Path

from reports.errors import DocumentError


def write_document(path: Path, content: bytes) -> Path:
    """Write a document and return its path.

    Args:
        path: the file; one that is there is replaced.
        content: all of it.

    Raises:
        DocumentError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.tmp")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        raise DocumentError(f"cannot write {path}: {error.strerror}") from None
    return path
