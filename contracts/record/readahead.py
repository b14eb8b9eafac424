"""Reading a recorded history to judge it again: its lines checked and made judgeable, of long ones in another process.

Reading a line costs about as much as judging what it tells. A second process that reads ahead halves the time on
two processors, and a pipe between the two keeps the memory bounded.
"""

from __future__ import annotations

import marshal
import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, TypeVar

from contracts.errors import UsageError
from contracts.history import Operation
from contracts.record.historyfile import parse_line, read_lines
from contracts.record.line import from_line
from contracts.record.standins import is_damaged, stand_in, stood_in
from contracts.target import without_keys

AHEAD_FROM: Final = 32 * 1024 * 1024
"""Bytes from which on a history is read by another process; starting one takes as long as reading half of that."""

MOST_HELD: Final = 4 * 1024 * 1024
"""Bytes of the lines of one batch: decoded they take up to fifty times as much, and lines may be long."""

BATCH: Final = 500
"""Lines that are handed over at a time."""

_MANY: Final = re.compile(rb"<(?:code|password|phone):[0-9]{6}")
"""A mask by which there are 100,000 values of a kind: the masker keeps as many at least."""

_LENGTH: Final = struct.Struct(">I")

Read = TypeVar("Read")
"""What is read from a line."""


class Recorded(NamedTuple):
    """One line of a history.

    Attributes:
        line: decoded, stand-ins in place of masks; ``from_line`` has read it once without an objection.
        damaged: whether masking or cutting took something from it that its judgement depends on.
        long: whether the run had seen so many secrets that it forgot some.
    """

    line: dict[str, Any]
    damaged: bool
    long: bool


def read_recorded(history: Path, ahead_from: int = AHEAD_FROM) -> Generator[Recorded, None, None]:
    """Yield the lines of a history.

    Args:
        history: a ``history.jsonl``.
        ahead_from: bytes from which on another process reads it.

    Raises:
        UsageError: it is missing, cannot be read, or a line of it is no operation.
    """
    try:
        size = history.stat().st_size
    except OSError:
        size = 0
    yield from _read_ahead(history) if size >= ahead_from else read_each(history, _recorded)


def read_operations(history: Path, indices: Iterable[int]) -> Iterator[Operation]:
    """Yield some operations as they were recorded, with their masks.

    Args:
        history: a ``history.jsonl``.
        indices: of the operations.

    Raises:
        UsageError: as ``read_recorded`` does.
    """
    wanted = {b'{"index":%d' % index for index in indices}

    def read(line: bytes) -> Operation | None:
        return from_line(parse_line(line)) if line[: line.find(b",")] in wanted else None

    if wanted:
        yield from (operation for operation in read_each(history, read) if operation is not None)


def read_each(history: Path, read: Callable[[bytes], Read]) -> Iterator[Read]:
    """Yield what is read from each line.

    Raises:
        UsageError: as ``read_recorded`` does.
    """
    try:
        yield from read_lines(history, read)
    except FileNotFoundError:
        raise UsageError(f"there is nothing to judge again: {history} is missing") from None
    except OSError as error:
        raise UsageError(f"cannot read {history}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(str(error)) from None


def serve(history: Path, out: IO[bytes]) -> None:
    """Read a history and write it out in batches, and last why it could not be read to its end, or None.

    Args:
        history: a ``history.jsonl``.
        out: where whoever judges reads.
    """
    batch: list[tuple[Any, ...]] = []
    held = 0
    trouble: str | None = None
    try:
        for recorded, size in read_each(history, lambda line: (_recorded(line), len(line))):
            batch.append(tuple(recorded))
            held += size
            if len(batch) == BATCH or held > MOST_HELD:
                _send(out, batch)
                batch, held = [], 0
    except UsageError as error:
        trouble = str(error)
    _send(out, batch)
    _send(out, trouble)
    out.flush()


def _recorded(line: bytes) -> Recorded:
    value = parse_line(stand_in(line))
    if b'_base64"' in line:
        value = stood_in(value)
    # What is no operation is told with its number, which only this place knows.
    from_line(value)
    return Recorded(value, is_damaged(line), _MANY.search(line) is not None)


def _read_ahead(history: Path) -> Iterator[Recorded]:
    # -P: nothing beside this command's own packages is to be found by the name of one.
    command = [sys.executable, "-P", "-m", "contracts.record.readahead", str(history)]
    # A session of its own: Ctrl-C reaches this process alone, which ends the reader.
    own: dict[str, Any] = {
        "env": without_keys(os.environ),
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "start_new_session": True,
    }
    with subprocess.Popen(command, **own) as reader:  # noqa: S603 - ourselves
        assert reader.stdout is not None
        try:
            while isinstance(batch := _receive(reader.stdout), list):
                for parts in batch:
                    yield Recorded(*parts)
            if batch is not None:
                raise UsageError(str(batch))
        except EOFError:
            raise UsageError(f"cannot read {history}: the process that reads it ended early") from None
        finally:
            # Judging may end before the history does.
            reader.kill()


def _send(out: IO[bytes], batch: list[tuple[Any, ...]] | str | None) -> None:
    data = marshal.dumps(batch)
    out.write(_LENGTH.pack(len(data)))
    out.write(data)


def _receive(source: IO[bytes]) -> object:
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = source.read(length)
    if len(data) < length:
        raise EOFError
    return marshal.loads(data)  # noqa: S302 - written by our own process; no stranger's bytes are unmarshalled


if __name__ == "__main__":
    try:
        serve(Path(sys.argv[1]), sys.stdout.buffer)
    except BrokenPipeError:
        # Whoever judges was killed. What is buffered is for nobody, and Python would try to write it at its end.
        os._exit(1)
