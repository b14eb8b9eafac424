"""What went wrong beside the answers: why none came, what became of connections, and what could not be read."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MOST_KINDS: Final = 40
"""Reasons that are told apart; a host of others counts as one."""

OTHERS: Final = "other reasons"

_OURS: Final = frozenset(
    os.strerror(number) for number in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL)
)
"""Reasons why this machine has no connection to give: descriptors, buffers, memory or local ports are used up."""

_TOLD: Final = 5


@dataclass(slots=True)
class Mishaps:
    """Mishaps of one process or of all.

    Attributes:
        unanswered: by the error's word and its reason, requests without a whole answer.
        closed_idle: connections that the server closed while no request was on them.
        stale: requests on a connection that had served before and was closed before the first byte of their answer.
        unreadable: requests of a locustfile's users that are not HTTP, neither judged nor counted.
        out_of_step: connections whose answers cannot be told apart for certain, as one came that nobody asked for.
    """

    unanswered: dict[str, int] = field(default_factory=dict)
    closed_idle: int = 0
    stale: int = 0
    unreadable: int = 0
    out_of_step: int = 0

    def fail(self, error: str, reason: str, times: int = 1) -> None:
        """Count a request that got no whole answer.

        Args:
            error: one of ``load.call.ERRORS``.
            reason: in a few words; empty where the word says it all.
            times: how many.
        """
        kind = f"{error}: {reason}" if reason else error
        if kind not in self.unanswered and len(self.unanswered) >= MOST_KINDS:
            kind = OTHERS
        self.unanswered[kind] = self.unanswered.get(kind, 0) + times

    def plain(self) -> dict[str, Any]:
        """Return them as plain data, totals since the start."""
        return {
            "unanswered": dict(self.unanswered),
            "closed_idle": self.closed_idle,
            "stale": self.stale,
            "unreadable": self.unreadable,
            "out_of_step": self.out_of_step,
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Mishaps:
        """Return what ``plain`` gave.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: the data is not that.
        """
        unanswered = {str(kind): int(times) for kind, times in data["unanswered"].items()}
        counts = {name: int(data[name]) for name in ("closed_idle", "stale", "unreadable", "out_of_step")}
        return cls(unanswered, **counts)


def together(parts: Iterable[Mishaps]) -> Mishaps:
    """Return the mishaps of all processes as one."""
    whole = Mishaps()
    for part in parts:
        for kind, times in part.unanswered.items():
            whole.unanswered[kind] = whole.unanswered.get(kind, 0) + times
        whole.closed_idle += part.closed_idle
        whole.stale += part.stale
        whole.unreadable += part.unreadable
        whole.out_of_step += part.out_of_step
    return whole


def exhausted(mishaps: Mishaps) -> str | None:
    """Tell that requests were lost because this machine had no connections left, None where none were.

    They are none of the target's failures.
    """
    ours: dict[str, int] = {}
    for kind, times in mishaps.unanswered.items():
        reason = kind.partition(": ")[2]
        if reason in _OURS:
            ours[reason] = ours.get(reason, 0) + times
    if not ours:
        return None
    listed = "; ".join(f"{reason} ({times:,})" for reason, times in sorted(ours.items()))
    return f"the generator could not open every connection: {listed}; raise its limits (ulimit -n) or lower the load"


def remarks(mishaps: Mishaps) -> list[str]:
    """Return what a reader should know of them, a sentence each."""
    told = []
    if mishaps.unanswered:
        most = sorted(mishaps.unanswered.items(), key=lambda item: (-item[1], item[0]))
        more = "" if len(most) <= _TOLD else f"; {len(most) - _TOLD} other reasons"
        listed = "; ".join(f"{kind} ({times:,})" for kind, times in most[:_TOLD])
        told.append(f"requests without a whole answer, by why: {listed}{more}")
    if mishaps.stale:
        told.append(
            f"{mishaps.stale:,} requests met a connection that the server had just closed without saying so before "
            "(Connection: close); what became of them is not known, and none was sent again"
        )
    if mishaps.out_of_step:
        told.append(
            f"{mishaps.out_of_step:,} connections brought an answer that nobody had asked for after several requests: "
            "which answer belongs to which cannot be told for certain (RFC 9112, 6.3), so that only what holds of any "
            "answer was judged"
        )
    if mishaps.unreadable:
        told.append(f"{mishaps.unreadable:,} requests of the locustfile are not HTTP: neither judged nor counted")
    return told
