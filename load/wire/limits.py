"""What an answer may be: the limits on its size and on the time it takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an answer may be before it is refused.

    Attributes:
        header_count: header fields of one answer, and trailer fields apart.
        header_bytes: bytes of status line and header fields, and of the trailer apart.
        body_bytes: bytes of the body, both as sent and with its content coding undone.
        interim_count: answers of status 1xx before the final one (RFC 9110 section 15.2).
    """

    header_count: int = 256
    header_bytes: int = 65_536
    body_bytes: int = 16 * 1024 * 1024
    interim_count: int = 16


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long is waited, in seconds. A timeout is never early, and late by 25 ms at most on an idle loop.

    Attributes:
        connect: from the first attempt to connect until the connection stands, the TLS handshake included.
        first_byte: from the send of the request until the first byte of an answer.
        whole: from the send of the request until the last byte of the answer.
    """

    connect: float = 5.0
    first_byte: float = 30.0
    whole: float = 60.0

    def __post_init__(self) -> None:
        for name in ("connect", "first_byte", "whole"):
            if not getattr(self, name) > 0:
                raise ValueError(f"the {name} timeout must be above 0 seconds, not {getattr(self, name)!r}")
