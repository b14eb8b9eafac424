"""Files of a run directory, which may come from a stranger: regular files alone, never a wait, bounded memory."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from pathlib import Path
from typing import Any, BinaryIO, Final

import jsonschema_rs

from reports.errors import DocumentError
from reports.plaintext import plain

MAX_VALUES: Final = 1_000_000
"""Values of the largest document that is decoded; each may take fifty times the bytes that it is written in."""

MOST_TOLD: Final = 50_000
"""Values of the largest document of which the fault is told: whoever tells it copies what is at fault several times."""

_MAX_SHOWN: Final = 200
_TEXT: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_SIGNS: Final = (b",", b":", b"[", b"{")


def open_foreign(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    A named pipe would keep its reader waiting for ever, a device never ends, and a link in a run directory leads
    wherever whoever packed it wants.

    Args:
        path: the file.

    Raises:
        OSError: it cannot be opened, or is a link or no regular file; ``strerror`` says which.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a symbolic link; a run directory holds its own files") from None
        raise
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error)) from None
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    raise OSError(errno.EINVAL, "it is no regular file")


def read_json(file: Path, most_bytes: int, what: str) -> Any:
    """Return the value of a JSON document.

    Args:
        file: where it is.
        most_bytes: that it may have.
        what: what it should be, for messages: ``result of a run``.

    Raises:
        FileNotFoundError: there is no such file.
        NotADirectoryError: what should hold it is a file itself.
        DocumentError: it cannot be read, is too large, or is no JSON.
    """
    try:
        with open_foreign(file) as stream:
            content = stream.read(most_bytes + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise DocumentError(f"cannot read {file}: {error.strerror}") from None
    if len(content) > most_bytes:
        raise DocumentError(f"{file} is larger than {most_bytes} bytes; that is no {what}")
    bare = _TEXT.sub(b"", content) if sum(map(content.count, _SIGNS)) > MAX_VALUES else b""
    if sum(map(bare.count, _SIGNS)) > MAX_VALUES:
        raise DocumentError(f"{file} holds more than {MAX_VALUES:,} values; that is no {what}")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{file} is not JSON: {str(error)[:_MAX_SHOWN]}") from None


def fault_of(document: Any, validator: jsonschema_rs.Draft202012Validator) -> str | None:
    """Return in which way a document breaks a schema, None where it does not.

    Args:
        document: as decoded.
        validator: of the schema.
    """
    try:
        if validator.is_valid(document):
            return None
        if _is_large(document):
            return "somewhere in its many values"
        validator.validate(document)
    except jsonschema_rs.ValidationError as error:
        where = "/".join(str(step) for step in error.instance_path)
        return plain(f"at {where[:_MAX_SHOWN] or 'its root'}: {' '.join(error.message.split())[-_MAX_SHOWN:]}")
    except ValueError as error:
        # A lone surrogate, or nesting beyond what the validator takes.
        return str(error)[:_MAX_SHOWN]
    return None


def _is_large(document: Any) -> bool:
    count = 0
    pending = [document]
    while pending and count <= MOST_TOLD:
        node = pending.pop()
        if isinstance(node, dict | list):
            count += len(node)
            pending += node.values() if isinstance(node, dict) else node
    return count > MOST_TOLD
