"""Sets and maps of millions of numbers in little more than eight bytes each."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import Final

_PARTS: Final = 1024
_MIX: Final = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio: numbers in sequence spread evenly over the parts (Fibonacci hashing)."""


def _part(number: int) -> int:
    return (number * _MIX & 0xFFFFFFFFFFFFFFFF) >> 54


class PackedSet:
    """A set of integers from 0 to 2^64-1.

    Sorted arrays, as many as there are parts: an insertion moves a few kilobytes and never rebuilds the whole, so
    that none of them takes long enough to delay a request.
    """

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[array[int] | None] = [None] * _PARTS

    def add(self, number: int) -> bool:
        """Add a number; tells whether it is new."""
        part = self._parts[_part(number)]
        if part is None:
            self._parts[_part(number)] = array("Q", [number])
            return True
        place = bisect_left(part, number)
        if place < len(part) and part[place] == number:
            return False
        part.insert(place, number)
        return True

    def __contains__(self, number: int) -> bool:
        part = self._parts[_part(number)]
        if part is None:
            return False
        place = bisect_left(part, number)
        return place < len(part) and part[place] == number


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
