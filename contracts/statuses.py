"""Statuses that somebody between us and the target answers, or that speak of the moment: none tells of a promise."""

from __future__ import annotations

from typing import Final

OUTAGES: Final = frozenset({502, 503, 504, 511})
"""What gateways, overloaded servers and intercepting proxies answer by themselves (RFC 9110, sections 15.6.3 to
15.6.5; RFC 6585, section 6)."""

UNJUDGED: Final = OUTAGES | {407, 408, 421, 425, 429}
"""The outages, and refusals of the moment or of something in between: a proxy that wants to know who asks, a request
that came too slowly, on the wrong connection, too early, or too often (RFC 9110, sections 15.5.8, 15.5.9 and 15.5.20;
RFC 8470, section 5.2; RFC 6585, section 4)."""
