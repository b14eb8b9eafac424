"""Media types of answers: what a ``Content-Type`` header says (RFC 9110, section 8.3)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from contracts.history import Answer

_MEMBERS: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^,"]|")+')
"""What stands between the commas of a list, those within quotes apart (RFC 9110, section 5.6.1)."""


class Media(NamedTuple):
    """A media type.

    Attributes:
        kind: type and subtype in lower case, without parameters; empty without a header, or with several that differ.
        charset: the charset in lower case, None where the header names none.
    """

    kind: str
    charset: str | None

    @property
    def is_json(self) -> bool:
        """True for JSON under any of its names, ``application/problem+json`` among them."""
        return self.kind.endswith(("/json", "+json"))

    @property
    def is_utf8(self) -> bool:
        """True unless the header names another charset; JSON is UTF-8 without being told (RFC 8259)."""
        return self.charset in {None, "utf-8", "utf8"}


def label(answer: Answer) -> str | None:
    """Return the ``Content-Type`` of an answer, lines of that name made one (RFC 9110, section 5.3); None without."""
    values = [value for name, value in answer.headers if name.lower() == "content-type"]
    return ", ".join(values) if values else None


def parse(header: str | None) -> Media:
    """Return the media type that a ``Content-Type`` header names.

    It names one; of several, each client believes another (RFC 9110, section 8.3), so that they must agree.

    Args:
        header: the header's value, None where there was none.
    """
    named = [_parse(member) for member in _MEMBERS.findall(header or "") if member.strip()]
    if len({media.kind for media in named}) != 1:
        return Media("", None)
    return next((media for media in named if not media.is_utf8), named[0])


def _parse(member: str) -> Media:
    kind, *parameters = member.split(";")
    charset = None
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    return Media(kind.strip().lower(), charset)
