"""Durations counted in log-linear buckets, exact to 0.1 % in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Self

from load.measure.pages import Pages

PRECISION_BITS: Final = 10
"""Each power of two is cut into 2^10 buckets, so that a bucket is at most 1/1024 of its value wide."""

LOWEST_NS: Final = 1 << PRECISION_BITS
HIGHEST_NS: Final = 3_600_000_000_000

_SHIFT: Final = PRECISION_BITS + 1
_NS: Final = 1e9

Plain = list[int | float]
"""A histogram as plain data: ``[total_s, max_s, key, count, key, count, …]``, keys ascending."""

CHART_PERCENTILES: Final = (
    *(float(p) for p in range(0, 95, 5)),
    *(95.0, 96.0, 97.0, 98.0, 98.5, 99.0, 99.25, 99.5, 99.75, 99.9),
    *(99.925, 99.95, 99.975, 99.99, 99.9925, 99.995, 99.9975, 99.999, 99.9995, 99.9999, 100.0),
)


def bucket_bounds(key: int) -> tuple[int, int]:
    """Return a bucket's bounds in whole nanoseconds, the upper one exclusive.

    Args:
        key: the bucket's number. Bucket ``s << 10`` plus a mantissa of 1024..2047 holds the values
            ``mantissa << s`` up to the next. This is the index of an HdrHistogram whose unit is one
            nanosecond and which keeps three significant digits, so that a log in its format is exact.
    """
    shift = (key >> PRECISION_BITS) - 1
    mantissa = key - (shift << PRECISION_BITS)
    return mantissa << shift, (mantissa + 1) << shift


def bucket_of(nanoseconds: int) -> int:
    """Return the number of the bucket that holds a duration, which is first brought into the range."""
    held = min(max(nanoseconds, LOWEST_NS), HIGHEST_NS)
    shift = held.bit_length() - _SHIFT
    return (shift << PRECISION_BITS) + (held >> shift)


def _middle(key: int) -> float:
    low, high = bucket_bounds(key)
    return (low + high - 1) / 2 / _NS


class Histogram:
    """Counts of durations.

    A bucket's middle stands for what is in it: at most 0.05 % off. Durations below about 1 µs (1,024 ns) count as
    that, durations above an hour as an hour; the greatest and the sum are kept as they were. There are 32,500
    buckets at most, so that memory is bounded at about 3 MB however many durations are recorded; a second that
    spreads over two decades holds some 2,000, and a run in time some 8,000, which ``lasting`` keeps in a sixth of
    that.

    Attributes:
        counts: by bucket number.
        total: sum of the durations, seconds.
        max: the greatest, seconds; 0 when empty.
    """

    __slots__ = ("counts", "max", "total")

    def __init__(self) -> None:
        self.counts: dict[int, int] | Pages = {}
        self.total = 0.0
        self.max = 0.0

    @classmethod
    def lasting(cls) -> Self:
        """Return an empty histogram to merge others into for as long as a run goes on; it does not grow by and by."""
        histogram = cls()
        histogram.counts = Pages(bucket_of(HIGHEST_NS) + 1)
        return histogram

    def record(self, seconds: float) -> None:
        """Count one duration.

        Raises:
            ValueError: it is not a number.
            OverflowError: it is infinite.
        """
        # bucket_of() written out: this runs three times for each request.
        held = int(seconds * 1e9)
        if held < LOWEST_NS:
            held = LOWEST_NS
        elif held > HIGHEST_NS:
            held = HIGHEST_NS
        shift = held.bit_length() - _SHIFT
        key = (shift << PRECISION_BITS) + (held >> shift)
        counts = self.counts
        if key in counts:
            counts[key] += 1
        else:
            counts[key] = 1
        self.total += seconds
        if seconds > self.max:  # noqa: PLR1730 - max() takes as long as all of the above
            self.max = seconds

    def merge(self, other: Histogram) -> None:
        """Add what another histogram counted."""
        counts = self.counts
        if isinstance(counts, Pages):
            counts.add(other.counts.items())
        else:
            for key, count in other.counts.items():
                counts[key] = counts.get(key, 0) + count
        self.total += other.total
        self.max = max(self.max, other.max)

    @property
    def count(self) -> int:
        """How many durations were recorded."""
        return sum(self.counts.values())

    @property
    def mean(self) -> float | None:
        """The arithmetic mean in seconds, None when empty."""
        count = self.count
        return self.total / count if count else None

    def percentile(self, percent: float) -> float | None:
        """Return a percentile in seconds, None when empty.

        Args:
            percent: 0 to 100.

        Raises:
            ValueError: it is outside 0..100.

        See ``percentiles`` for what a percentile is.
        """
        return self.percentiles((percent,))[0]

    def percentiles(self, percents: Sequence[float]) -> list[float | None]:
        """Return several percentiles in seconds, in the order asked for; all None when empty.

        The percentile p of n durations is the least of them that at least ``ceil(p / 100 * n)`` of them do not
        exceed (nearest rank; rank 1 for p = 0). Its bucket's middle is returned, never more than ``max``; the
        last rank is ``max`` itself.

        Raises:
            ValueError: one is outside 0..100.
        """
        for percent in percents:
            if not 0 <= percent <= 100:
                raise ValueError(f"percentile {percent!r} is outside 0..100")
        keys = sorted(self.counts)
        count = self.count
        if not count:
            return [None for _ in percents]
        found: dict[float, float] = {}
        below, position = 0, -1
        for percent in sorted(set(percents)):
            rank = nearest_rank(percent, count)
            while below < rank:
                position += 1
                below += self.counts[keys[position]]
            found[percent] = self.max if rank == count else min(_middle(keys[position]), self.max)
        return [found[percent] for percent in percents]

    def above(self, seconds: float) -> int:
        """Return how many durations lie in buckets above the one that holds a duration."""
        limit = bucket_of(int(seconds * _NS))
        return sum(count for key, count in self.counts.items() if key > limit)

    def cumulated(self, bounds: Sequence[float]) -> list[int]:
        """Return how many durations do not exceed each of several bounds, to the width of a bucket.

        Args:
            bounds: seconds, ascending.
        """
        keys = sorted(self.counts)
        counted, position, found = 0, 0, []
        for bound in bounds:
            while position < len(keys) and bucket_bounds(keys[position])[0] <= bound * _NS:
                counted += self.counts[keys[position]]
                position += 1
            found.append(counted)
        return found

    def distribution(self) -> list[tuple[float, float]]:
        """Return points for a chart: percentile 0..100 and seconds, at most 60.

        The fine percentiles near 100 are left out where there are too few durations to tell them apart.
        """
        count = self.count
        if not count:
            return []
        told = [p for p in CHART_PERCENTILES if p == 100 or p <= 50 or count * (100 - p) >= 100]
        points = zip(told, self.percentiles(told), strict=True)
        return [(percent, seconds) for percent, seconds in points if seconds is not None]

    def buckets(self) -> Iterator[tuple[int, int]]:
        """Yield each bucket's upper bound (whole nanoseconds, exclusive) and its count, ascending."""
        for key in sorted(self.counts):
            yield bucket_bounds(key)[1], self.counts[key]

    def coarse(self, most: int) -> list[tuple[int, int]]:
        """Return upper bounds in nanoseconds and counts, ascending, in at most ``most`` buckets.

        Neighbouring buckets are joined in pairs, and again, until few enough are left: 1,024 over two decades are
        0.8 % wide at most, and where there are few durations nothing is joined.

        Raises:
            ValueError: ``most`` is not positive.
        """
        if most < 1:
            raise ValueError(f"{most} buckets hold nothing")
        joined, bits = dict(self.counts.items()), 0
        while len(joined) > most:
            bits += 1
            halved: dict[int, int] = {}
            for key, count in joined.items():
                halved[key >> 1] = halved.get(key >> 1, 0) + count
            joined = halved
        return [(bucket_bounds(((key + 1) << bits) - 1)[1], joined[key]) for key in sorted(joined)]

    def plain(self) -> Plain:
        """Return the histogram as plain data."""
        data: Plain = [self.total, self.max]
        for key in sorted(self.counts):
            data += (key, self.counts[key])
        return data

    @classmethod
    def of(cls, durations: Iterable[float]) -> Histogram:
        """Return a histogram of durations in seconds."""
        histogram = cls()
        for seconds in durations:
            histogram.record(seconds)
        return histogram

    @classmethod
    def from_plain(cls, data: Sequence[int | float]) -> Histogram:
        """Return the histogram that ``plain`` gave.

        Raises:
            ValueError: the data is no such histogram.
        """
        lowest, highest = bucket_of(LOWEST_NS), bucket_of(HIGHEST_NS)
        keys, counts = data[2::2], data[3::2]
        if len(data) < 2 or len(keys) != len(counts):
            raise ValueError(f"a histogram of {len(data)} numbers has no pairs of bucket and count")
        histogram = cls()
        histogram.total, histogram.max = float(data[0]), float(data[1])
        for key, count in zip(keys, counts, strict=True):
            if not (isinstance(key, int) and isinstance(count, int) and lowest <= key <= highest and count > 0):
                raise ValueError(f"bucket {key!r} with count {count!r} is not one of a histogram")
            histogram.counts[key] = count
        return histogram


def nearest_rank(percent: float, count: int) -> int:
    """Return the rank, 1 to ``count``, of a percentile among ``count`` durations in ascending order."""
    # Rounded first: 99.9 / 100 * 1000 is 999.0000000000001 in floating point, whose ceiling is one too many.
    return min(max(math.ceil(round(percent / 100 * count, 6)), 1), count)
