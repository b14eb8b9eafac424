"""The book of a run: every purchase that was shown, by id, and each operation read in the light of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final
from weakref import WeakKeyDictionary

from contracts.history import ApiOperation, Mark, Outcome
from contracts.invariants.purchase import Claim, Purchase, Sight
from contracts.invariants.values import MAX_ID, server_clock
from contracts.monitor import Docket
from contracts.reading import Reading, View

LACKING: Final = frozenset({404, 405, 501})
"""Statuses by which a target says that it does not have an operation (contract, "Operations")."""

MAX_PURCHASES: Final = 100_000
"""Purchases of which everything is kept; of the oldest beyond, only that their ids were given."""

_TELLS_NOTHING: Final = LACKING | {401, 403, 429}
_FOREIGN_AIMS: Final = frozenset({"AUTH-4", "AUTH-5"})
_BY_ID: Final = frozenset({ApiOperation.RETRIEVE, ApiOperation.REQUEST_CODE, ApiOperation.REFUND})
_ACTIONS: Final = frozenset({ApiOperation.REQUEST_CODE, ApiOperation.REFUND})


class Entry:
    """One operation as the book understands it.

    Attributes:
        reading: the operation, decoded.
        mark: the operation without its bytes.
        kind: which API operation it is.
        principal: whose key was shown.
        authenticated: True when that was a valid key.
        outcome: how the operation ended, as far as its sender can know.
        status: HTTP status code of the answer, None without one.
        purchase: what is known of the purchase that its path names, None without one.
        foreign: True when a valid key names a purchase that is not its owner's.
        faulty: True when the request itself had to be refused, whatever the purchase.
        own: True when a valid key asked for something it may ask for.
        position: how many operations there were so far, this one included.
        writes: how many of these were more than a GET and by somebody with a valid key.
        sights: every purchase it shows with authority, already filed.
        misplaced: the purchase it shows in place of the one that was asked for.
        twin: the purchase whose id a create was answered with again.
        intruders: purchases of other owners that a list shows.
        usurped: a purchase that turns out to be this principal's, as another one was shown it before.
        earlier_code: the owner's request-code on the same purchase whose answer arrived before.
        earlier_action: anybody's request-code or refund on it whose answer arrived before.
        unsure: True when the outcome of such an action before this one is unknown.
    """

    __slots__ = (
        "authenticated",
        "earlier_action",
        "earlier_code",
        "faulty",
        "foreign",
        "intruders",
        "kind",
        "mark",
        "misplaced",
        "outcome",
        "own",
        "position",
        "principal",
        "purchase",
        "reading",
        "sights",
        "status",
        "twin",
        "unsure",
        "usurped",
        "writes",
    )

    def __init__(self, reading: Reading, purchase: Purchase | None, position: int, writes: int) -> None:
        operation = reading.operation
        self.reading = reading
        self.mark = reading.mark
        self.kind = reading.route.api_operation
        self.principal = operation.principal
        self.authenticated = operation.authenticated
        self.outcome = operation.outcome
        self.status = operation.status
        self.purchase = purchase
        self.foreign = self.authenticated and self.kind in _BY_ID and _is_foreign(reading, purchase)
        self.faulty = any(fault.clause.startswith("INPUT-") for fault in reading.judgement.faults)
        # A trailing slash that is not served is WIRE-1's finding, and says nothing of the purchase.
        unserved = reading.route.slash and self.status in LACKING
        self.own = self.authenticated and not self.foreign and not self.faulty and not unserved
        self.position = position
        self.writes = writes
        self.sights: Sequence[Sight] = ()
        self.misplaced: View | None = None
        self.twin: Purchase | None = None
        self.intruders: Sequence[tuple[Purchase, View]] = ()
        self.usurped: Purchase | None = None
        self.earlier_code: Mark | None = None
        self.earlier_action: Mark | None = None
        self.unsure = False


class Book:
    """Every purchase of a run.

    Attributes:
        purchases: by id.
        forgotten: ids of purchases that there was no room for.
        present: operations that the target is known to have.
        owners: principals who are known to own a purchase.
        shared: principals on whose account another program was seen to act: what moves there need not be our doing.
    """

    def __init__(self) -> None:
        self.purchases: dict[int, Purchase] = {}
        self.forgotten: set[int] = set()
        self._order: deque[int] = deque()
        self.present: set[ApiOperation] = set()
        self.owners: set[str] = set()
        self.shared: set[str] = set()
        self._count = 0
        self._writes = 0
        self._entry: Entry | None = None

    def take(self, reading: Reading) -> Entry:
        """File an operation and return it as the book understands it; the same entry when asked again."""
        if self._entry is None or self._entry.reading is not reading:
            self._entry = self._read(reading)
        return self._entry

    def of(self, principal: str) -> list[Purchase]:
        """Return the purchases that are known to be a principal's."""
        return [p for p in self.purchases.values() if p.owner == principal and p.claim >= Claim.HELD]

    def _read(self, reading: Reading) -> Entry:
        kind = reading.route.api_operation
        operation = reading.operation
        named = reading.purchase_id if kind in _BY_ID else None
        self._count += 1
        if operation.authenticated and operation.input.method != "GET":
            self._writes += 1
        entry = Entry(reading, None if named is None else self.purchases.get(named), self._count, self._writes)
        if entry.own and _tells_presence(entry.status):
            self.present.add(kind)
        if entry.outcome is Outcome.OK:
            if entry.authenticated and not entry.foreign:
                self._file(entry)
                if any(sight.record.claim >= Claim.HELD for sight in entry.sights):
                    self.owners.add(entry.principal)
            elif not entry.authenticated and kind is ApiOperation.CREATE:
                self._note_stray(entry)
        if kind in _ACTIONS and entry.purchase is not None:
            _note_action(entry, entry.purchase)
        return entry

    def _file(self, entry: Entry) -> None:
        if entry.kind is ApiOperation.LIST:
            self._file_list(entry)
            return
        view = next(iter(entry.reading.views), None)
        number = None if view is None else _lawful_id(view)
        if view is None or number is None:
            return
        if entry.kind is ApiOperation.CREATE:
            record = self._bought(entry, number)
        elif number == entry.reading.purchase_id:
            record = self._named(entry, view, number)
        else:
            entry.misplaced = view if entry.reading.purchase_id is not None else None
            record = None
        if record is not None and not record.spoiled:
            sight = Sight(view, record)
            record.file(sight)
            entry.sights = (sight,)
            entry.purchase = record

    def _file_list(self, entry: Entry) -> None:
        sights: list[Sight] = []
        intruders: list[tuple[Purchase, View]] = []
        for view in entry.reading.views:
            number = _lawful_id(view)
            if number is None:
                continue
            record = self.purchases.get(number)
            if record is None or (record.owner != entry.principal and record.claim <= Claim.SEEN):
                record = self._start(number, entry, Claim.HELD)
            elif record.owner != entry.principal:
                intruders.append((record, view))
                continue
            elif record.claim < Claim.HELD:
                record.claim, record.claimed = Claim.HELD, entry.mark
            if not record.spoiled:
                sight = Sight(view, record)
                record.file(sight)
                sights.append(sight)
        entry.sights, entry.intruders = sights, intruders

    def _bought(self, entry: Entry, number: int) -> Purchase | None:
        """Return the record of a purchase that a create acknowledges, None where the id was given before."""
        record = self.purchases.get(number)
        if record is not None and (record.created or (record.known and record.known.precedes(entry.mark))):
            record.spoiled = True
            entry.twin = record
            return None
        if number in self.forgotten:
            entry.twin = Purchase(number, None, Claim.NONE, entry.mark)
            return None
        if record is None or record.owner != entry.principal:
            entry.usurped = record if record is not None and record.claim >= Claim.HELD else None
            record = self._start(number, entry, Claim.CREATED)
        record.claim, record.claimed = Claim.CREATED, entry.mark
        record.created = entry.mark
        record.clock = server_clock(entry.reading.operation.answer)
        return record

    def _named(self, entry: Entry, view: View, number: int) -> Purchase | None:
        """Return the record of a purchase that an operation by id shows, None where authority is in doubt."""
        record = self.purchases.get(number)
        # A masked view may be another owner's (AUTH-4); credentials and actions are the owner's alone.
        surely = entry.kind in _ACTIONS or isinstance(view.data.get("verification"), dict)
        claim = Claim.HELD if surely else Claim.SEEN
        if record is None or (record.owner != entry.principal and (surely or record.owner is None)):
            return self._start(number, entry, claim)
        if record.owner != entry.principal:
            return None
        if record.claim < claim:
            record.claim, record.claimed = claim, entry.mark
        return record

    def _start(self, number: int, entry: Entry, claim: Claim) -> Purchase:
        before = self.purchases.get(number)
        record = Purchase(number, entry.principal, claim, entry.mark)
        record.stray = number in self.forgotten or (before is not None and before.stray)
        self._keep(record)
        return record

    def _keep(self, record: Purchase) -> None:
        if record.id not in self.purchases:
            self._order.append(record.id)
        self.purchases[record.id] = record
        if len(self._order) > MAX_PURCHASES:
            oldest = self._order.popleft()
            del self.purchases[oldest]
            self.forgotten.add(oldest)

    def _note_stray(self, entry: Entry) -> None:
        view = next(iter(entry.reading.views), None)
        number = None if view is None else _lawful_id(view)
        if number is not None:
            record = self.purchases.get(number)
            if record is None:
                record = Purchase(number, None, Claim.NONE, entry.mark)
                self._keep(record)
            record.stray = True


