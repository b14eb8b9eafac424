r"""Regular expressions of a contract as automata: the part of ECMA-262 that is regular, and nothing else.

JSON Schema patterns are ECMA-262 expressions that may match anywhere in a text (2020-12 Validation, section 6.3.3).
Those with look-around, back references or anchors inside of groups are not read; the one look-around that is, a
final ``(?![\s\S])``, says "nothing follows", as ``$`` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Code points, as closed intervals."""

MAX_STATES: Final = 4_000

_LAST: Final = 0x10FFFF
_ANY: Final[Ranges] = ((0, _LAST),)
_DIGITS: Final[Ranges] = ((48, 57),)
_WORD: Final[Ranges] = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE: Final[Ranges] = (
    (9, 13), (32, 32), (160, 160), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F),
    (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
)  # fmt: skip
_NEWLINES: Final[Ranges] = ((10, 10), (13, 13), (0x2028, 0x2029))
_CLASSES: Final = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_CONTROLS: Final = {"n": 10, "r": 13, "t": 9, "f": 12, "v": 11, "0": 0}
_NOTHING_FOLLOWS: Final = ("(?![\\s\\S])", "(?!.|\\n)", "\\z", "\\Z")
_BRACE: Final = re.compile(r"\{([0-9]{1,9})(,([0-9]{1,9})?)?\}")
_MAX_DEPTH: Final = 50
_MAX_REPEAT: Final = 1_000


class IrregularError(ValueError):
    """A pattern that is not read here: not regular, not ECMA-262, or too large."""


@dataclass(slots=True)
class Automaton:
    """A nondeterministic automaton; state 0 begins, state 1 accepts.

    Attributes:
        moves: by state, the code points that lead on and where.
        free: by state, where it leads without a character.
    """

    moves: list[list[tuple[Ranges, int]]] = field(default_factory=lambda: [[], []])
    free: list[list[int]] = field(default_factory=lambda: [[], []])

    def state(self) -> int:
        """Make a state.

        Raises:
            IrregularError: there are too many.
        """
        if len(self.moves) >= MAX_STATES:
            raise IrregularError("too large")
        self.moves.append([])
        self.free.append([])
        return len(self.moves) - 1

    def closure(self, states: Iterable[int]) -> frozenset[int]:
        """Return the states that can be reached without a character."""
        found = set(states)
        pending = list(found)
        while pending:
            for state in self.free[pending.pop()]:
                if state not in found:
                    found.add(state)
                    pending.append(state)
        return frozenset(found)


def automaton(pattern: str) -> Automaton:
    """Return the automaton of the texts in which a pattern matches somewhere.

    Raises:
        IrregularError: the pattern is not read here.
    """
    return _Parser(pattern).whole()


