"""Text of a target made safe to stand in Markdown: it becomes no link, image, mention, heading or HTML."""

from __future__ import annotations

import re
from typing import Final

from reports.plaintext import plain

_ACTIVE: Final = re.compile(r"([\\`*\[\]<>&~|$#@!^{}]|(?<![^\W_])_|_(?![^\W_]))")
"""Punctuation that means something inside a line, here or on a forge; any of it may be escaped (CommonMark 2.4)."""

_LEADING: Final = re.compile(r"^(?:([-+=])(?=[\s=-]|$)|(\d{1,9})([.)])(?=\s|$))")
"""What begins a list or underlines a heading where a line, or an item of ours, begins."""

_SPACES: Final = re.compile(r"[^\S\n]+")
_RUN: Final = re.compile(r"`+")
_WORDS_THAT_LINK: Final = re.compile(r"(?i)(www|gh|https?|ftp|mailto|xmpp)(?=[.:-])")
_SIGNS_THAT_LINK: Final = re.compile(r"""((?:\\[@#!$~&^]|%|(?<!\d):))(?=[\w\\"'+-])""")
_APART: Final = "&#8203;"
"""A zero-width space. Forges look for mentions, issues and addresses in the rendered text, past any escape."""

_SHOWN: Final = 300


def prose(text: object, limit: int = _SHOWN) -> str:
    r"""Return a text as inline Markdown that renders as that text and nothing else.

    Args:
        text: anything with a text; control and direction characters are shown as escapes.
        limit: characters to keep.
    """
    line = _SPACES.sub(" ", plain(str(text), limit)).strip()
    escaped = _LEADING.sub(lambda match: f"{match[2] or ''}\\{match[1] or match[3]}", _ACTIVE.sub(r"\\\1", line))
    apart = _WORDS_THAT_LINK.sub(rf"\1{_APART}", escaped)
    return _SIGNS_THAT_LINK.sub(rf"\1{_APART}", apart)


def code(text: object, limit: int = _SHOWN) -> str:
    """Return a text as a code span, fenced by more backticks than it holds in a row (CommonMark, section 6.1).

    Args:
        text: anything with a text; control and direction characters are shown as escapes.
        limit: characters to keep.
    """
    line = _SPACES.sub(" ", plain(str(text), limit))
    if not line.strip():
        return "(empty)" if not line else "(blank)"
    fence = "`" * (max((len(run) for run in _RUN.findall(line)), default=0) + 1)
    # One space on each side is taken off again when it is rendered.
    padded = f" {line} " if line[0] in "` " or line[-1] in "` " else line
    return f"{fence}{padded}{fence}"
