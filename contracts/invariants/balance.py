"""Balance: what was charged and credited adds up, and a refused request moves nothing (MONEY-1, MONEY-2, INPUT-2)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from contracts.finding import Severity
from contracts.history import ApiOperation, Mark, Outcome
from contracts.invariants.book import Entry
from contracts.invariants.invariant import MAX_HELD, Invariant
from contracts.invariants.ledger import Late, Ledger, Look, Window, credits_after_failure, credits_between
from contracts.invariants.purchase import Purchase
from contracts.invariants.values import ERROR, Money, decimal_of, money_of
from contracts.monitor import Docket, Setting, violation

MAX_LOOKS: Final = 512
"""Looks kept at most; the oldest are judged then, by what is known so far."""

IDLE_S: Final = 2.0
"""Seconds without any request after which a lower balance is somebody else's doing."""

_ACTIONS: Final = frozenset({ApiOperation.CREATE, ApiOperation.REQUEST_CODE, ApiOperation.REFUND})


class _Rest(NamedTuple):
    """A look at a balance.

    Attributes:
        mark: the look.
        position: how many operations there were by then.
        balance: what it showed.
        free: whether it showed the same as a look right before it.
    """

    mark: Mark
    position: int
    balance: Money
    free: bool


class Balance(Invariant):
    """Compares consecutive looks at an owner's balance with what was bought and refunded between them.

    Judged at the end of the run: an operation that overlapped a look may arrive after it, and only later
    views tell whether a purchase ended, and may have been credited, unseen. Nothing is judged where another
    program uses the account as well.
    """

    clauses = ("MONEY-1", "MONEY-2", "INPUT-2", "AUTH-2", "RACE-1")

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._ledgers: dict[str, Ledger] = {}
        self._prices: dict[tuple[str, str], Money] = {}
        self._credited: set[int] = set()
        self._rest: dict[str, _Rest] = {}

    def judge(self, entry: Entry, docket: Docket) -> None:
        """Take in a look at the balance, a price, or what may have moved the balance."""
        if entry.kind is ApiOperation.PROFILE and entry.reading.served:
            self._look(entry, docket)
        elif entry.kind is ApiOperation.ACCOUNT and entry.reading.served:
            self._note_offer(entry)
        elif entry.kind in _ACTIONS:
            self._act(entry)

    def finish(self, docket: Docket) -> None:
        """Judge every window between two looks."""
        for principal, ledger in self._ledgers.items():
            for before, after in pairwise(ledger.looks):
                self._judge(principal, ledger, before, after, docket)
        self._ledgers.clear()
        super().finish(docket)

    def _look(self, entry: Entry, docket: Docket) -> None:
        value = entry.reading.document.value
        balance = money_of(value.get("balance")) if isinstance(value, dict) else None
        if balance is None:
            return
        ledger = self._ledgers.setdefault(entry.principal, Ledger())
        self._watch(entry, balance, ledger)
        ledger.look(entry.mark, balance)
        if len(ledger.looks) > MAX_LOOKS:
            self._judge(entry.principal, ledger, ledger.looks[0], ledger.looks[1], docket)
            ledger.looks.popleft()

    def _watch(self, entry: Entry, balance: Money, ledger: Ledger) -> None:
        """Tell by looks without anything between whether another program spends from the account as well."""
        last = self._rest.get(entry.principal)
        following = last is not None and entry.position == last.position + 1
        if last is not None and following and last.free and not ledger.late and balance.amount < last.balance.amount:
            idle = entry.mark.invoked - last.mark.returned >= IDLE_S
            self.book.shared |= {entry.principal} if idle else set()
        # Only where a look was seen to cost nothing is a lower balance not the price of looking.
        free = following and last is not None and last.balance == balance
        self._rest[entry.principal] = _Rest(entry.mark, entry.position, balance, free)

    def _act(self, entry: Entry) -> None:
        if not entry.authenticated:
            self._act_stranger(entry)
            return
        ledger = self._ledgers.setdefault(entry.principal, Ledger())
        if entry.foreign:
            self._act_foreign(entry)
        elif entry.outcome is Outcome.FAIL:
            if entry.kind is ApiOperation.CREATE and (entry.status or 0) >= 400 and entry.status != 429:
                window = ledger.reach(entry.mark)
                window.denied += 1
                window.refuse("INPUT-2", entry.mark)
        elif entry.outcome is Outcome.UNKNOWN:
            self._unknown(entry, ledger)
        else:
            window = ledger.reach(entry.mark)
            window.note(entry.mark)
            window.failures += any(sight.status == ERROR for sight in entry.sights)
            if entry.kind is ApiOperation.CREATE:
                self._charge(entry, window)
            elif entry.kind is ApiOperation.REFUND:
                self._credit(entry, window)

    def _act_stranger(self, entry: Entry) -> None:
        """Take note of a request without a valid key, which must move nobody's balance."""
        view = next(iter(entry.reading.views), None)
        price = None if view is None else money_of(view.data.get("price"))
        for ledger in self._ledgers.values():
            window = ledger.reach(entry.mark)
            if entry.outcome is not Outcome.OK:
                window.refuse("AUTH-2", entry.mark)
                continue
            # Served, it is AUTH-1's finding; whose money it moved is not known.
            window.note(entry.mark)
            window.blind = window.blind or price is None
            if price is not None:
                window.loss += price.amount
                window.gain += price.amount

    def _act_foreign(self, entry: Entry) -> None:
        """Take note of another owner's action that was served: whose balance it moved is not known."""
        if entry.outcome is not Outcome.OK or entry.purchase is None:
            return
        for ledger in self._ledgers.values():
            window = ledger.reach(entry.mark)
            window.note(entry.mark)
            window.blind = window.blind or entry.purchase.price is None
            if entry.purchase.price is not None:
                window.gain += entry.purchase.price.amount

    def _unknown(self, entry: Entry, ledger: Ledger) -> None:
        ledger.reach(entry.mark).note(entry.mark)
        amount: Money | None = None
        if entry.kind is ApiOperation.CREATE:
            amount = self._prices.get((entry.principal, entry.reading.asked_country or ""))
        elif entry.kind is ApiOperation.REFUND and entry.purchase is not None:
            amount = entry.purchase.price
        if entry.kind is not ApiOperation.REQUEST_CODE and len(ledger.late) < MAX_HELD:
            charge = entry.kind is ApiOperation.CREATE
            ledger.late.append(Late(entry.mark, None if amount is None else amount.amount, charge))

    def _charge(self, entry: Entry, window: Window) -> None:
        view = next(iter(entry.reading.views), None)
        price = None if view is None else money_of(view.data.get("price"))
        record = entry.twin or entry.purchase
        window.creates += 1
        window.currencies |= {price.currency} if price is not None else set()
        window.raced = window.raced or (record is not None and record.raced)
        if price is None:
            window.blind = True
        elif entry.twin is not None:
            window.loss += price.amount
        else:
            window.spent += price.amount
            if ApiOperation.ACCOUNT not in self.book.present:
                # Without offers, what others of the country cost is all that is known.
                self._note_price(entry, price)

    def _note_offer(self, entry: Entry) -> None:
        """Remember what a country may cost: the discount may be gone by the time it is bought."""
        value = entry.reading.document.value
        price = money_of(value.get("price")) if isinstance(value, dict) else None
        discount = value.get("discount") if isinstance(value, dict) else None
        base = decimal_of(discount.get("base_price")) if isinstance(discount, dict) else None
        if price is not None:
            self._note_price(entry, price if base is None else price._replace(amount=max(base, price.amount)))

    def _note_price(self, entry: Entry, price: Money) -> None:
        """Remember the highest price of a country: what a create of unknown outcome may have cost at most."""
        key = (entry.principal, entry.reading.asked_country or "")
        known = self._prices.get(key)
        if known is None or known.amount < price.amount:
            self._prices[key] = price

    def _credit(self, entry: Entry, window: Window) -> None:
        value = entry.reading.document.value
        refund = value.get("refund") if isinstance(value, dict) else None
        amount = money_of(refund.get("amount")) if isinstance(refund, dict) else None
        record = entry.purchase
        amount = amount or (None if record is None else record.price)
        window.credits += 1
        window.currencies |= {amount.currency} if amount is not None else set()
        if amount is None or record is None:
            window.blind = True
        elif record.id in self._credited or record.refunded not in {None, entry.mark}:
            window.gain += amount.amount
        else:
            window.refunds += amount.amount
            self._credited.add(record.id)

    def _judge(self, principal: str, ledger: Ledger, before: Look, after: Look, docket: Docket) -> None:
        window = after.window
        loss, gain = ledger.late_between(before, after)
        currencies = window.currencies | {before.balance.currency, after.balance.currency}
        if window.blind or loss is None or len(currencies) > 1 or principal in self.book.shared:
            return
        if window.creates or window.credits:
            docket.exercise("MONEY-1")
        if window.failures or window.denied:
            docket.exercise("MONEY-2")
        moved = after.balance.amount - before.balance.amount
        expected = window.refunds - window.spent
        if moved < expected - window.loss - loss:
            _report_lower(before, after, expected, quiet=not window.moved and not loss, docket=docket)
        elif gain is not None and moved > expected + window.gain + gain:
            excess = moved - expected - window.gain - gain
            ledger.excess += excess
            ledger.first = ledger.first or before
            # A purchase that the book had to forget may have been credited as well.
            mine = list(self.book.of(principal))
            if not self.book.forgotten and not self._is_credit(mine, ledger, before, after, excess):
                _report(before, after, "balance-too-high", "the balance is higher than it adds up to", expected, docket)

    def _is_credit(self, mine: Sequence[Purchase], ledger: Ledger, before: Look, after: Look, excess: Decimal) -> bool:
        """Tell whether what has failed explains an excess: it may be credited at any time, and once in a run."""
        now = credits_between(mine, self._credited, before.mark, after.mark)
        so_far = credits_between(mine, self._credited, (ledger.first or before).mark, after.mark)
        if now is None or so_far is None:
            return True
        return excess <= now and ledger.excess <= so_far + credits_after_failure(mine)