_BOOKS: WeakKeyDictionary[Docket, Book] = WeakKeyDictionary()


def book_of(docket: Docket) -> Book:
    """Return the book of a run, which its docket stands for: every invariant of a run reports to the same one."""
    book = _BOOKS.get(docket)
    if book is None:
        book = _BOOKS[docket] = Book()
    return book


def _is_foreign(reading: Reading, purchase: Purchase | None) -> bool:
    if purchase is not None and purchase.claim >= Claim.HELD:
        return purchase.owner != reading.operation.principal
    aim = reading.operation.aim
    return aim is not None and aim.clause in _FOREIGN_AIMS


def _tells_presence(status: int | None) -> bool:
    return status is not None and (200 <= status < 300 or 400 <= status <= 500) and status not in _TELLS_NOTHING


def _lawful_id(view: View) -> int | None:
    number = view.id
    return number if number is not None and 1 <= number <= MAX_ID else None


def _note_action(entry: Entry, purchase: Purchase) -> None:
    """Remember a request-code or refund, whoever sent it."""
    entry.earlier_action, purchase.touched = purchase.touched, entry.mark
    entry.unsure = purchase.unsure
    if entry.outcome is Outcome.UNKNOWN and (entry.own or entry.status is None):
        purchase.unsure = True
    if entry.kind is ApiOperation.REQUEST_CODE and entry.own:
        entry.earlier_code, purchase.asked = purchase.asked, entry.mark
        if entry.earlier_code is not None and not entry.earlier_code.precedes(entry.mark):
            purchase.raced_code = True
