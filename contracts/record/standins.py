"""Masks of a history made readable again: each secret's mask becomes a value that checks can judge.

A history shows masks where the run saw phone numbers, codes, passwords and keys. Equal values have equal
masks, so that whatever compares values judges masks as well. What looks at a value's form cannot: a mask is
no phone number, and an unquoted one is no JSON. A stand-in has the form that most values have, and can be
told from every other text, so that a finding shows the mask again.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any, Final

_STEM: Final = "assay-stand-in-for-the-key-of-"

KEYS: Final[Mapping[str, str]] = {label: f"{_STEM}{label}" for label in ("owner", "other", "admin")}
"""Label of each key of a run, and what stands in for the key."""

KEY_SIGNS: Final = (_STEM.encode(), base64.b64encode(_STEM.encode()))
"""One of these stands in every text in which something stands in for a key: 30 bytes are 40 characters of base64."""

_MASK: Final = re.compile(
    # A quoted password is a text like any other; only an unquoted one would be no JSON.
    rb'<(?:(?<="<)phone:([1-9][0-9]{0,8})|phone:([1-9][0-9]{0,8})|code:([1-9][0-9]{0,8})'
    rb'|(?<!"<)password:([1-9][0-9]{0,8})|key:(owner|other|admin)(:base64)?)>'
)
_BEGINNINGS: Final = (b"", b"+99990", b"99990", b"88880", b"77770")
"""What stands before the nine digits, by the group of ``_MASK`` that holds the number."""
_ANY: Final = re.compile(rb"<(?:phone|code|password):[1-9]")
_STAND_IN: Final = re.compile(r"\+?(9999|8888|7777)0([0-9]{9})(?![0-9])")
_KINDS: Final[Mapping[str, str]] = {"9999": "phone", "8888": "code", "7777": "password"}
_IN_PLACE: Final = tuple(
    (b"<%b:" % kind, (b'\\"%b\\":\\"<%b:' % (key, kind), b'\\"%b\\": \\"<%b:' % (key, kind)))
    for kind, key in ((b"phone", b"phone_number"), (b"code", b"code"), (b"password", b"password"))
)
"""How masks of each kind begin, and how they do where they belong: the value of the member that is a secret."""

_OWN_FORM: Final = (
    r"created_at|received_at|next_attempt_at|refunded_at|amount|percent|price|retry_after|attempt|max_attempts"
    r"|id|total_pages|current_page|has_next|status|country_code|currency_code|total_purchases|available"
)
_DAMAGED: Final = re.compile(
    # Within the history's JSON, a body's quotes carry a backslash.
    rf'\\"(?:{_OWN_FORM})\\":\s{{0,9}}(?:\\")?[^"\\,{{}}\[\]]{{0,60}}<(?:phone|code|password):'
    r'|\["(?:[dD]ate|[rR]etry-[aA]fter)",\s?"[^"]{0,60}<(?:phone|code|password):'.encode()
)
"""A mask inside a value that is no secret: a short code that happens to equal a year or an amount."""


def stand_in(line: bytes) -> bytes:
    """Return a history line, or a body of one, with every mask replaced by its stand-in.

    Args:
        line: as written; its masks are those of ``contracts.record.masking.Masker``.
    """
    if b"<" not in line:
        return line
    return _MASK.sub(_replaced, line)


def masked(text: str) -> str:
    """Return a text with every stand-in replaced by the mask it came from."""
    shown = _STAND_IN.sub(lambda match: f"<{_KINDS[match.group(1)]}:{int(match.group(2))}>", text)
    for label, key in KEYS.items():
        shown = shown.replace(key, f"<key:{label}>")
    return shown


def stood_in(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a decoded history line whose bodies in base64 have stand-ins too."""
    changed = dict(line)
    for name in ("request_body_base64", "response_body_base64"):
        if isinstance(changed.get(name), str):
            changed[name] = base64.b64encode(stand_in(base64.b64decode(changed[name], validate=True))).decode("ascii")
    return changed


def is_damaged(line: bytes) -> bool:
    """Tell whether masking or cutting took something from a history line that its judgement depends on.

    Args:
        line: as written, with its masks.
    """
    if b'"request_body_cut":' in line:
        return True
    for mask, (compact, spaced) in _IN_PLACE:
        number = line.count(mask)
        if number and number != line.count(compact) and number != line.count(compact) + line.count(spaced):
            return _DAMAGED.search(line) is not None or _in_query(line)
    return False


def _in_query(line: bytes) -> bool:
    """Tell whether a mask stands in the query elsewhere than in a fragment of a phone number."""
    start = line.find(b'"query":[[')
    if start < 0:
        return False
    query = line[start : line.find(b"]]", start)]
    return any(_ANY.search(pair) and b'"phone_number"' not in pair for pair in query.split(b"],["))


def _replaced(match: re.Match[bytes]) -> bytes:
    kind = match.lastindex or 0
    if kind < len(_BEGINNINGS):
        return _BEGINNINGS[kind] + match[kind].rjust(9, b"0")
    key = KEYS[match[_LABEL].decode()].encode()
    return key if match[_LABEL + 1] is None else base64.b64encode(key).rstrip(b"=")


_LABEL: Final = len(_BEGINNINGS)
"""The group of ``_MASK`` that holds the label of a key; the next tells of base64."""
