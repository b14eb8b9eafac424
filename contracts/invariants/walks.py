"""Walks: the pages of one list, one after the other, show everything exactly once (LIST-1 to LIST-4, LIFE-6)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from contracts.finding import Violation
from contracts.history import ApiOperation, Mark, Outcome
from contracts.instant import Instant
from contracts.invariants.book import Entry
from contracts.invariants.invariant import MAX_HELD, Invariant
from contracts.invariants.pages import Page, disorder, in_order, page_of
from contracts.invariants.purchase import Purchase, Sight
from contracts.invariants.values import PENDING, REFUND
from contracts.monitor import Docket, Setting, violation

PATIENCE_S: Final = 120.0
"""After so many seconds no request that was under way during a walk is still unanswered: clients give up
after 60 (api-facts, section 5)."""

LATE_S: Final = 60.0
"""For so many seconds a create of unknown outcome may still take effect."""

_MOVED: Final = frozenset({"shown-on-two-pages", "total-pages-moves", "not-newest-first"})
"""What a purchase that is made during a walk brings about."""

MAX_WALKS: Final = 64
"""Walks under way at the same time."""


@dataclass(slots=True)
class Walk:
    """What one walk has shown so far.

    Attributes:
        principal: who walks.
        status: the filter, None without one.
        sort: the order asked for.
        size: the page size asked for.
        first: its first page.
        last: its latest page.
        number: how many pages it has.
        total: ``total_pages`` of the first page.
        shown: on which page each id was shown first.
        end: ``created_at`` and id of the latest item.
        whole: False once something unreadable was shown, so that nothing can be called missing.
        busy: True when a create was under way meanwhile.
        ordered: whether two items on different pages were compared.
        again: an id shown on two pages, and these pages.
        found: what is wrong with it that only holds while nothing else happens.
    """

    principal: str
    status: str | None
    sort: str
    size: int | None
    first: Mark
    last: Mark
    number: int = 0
    total: int | None = None
    shown: dict[int, int] = field(default_factory=dict)
    end: tuple[Instant | None, int | None] = (None, None)
    whole: bool = True
    busy: bool = False
    ordered: bool = False
    again: tuple[int, int, int] | None = None
    found: list[Violation] = field(default_factory=list)

    def continues(self, page: Page) -> bool:
        """Tell whether a page is the next one of this walk."""
        same = (page.status, page.sort, page.size) == (self.status, self.sort, self.size)
        return same and page.number == self.number + 1 and self.last.precedes(page.mark)

    @property
    def sifted(self) -> bool:
        """True where purchases that change their status move others from page to page."""
        return self.status is not None and self.number > 1

    def add(self, page: Page) -> None:
        """Take in the next page."""
        if self.number == 0:
            self.total = page.total
        elif page.total != self.total and page.total is not None and self.total is not None:
            told = f"total_pages {self.total} on page 1, {page.total} on page {page.number}"
            self.found.append(_told("total-pages-moves", "total_pages changes during a walk", told, self, page.mark))
        if page.ids and self.end[1] is not None:
            self._compare(page)
        for number in page.ids:
            self.whole = self.whole and number is not None
            if number is not None and self.shown.setdefault(number, page.number) != page.number:
                self.again = self.again or (number, self.shown[number], page.number)
        if page.ids:
            self.end = (page.moments[-1], page.ids[-1])
        self.number, self.last = page.number, page.mark

    def _compare(self, page: Page) -> None:
        verdict = in_order(self.end[0], page.moments[0], page.sort)
        self.ordered = self.ordered or verdict is not None
        if verdict is False:
            self.found.append(disorder(page, self.end[1], page.ids[0], self.last, page.mark))

    def meets(self, mark: Mark, late: float = 0.0) -> bool:
        """Tell whether an operation was under way during the walk, or less than ``late`` seconds before."""
        return mark.returned >= self.first.invoked - late and mark.invoked <= self.last.returned


@dataclass(slots=True)
class _Judged:
    """The judgement on a walk, held until nothing can still arrive that was under way meanwhile."""

    walk: Walk
    exercised: list[str]
    violations: list[Violation]


@dataclass(slots=True)
class _Missing:
    """A purchase that a filtered walk should have shown, and a later view of it in the same status.

    Any purchase may be refunded unseen by an administrator, and a PENDING one may become anything: but for
    REFUND, which stays, a later view must show the status again.
    """

    walk: Walk
    record: Purchase
    since: Mark
    still: Mark | None = None


class Walks(Invariant):
    """Judges walks at their end, and only those during which the owner bought nothing.

    With a filter, what changes its status changes the pages as well, which no operation in the history need
    tell of: such a walk is judged when every purchase of the owner was seen again as it was before.

    A list call outside of a walk that asks for page 1 and is told that nothing follows is a walk of one page.
    """

    clauses = ("LIST-1", "LIST-2", "LIST-3", "LIST-4", "LIFE-6", "RACE-1")

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._walks: dict[tuple[str, str], Walk] = {}
        self._judged: deque[_Judged] = deque()
        self._sifted: list[_Judged] = []
        self._missing: list[_Missing] = []
        self._moved: list[tuple[str, Violation]] = []
        self._unknown: dict[str, Mark] = {}

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Take in a page or a create, and judge walks that are over."""
        if entry.kind is ApiOperation.CREATE and entry.outcome is not Outcome.FAIL:
            self._disturb(entry)
        elif entry.kind is ApiOperation.LIST and entry.authenticated and entry.outcome is Outcome.OK:
            self._step(entry, docket)
        for sight in entry.sights if self._missing else ():
            self._see(sight)
        while self._judged and self._judged[0].walk.last.returned + PATIENCE_S < entry.mark.returned:
            self._release(self._judged.popleft(), docket)

    def finish(self, docket: Docket) -> None:
        """Report on every walk held back."""
        for judged in (*self._judged, *self._sifted):
            if not judged.walk.sifted or self._unmoved(judged.walk):
                self._release(judged, docket)
        for missing in self._missing:
            stood = missing.walk.status == REFUND or missing.still is not None
            if stood and (not missing.walk.sifted or self._unmoved(missing.walk)):
                docket.violate(_filtered_out(missing))
        for principal, found in self._moved:
            if principal not in self.book.shared:
                docket.violate(found)
        self._moved.clear()
        self._judged.clear()
        self._sifted.clear()
        self._missing.clear()
        super().finish(docket)

    def _release(self, judged: _Judged, docket: Docket) -> None:
        """Report on a walk, but for what another program's purchases may bring about: the end tells of one."""
        for clause in judged.exercised:
            docket.exercise(clause)
        for found in judged.violations:
            if found.cause not in _MOVED:
                docket.violate(found)
            elif len(self._moved) < MAX_HELD:
                self._moved.append((judged.walk.principal, found))

    def _disturb(self, entry: Entry) -> None:
        """Take note of a create that may have moved items from page to page."""
        late = LATE_S if entry.outcome is Outcome.UNKNOWN else 0.0
        if late and entry.authenticated:
            self._unknown[entry.principal] = entry.mark
        under_way = [walk for walk in self._walks.values() if walk.first.invoked - late <= entry.mark.returned]
        held = [judged.walk for judged in (*self._judged, *self._sifted) if judged.walk.meets(entry.mark, late)]
        for walk in (*under_way, *held):
            if walk.principal == entry.principal or not entry.authenticated:
                walk.busy = True
        self._judged = deque(judged for judged in self._judged if not judged.walk.busy)
        self._sifted = [judged for judged in self._sifted if not judged.walk.busy]

    def _step(self, entry: Entry, docket: Docket) -> None:
        name = entry.reading.operation.walk
        key = (entry.principal, name)
        page = page_of(entry, self.setting.profile)
        walk = self._walks.pop(key, None) if name else None
        if walk is not None and (page is None or page.number == 1):
            self._conclude(walk, None, docket)
        if page is None or page.searched:
            # Which numbers a fragment finds is not published.
            return
        if page.number == 1:
            if not name and not page.ends:
                return
            walk = Walk(entry.principal, page.status, page.sort, page.size, page.mark, page.mark)
            unknown = self._unknown.get(entry.principal)
            walk.busy = unknown is not None and walk.meets(unknown, LATE_S)
        elif walk is None or not walk.continues(page):
            return
        walk.add(page)
        if page.ends:
            self._conclude(walk, page, docket)
        elif len(self._walks) < MAX_WALKS:
            self._walks[key] = walk

    def _conclude(self, walk: Walk, end: Page | None, docket: Docket) -> None:
        """Judge a walk that is over; without an end it was cut short."""
        if end is not None and walk.status is not None and walk.whole:
            self._look_for_status(walk, docket)
        if walk.busy or len(self._judged) + len(self._sifted) >= MAX_HELD:
            return
        violations = list(walk.found)
        exercised = ["LIST-3"] if walk.ordered else []
        if walk.again is not None:
            violations.append(_shown_twice(walk, walk.again))
        if end is not None:
            violations += _end_faults(walk, end)
        if end is not None and walk.status is None and walk.whole:
            due = [p for p in self.book.of(walk.principal) if p.known is not None and p.known.precedes(walk.first)]
            exercised += ["LIST-1", "LIFE-6"] if due else ["LIST-1"]
            violations += _lost(walk, [p for p in due if p.id not in walk.shown and not p.spoiled])
        walk.shown.clear()
        if walk.sifted:
            self._sifted.append(_Judged(walk, exercised, violations))
        else:
            self._judged.append(_Judged(walk, exercised, violations))

    def _unmoved(self, walk: Walk) -> bool:
        """Tell whether no purchase of the owner can have changed its status during a walk."""
        if self.book.forgotten:
            return False
        for record in self.book.of(walk.principal):
            if record.created is not None and walk.last.precedes(record.created):
                continue
            if record.seen <= walk.last.returned:
                return False
            if any(moved is not None and not moved.precedes(walk.first) for moved in (record.settled, record.refunded)):
                return False
        return True

    def _look_for_status(self, walk: Walk, docket: Docket) -> None:
        """Look for purchases of the status asked for that the walk has not shown (LIST-2)."""
        due = [(record, _since(record, walk)) for record in self.book.of(walk.principal) if not record.spoiled]
        known = [(record, since) for record, since in due if since is not None]
        if known:
            docket.exercise("LIST-2")
        for record, since in known:
            if record.id not in walk.shown and len(self._missing) < MAX_HELD:
                self._missing.append(_Missing(walk, record, since))

    def _see(self, sight: Sight) -> None:
        for missing in self._missing:
            if missing.record is sight.record and missing.walk.status == sight.status and missing.still is None:
                missing.still = sight.mark if missing.walk.last.precedes(sight.mark) else None


