"""Counts by bucket number, in pages made when first needed: a run's are as large after a minute as after a day."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import Final

PAGE_BITS: Final = 10
PAGE: Final = 1 << PAGE_BITS
"""Buckets of a page. It is also how many buckets a power of two is cut into, so that a page is one of these."""

_MASK: Final = PAGE - 1
_EMPTY: Final = bytes(8 * PAGE)


class Pages:
    """A map from bucket numbers to counts of at most 2^64-1, with no entry where the count is 0.

    A dictionary grows by some hundred bytes with every bucket that is met for the first time, which for durations goes
    on for hours. A page takes 8 KB whatever is in it, and the few dozen powers of two that a run meets are met in its
    first seconds.

    Args:
        buckets: how many there are.
    """

    __slots__ = ("_pages",)

    def __init__(self, buckets: int) -> None:
        self._pages: list[array[int] | None] = [None] * (-(-buckets // PAGE))

    def add(self, counted: Iterable[tuple[int, int]]) -> None:
        """Add to the counts of buckets.

        Args:
            counted: bucket numbers and what to add.

        Raises:
            IndexError: there is no such bucket.
        """
        pages = self._pages
        for key, count in counted:
            page = pages[key >> PAGE_BITS]
            if page is None:
                page = pages[key >> PAGE_BITS] = array("Q", _EMPTY)
            page[key & _MASK] += count

    def __getitem__(self, key: int) -> int:
        page = self._pages[key >> PAGE_BITS]
        return 0 if page is None else page[key & _MASK]

    def __setitem__(self, key: int, count: int) -> None:
        self.add([(key, count - self[key])])

    def __contains__(self, key: int) -> bool:
        return self[key] > 0

    def __len__(self) -> int:
        return sum(PAGE - page.count(0) for page in self._pages if page is not None)

    def __iter__(self) -> Iterator[int]:
        """Yield the bucket numbers, ascending."""
        return (key for key, _ in self.items())

    def items(self) -> Iterator[tuple[int, int]]:
        """Yield bucket numbers and counts, ascending."""
        for number, page in enumerate(self._pages):
            if page is not None:
                first = number << PAGE_BITS
                yield from ((first + place, count) for place, count in enumerate(page) if count)

    def values(self) -> Iterator[int]:
        """Yield the counts."""
        return (count for _, count in self.items())
