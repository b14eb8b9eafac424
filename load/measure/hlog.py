"""The interval log ``latency.hlog``, in the format that HdrHistogram's own tools read."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from datetime import UTC, datetime
from typing import Final

from load.measure.histogram import HIGHEST_NS, Histogram, bucket_bounds

ENCODING_COOKIE: Final = 0x1C849303 | 0x10
"""HdrHistogram's encoding V2: counts as LEB128 of ZigZag, runs of zeros as a negative count."""

COMPRESSION_COOKIE: Final = 0x1C849304 | 0x10
SIGNIFICANT_DIGITS: Final = 3

LOWEST_DISCERNIBLE_NS: Final = 1

_HEADER: Final = struct.Struct(">IIIIQQd")
_ENVELOPE: Final = struct.Struct(">II")
_NS_IN_MS: Final = 1e6

_NOT_IN_TAG: Final = re.compile(r"[^A-Za-z0-9_.:/%+-]+")


def _leb128(number: int, out: bytearray) -> None:
    # Encoding V2 stops after nine bytes, the last of which is whole; a count here stays far below that.
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def encode(histogram: Histogram) -> str:
    """Return a histogram in HdrHistogram's compressed encoding V2, in base64.

    Values are whole nanoseconds from 1 to one hour at three significant digits. Our buckets are those of such a
    histogram, so that nothing is lost.
    """
    body = bytearray()
    following = 0
    for key in sorted(histogram.counts):
        if key > following:
            # ZigZag of the negative length of the gap.
            _leb128(2 * (key - following) - 1, body)
        _leb128(2 * histogram.counts[key], body)
        following = key + 1
    header = _HEADER.pack(ENCODING_COOKIE, len(body), 0, SIGNIFICANT_DIGITS, LOWEST_DISCERNIBLE_NS, HIGHEST_NS, 1.0)
    packed = zlib.compress(header + bytes(body))
    return base64.b64encode(_ENVELOPE.pack(COMPRESSION_COOKIE, len(packed)) + packed).decode("ascii")


def log_head(started: float, software: str) -> str:
    """Return the lines that open a log.

    Args:
        started: when the run began, seconds since the epoch; interval times count from it.
        software: who writes, for a comment.
    """
    when = datetime.fromtimestamp(started, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    return (
        f"#[Logged by {software}; values are nanoseconds]\n"
        "#[Histogram log format version 1.3]\n"
        f"#[StartTime: {started:.3f} (seconds since epoch), {when}]\n"
        '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'
    )


def log_line(start_s: float, length_s: float, histogram: Histogram, tag: str = "") -> str:
    """Return the line of one interval.

    Args:
        start_s: when the interval began, seconds from the run's start.
        length_s: how long it was, seconds.
        histogram: what was recorded in it.
        tag: which of several histograms of the interval it is; none for the whole. Characters that would end a
            tag become ``_``.
    """
    # The greatest value in milliseconds, as other writers of this format tell it.
    greatest = bucket_bounds(max(histogram.counts))[1] - 1 if histogram.counts else 0
    named = f"Tag={_NOT_IN_TAG.sub('_', tag)}," if tag else ""
    return f"{named}{start_s:.3f},{length_s:.3f},{greatest / _NS_IN_MS:.3f},{encode(histogram)}\n"
