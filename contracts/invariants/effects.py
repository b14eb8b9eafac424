"""Effects: no purchase appears but those that creates acknowledged (INPUT-2, AUTH-2, MONEY-1)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, NamedTuple

from contracts.finding import Severity
from contracts.history import ApiOperation, Mark, Outcome
from contracts.instant import Instant, parse
from contracts.invariants.book import Entry
from contracts.invariants.invariant import MAX_HELD, Invariant
from contracts.invariants.pages import Page, page_of
from contracts.invariants.purchase import Purchase, Sight
from contracts.invariants.values import compare_moments, epoch_of, server_clock
from contracts.monitor import Docket, Setting, violation

KEPT: Final = 400
"""Looks, refusals and creates kept, of each kind, to tell what happened between two looks."""

HINT_BYTES: Final = 64
"""Bytes of a refused body kept, in capitals, to tell whether it named the country of what appeared."""

IDLE_S: Final = 2.0
"""Seconds without any request from which what is bought meanwhile is somebody else's doing. A server's ``Date`` is
cut to the second, so that less would tell nothing."""

_ELSEWHERE: Final = frozenset({"BOT", "WEB"})
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BUYING: Final = frozenset({ApiOperation.CREATE, ApiOperation.OTHER})
"""Requests that might buy something: creates, and other methods on whatever path."""

_LOOKS: Final = frozenset({ApiOperation.LIST, ApiOperation.PROFILE})


class _Look(NamedTuple):
    """A first page of everything, newest first: what it would have shown, had it been there.

    Attributes:
        mark: the list call.
        floor: the oldest moment it reaches back to, None when it reaches back to the beginning.
        newest: when the newest purchase it shows was made, None where it shows none.
        position: how many operations there were by then.
        clock: the server's own clock at its answer, Unix seconds.
    """

    mark: Mark
    floor: Instant | None
    newest: Instant | None
    position: int
    clock: float | None

    def reaches(self, moment: Instant | None) -> bool:
        """Tell whether a purchase of a moment would certainly be shown."""
        return self.floor is None or (moment is not None and compare_moments(moment, self.floor) > 0)

    def is_before(self, moment: Instant | None) -> bool:
        """Tell whether a purchase was certainly made after this look: an account may have a history of any kind."""
        if moment is None:
            return False
        if self.newest is not None:
            return compare_moments(moment, self.newest) > 0
        return self.clock is not None and moment.time.timestamp() > self.clock + 1


class _Refusal(NamedTuple):
    mark: Mark
    clause: str
    hint: bytes


class _Create(NamedTuple):
    mark: Mark
    country: str | None


@dataclass(slots=True)
class _Phantom:
    """A purchase that a list showed and no create had acknowledged by then."""

    record: Purchase
    listed: Mark
    before: _Look
    refusals: tuple[_Refusal, ...]
    creates: tuple[_Create, ...]


class Effects(Invariant):
    """Compares what lists show with what creates acknowledged.

    The first look at the newest purchases is the baseline. What a later list shows beyond it was bought
    meanwhile: by an acknowledged create, by one of unknown outcome (one purchase each), by another program,
    or by a request that was refused. That there is another program shows where something is bought while this
    run sends nothing; from then on nothing that appears on the account can be laid to a request of ours.
    """

    clauses = ("INPUT-2", "AUTH-2", "MONEY-1", "LIST-1")

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._looks: dict[str, deque[_Look]] = {}
        self._refusals: deque[_Refusal] = deque(maxlen=KEPT)
        self._creates: deque[_Create] = deque(maxlen=KEPT)
        self._unknown: list[_Create] = []
        self._phantoms: list[_Phantom] = []
        self._elsewhere: list[Purchase] = []
        self._unseen: dict[str, int] = {}

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Take note of what may have bought something, and look through lists for what was bought."""
        if entry.kind in _LOOKS and entry.reading.served:
            self._look(entry, docket)
        elif entry.kind is ApiOperation.CREATE and entry.outcome is not Outcome.FAIL:
            self._note_create(entry)
        elif entry.reading.operation.input.method not in _SAFE:
            self._note_refusal(entry)

    def finish(self, docket: Docket) -> None:
        """Report purchases that no create explains."""
        open_creates = list(self._unknown)
        self.book.shared.update(
            record.owner for record in self._elsewhere if record.owner is not None and record.created is None
        )
        self._elsewhere.clear()
        for phantom in self._phantoms:
            if phantom.record.created is None and not phantom.record.stray:
                country = phantom.record.country
                given = [c for c in open_creates if c.mark.invoked < phantom.listed.returned]
                explained = [c for c in given if c.country == country] or [c for c in given if c.country is None]
                if explained:
                    open_creates.remove(explained[0])
                else:
                    _report(phantom, docket, shared=phantom.record.owner in self.book.shared)
        self._phantoms.clear()
        super().finish(docket)

    def _note_create(self, entry: Entry) -> None:
        if not entry.authenticated:
            # Served, it is the refusal's own finding; of unknown outcome it still must not buy anything.
            if entry.outcome is Outcome.UNKNOWN:
                self._note_refusal(entry)
            return
        made = _Create(entry.mark, None if entry.faulty else entry.reading.asked_country)
        if entry.outcome is Outcome.OK and (entry.sights or entry.twin is not None):
            self._creates.append(made)
        elif len(self._unknown) < MAX_HELD:
            self._unknown.append(made)

    def _note_refusal(self, entry: Entry) -> None:
        operation = entry.reading.operation
        refused = (entry.status or 0) >= 400 and (entry.outcome is Outcome.FAIL or not entry.authenticated)
        if not refused or entry.status == 429 or entry.foreign:
            return
        clause = "INPUT-2" if entry.authenticated else "AUTH-2"
        if entry.kind in _BUYING:
            self._refusals.append(_Refusal(entry.mark, clause, operation.input.body[:HINT_BYTES].upper()))
        self._unseen[clause] = self._unseen.get(clause, 0) + 1

    def _look(self, entry: Entry, docket: Docket) -> None:
        for clause, times in self._unseen.items():
            docket.exercise(clause, times)
        self._unseen.clear()
        looks = self._looks.setdefault(entry.principal, deque(maxlen=KEPT))
        page = page_of(entry, self.setting.profile)
        for sight in entry.sights if looks else ():
            if sight.record.known is entry.mark and sight.record.created is None:
                self._suspect(sight, looks, entry)
        if page is not None and page.front and page.has_next is not None:
            floor = _floor(page)
            if floor is not None or page.ends:
                clock = server_clock(entry.reading.operation.answer)
                looks.append(_Look(entry.mark, floor, page.moments[0] if page.moments else None, entry.position, clock))

    def _suspect(self, sight: Sight, looks: deque[_Look], entry: Entry) -> None:
        record, listed = sight.record, entry.mark
        moment = parse(record.created_at)
        baseline = looks[0]
        elsewhere = sight.view.data.get("purchase_source") in _ELSEWHERE or record.type not in {None, "SINGLE"}
        if not baseline.reaches(moment) or len(self._phantoms) + len(self._elsewhere) >= MAX_HELD:
            return
        if elsewhere:
            if baseline.is_before(moment):
                self._elsewhere.append(record)
            return
        before = next((x for x in reversed(looks) if x.mark.precedes(listed) and x.reaches(moment)), None)
        if before is None:
            return
        if not self._unknown and _came_while_idle(record, before, entry):
            self.book.shared.add(entry.principal)
        start, end = before.mark.invoked, listed.returned
        refusals = tuple(r for r in self._refusals if r.mark.returned >= start and r.mark.invoked <= end)
        creates = tuple(c for c in self._creates if c.mark.returned >= start and c.mark.invoked <= end)
        self._phantoms.append(_Phantom(record, listed, before, refusals[-3:], creates[-3:]))


