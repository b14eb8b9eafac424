"""Text of a target made safe to stand in a page: escaped, what cannot be seen made visible, and bounded."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

from markupsafe import Markup, escape

LONGEST: Final = 2_000
"""Characters of a text that a page shows, unless it is told otherwise."""

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_QUOTED: Final = r"'(?:[^'\\\n]|\\.){1,400}'|\"(?:[^\"\\\n]|\\.){1,400}\""
_NUMBER: Final = r"(?<![\w.:–])(?>\d+(?:[.,]\d+)*)(?![\w–])"
_VALUE: Final = re.compile(rf"{_QUOTED}|<\w{{1,12}}:[^<>]{{1,60}}>|{_NUMBER}")
_NAMES_A_PURCHASE: Final = re.compile(r"(?:purchase|page|at byte) $")
_MOST_VALUES: Final = 20
_SHORTEST: Final = 3
_SCRIPT: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def visible(value: object, limit: int = LONGEST) -> str:
    """Return a value as one line of text in which every character can be seen; it is not escaped for HTML.

    Args:
        value: anything with a text.
        limit: characters to keep.
    """
    return "".join(part for part, _ in _parts(_cut(str(value), limit)))


def shown(value: object, limit: int = LONGEST, *, lines: bool = False) -> Markup:
    """Return a value as HTML in which characters that cannot be seen stand as marked escapes.

    Args:
        value: anything with a text.
        limit: characters to keep.
        lines: whether line feeds break lines, as in ``<pre>``, instead of being shown.
    """
    return _markup(_cut(str(value), limit), lines=lines)


def marked(value: object, values: Iterable[str], limit: int = LONGEST, *, lines: bool = False) -> Markup:
    """Return a value as HTML, some values in it marked.

    Args:
        value: anything with a text.
        values: what to mark, wherever it stands as a whole.
        limit: characters to keep.
        lines: whether line feeds break lines.
    """
    text = _cut(str(value), limit)
    wanted = sorted({value for value in values if value}, key=len, reverse=True)
    if not wanted:
        return _markup(text, lines=lines)
    pattern = re.compile("|".join(_whole(value) for value in wanted))
    made: list[Markup] = []
    end = 0
    for match in pattern.finditer(text):
        made += [_markup(text[end : match.start()], lines=lines)]
        made += [Markup("<mark>"), _markup(match.group(), lines=lines), Markup("</mark>")]
        end = match.end()
    return Markup("").join([*made, _markup(text[end:], lines=lines)])


def offending(expected: str, observed: str) -> tuple[list[str], list[str]]:
    """Return which parts of an observation offend, and the values to look for where they were answered.

    Quoted values, masks and numbers of the observation that the expectation does not name offend; numbers
    that only tell which purchase or page is meant do not. Where there are none, all of it does.

    Args:
        expected: what the clause expects.
        observed: what was observed instead.
    """
    text = observed[:LONGEST]
    spoken = {match.group() for match in _VALUE.finditer(expected[:LONGEST])}
    found: dict[str, None] = {}
    for match in _VALUE.finditer(text):
        if match.group() not in spoken and not _NAMES_A_PURCHASE.search(text, 0, match.start()):
            found[match.group()] = None
    # Small whole numbers mostly count something; they are told apart only where there is nothing else.
    telling = [part for part in found if len(part) >= _SHORTEST] or list(found)
    parts = telling[:_MOST_VALUES]
    return parts or [text], [value for part in parts for value in _values(part)]


def pretty(body: str) -> str:
    """Return a JSON text with line breaks, any other text as it is.

    Nothing else of it changes: a text whose numbers, keys or escapes would not come back the same stays.
    """
    try:
        value = json.loads(body)
        same = any(
            json.dumps(value, ensure_ascii=ascii_only, separators=separators) == body
            for ascii_only in (False, True)
            for separators in ((",", ":"), (", ", ": "))
        )
        return json.dumps(value, ensure_ascii=False, indent=2) if same and isinstance(value, dict | list) else body
    except (ValueError, RecursionError):
        return body


def island(data: Any) -> Markup:
    """Return data as JSON for a ``<script type="application/json">``: pure ASCII without ``<``, ``>`` and ``&``."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(re.sub("[<>&]", lambda match: _SCRIPT[match.group()], text))  # noqa: S704 - escaped just here


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"


def _markup(text: str, *, lines: bool) -> Markup:
    made: list[Markup] = []
    for part, escaped in _parts(text, keep="\n" if lines else ""):
        made.append(Markup('<span class="esc">{}</span>').format(part) if escaped else escape(part))
    return Markup("").join(made)


def _parts(text: str, keep: str = "") -> Iterator[tuple[str, bool]]:
    """Yield a text in parts, each with whether it stands for characters that cannot be seen."""
    if text.isprintable():
        if text:
            yield text, False
        return
    for unseen, group in groupby(text, lambda character: _is_unseen(character) and character not in keep):
        part = "".join(group)
        yield "".join(ascii(character)[1:-1] for character in part) if unseen else part, unseen


def _is_unseen(character: str) -> bool:
    return not character.isprintable() and unicodedata.category(character) in _UNSEEN


def _values(part: str) -> list[str]:
    """Return what a part of an observation looks like in a body: as the value itself, and as JSON spells it."""
    if part[0] not in "'\"":
        return [part] if len(part) >= _SHORTEST else []
    try:
        value = ast.literal_eval(part)
    except (ValueError, SyntaxError):
        return []
    if not isinstance(value, str) or not value.strip():
        return []
    forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    # A short value would be found inside of others, unless the quotes around it are asked for.
    return sorted(form if len(value) >= _SHORTEST else f'"{form}"' for form in forms)


def _whole(value: str) -> str:
    before = r"(?<![\w.])" if value[0].isalnum() else ""
    after = r"(?!\w)(?!\.\d)" if value[-1].isalnum() else ""
    return f"{before}{re.escape(value)}{after}"
