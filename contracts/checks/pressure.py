"""LOAD-3: back-pressure says how long to wait."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from contracts.checks import dates
from contracts.checks.faults import shown
from contracts.monitor import Docket, Monitor, violation
from contracts.reading import Reading

# RFC 9110, section 10.2.3, has whole seconds; the official clients take fractions too (api-facts, section 5).
_SECONDS: Final = re.compile(r"\s*[0-9]+(?:\.[0-9]+)?\s*")


class PressureCheck(Monitor):
    """Looks at every 429 for a ``Retry-After`` that a client can follow."""

    clauses: ClassVar[tuple[str, ...]] = ("LOAD-3",)

    def observe(self, reading: Reading, docket: Docket) -> None:
        """Judge one answer; anything but a 429 is passed over."""
        answer = reading.operation.answer
        if answer is None or answer.status != 429:
            return
        docket.exercise("LOAD-3")
        header = answer.header("retry-after")
        if header is not None and is_wait(header):
            return
        cause = "no Retry-After" if header is None else "unreadable Retry-After"
        docket.violate(
            violation(
                "LOAD-3",
                cause,
                f"429 with {cause}",
                reading.mark,
                expected="429 with Retry-After: a number of seconds or an HTTP date",
                observed="no Retry-After" if header is None else f"Retry-After {shown(header)}",
            )
        )


def is_wait(header: str) -> bool:
    """Tell whether a ``Retry-After`` is a number of seconds or an HTTP date."""
    return _SECONDS.fullmatch(header) is not None or dates.parse(header) is not None
