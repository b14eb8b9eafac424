"""Content codings undone, gzip and deflate, within a limit on what they unfold to."""

from __future__ import annotations

import zlib
from typing import Final

from load.wire.faults import MalformedError, TooLargeError

_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB: Final = zlib.MAX_WBITS
_RAW: Final = -zlib.MAX_WBITS
_GZIP_NAMES: Final = ("gzip", "x-gzip")


def decode(body: bytes, coding: str, limit: int) -> bytes:
    """Undo a content coding.

    An empty body stays empty under every coding, and ``identity`` is none (RFC 9110 section 12.5.3).

    Args:
        body: the body as it was sent.
        coding: value of ``content-encoding`` in lower case; empty for none.
        limit: bytes the result may have.

    Raises:
        MalformedError: the bytes do not follow the coding, or end before it does; or the coding is one that nobody
            asked for and that cannot be undone, so that nobody can read the body.
        TooLargeError: the result passes the limit; no more than the limit is ever unfolded.
    """
    if not body or not coding:
        return body
    if coding in _GZIP_NAMES:
        return _gunzip(body, limit)
    if coding == "deflate":
        # RFC 9110 section 8.4.1.2: the zlib format; "some non-conformant implementations" send it bare.
        zlib_header = body[0] & 0x0F == 8 and len(body) > 1 and (body[0] << 8 | body[1]) % 31 == 0
        decoded, rest = _inflate(body, _ZLIB if zlib_header else _RAW, limit, coding)
        if rest:
            raise MalformedError("bytes after the end of a deflate body")
        return decoded
    if coding == "identity":
        return body
    raise MalformedError(f"a body in the content coding {coding[:40]!r}, which was not asked for")


def _gunzip(body: bytes, limit: int) -> bytes:
    """Unfold every member of a gzip file (RFC 1952 section 2.2)."""
    parts: list[bytes] = []
    while body:
        part, body = _inflate(body, _GZIP, limit, "gzip")
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


def _inflate(body: bytes, window: int, limit: int, coding: str) -> tuple[bytes, bytes]:
    """Unfold one stream; return it and what comes after it."""
    inflater = zlib.decompressobj(window)
    try:
        decoded = inflater.decompress(body, limit + 1)
    except zlib.error as error:
        raise MalformedError(f"a {coding} body that cannot be decoded") from error
    if len(decoded) > limit:
        raise TooLargeError(f"a {coding} body that unfolds to more than the bytes allowed")
    if not inflater.eof:
        raise MalformedError(f"a {coding} body that ends too early")
    return decoded, inflater.unused_data
