"""A store of secret values that finds each of them in a text at a cost that hardly grows with their number."""

from __future__ import annotations

import base64
import re
from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Final, NamedTuple

SHORTEST: Final = 3
"""Characters of the shortest value kept: fewer occur everywhere, and hiding them hides nothing."""

_GRAM: Final = 6
"""Values of at least this length are found anywhere; shorter ones only where no letter or digit adjoins."""

_HEAD: Final = 32
"""Characters by which a value is looked up; of a longer one what it has in common with the text is masked."""

_KEPT: Final = 4096
"""Characters of one value that are kept; beyond them its length alone tells where it ends."""

_SHARED: Final = 16
"""Values with the same first ``_HEAD`` characters that are told apart."""

_ANY_CASE: Final = 8
"""Values of at least this length are found in any letter case."""

_LONGEST_EXCERPT: Final = 4096
"""Characters of the texts in which values may have been cut short: our own sentences, never a body."""

_DIGITS: Final = re.compile(r"\+?([0-9]{3,64})")
_PURCHASE_ID: Final = re.compile(r"(?:[\"']id[\"']:\s?|\bpurchases?[ /])$")
"""What stands before a purchase's id: one that happens to equal a short code stays readable."""

_CUT: Final = re.compile(r"[\"']?…")


class Span(NamedTuple):
    """A part of a text that is to be replaced."""

    start: int
    end: int
    mask: str


class _Value(NamedTuple):
    text: str
    length: int
    mask: str
    padded: bool
    cased: bool