def _floor(page: Page) -> Instant | None:
    """Return the oldest moment that a page of the newest reaches back to, None for the beginning."""
    return None if page.has_next is False else page.moments[-1] if page.moments else None


def _came_while_idle(record: Purchase, before: _Look, entry: Entry) -> bool:
    """Tell whether a purchase was made, by the server's clock, while nothing was sent between two looks."""
    if entry.position != before.position + 1 or entry.mark.invoked - before.mark.returned < IDLE_S:
        return False
    made, now = epoch_of(record.created_at), server_clock(entry.reading.operation.answer)
    # A look that buys does so while it is answered: in the second of the first date, or after the second date began.
    return made is not None and now is not None and before.clock is not None and before.clock + 1 < made < now


def _report(phantom: _Phantom, docket: Docket, *, shared: bool) -> None:
    record = phantom.record
    country = (record.country or "").encode()
    named = tuple(r for r in phantom.refusals if country and country in r.hint)
    bought = tuple(c for c in phantom.creates if c.country == record.country)
    blamed = () if shared else named or (() if bought else phantom.refusals)
    observed = f"purchase {record.id} ({record.country}) is listed, and no create was answered with it"
    for clause in sorted({refusal.clause for refusal in blamed}):
        who = "without a valid key" if clause == "AUTH-2" else "that was refused"
        docket.violate(
            violation(
                clause,
                "purchase-appeared",
                f"a purchase appears after a request {who}",
                phantom.before.mark,
                *(refusal.mark for refusal in blamed if refusal.clause == clause),
                phantom.listed,
                expected="no purchase appears",
                observed=observed,
            )
        )
    if blamed:
        return
    if phantom.creates and not shared:
        docket.violate(
            violation(
                "MONEY-1",
                "create-made-two",
                "a create made more purchases than the one it was answered with",
                phantom.before.mark,
                *(create.mark for create in bought or phantom.creates),
                phantom.listed,
                expected="one purchase, and one charge, a create",
                observed=observed,
            )
        )
        return
    docket.violate(
        violation(
            "LIST-1",
            "purchase-from-nowhere",
            "a list shows a purchase that nothing in this run bought",
            phantom.before.mark,
            phantom.listed,
            expected="the owner's purchases, each once; another program with the same key would explain it",
            observed=observed,
            severity=Severity.WARNING,
        )
    )