def _since(record: Purchase, walk: Walk) -> Mark | None:
    """Return the view since which a purchase is known in the status that a walk asks for."""
    since: Mark | None = None
    if walk.status == REFUND:
        since = record.refunded
    elif record.refunded is None and walk.status == PENDING:
        since = record.known if record.waited else None
    elif record.refunded is None and walk.status == record.settled_status:
        since = record.settled
    return since if since is not None and since.precedes(walk.first) else None


def _lost(walk: Walk, lost: Iterable[Purchase]) -> Iterator[Violation]:
    missing = sorted(lost, key=lambda record: record.id)
    if not missing:
        return
    first = missing[0].known or walk.first
    clauses = {
        "LIST-1": "a walk shows every purchase of the owner",
        "LIFE-6": "what was acknowledged is in every list asked for afterwards",
    }
    if all(record.raced for record in missing):
        clauses["RACE-1"] = "none of several creates at once is lost"
    for clause, expected in clauses.items():
        yield violation(
            clause,
            "missing-from-walk",
            "a walk to the last page does not show a purchase that was acknowledged before",
            first,
            walk.first,
            walk.last,
            expected=expected,
            observed=f"{len(missing)} missing of {len(walk.shown) + len(missing)}, the first: purchase {missing[0].id}",
        )


