"""The balance at rest: whether a look before a run, one after it and the books between add up (MONEY-1)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from contracts.finding import Violation
from load.drive.books import Account

CLAUSE: Final = "MONEY-1"

_PROMISE: Final = (
    "at rest, the balance before, less the prices of acknowledged creates, plus refunds, is the balance after"
)


@dataclass(frozen=True, slots=True)
class Look:
    """What a target says of the owner's account.

    Attributes:
        amount: the balance.
        currency: of the balance.
        purchases: how many were ever made by ``statistics.total_purchases``, None where that is not told.
        ended: how many purchases the list shows as ERROR, REFUND or EXPIRED, None where it does not tell.
    """

    amount: Decimal
    currency: str
    purchases: int | None
    ended: int | None


@dataclass(frozen=True, slots=True)
class Sum:
    """Whether a balance added up.

    Attributes:
        violation: of MONEY-1, None where none was seen.
        reason: why it could not be told in full, empty where it could: then the clause was exercised.
        sure: whether another look a little later would say no other.
    """

    violation: Violation | None = None
    reason: str = ""
    sure: bool = False


def add_up(before: Look, after: Look, books: Account) -> Sum:
    """Hold what left a balance against what was bought.

    A balance that fell too far is this run's only where the target's own count of purchases shows that nobody else
    bought with the key; one that fell too little, only where no purchase ended of which the books do not know, for
    then its price may have come back. Who paid more in than all creates cost has not saved on them.

    Args:
        before: at rest, before the first request.
        after: at rest, after the last.
        books: of all processes.
    """
    if not books.bought:
        return Sum(reason="no create was acknowledged", sure=True)
    currencies = books.currencies | {before.currency, after.currency}
    if books.blind or len(currencies) > 1:
        reason = f"{books.blind:,} prices could not be read" if books.blind else "prices are of two currencies"
        return Sum(reason=reason, sure=True)
    if books.forgotten:
        return Sum(reason="more purchases stayed open, or ended, than are remembered", sure=True)
    due = before.amount - books.spent
    lowest, highest = due - books.unknown * books.dearest, due + books.returned + books.standing
    others, unseen = _others(before, after, books), _unseen(before, after, books)
    if after.amount < lowest and not others:
        return Sum(_violation("lower", lowest, before, after, books))
    if after.amount > highest and not unseen:
        if after.amount - highest > books.spent:
            return Sum(reason="more was paid in meanwhile than was bought for")
        return Sum(_violation("higher", highest, before, after, books))
    told = None not in {before.purchases, after.purchases, before.ended, after.ended}
    return Sum(reason=others or unseen, sure=not told or not (others or unseen))


def _others(before: Look, after: Look, books: Account) -> str:
    """Say why something else than this run's creates may have been charged, nothing where that is ruled out."""
    if before.purchases is None or after.purchases is None:
        return "the profile does not count purchases, so that others may have bought with the key"
    made = after.purchases - before.purchases
    if books.bought <= made <= books.bought + books.unknown:
        return ""
    more = "; others bought with the key, or one create makes several" if made > books.bought else ""
    return (
        f"the profile counts {made:,} purchases more than before, and {books.bought:,} creates were acknowledged{more}"
    )


def _unseen(before: Look, after: Look, books: Account) -> str:
    """Say why more may have come back than the books know of, nothing where that is ruled out."""
    if before.ended is None or after.ended is None:
        return "the list does not tell how many purchases ended, whose price may have come back"
    ended = after.ended - before.ended
    if ended <= books.ended + books.open:
        return ""
    return f"{ended:,} purchases ended meanwhile, {books.ended:,} of which were seen: their price may have come back"


def _violation(how: str, bound: Decimal, before: Look, after: Look, books: Account) -> Violation:
    unknown = f", {books.unknown:,} more of unknown outcome" if books.unknown else ""
    back = f", {books.returned + books.standing} of which may have come back" if books.returned + books.standing else ""
    return Violation(
        clause=CLAUSE,
        cause="balance-too-low" if how == "lower" else "balance-too-high",
        title=f"the balance is {how} than it adds up to",
        expected=f"{_PROMISE}: at {'least' if how == 'lower' else 'most'} {bound} {before.currency}",
        observed=f"{before.amount} {before.currency} before, {after.amount} after, {books.bought:,} creates of "
        f"{books.spent} in all between{unknown}{back}",
        marks=(),
    )
