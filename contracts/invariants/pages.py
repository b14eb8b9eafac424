"""Pages: one page of a list, and whether it agrees with what was asked for and with itself (LIST-2 to LIST-4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from contracts.finding import Severity, Violation
from contracts.history import ApiOperation, Demand, Mark
from contracts.instant import Instant, parse
from contracts.invariants.book import Entry
from contracts.invariants.invariant import Invariant
from contracts.invariants.values import compare_moments
from contracts.monitor import Docket, violation
from contracts.profiles import Profile

OLDEST_FIRST: Final = "date_asc"
NEWEST_FIRST: Final = "date_desc"

_COUNT: Final = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Page:
    """One served page of a list whose request is proper; None stands for what is missing or unreadable.

    Attributes:
        mark: the operation that showed it.
        number: the page asked for, 1 without a parameter.
        size: the page size asked for.
        sort: the order asked for, newest first without a parameter.
        status: the status asked for.
        searched: whether only some numbers were asked for as well.
        ids: of the items, None for an item without a readable one.
        moments: ``created_at`` of the items.
        statuses: of the items.
        current: ``pagination.current_page``.
        total: ``pagination.total_pages``.
        has_next: ``pagination.has_next``.
    """

    mark: Mark
    number: int
    size: int | None
    sort: str
    status: str | None
    searched: bool
    ids: tuple[int | None, ...]
    moments: tuple[Instant | None, ...]
    statuses: tuple[str | None, ...]
    current: int | None
    total: int | None
    has_next: bool | None

    @property
    def ends(self) -> bool:
        """True when nothing follows: the page says so, or is empty."""
        return self.has_next is False or not self.ids

    @property
    def front(self) -> bool:
        """True for the first page of everything, newest first."""
        return self.number == 1 and self.status is None and not self.searched and self.sort == NEWEST_FIRST


def page_of(entry: Entry, profile: Profile) -> Page | None:
    """Return the page that a list call was answered with, None where it is no proper one.

    Args:
        entry: any operation.
        profile: what the list may be asked for.
    """
    if entry.kind is not ApiOperation.LIST or not entry.reading.served:
        return None
    asked = _asked(entry, profile)
    value = entry.reading.document.value
    items = value.get("items") if isinstance(value, dict) else None
    if asked is None or not isinstance(value, dict) or not isinstance(items, list):
        return None
    rows = [item if isinstance(item, dict) else {} for item in items]
    told = value.get("pagination")
    told = told if isinstance(told, dict) else {}
    has_next = told.get("has_next")
    return Page(
        entry.mark,
        int(asked.get("page", "1")),
        int(asked["page_size"]) if "page_size" in asked else None,
        asked.get("sort", NEWEST_FIRST),
        asked.get("status"),
        "phone_number" in asked,
        tuple(_whole(row.get("id")) for row in rows),
        tuple(parse(row.get("created_at")) for row in rows),
        tuple(_text(row.get("status")) for row in rows),
        _whole(told.get("current_page")),
        _whole(told.get("total_pages")),
        has_next if isinstance(has_next, bool) else None,
    )


def in_order(earlier: Instant | None, later: Instant | None, sort: str) -> bool | None:
    """Tell whether two neighbouring items stand in order, None where nothing can be told."""
    if earlier is None or later is None:
        return None
    way = compare_moments(earlier, later)
    if way == 0:
        return None
    return way < 0 if sort == OLDEST_FIRST else way > 0


class Pages(Invariant):
    """Judges each page by itself."""

    clauses = ("LIST-1", "LIST-2", "LIST-3", "LIST-4")

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Judge one page."""
        page = page_of(entry, self.setting.profile)
        if page is None:
            return
        if page.status is not None and page.ids:
            docket.exercise("LIST-2")
        if page.total is not None or page.has_next is not None or page.current is not None:
            docket.exercise("LIST-4")
        verdicts = [in_order(a, b, page.sort) for a, b in zip(page.moments, page.moments[1:], strict=False)]
        if any(verdict is not None for verdict in verdicts):
            docket.exercise("LIST-3")
        for found in (*_filter_faults(page), *_order_faults(page, verdicts), *_count_faults(page)):
            docket.violate(found)