def _shown_twice(walk: Walk, again: tuple[int, int, int]) -> Violation:
    number, before, after = again
    return violation(
        "LIST-1",
        "shown-on-two-pages",
        "a walk shows one purchase on two pages",
        walk.first,
        walk.last,
        expected="every purchase exactly once",
        observed=f"purchase {number} on the pages {before} and {after} of {walk.size}, nothing bought meanwhile",
    )


def _end_faults(walk: Walk, end: Page) -> Iterator[Violation]:
    """Judge the numbers of a walk that came to its end (LIST-4)."""
    total, shown = end.total, len(walk.shown)
    if total is None:
        return
    if not shown and end.number == 1:
        if total > 1:
            yield _told("pages-of-nothing", "total_pages promises pages of an empty list", f"{total}", walk, end.mark)
    elif end.ids and end.number > max(total, 1):
        told = f"the walk has {end.number} pages, total_pages {total}"
        yield _told("total-pages-wrong", "total_pages is not the number of pages", told, walk, end.mark)
    elif not end.ids and end.number <= total:
        told = f"page {end.number} of {total} is empty"
        yield _told("empty-page", "a page before the last one is empty", told, walk, end.mark)


def _told(cause: str, title: str, observed: str, walk: Walk, mark: Mark) -> Violation:
    return violation(
        "LIST-4",
        cause,
        title,
        walk.first,
        mark,
        expected="current_page, total_pages and has_next agree with the walk",
        observed=observed,
    )


def _filtered_out(missing: _Missing) -> Violation:
    walk, still = missing.walk, missing.still
    return violation(
        "LIST-2",
        "missing-from-filtered-list",
        f"a list asked for {walk.status} leaves out a purchase of that status",
        missing.since,
        walk.first,
        *([still] if still is not None else []),
        expected=f"all purchases that are {walk.status}",
        observed=f"purchase {missing.record.id}: {walk.status} before and after, and not listed",
    )