class SecretStore:
    """Values and their masks.

    Values made of digits are looked up by whole runs of digits. All others are looked up by their first
    six characters, then by as many as a value with such a beginning has; no search walks over the values.
    """

    def __init__(self) -> None:
        self._masks: dict[str, str] = {}
        self._digits: dict[str, str] = {}
        self._values: dict[str, list[_Value]] = {}
        # By length of the beginning (3 to 6), from a beginning to the lengths to be tried, longest first.
        self._lengths: tuple[dict[str, tuple[int, ...]], ...] = tuple({} for _ in range(_GRAM + 1))
        self._heads: dict[str, str] = {}
        self._sorted_heads: list[str] = []

    def __len__(self) -> int:
        return len(self._masks)

    def mask_of(self, value: str) -> str | None:
        """Return the mask of a value, None for one that was not added."""
        return self._masks.get(_identity(value))

    def add(self, value: str, mask: str, *, cased: bool = False) -> None:
        """Add a value of at least ``SHORTEST`` characters, found as it stands and in base64.

        Args:
            value: the secret.
            mask: what replaces it.
            cased: whether it is found in its own letter case only, however long it is.
        """
        self._masks[_identity(value)] = mask
        head = value[:_HEAD]
        if head not in self._heads:
            self._heads[head] = mask
            insort(self._sorted_heads, head)
        forms = [value]
        digits = value.removeprefix("+")
        if digits.isascii() and digits.isdigit() and len(digits) <= 64:
            self._digits[digits] = mask
            forms = [value, digits]
        else:
            self.add_text(value, mask, cased=cased or len(value) < _ANY_CASE)
        for form in forms:
            for encoded in base64_forms(form.encode("utf-8", "surrogatepass")):
                self.add_text(encoded, mask, padded=True)

    def add_text(self, text: str, mask: str, *, padded: bool = False, cased: bool = True) -> None:
        """Add a text that is found only as it stands, or with base64's padding after it, or in any letter case."""
        head = _folded(text[:_HEAD])
        alike = self._values.setdefault(head, [])
        if len(alike) < _SHARED:
            alike.append(_Value(text[:_KEPT], len(text), mask, padded, cased))
        size = min(len(text), _GRAM)
        known = self._lengths[size].get(head[:size], ())
        self._lengths[size][head[:size]] = tuple(sorted({*known, len(head)}, reverse=True))

    def find(self, text: str) -> Iterator[Span]:
        """Yield where values stand in a text; spans may overlap."""
        yield from self._find_digits(text)
        folded = _folded(text)
        for size in range(SHORTEST, _GRAM + 1):
            heads = self._lengths[size]
            if heads:
                starts = [at for at in range(len(text) - size + 1) if folded[at : at + size] in heads]
                beyond = 0
                for start in starts:
                    if start < beyond:
                        continue
                    for span in self._find_at(text, folded, start, heads[folded[start : start + size]]):
                        yield span
                        # Within a long value nothing is looked for: hostile ones repeat themselves.
                        beyond = max(beyond, span.end if span.end - span.start > _HEAD else 0)
        if "…" in text and len(text) <= _LONGEST_EXCERPT:
            yield from self._find_cut(text)

    def _find_digits(self, text: str) -> Iterator[Span]:
        if not self._digits:
            return
        for match in _DIGITS.finditer(text):
            digits = match.group(1)
            mask = self._digits.get(digits)
            if mask is None:
                continue
            start, end = match.start(1), match.end(1)
            if len(digits) < _GRAM and not _alone(text, start, end):
                continue
            if len(digits) <= _GRAM and _PURCHASE_ID.search(text[max(0, start - 12) : start]):
                continue
            yield Span(match.start(), end, mask)

    def _find_at(self, text: str, folded: str, start: int, lengths: tuple[int, ...]) -> Iterator[Span]:
        # Of spans alike the first one's mask is taken: a value that is another one in base64, or differs from it in
        # letter case alone, keeps a mask of its own.
        packed: list[Span] = []
        altered: list[Span] = []
        for length in lengths:
            for value in self._values.get(folded[start : start + length], ()):
                own = text.startswith(value.text[:length], start)
                if value.cased and not own:
                    continue
                end = start + length
                if value.length > length:
                    here = slice(start, start + len(value.text))
                    end = start + (
                        _common(value.text, text[here]) if own else _common(_folded(value.text), folded[here])
                    )
                    if end - start == _KEPT:
                        end = min(len(text), start + value.length)
                if value.length < _GRAM and not _alone(text, start, end):
                    continue
                while value.padded and text[end : end + 1] == "=":
                    end += 1
                span = Span(start, end, value.mask)
                if not own:
                    altered.append(span)
                elif value.padded:
                    packed.append(span)
                else:
                    yield span
        yield from packed
        yield from altered

    def _find_cut(self, text: str) -> Iterator[Span]:
        """Yield beginnings of values that an excerpt's ellipsis cut short."""
        for match in _CUT.finditer(text):
            end = match.start()
            for start in range(max(0, end - _HEAD), end - SHORTEST + 1):
                part = text[start:end]
                at = bisect_left(self._sorted_heads, part)
                head = self._sorted_heads[at] if at < len(self._sorted_heads) else ""
                if head.startswith(part) and _alone(text, start, end):
                    yield Span(start, end, self._heads[head])
                    break


def base64_forms(value: bytes) -> tuple[str, ...]:
    """Return a value's base64 in the standard and the URL-safe alphabet, without padding."""
    encoded = base64.b64encode(value).decode("ascii").rstrip("=")
    safe = encoded.translate(str.maketrans("+/", "-_"))
    return (encoded,) if safe == encoded else (encoded, safe)


def _folded(text: str) -> str:
    """Return a text with its ASCII letters small, as long as it was."""
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def _identity(value: str) -> str:
    return value if len(value) <= _KEPT else f"{value[:_KEPT]}\0{len(value)}"


def _common(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    alike, unlike = 0, min(len(one), len(other)) + 1
    while unlike - alike > 1:
        middle = (alike + unlike) // 2
        alike, unlike = (middle, unlike) if one[:middle] == other[:middle] else (alike, middle)
    return alike


def _alone(text: str, start: int, end: int) -> bool:
    """Tell whether no letter or digit adjoins a part of a text that itself begins or ends with one."""
    before = start > 0 and text[start].isalnum() and text[start - 1].isalnum()
    after = end < len(text) and text[end - 1].isalnum() and text[end].isalnum()
    return not (before or after)
