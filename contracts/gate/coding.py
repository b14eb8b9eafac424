"""Content codings undone piece by piece, so that what unpacks into too much is stopped before it has."""

from __future__ import annotations

import contextlib
import zlib
from typing import Final, Protocol

_NAMES: Final = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "identity": "", "": ""}
_GZIP: Final = 31
_RAW: Final = -zlib.MAX_WBITS


class CodingError(Exception):
    """A body is not in the content coding that its header names (RFC 9110, section 8.4)."""


class TooLongError(Exception):
    """A body is longer than what is read of it."""


class _Unpacker(Protocol):
    """What ``zlib.decompressobj`` returns, as far as it is used."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


class Decoder:
    """Undoes the content coding of one body.

    Args:
        coding: value of the header ``Content-Encoding``, empty without one.
        limit: bytes of the decoded body that are wanted at most.

    Raises:
        CodingError: the coding is none that was asked for.
    """

    def __init__(self, coding: str, limit: int) -> None:
        name = coding.strip().lower()
        if name not in _NAMES:
            raise CodingError("a content coding other than gzip and deflate")
        self._coding = _NAMES[name]
        self._limit = limit
        self._size = 0
        self._pieces: list[bytes] = []
        self._unpacker: _Unpacker | None = None
        self._begun = False
        self._first = b""

    def feed(self, data: bytes) -> None:
        """Take bytes as they were sent.

        Raises:
            CodingError: they are not in the coding.
            TooLongError: there are more than wanted; those wanted can be taken.
        """
        if not self._coding:
            self._keep(data)
            return
        while data:
            data = self._unpack(data)

    def end(self) -> None:
        """Take note that no more bytes come.

        Raises:
            CodingError: the coding's own end is missing.
        """
        if self._begun and (self._unpacker is None or not self._unpacker.eof):
            raise CodingError(f"{self._coding} whose end is missing")

    def take(self, most: int) -> bytes:
        """Return the decoded body, at most so many bytes of it."""
        return b"".join(self._pieces)[:most]

    def _unpack(self, data: bytes) -> bytes:
        """Decode some bytes; return those that are still to be decoded."""
        if self._unpacker is None or self._unpacker.eof:
            # One member may follow another (RFC 1952, section 2.2).
            self._unpacker = zlib.decompressobj(_GZIP if self._coding == "gzip" else zlib.MAX_WBITS)
        self._begun = True
        if self._coding == "deflate" and not self._size:
            self._first += data
        # One byte more than wanted shows that there is more.
        room = self._limit - self._size + 1
        try:
            piece = self._unpacker.decompress(data, room)
        except zlib.error:
            piece = self._without_header(room)
        self._keep(piece)
        return self._unpacker.unused_data if self._unpacker.eof else self._unpacker.unconsumed_tail

    def _without_header(self, room: int) -> bytes:
        """Decode the first bytes again: some servers send deflate without its header (RFC 9110, 8.4.1.2)."""
        first, self._first = self._first, b""
        if first and not self._size:
            self._unpacker = zlib.decompressobj(_RAW)
            with contextlib.suppress(zlib.error):
                return self._unpacker.decompress(first, room)
        raise CodingError(f"a body that is not {self._coding}")

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        self._pieces.append(piece)
        if self._size > self._limit:
            raise TooLongError
