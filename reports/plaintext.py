"""Text of a target made safe to show in a terminal."""

from __future__ import annotations

import unicodedata
from typing import Final

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that move the cursor, turn the writing direction or cannot be seen."""


def plain(text: str, limit: int | None = None, *, ascii_only: bool = False) -> str:
    """Return a text as one line without anything that a terminal would obey.

    Control, direction and other unseen characters are shown as escapes, which is also how a reader learns
    that they are there.

    Args:
        text: any text.
        limit: characters to keep of it, None for all.
        ascii_only: whether only ASCII can be shown.
    """
    cut = text if limit is None or len(text) <= limit else text[:limit]
    shown = "".join(_seen(character) for character in cut)
    if len(cut) < len(text):
        shown += f"… ({len(text)} characters)"
    return shown.encode("ascii", "backslashreplace").decode("ascii") if ascii_only else shown


def _seen(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() else ascii(character)[1:-1]
    return ascii(character)[1:-1] if unicodedata.category(character) in _UNSEEN else character


def bounded(text: str, limit: int | None = None) -> str:
    """Return a text of many lines for a document: cut, and with what cannot be written or seen as escapes.

    Args:
        text: any text.
        limit: characters to keep of it, None for all.
    """
    cut = text if limit is None else text[:limit]
    shown = "".join(character if character in "\n\t" else _seen(character) for character in cut)
    return shown if len(cut) == len(text) else f"{shown}… ({len(text)} characters)"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 finding``, ``12 findings``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