def _filter_faults(page: Page) -> Iterator[Violation]:
    wrong = [status for status in page.statuses if status is not None and status != page.status]
    if page.status is not None and wrong:
        yield violation(
            "LIST-2",
            "another-status-in-filtered-list",
            f"a list asked for {page.status} shows {wrong[0][:20]}",
            page.mark,
            expected=f"status {page.status} in every item",
            observed=f"{len(wrong)} of {len(page.ids)} items with another status, the first {wrong[0][:20]}",
        )
    known = [number for number in page.ids if number is not None]
    if len(set(known)) != len(known):
        twice = next(number for number in known if known.count(number) > 1)
        yield violation(
            "LIST-1",
            "shown-twice-on-one-page",
            "a page shows one purchase twice",
            page.mark,
            expected="every purchase exactly once",
            observed=f"purchase {twice}, {known.count(twice)} times",
        )


def _order_faults(page: Page, verdicts: list[bool | None]) -> Iterator[Violation]:
    place = next((number for number, verdict in enumerate(verdicts) if verdict is False), None)
    if place is not None:
        yield disorder(page, page.ids[place], page.ids[place + 1], page.mark)


def disorder(page: Page, before: int | None, after: int | None, *marks: Mark) -> Violation:
    """Return the violation of two neighbouring items that stand in the wrong order (LIST-3)."""
    order = "oldest first" if page.sort == OLDEST_FIRST else "newest first"
    return violation(
        "LIST-3",
        f"not-{order.replace(' ', '-')}",
        f"a list is not sorted {order}",
        *marks,
        expected=f"items by created_at, {order}",
        observed=f"purchase {before} stands before purchase {after}",
    )


def _count_faults(page: Page) -> Iterator[Violation]:
    count, number, total = len(page.ids), page.number, page.total
    if page.size is not None and count > page.size:
        yield _fault(page, "page-over-size", "a page has more items than asked for", f"{count} items of {page.size}")
    if total is not None and total < number and count:
        if number == 1:
            yield _fault(page, "total-below-one", "total_pages denies the page shown", f"total_pages {total}")
        else:
            yield _fault(
                page,
                "items-beyond-the-end",
                "a page beyond the last one shows items",
                f"page {number} of {total} has {count} items",
                Severity.WARNING,
            )
    beyond = total is not None and number > max(total, 1)
    if page.current not in {None, number} and not beyond and not (number == 1 and not count and page.current == 0):
        yield _fault(page, "another-current-page", "current_page is not the page asked for", f"{page.current}")
    if total is not None and page.has_next is not None and page.has_next != (number < total):
        yield _fault(
            page,
            f"has-next-wrongly-{str(page.has_next).lower()}",
            "has_next contradicts total_pages",
            f"page {number} of {total}, has_next {str(page.has_next).lower()}",
        )


def _fault(page: Page, cause: str, title: str, observed: str, severity: Severity | None = None) -> Violation:
    return violation(
        "LIST-4",
        cause,
        title,
        page.mark,
        expected="at most page_size items; current_page, total_pages and has_next agree with the request",
        observed=f"page {page.number}, page_size {page.size}: {observed}"[:300],
        severity=severity,
    )


def _asked(entry: Entry, profile: Profile) -> Mapping[str, str] | None:
    """Return the parameters of a list call, None where they are not all understood."""
    query = entry.reading.operation.input.query
    asked = dict(query)
    if (
        entry.reading.judgement.demand is Demand.REFUSE
        or len(asked) != len(query)
        or not asked.keys() <= profile.list_parameters
    ):
        return None
    if not all(_COUNT.fullmatch(asked.get(key, "1")) for key in ("page", "page_size")):
        return None
    if asked.get("sort", NEWEST_FIRST) not in {NEWEST_FIRST, OLDEST_FIRST}:
        return None
    return asked if "status" not in asked or asked["status"] in profile.statuses else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
