"""Standard streams that outlive whoever reads them: a pipe that closes or a terminal that goes away ends no run."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from pathlib import Path
from typing import Any, Final, TextIO

_STANDARD: Final = 3
_GONE: Final = frozenset({errno.EPIPE, errno.EIO, errno.ENXIO, errno.EBADF})
"""How a system says that nobody reads any more: a closed pipe (EPIPE), a terminal that was hung up (EIO)."""


class LastingRaw(io.RawIOBase):
    """A raw stream that takes what it cannot write as if it had written it.

    Args:
        raw: where bytes go, as long as they can.

    Attributes:
        trouble: why something could not be written though there may be a reader, such as a full disk; None
            while there is nothing to complain of.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        self.trouble: OSError | None = None
        self._raw = raw
        self._lost = False

    def write(self, data: Any, /) -> int:
        """Write, or drop what nobody can be given; after the first failure everything is dropped."""
        if not self._lost:
            try:
                while (written := self._raw.write(data)) is None:
                    # A terminal that another program has made non-blocking is full.
                    select.select((), (self._raw,), ())
            except OSError as error:
                self._lost = True
                if error.errno not in _GONE:
                    self.trouble = error
            else:
                return written
        return len(data)

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Tell whether this is a terminal."""
        return self._raw.isatty()

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._raw.fileno()


def fill_standard_descriptors() -> None:
    """Open what the caller has closed of the descriptors 0, 1 and 2.

    Otherwise the next file that is opened, a history or a socket, would get the number, and with it
    everything that is written to "standard output".
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < _STANDARD:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def lasting(stream: TextIO | None) -> tuple[TextIO, LastingRaw | None]:
    """Return a stream in the place of a standard one.

    What its encoding lacks is written as an escape, for a terminal may know ASCII alone.

    Args:
        stream: ``sys.stdout`` or ``sys.stderr``, None where the process was started without one.

    Returns:
        The stream; and what tells its troubles, None where the stream is not ours to change (a test's).
    """
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8"), None
    if not isinstance(stream, io.TextIOWrapper):
        return stream, None
    buffer = stream.buffer
    raw = buffer.raw if isinstance(buffer, io.BufferedWriter) else buffer
    if not isinstance(raw, io.RawIOBase):
        return stream, None
    own = LastingRaw(raw)
    text = io.TextIOWrapper(
        io.BufferedWriter(own),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
    return text, own


class Streams:
    """Standard output and standard error of a command, made to last."""

    def __init__(self) -> None:
        fill_standard_descriptors()
        # The old ones are kept: what collects them would close their descriptors.
        self._before = (sys.stdout, sys.stderr)
        sys.stdout, self._output = lasting(sys.stdout)
        sys.stderr, _ = lasting(sys.stderr)

    def finish(self) -> str | None:
        """Write what is buffered.

        Returns:
            Why standard output is not whole though it may be read, None where it is, or nobody reads it.
        """
        sys.stdout.flush()
        sys.stderr.flush()
        trouble = None if self._output is None else self._output.trouble
        return None if trouble is None else trouble.strerror
