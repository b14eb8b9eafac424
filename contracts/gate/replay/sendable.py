"""Which recorded requests may be sent again: those that go where the target's URL says, and cost what they seem to.

A run directory may come from a stranger, and its history says what is sent with the user's own key.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from contracts.history import Input

_METHOD: Final = re.compile(r"[A-Z]{1,20}")
_PATH: Final = re.compile(r"/[!\"$->@-~]*")
"""Visible ASCII from a slash on: anything before it would stand in the authority, ``?`` and ``#`` end a path."""

_ENCODINGS: Final = 3
"""How often a path is decoded: a proxy and the server behind it may each do so."""

_SEPARATORS: Final = re.compile(r"[/\\]")

_FRAMING: Final = frozenset(
    "host connection content-length transfer-encoding te trailer upgrade expect keep-alive proxy-connection "
    "proxy-authorization".split()
)
"""Headers that say where a request goes or where it ends; whoever sends it writes them (RFC 9112, sections 3.2, 6)."""

_REWRITING: Final = frozenset(
    "x-http-method-override x-http-method x-method-override x-original-url x-rewrite-url x-forwarded-host "
    "x-forwarded-prefix forwarded".split()
)
"""Headers by which some servers take one request for another, so that a read might buy."""


def why_not(sent: Input) -> str | None:
    """Return why a recorded request must not be sent again, None where it may.

    Args:
        sent: the request as recorded.
    """
    if _METHOD.fullmatch(sent.method) is None:
        return f"its method {sent.method[:20]!r} is none that a gate sends"
    if _PATH.fullmatch(sent.path) is None:
        return f"its path {sent.path[:60]!r} is none below a base URL"
    decoded = sent.path
    for _ in range(_ENCODINGS):
        decoded = unquote(decoded)
    if not {".", ".."}.isdisjoint(part.partition(";")[0] for part in _SEPARATORS.split(decoded)):
        return f"its path {sent.path[:60]!r} leads out of itself"
    for name, _ in sent.headers:
        if name.lower() in _FRAMING | _REWRITING:
            return f"its header {name[:40]!r} would make another request of it"
    return None