def _report_lower(before: Look, after: Look, expected: Decimal, *, quiet: bool, docket: Docket) -> None:
    """Report a balance that fell by more than was charged; with nothing bought, by what was refused."""
    _report(before, after, "balance-too-low", "the balance is lower than it adds up to", expected, docket)
    window = after.window
    if not quiet:
        return
    if window.denied:
        title = "a create is refused and charged all the same"
        _tell("MONEY-2", "refused-but-charged", title, before, after, window.refusals["INPUT-2"], docket)
    for clause, refused in sorted(window.refusals.items()):
        who = "without a valid key" if clause == "AUTH-2" else "that was refused"
        _tell(clause, "balance-fell", f"the balance falls after a request {who}", before, after, refused, docket)


def _tell(clause: str, cause: str, title: str, before: Look, after: Look, refused: list[Mark], docket: Docket) -> None:
    docket.violate(
        violation(
            clause,
            cause,
            title,
            before.mark,
            *refused,
            after.mark,
            expected=f"{before.balance}, as nothing was bought",
            observed=f"{before.balance} before, {after.balance} after",
            severity=Severity.WARNING if clause == "MONEY-2" else None,
        )
    )


def _report(before: Look, after: Look, cause: str, title: str, expected: Decimal, docket: Docket) -> None:
    window = after.window
    clauses = {"MONEY-1": "balance before, less the prices of acknowledged creates, plus refunds"}
    if window.raced:
        clauses["RACE-1"] = "each of several creates at once is charged once"
    counted = f"{window.creates} creates of {window.spent} and {window.credits} refunds of {window.refunds} in all"
    for clause, promise in clauses.items():
        docket.violate(
            violation(
                clause,
                cause,
                title,
                before.mark,
                *window.marks,
                after.mark,
                expected=f"{promise}: {before.balance.amount + expected} {before.balance.currency}",
                observed=f"{before.balance} before, {after.balance} after, {counted} between",
            )
        )
