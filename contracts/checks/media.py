"""Media types of answers: what a ``Content-Type`` header says (RFC 9110, section 8.3)."""

from __future__ import annotations

from typing import NamedTuple


class Media(NamedTuple):
    """A media type.

    Attributes:
        kind: type and subtype in lower case, without parameters; empty where there is no header.
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


def parse(header: str | None) -> Media:
    """Return the media type that a ``Content-Type`` header names.

    Args:
        header: the header's value, None where there was none.
    """
    kind, *parameters = (header or "").split(";")
    charset = None
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    return Media(kind.strip().lower(), charset)
