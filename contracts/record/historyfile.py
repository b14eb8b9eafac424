"""The history file: one JSON object a line, written as the run goes and readable after it was killed."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, TypeVar

import orjson

from contracts.errors import UsageError
from contracts.foreign import open_foreign
from contracts.history import Operation
from contracts.record.line import dumps, from_line, mask_again, to_line, withhold
from contracts.record.masking import Masker

Read = TypeVar("Read")
"""What is read from a line."""

MAX_LINE: Final = 8 * 1024 * 1024
"""Bytes of the longest line that is read; one with a megabyte of headers has seven million."""

_MAX_IN_PLACE: Final = 64 * 1024 * 1024
"""Bytes of a history up to which it is masked again in memory, where there is no room for a second file."""

_MAX_MASKED_AGAIN: Final = 100_000
"""Lines up to which a closed history is masked again; a gate writes some hundreds."""


_MAX_WITHHELD: Final = 32 * 1024 * 1024
"""Bytes of lines kept in memory until the run has told what of them is secret."""


class HistoryWriter:
    """Appends operations to a history file; threads may share it.

    Every line is handed to the operating system as it is written, so that a killed run loses none. A disk
    that fills up does not end the run: ``trouble`` tells, and the verdict should not be "kept" then.

    A target may show a secret by any name before its owner is shown it. What may be one is therefore withheld
    (``contracts.record.line.withhold``) and put back when the file is closed, masked if it was one after all. It stays
    withheld where the run is killed, and in very long histories.

    Args:
        path: the file; it must not exist.
        masker: knows the run's secrets, and learns those of each operation before it is written.

    Raises:
        UsageError: the file exists or cannot be made.
    """

    def __init__(self, path: Path, masker: Masker) -> None:
        self.path = path
        self.trouble: str | None = None
        self.count = 0
        self._masker = masker
        self._lock = threading.Lock()
        self._withheld: dict[int, bytes] = {}
        self._room = _MAX_WITHHELD
        try:
            self._file: IO[bytes] = path.open("xb")
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, operation: Operation) -> None:
        """Append one operation, its secrets learnt and masked."""
        self._masker.learn_from(operation)
        whole = to_line(operation, self._masker)
        line, known = dumps(withhold(whole, operation)), dumps(whole)
        with self._lock:
            if self.trouble is not None or self._file.closed:
                return
            try:
                self._file.write(line)
                self._file.flush()
                if line != known and len(known) <= self._room:
                    self._room -= len(known)
                    self._withheld[self.count] = known
                self.count += 1
            except OSError as error:
                self.trouble = f"{self.path} is incomplete: {error.strerror}"

    def close(self) -> None:
        """Close the file, and mask what only became known as a secret after it had been written."""
        with self._lock:
            if self._file.closed:
                return
            for step in (self._file.close, self._mask_again):
                try:
                    step()
                except OSError as error:
                    self.trouble = self.trouble or f"{self.path} is incomplete: {error.strerror}"

    def _mask_again(self) -> None:
        if self.count > _MAX_MASKED_AGAIN:
            return
        partial = self.path.with_name(f".{self.path.name}.tmp")
        try:
            with self.path.open("rb") as source, partial.open("wb") as copy:
                copy.writelines(self._masked_again(source, self._withheld))
                copy.flush()
                os.fsync(copy.fileno())
            partial.replace(self.path)
        except OSError:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            self._mask_in_place()

    def _mask_in_place(self) -> None:
        """Mask again where a second file has no room: a secret must not stay because a disk is full."""
        if self.path.stat().st_size > _MAX_IN_PLACE:
            raise OSError(errno.ENOSPC, "it is too long to be masked again without room for a copy")
        before = self.path.read_bytes()
        # What was withheld stays so: there may be no room for it either.
        after = b"".join(self._masked_again(before.splitlines(keepends=True), {}))
        if after == before:
            return
        with self.path.open("r+b") as file:
            file.write(after)
            file.truncate()

    def _masked_again(self, lines: Iterable[bytes], withheld: Mapping[int, bytes]) -> Iterator[bytes]:
        for number, line in enumerate(lines):
            # A full disk may have cut the last line, and what is left of it tells nothing.
            if line.endswith(b"\n"):
                yield dumps(mask_again(json.loads(withheld.get(number, line)), self._masker))


def read_history(path: Path) -> Iterator[Operation]:
    """Yield the operations of a history file, their secrets masked and long bodies cut.

    A last line that a killed run left unfinished is passed over.

    Args:
        path: a ``history.jsonl``.

    Raises:
        ValueError: a line is no operation; the message tells its number.
        OSError: the file cannot be read.
    """
    return read_lines(path, lambda line: from_line(parse_line(line)))


def read_lines(path: Path, read: Callable[[bytes], Read]) -> Iterator[Read]:
    """Yield what is read from each line of a history file, as ``read_history`` does.

    Args:
        path: a ``history.jsonl``.
        read: reads a line, its end included; it may raise whatever ``from_line`` and ``parse_line`` do.

    Raises:
        ValueError: a line is no operation; the message tells its number.
        OSError: the file cannot be read.
    """
    with open_foreign(path, links=False) as lines:
        for number in count(1):
            line = lines.readline(MAX_LINE + 1)
            if not line:
                return
            try:
                operation = read(line)
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
                if not line.endswith(b"\n") and len(line) <= MAX_LINE:
                    return
                what = f"{error} is missing" if isinstance(error, KeyError) else str(error)[:200]
                raise ValueError(f"{path}: line {number} is no operation: {what}") from None
            yield operation


def parse_line(line: bytes) -> dict[str, Any]:
    """Return the object that a history line holds.

    Raises:
        ValueError: it is longer than any line that is written, or not JSON.
        TypeError: it is JSON of another type.
    """
    if len(line) > MAX_LINE:
        raise ValueError(f"longer than {MAX_LINE} bytes")
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        # It refuses a lone surrogate, which a header or a path may hold.
        value = json.loads(line)
    if not isinstance(value, dict):
        raise TypeError("not a JSON object")
    return value
