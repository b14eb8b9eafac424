"""WIRE-3: every page of a list has its pagination."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from contracts.checks import scope
from contracts.checks.faults import shown
from contracts.history import ApiOperation
from contracts.monitor import Docket, Monitor, violation
from contracts.reading import Reading


class PaginationCheck(Monitor):
    """Looks at every page; a body that is no object is SHAPE-2's."""

    clauses: ClassVar[tuple[str, ...]] = ("WIRE-3",)

    def observe(self, reading: Reading, docket: Docket) -> None:
        """Judge one answer; anything but a page is passed over."""
        if scope.judged_kind(reading) is not ApiOperation.LIST:
            return
        value = reading.document.value
        if not isinstance(value, dict):
            return
        docket.exercise("WIRE-3")
        found = value.get("pagination")
        if not isinstance(found, Mapping):
            _report(reading, docket, "no pagination", shown(found) if "pagination" in value else "no such key")
            return
        for key in ("current_page", "total_pages", "has_next"):
            if not _is_lawful(key, found.get(key)):
                _report(reading, docket, f"{key} unusable", f"{key} {shown(found.get(key))}")


def _is_lawful(key: str, value: object) -> bool:
    if key == "has_next":
        return isinstance(value, bool)
    return isinstance(value, int) and not isinstance(value, bool) and (key == "current_page" or value >= 0)


def _report(reading: Reading, docket: Docket, cause: str, observed: str) -> None:
    docket.violate(
        violation(
            "WIRE-3",
            cause,
            f"a page of the list has {cause}" if cause == "no pagination" else f"pagination: {cause}",
            reading.mark,
            expected="pagination with integer current_page, integer total_pages from 0, and boolean has_next",
            observed=observed,
        )
    )
