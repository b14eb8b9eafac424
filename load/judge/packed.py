"""Sets and maps of millions of numbers in little more than eight bytes each, or one bit where they lie close."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import Final

_PARTS: Final = 1024
_MIX: Final = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio: numbers in sequence spread evenly over the parts (Fibonacci hashing)."""

_BLOCK_BITS: Final = 12
_BLOCK_BYTES: Final = 1 << _BLOCK_BITS - 3
_WORTH_A_BLOCK: Final = 128
"""Numbers of a block that take more room one by one than as bits, with what a dictionary adds to these."""

_CROWDED: Final = 256
"""Length from which a part is looked at for blocks."""


def _part(number: int) -> int:
    return (number * _MIX & 0xFFFFFFFFFFFFFFFF) >> 54


class PackedSet:
    """A set of integers from 0 to 2^64-1.

    Sorted arrays, as many as there are parts: an insertion moves a few kilobytes and never rebuilds the whole, so
    that none of them takes long enough to delay a request. Where numbers lie close together, as ids do that a server
    counts up, a block of them is kept as one bit each.
    """

    __slots__ = ("_blocks", "_limits", "_parts")

    def __init__(self) -> None:
        self._parts: list[array[int] | None] = [None] * _PARTS
        self._limits: dict[int, int] = {}
        self._blocks: dict[int, bytearray] = {}

    def add(self, number: int) -> bool:
        """Add a number; tells whether it is new."""
        block = self._blocks.get(number >> _BLOCK_BITS)
        if block is not None:
            place, bit = number >> 3 & _BLOCK_BYTES - 1, 1 << (number & 7)
            if block[place] & bit:
                return False
            block[place] |= bit
            return True
        home = _part(number >> _BLOCK_BITS)
        part = self._parts[home]
        if part is None:
            self._parts[home] = array("Q", [number])
            return True
        place = bisect_left(part, number)
        if place < len(part) and part[place] == number:
            return False
        part.insert(place, number)
        if len(part) >= self._limits.get(home, _CROWDED):
            self._gather(home, part)
        return True

    def __contains__(self, number: int) -> bool:
        block = self._blocks.get(number >> _BLOCK_BITS)
        if block is not None:
            return bool(block[number >> 3 & _BLOCK_BYTES - 1] & 1 << (number & 7))
        part = self._parts[_part(number >> _BLOCK_BITS)]
        if part is None:
            return False
        place = bisect_left(part, number)
        return place < len(part) and part[place] == number

    def _gather(self, home: int, part: array[int]) -> None:
        """Turn the blocks of which a part holds many numbers into bits."""
        alone = array("Q")
        start = 0
        while start < len(part):
            block = part[start] >> _BLOCK_BITS
            end = bisect_left(part, (block + 1) << _BLOCK_BITS, start)
            if end - start < _WORTH_A_BLOCK:
                alone.extend(part[start:end])
            else:
                bits = self._blocks[block] = bytearray(_BLOCK_BYTES)
                for number in part[start:end]:
                    bits[number >> 3 & _BLOCK_BYTES - 1] |= 1 << (number & 7)
            start = end
        self._parts[home] = alone
        # Looking again only at twice the size keeps what this costs in proportion to the numbers added.
        self._limits[home] = max(2 * len(alone), _CROWDED)


class PackedMap:
    """A map from integers 0 to 2^64-1 to integers 0 to 2^32-1, as compact as the set."""

    __slots__ = ("_keys", "_values")

    def __init__(self) -> None:
        self._keys: list[array[int] | None] = [None] * _PARTS
        self._values: list[array[int] | None] = [None] * _PARTS

    def get(self, key: int) -> int | None:
        """Return the value of a key, None without one."""
        keys = self._keys[_part(key)]
        if keys is None:
            return None
        place = bisect_left(keys, key)
        values = self._values[_part(key)]
        return values[place] if values is not None and place < len(keys) and keys[place] == key else None

    def put(self, key: int, value: int) -> None:
        """Give a key a value, in place of the one it has."""
        part = _part(key)
        keys, values = self._keys[part], self._values[part]
        if keys is None or values is None:
            self._keys[part], self._values[part] = array("Q", [key]), array("I", [value])
            return
        place = bisect_left(keys, key)
        if place < len(keys) and keys[place] == key:
            values[place] = value
        else:
            keys.insert(place, key)
            values.insert(place, value)

    def drop(self, key: int, value: int) -> None:
        """Forget a key, where it still has this value."""
        part = _part(key)
        keys, values = self._keys[part], self._values[part]
        if keys is None or values is None:
            return
        place = bisect_left(keys, key)
        if place < len(keys) and keys[place] == key and values[place] == value:
            del keys[place], values[place]
