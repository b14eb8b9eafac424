"""Opening files that may come from a stranger: regular files alone, and never a wait."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_foreign(path: Path, *, links: bool) -> BinaryIO:
    """Open a regular file for reading.

    A named pipe would keep its reader waiting for ever, a device never ends, and a link in a run directory leads
    wherever whoever packed it wants.

    Args:
        path: the file.
        links: whether it may be a symbolic link. Yes for a file that the user named, no for one in a run directory.

    Raises:
        OSError: it cannot be opened, or is a link or no regular file; ``strerror`` says which.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if links else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP and not links:
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
