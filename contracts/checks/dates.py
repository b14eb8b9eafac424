"""HTTP dates (RFC 9110, section 5.6.7) in headers of answers."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def parse(header: str | None) -> datetime | None:
    """Return the moment that a header names, None where it is missing or no date."""
    if header is None:
        return None
    try:
        found = parsedate_to_datetime(header)
    except (ValueError, TypeError, IndexError, OverflowError):
        # The standard parser raises each of these for some malformed date.
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
