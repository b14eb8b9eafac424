"""Masks secrets by value, so that they are hidden wherever and however a text shows them."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final

from contracts.history import Operation
from contracts.record.keys import PUBLIC, KeyFinder, is_common
from contracts.record.learning import Kind, secrets_in
from contracts.record.spelling import spellings
from contracts.record.store import SHORTEST, SecretStore, Span

_MOST: Final = 200_000
"""Values of one generation. The older of two is forgotten: a soak test may buy for days."""

_LONGEST_HARMLESS: Final = 200
_MOST_HARMLESS: Final = 10_000
"""Short texts without a secret, such as headers, come again and again: they are remembered."""

_PHONE: Final = re.compile(r"\+?[0-9]{6,15}")
_ISSUED: Final = re.compile(r"<(key|code|password|phone|withheld):([^<>:]{1,60})(?::[^<>]{1,60})?>")
_LONGEST_SHAPE: Final = 40


class Masker:
    """Knows the secrets of one run and replaces them in texts.

    Every value has one mask for the whole run, so that equal values look equal: ``<key:owner>``,
    ``<code:1>``, ``<password:1>``, ``<phone:1>``. A phone number that is not plain digits also shows its
    form, for that is what is wrong with it: ``<phone:2:+0 000 000>``. Values are found in every spelling of a
    text (``contracts.record.spelling``), those of at least eight characters in any letter case. Those of fewer
    than six characters are masked only where no letter or digit adjoins, those made of digits only as a whole run
    of digits, and those of fewer than three not at all. Masking a text twice changes nothing.

    Threads may share a masker.

    Args:
        keys: label (``owner``, ``other``) to API key.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._keys = KeyFinder(keys)
        self._stores: tuple[SecretStore, ...] = (SecretStore(),)
        self._counts: dict[str, int] = {"code": 0, "password": 0, "phone": 0, "withheld": 0}
        self._version = 0
        self._harmless: set[str] = set()
        self._with_space = any(" " in key for key in keys.values())

    def learn(self, kind: Kind, value: str) -> None:
        """Remember a value that every later text must not show.

        Args:
            kind: what it is; it becomes part of the mask.
            value: the value as decoded.
        """
        if kind == "phone" and _PHONE.fullmatch(value.strip()):
            # What surrounds the number is what SHAPE-6 complains of, and stays visible.
            value = value.strip()
        if len(value) < SHORTEST or value in PUBLIC or _ISSUED.fullmatch(value):
            return
        known = value.removeprefix("+") if kind == "phone" and _PHONE.fullmatch(value) else value
        with self._lock:
            newest = self._stores[0]
            if newest.mask_of(known) is not None:
                return
            mask = next((m for store in self._stores[1:] if (m := store.mask_of(known))), None)
            if mask is None:
                self._counts[kind] += 1
                mask = f"<{kind}:{self._counts[kind]}{_shape(kind, value)}>"
            if len(newest) >= _MOST:
                newest = SecretStore()
                self._stores = (newest, self._stores[0])
            self._with_space = self._with_space or " " in value
            newest.add(known, mask, cased=is_common(value))
            if value != known:
                newest.add(value, mask)
            self._version += 1
            self._harmless.clear()

    def learn_from(self, operation: Operation) -> None:
        """Remember every phone number, code and password that an operation shows."""
        for kind, value in secrets_in(operation):
            self.learn(kind, value)

    def mask(self, text: str) -> str:
        """Return a text with every known secret replaced by its mask."""
        if text in self._harmless:
            return text
        version = self._version
        issued = [match.span() for match in _ISSUED.finditer(text) if self._is_ours(match)]
        spans: list[Span] = []
        stores = self._stores
        for spelling in spellings(text, plus_is_space=self._with_space):
            for found in chain(self._keys.find(spelling.text), *(store.find(spelling.text) for store in stores)):
                start, end = spelling.span(found.start, found.end)
                # Where unpacked pieces adjoin, what seems to lie across them has no place in the text.
                if start < end and not any(first <= start and end <= last for first, last in issued):
                    spans.append(Span(start, end, self._told(found.mask, spelling.packing)))
        if spans:
            return _replaced(text, spans)
        if len(text) <= _LONGEST_HARMLESS:
            with self._lock:
                # What was learnt meanwhile may well be in it.
                if version == self._version and len(self._harmless) < _MOST_HARMLESS:
                    self._harmless.add(text)
        return text

    def mask_value(self, value: object) -> object:
        """Return a decoded JSON value with every known secret in it replaced, keys of objects included.

        Numbers become masks where they spell a secret, except as an object's ``id``. The value may be
        nested to any depth; it is not changed.
        """
        root: list[object] = [value]
        pending: list[list[object] | dict[object, object]] = [root]
        while pending:
            node = pending.pop()
            if isinstance(node, dict):
                members = [(place, self._masked_member(place, child)) for place, child in node.items()]
                node.clear()
                node.update((self.mask(place) if isinstance(place, str) else place, child) for place, child in members)
            else:
                node[:] = [self._masked_member(None, child) for child in node]
            children = node.values() if isinstance(node, dict) else node
            pending += [child for child in children if isinstance(child, dict | list)]
        return root[0]

    def _masked_member(self, place: object, child: object) -> object:
        if isinstance(child, str):
            return self.mask(child)
        if isinstance(child, dict):
            return dict(child)
        if isinstance(child, list | tuple):
            return list(child)
        if isinstance(child, bool) or not isinstance(child, int) or place == "id" or abs(child) >= 10**18:
            return child
        masked = self.mask(str(child))
        return child if masked == str(child) else masked

    @staticmethod
    def _told(mask: str, packing: str) -> str:
        """Return a key's mask with how the key was packed: whoever mends the target looks for that."""
        return f"{mask[:-1]}:{packing}>" if packing and mask.startswith("<key:") and mask.count(":") == 1 else mask

    def _is_ours(self, match: re.Match[str]) -> bool:
        kind, name = match.group(1), match.group(2)
        if kind == "key":
            return name in self._keys.labels
        return name.isascii() and name.isdigit() and len(name) < 12 and 0 < int(name) <= self._counts[kind]


def _shape(kind: Kind, value: str) -> str:
    """Return the form of a phone number that is not plain digits: digits as zeros of their own script."""
    if kind != "phone" or _PHONE.fullmatch(value):
        return ""
    shown = []
    for character in value[:_LONGEST_SHAPE]:
        digit = unicodedata.decimal(character, -1)
        if digit >= 0:
            shown.append(chr(ord(character) - int(digit)))
        elif character.isalpha():
            shown.append("x")
        else:
            shown.append(character if character.isprintable() and character not in "<>" else "?")
    return f":{''.join(shown)}"


def _replaced(text: str, spans: Sequence[Span]) -> str:
    """Replace spans; where some overlap, all they cover becomes the longest one's mask."""
    pieces: list[str] = []
    at = 0
    ordered = sorted(spans, key=lambda span: span.start)
    place = 0
    while place < len(ordered):
        longest = ordered[place]
        start, end = longest.start, longest.end
        while place < len(ordered) and (ordered[place].start < end or ordered[place].start == start):
            span = ordered[place]
            end = max(end, span.end)
            if span.end - span.start > longest.end - longest.start:
                longest = span
            place += 1
        pieces += [text[at:start], longest.mask]
        at = end
    pieces.append(text[at:])
    return "".join(pieces)
