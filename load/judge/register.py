"""The register: what is remembered of every purchase, in columns of eight bytes, and one short text."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final

from contracts.history import ApiOperation
from load.judge.facts import BREAK, SPLIT, Facts
from load.judge.packed import PackedMap, PackedSet

STATUS: Final = 0b111
"""Bits of a row's flags that hold its status."""

SEEN: Final = 1 << 3
HELD: Final = 1 << 4
CREATED: Final = 1 << 5
UNSURE: Final = 1 << 6
RACED_CODE: Final = 1 << 7
REFUSED: Final = 1 << 8
"""What is known of a purchase: who showed it, an action of unknown outcome, races, a request-code refused at last
because it had ended."""

KNOWN_BY: Final = 9
ACKED_BY: Final = 12
SETTLED_BY: Final = 15
PHONED_BY: Final = 18
"""Where in the flags the operations stand that showed it first, first outside of a list, settled, with a number."""

OPERATIONS: Final = (
    ApiOperation.CREATE,
    ApiOperation.LIST,
    ApiOperation.RETRIEVE,
    ApiOperation.REQUEST_CODE,
)
NUMBERS: Final = {operation: number for number, operation in enumerate(OPERATIONS)}

NEVER: Final = float("inf")
"""Stands for the end of an answer that never came: nothing was sent after it."""

_BLOCK: Final = 256
_LONG_AGO: Final = float("-inf")


class Register:
    """Purchases by id, each a row of the columns below. Times are seconds since the run began.

    Attributes:
        rows: row by id, in the order in which purchases became known.
        flags: status and the bits above.
        kind: number of the purchase's kind.
        number: its id.
        text: head, and proof once it was shown.
        known_sent, known_ended: the first view of it.
        acked_sent, acked_ended: the create, or else the first view outside of a list; ``NEVER`` without one.
        settled_sent, settled_ended: the first view of another status than PENDING.
        phoned_sent, phoned_ended: the first view with a phone number.
        asked_sent, asked_ended: the request-code whose answer arrived last.
        stood: when the last view as PENDING or SUCCESS was asked for.
        given: ids that a create acknowledged and whose purchase was forgotten since.
        odd: phone numbers of purchases that the register handed over to the bench.
        forgotten: how many purchases were forgotten.
    """

    def __init__(self) -> None:
        self.rows: dict[int, int] = {}
        self.flags = array("I")
        self.kind = array("I")
        self.number = array("Q")
        self.text: list[str] = []
        self.known_sent = array("d")
        self.known_ended = array("d")
        self.acked_sent = array("d")
        self.acked_ended = array("d")
        self.settled_sent = array("d")
        self.settled_ended = array("d")
        self.phoned_sent = array("d")
        self.phoned_ended = array("d")
        self.asked_sent = array("d")
        self.asked_ended = array("d")
        self.stood = array("d")
        self.given = PackedSet()
        self.odd: set[str] = set()
        self.forgotten = 0
        self._free: list[int] = []
        self._holders = PackedMap()
        self._unset = (
            self.acked_sent,
            self.acked_ended,
            self.settled_sent,
            self.settled_ended,
            self.phoned_sent,
            self.phoned_ended,
            self.asked_sent,
            self.asked_ended,
        )

    def __len__(self) -> int:
        return len(self.rows)

    def enter(self, facts: Facts, by: int, sent: float, ended: float, flags: int) -> int:
        """Enter a purchase that was shown for the first time, and return its row.

        Args:
            facts: what the view says.
            by: number of the operation that showed it.
            sent: when that was sent.
            ended: when its answer had arrived.
            flags: who showed it.
        """
        if not self._free:
            self._grow()
        row = self._free.pop()
        number, kind, head, status, proof = facts
        self.rows[number] = row
        self.kind[row] = kind
        self.number[row] = number
        self.text[row] = head if proof is None else f"{head}{SPLIT}{proof}"
        self.known_sent[row], self.known_ended[row] = sent, ended
        if by != 1:
            self.acked_sent[row], self.acked_ended[row] = sent, ended
        if status:
            self.settled_sent[row], self.settled_ended[row] = sent, ended
        if head[0] != BREAK:
            self.phoned_sent[row], self.phoned_ended[row] = sent, ended
        self.stood[row] = sent if status < 2 else _LONG_AGO
        self.flags[row] = flags | status | by << KNOWN_BY | by << ACKED_BY | by << SETTLED_BY | by << PHONED_BY
        return row

    def drop(self, number: int) -> None:
        """Take a purchase out of the register."""
        row = self.rows.pop(number)
        phone = phone_number(self.text[row])
        if phone is not None:
            self._holders.drop(phone, row)
        self.text[row] = ""
        for column in self._unset:
            column[row] = NEVER
        self._free.append(row)

    def forget(self, number: int) -> None:
        """Drop a purchase, and remember of it only that its id was given."""
        if self.flags[self.rows[number]] & CREATED:
            self.given.add(number)
        self.forgotten += 1
        self.drop(number)

    def holder(self, phone: int) -> int | None:
        """Return the row of the purchase that a phone number was last sold with, None where none is known."""
        return self._holders.get(phone)

    def hold(self, phone: int, row: int) -> None:
        """Note with which purchase a phone number was sold."""
        self._holders.put(phone, row)

    def ids(self) -> Iterator[tuple[int, int]]:
        """Yield id and row of every purchase."""
        yield from self.rows.items()

    def _grow(self) -> None:
        """Add rows to every column, all at once: one by one they would cost more than all else about a purchase."""
        first = len(self.text)
        self._free.extend(range(first + _BLOCK - 1, first - 1, -1))
        self.text.extend([""] * _BLOCK)
        for numbers in (self.flags, self.kind, self.number):
            numbers.extend([0] * _BLOCK)
        for times in (self.known_sent, self.known_ended, self.stood, *self._unset):
            times.extend([NEVER] * _BLOCK)


def phone_number(text: str) -> int | None:
    """Return the digits of the phone number that a row's text begins with, None where it has none that are plain.

    E.164 numbers have at most 15 digits and begin with none that is 0, so that digits and number stand for each
    other exactly.
    """
    phone = text.partition(BREAK)[0]
    digits = phone[1:]
    return int(digits) if phone[:1] == "+" and digits.isascii() and digits.isdigit() and len(digits) <= 15 else None
