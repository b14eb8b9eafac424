"""How often each clause was put to the test, counted as one number an answer and added up now and then."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from contracts.monitor import Docket

ANSWER: Final = 1 << 0
HEAD: Final = 1 << 1
VIEW: Final = 1 << 2
PHONE: Final = 1 << 3
PROOF: Final = 1 << 4
OWED: Final = 1 << 5
NEW: Final = 1 << 6
DATED: Final = 1 << 7
PAGE: Final = 1 << 8
FILTERED: Final = 1 << 9
ORDERED: Final = 1 << 10
OFFER: Final = 1 << 11
BALANCE: Final = 1 << 12
NAMED: Final = 1 << 13
LATER: Final = 1 << 14
SETTLED: Final = 1 << 15
KEPT: Final = 1 << 16
SAME: Final = 1 << 17
CROSSED: Final = 1 << 18
VISIBLE: Final = 1 << 19
REPEATED: Final = 1 << 20
ASKED: Final = 1 << 21
RACED_CODE: Final = 1 << 22
UNIQUE: Final = 1 << 23
RACED: Final = 1 << 24
PRESSED: Final = 1 << 25
JUDGED: Final = 1 << 26
ENDED: Final = 1 << 27
LISTED: Final = 1 << 28

_CLAUSES: Final[dict[int, tuple[str, ...]]] = {
    ANSWER: ("LOAD-1", "AUTH-3"),
    HEAD: ("SHAPE-1", "SHAPE-2"),
    VIEW: ("SHAPE-3", "SHAPE-4", "SHAPE-5", "SHAPE-6", "SHAPE-7", "SHAPE-8", "SHAPE-9", "SHAPE-11"),
    PHONE: ("VALUE-2",),
    PROOF: ("SHAPE-10", "SHAPE-11", "VALUE-4"),
    OWED: ("VALUE-3",),
    NEW: ("VALUE-1", "VALUE-7", "VALUE-8"),
    DATED: ("VALUE-5",),
    PAGE: ("LIST-4", "WIRE-3"),
    FILTERED: ("LIST-2",),
    ORDERED: ("LIST-3",),
    OFFER: ("SHAPE-4", "SHAPE-7"),
    BALANCE: ("SHAPE-7",),
    NAMED: ("SHAPE-5",),
    LATER: ("LIFE-1",),
    SETTLED: ("LIFE-2",),
    KEPT: ("LIFE-3",),
    SAME: ("LIFE-5",),
    CROSSED: ("LIST-5",),
    VISIBLE: ("LIFE-6",),
    REPEATED: ("LIFE-4",),
    ASKED: ("LIFE-8",),
    RACED_CODE: ("RACE-2",),
    UNIQUE: ("LIFE-7",),
    RACED: ("RACE-1",),
    ENDED: ("LIFE-9",),
    LISTED: ("LIFE-6",),
    PRESSED: ("LOAD-3",),
    JUDGED: ("LOAD-1",),
}
"""What each bit says was put to the test."""


class Tally:
    """Counts answers by what they exercised: a bit mask of the constants above, whatever their number."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: defaultdict[int, int] = defaultdict(int)

    def flush(self, docket: Docket) -> None:
        """Add what was counted since the last time to a docket."""
        counts, self.counts = self.counts, defaultdict(int)
        for mask, times in counts.items():
            for bit, clauses in _CLAUSES.items():
                if mask & bit:
                    for clause in clauses:
                        docket.exercise(clause, times)