class _Parser:
    """Reads one pattern by recursive descent, building states as it goes."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._depth = 0
        self._made = Automaton()
        self._classes: dict[int, tuple[Ranges, int]] = {}

    def whole(self) -> Automaton:
        for first, last in self._branches():
            self._at = first
            self._branch(last)
        return self._made

    def _branches(self) -> list[tuple[int, int]]:
        """Split at the top level's bars: anchors stand at the ends of these branches only."""
        found: list[tuple[int, int]] = []
        begin = depth = at = 0
        in_class = False
        while at < len(self._text):
            character = self._text[at]
            if character == "\\":
                at += 1
            elif in_class:
                in_class = character != "]"
            elif character == "[":
                in_class = True
            elif character in "()":
                depth += 1 if character == "(" else -1
            elif character == "|" and depth == 0:
                found.append((begin, at))
                begin = at + 1
            at += 1
        return [*found, (begin, len(self._text))]

    def _branch(self, last: int) -> None:
        made = self._made
        anchored = self._text.startswith("^", self._at) or self._text.startswith("\\A", self._at)
        if anchored:
            self._at += 1 if self._text[self._at] == "^" else 2
        ending = next((end for end in _NOTHING_FOLLOWS if self._text.endswith(end, self._at, last)), "")
        if not ending and self._text.endswith("$", self._at, last) and not self._escaped(last - 1):
            ending = "$"
        begin = made.state()
        made.free[0].append(begin)
        if not anchored:
            made.moves[begin].append((_ANY, begin))
        end = self._sequence(begin, last - len(ending))
        if self._at != last - len(ending):
            raise IrregularError("unbalanced")
        if not ending:
            made.moves[end].append((_ANY, end))
        made.free[end].append(1)

    def _escaped(self, at: int) -> bool:
        slashes = 0
        while at - slashes > 0 and self._text[at - slashes - 1] == "\\":
            slashes += 1
        return slashes % 2 == 1

    def _sequence(self, state: int, last: int) -> int:
        while self._at < last and self._text[self._at] not in "|)":
            begin = self._at
            # Repetition reads the item again for each of its rounds.
            low, high, after = self._repetition(self._skip(last), last)
            state = self._repeated(state, begin, low, high, last)
            self._at = after
        return state

    def _skip(self, last: int) -> int:
        """Return where the item at hand ends, built into a fragment that nothing leads to."""
        begin = self._at
        self._item(self._made.state(), last)
        end, self._at = self._at, begin
        return end

    def _repetition(self, at: int, last: int) -> tuple[int, int | None, int]:
        character = self._text[at] if at < last else ""
        low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(character, (1, 1))
        after = at + (character in {"*", "+", "?"})
        if character == "{":
            brace = _BRACE.match(self._text, at, last)
            if brace is None:
                raise IrregularError("an odd brace")
            low, after = int(brace[1]), brace.end()
            high = low if brace[2] is None else int(brace[3]) if brace[3] else None
            if max(low, high or 0) > _MAX_REPEAT or (high is not None and high < low):
                raise IrregularError("an odd repetition")
        if after > at and after < last:
            if self._text[after] == "?":
                # Lazy or greedy, the same texts match.
                after += 1
            elif self._text[after] in "*+{":
                raise IrregularError("a repeated repetition")
        return low, high, after

    def _repeated(self, state: int, begin: int, low: int, high: int | None, last: int) -> int:
        made = self._made

        def once(start: int) -> int:
            self._at = begin
            return self._item(start, last)

        for _ in range(low):
            state = once(state)
        if high is None:
            loop, out = made.state(), made.state()
            made.free[state].append(loop)
            made.free[once(loop)].append(loop)
            made.free[loop].append(out)
            return out
        if high == low:
            return state
        out = made.state()
        for _ in range(high - low):
            made.free[state].append(out)
            state = once(state)
        made.free[state].append(out)
        return out

    def _item(self, state: int, last: int) -> int:
        character = self._text[self._at]
        self._at += 1
        if character == "(":
            return self._group(state, last)
        if character == "[":
            return self._step(state, self._class(last))
        if character == ".":
            return self._step(state, _negated(_NEWLINES))
        if character == "\\":
            return self._step(state, self._escape(last))
        if character in "^$*+?{":
            raise IrregularError("an anchor or repetition where none can be read")
        return self._step(state, ((ord(character), ord(character)),))

    def _group(self, state: int, last: int) -> int:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise IrregularError("too deep")
        if self._text.startswith("?", self._at):
            if not self._text.startswith("?:", self._at):
                raise IrregularError("a group of another kind")
            self._at += 2
        out = self._made.state()
        while True:
            self._made.free[self._sequence(self._fork(state), last)].append(out)
            if self._at >= last:
                raise IrregularError("an open group")
            self._at += 1
            if self._text[self._at - 1] == ")":
                break
        self._depth -= 1
        return out

    def _fork(self, state: int) -> int:
        new = self._made.state()
        self._made.free[state].append(new)
        return new

    def _step(self, state: int, ranges: Ranges) -> int:
        new = self._made.state()
        self._made.moves[state].append((ranges, new))
        return new

    def _escape(self, last: int) -> Ranges:
        if self._at >= last:
            raise IrregularError("a lone backslash")
        character = self._text[self._at]
        self._at += 1
        if character.lower() in _CLASSES:
            ranges = _CLASSES[character.lower()]
            return ranges if character.islower() else _negated(ranges)
        if character in _CONTROLS:
            point = _CONTROLS[character]
        elif character in "xu":
            digits = 2 if character == "x" else 4
            text = self._text[self._at : min(self._at + digits, last)]
            if len(text) != digits or not all(one in "0123456789abcdefABCDEF" for one in text):
                raise IrregularError("an odd escape")
            self._at += digits
            point = int(text, 16)
        elif character.isalnum():
            raise IrregularError("an escape of another kind")
        else:
            point = ord(character)
        return ((point, point),)

    def _class(self, last: int) -> Ranges:
        """Read a class; one that is repeated is read once."""
        begin = self._at
        if begin not in self._classes:
            self._classes[begin] = (self._class_at(last), self._at)
        ranges, self._at = self._classes[begin]
        return ranges

    def _class_at(self, last: int) -> Ranges:
        negate = self._text.startswith("^", self._at)
        self._at += negate
        found: list[tuple[int, int]] = []
        while self._at < last and self._text[self._at] != "]":
            low = self._class_item(last)
            if self._text.startswith("-", self._at) and not self._text.startswith("-]", self._at):
                self._at += 1
                high = self._class_item(last)
                if len(low) != 1 or len(high) != 1 or low[0][0] != low[0][1] or high[0][0] < low[0][0]:
                    raise IrregularError("an odd range")
                low = ((low[0][0], high[0][1]),)
            found += low
        if self._at >= last:
            raise IrregularError("an open class")
        self._at += 1
        return _negated(tuple(found)) if negate else tuple(sorted(found))

    def _class_item(self, last: int) -> Ranges:
        character = self._text[self._at] if self._at < last else "]"
        if character == "]":
            raise IrregularError("an open class")
        self._at += 1
        if character == "\\":
            if self._text.startswith("b", self._at):
                self._at += 1
                return ((8, 8),)
            if self._text.startswith("-", self._at):
                self._at += 1
                return ((45, 45),)
            return self._escape(last)
        return ((ord(character), ord(character)),)


def _negated(ranges: Ranges) -> Ranges:
    found: list[tuple[int, int]] = []
    at = 0
    for low, high in sorted(ranges):
        if low > at:
            found.append((at, low - 1))
        at = max(at, high + 1)
    if at <= _LAST:
        found.append((at, _LAST))
    return tuple(found)
