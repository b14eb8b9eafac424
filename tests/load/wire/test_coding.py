"""Content codings undone."""

from __future__ import annotations

import gzip
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from load.wire.coding import decode
from load.wire.faults import MalformedError, TooLargeError


def bare(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


@settings(deadline=None)
@given(st.binary(max_size=2_000))
def test_every_coding_is_undone(data: bytes) -> None:
    assert decode(gzip.compress(data), "gzip", 2_000) == data
    assert decode(gzip.compress(data), "x-gzip", 2_000) == data
    assert decode(zlib.compress(data), "deflate", 2_000) == data
    assert decode(bare(data), "deflate", 2_000) == data
    assert decode(gzip.compress(data[:7]) + gzip.compress(data[7:]), "gzip", 2_000) == data


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=200), st.data())
def test_what_is_cut_or_followed_by_rubbish_is_malformed(data: bytes, choice: st.DataObject) -> None:
    for whole, coding in ((gzip.compress(data), "gzip"), (zlib.compress(data), "deflate")):
        cut = choice.draw(st.integers(1, len(whole) - 1))
        with pytest.raises(MalformedError):
            decode(whole[:cut], coding, 2_000)
        with pytest.raises(MalformedError):
            decode(whole + b"?", coding, 2_000)


def test_a_wrong_checksum_is_malformed() -> None:
    data = bytearray(gzip.compress(b"some text"))
    data[-6] ^= 1
    with pytest.raises(MalformedError):
        decode(bytes(data), "gzip", 2_000)


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress, bare], ids=["gzip", "deflate", "bare"])
def test_the_limit_is_the_last_size_allowed(compress: object) -> None:
    assert callable(compress)
    coding = "gzip" if compress is gzip.compress else "deflate"
    assert decode(compress(bytes(1_000)), coding, 1_000) == bytes(1_000)
    with pytest.raises(TooLargeError):
        decode(compress(bytes(1_001)), coding, 1_000)


def test_members_share_one_limit() -> None:
    with pytest.raises(TooLargeError):
        decode(gzip.compress(bytes(600)) * 2, "gzip", 1_000)


def test_a_bomb_is_not_unfolded_beyond_the_limit() -> None:
    bomb = gzip.compress(bytes(50_000_000), compresslevel=1)
    began = time.process_time()
    with pytest.raises(TooLargeError):
        decode(bomb, "gzip", 10_000)
    assert time.process_time() - began < 0.02
