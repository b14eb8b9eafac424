"""Why bytes are no answer."""

from __future__ import annotations


class MalformedError(Exception):
    """The bytes are no HTTP/1.1 answer; the message says which rule they break."""


class TooLargeError(Exception):
    """The answer passes one of the limits; the message says which."""
