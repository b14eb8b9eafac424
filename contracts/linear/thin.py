"""Thinning: of answers that show the same, the one that came first and the one asked for last tell all.

That holds where no state comes back once it was left. Let E be the call that returned first and L the one
sent last, of those that show the same; R is another one of them. In any order of E, L and the rest, each call
takes effect at a moment of its interval, and between the moments of E and L nothing that they show changes.
E's moment is not after R returned, as E returned no later than R; L's is not before R was sent, as L was sent
no earlier. So R was under way at some moment between the two, whichever of them comes first, and fits there.
Hence a history is as lawful as what is left of it, and what is left of a purchase read a million times is a
handful of calls.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

from contracts.linear.model import Call, InputT, OutputT

KeyT = TypeVar("KeyT", bound=Hashable)

MAX_KINDS: Final = 32
"""Different answers kept, and calls of which none can stand for another; as many contradict themselves already."""


class Thinned(Generic[KeyT, InputT, OutputT]):
    """A history that keeps two calls of each kind, and those that are of no kind."""

    __slots__ = ("_apart", "_kinds")

    def __init__(self) -> None:
        self._apart: list[Call[InputT, OutputT]] = []
        self._kinds: dict[KeyT, tuple[Call[InputT, OutputT], Call[InputT, OutputT]]] = {}

    def add(self, kind: KeyT | None, call: Call[InputT, OutputT]) -> None:
        """Take in an answered call.

        Args:
            kind: equal for calls that change nothing and show the same; None for one that changes something.
            call: the call.
        """
        if kind is None:
            if len(self._apart) < MAX_KINDS:
                self._apart.append(call)
            return
        kept = self._kinds.get(kind)
        if kept is not None:
            first, last = kept
            self._kinds[kind] = (
                call if call.returned < first.returned else first,
                call if call.invoked > last.invoked else last,
            )
        elif len(self._kinds) < MAX_KINDS:
            self._kinds[kind] = (call, call)

    @property
    def calls(self) -> list[Call[InputT, OutputT]]:
        """The calls kept, in the order in which they were sent."""
        kinds = [
            call for first, last in self._kinds.values() for call in ((first,) if first is last else (first, last))
        ]
        return sorted(self._apart + kinds, key=lambda call: (call.invoked, call.returned))
