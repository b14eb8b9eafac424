"""What the processes of a run told, put together as it comes in, and written down second by second."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from load.drive.books import Account
from load.drive.books import together as sum_up
from load.drive.tally import total
from load.judge.merge import Merge
from load.measure.figures import ALL
from load.measure.files import RunFiles
from load.measure.ledger import Closed, Ledger
from load.measure.prometheus import Snapshot
from load.measure.second import Second
from load.mishaps import Mishaps, together
from load.schedule import Schedule


class Collector:
    """Takes shares and keeps their sum.

    Args:
        schedule: of the run.
        merge: puts the judgements together.
        files: where seconds are written; None to write none.
    """

    def __init__(self, schedule: Schedule, merge: Merge, files: RunFiles | None) -> None:
        self.ledger = Ledger(schedule.phases, schedule.asked, recent=schedule.recent)
        self.merge = merge
        self.spent: dict[str, str] = {}
        self._crashes: dict[str, dict[str, int]] = {}
        self._mishaps: dict[str, Mishaps] = {}
        self.refused: dict[str, str] = {}
        self.requests: dict[str, int] = {}
        self.policy = ""
        self._files = files
        self._tallies: dict[str, Mapping[str, Any]] = {}
        self._purchases: dict[str, int] = {}
        self._spend: dict[str, Decimal] = {}
        self._books: dict[str, Account] = {}
        self.file_trouble: str | None = None

    def take(self, worker: str, share: Mapping[str, Any]) -> None:
        """Take what a worker told; what cannot be read is remembered as that, and nothing else of it is lost."""
        try:
            for data in share.get("seconds", ()):
                self._second(worker, data)
        except TypeError as error:
            self.refused[worker] = f"its seconds cannot be read: {str(error)[:200]}"
        try:
            self.merge.take(worker, share["judge"], time.monotonic())
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            self.refused[worker] = f"its judgements cannot be read: {str(error)[:200]}"
        try:
            self._totals(worker, share)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, InvalidOperation) as error:
            self.refused[worker] = f"its totals cannot be read: {str(error)[:200]}"

    def _second(self, worker: str, data: Any) -> None:
        try:
            second = Second.from_plain(data)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            self.refused[worker] = f"one of its seconds cannot be read: {str(error)[:200]}"
            return
        self.requests[worker] = self.requests.get(worker, 0) + sum(a.requests for a in second.answers.values())
        self.ledger.add(second)

    def _totals(self, worker: str, share: Mapping[str, Any]) -> None:
        """Take what a worker counted since the start."""
        tally, purchases, spend = share["tally"], int(share["purchases"]), Decimal(share["spend"])
        if purchases < 0 or not spend.is_finite() or spend < 0:
            raise ValueError(f"{purchases} purchases for {spend}")
        crashes = {str(text): int(number) for text, number in share["crashes"].items()}
        mishaps = Mishaps.from_plain(share["mishaps"])
        books = Account.from_plain(share["books"])
        total({worker: tally})
        self._tallies[worker] = tally
        self._purchases[worker], self._spend[worker] = purchases, spend
        self._crashes[worker], self._mishaps[worker], self._books[worker] = crashes, mishaps, books
        self.policy = str(share["policy"])
        if share["spent"]:
            self.spent[worker] = str(share["spent"])

    @property
    def mishaps(self) -> Mishaps:
        """What went wrong beside the answers, in all processes."""
        return together(self._mishaps.values())

    @property
    def crashes(self) -> dict[str, int]:
        """Our own failures in all processes, by what they say."""
        found: dict[str, int] = {}
        for crashes in self._crashes.values():
            for text, number in crashes.items():
                found[text] = found.get(text, 0) + number
        return found

    def close(self, before: int) -> Iterator[Closed | None]:
        """Close the seconds before a time.

        Yields:
            Each second when it is closed and written, and None in between, so that sockets can be served.
        """
        for closed in self.ledger.closing(before):
            if closed is None:
                yield None
                continue
            if self._files is not None and self.file_trouble is None:
                try:
                    for _ in self._files.writing(closed):
                        yield None
                except OSError as error:
                    # A full disk must not cost the run: what was measured is still in memory.
                    self.file_trouble = f"the seconds could not be written: {error.strerror}"
            yield closed

    def snapshot(self) -> Snapshot:
        """Return the figures of this moment, for the metrics endpoint."""
        figures = self.ledger.figures(float(self.ledger.closed_to))
        rows = self.ledger.timeline
        row = rows[-1] if rows else None
        tally = self.tally
        return Snapshot(
            operations={name: answers for name, answers in figures.operations.items() if name != ALL},
            findings=self._found(),
            arrivals=tally["arrivals"],
            dropped=tally["dropped"],
            reconnects=self.ledger.reconnects,
            in_flight=row["in_flight"] if row else 0,
            users=row["users"] if row else 0,
            asked_rate=row["asked"] if row else None,
            cpu=row["cpu"] if row else 0.0,
            loop_delay_s=row["loop_delay_ms"] / 1000 if row else 0.0,
            lag=figures.lag,
        )

    def _found(self) -> dict[tuple[str, str], int]:
        counts: dict[tuple[str, str], int] = {}
        for finding in self.merge.findings:
            key = (finding.clause, finding.severity.value)
            counts[key] = counts.get(key, 0) + finding.count
        return counts

    @property
    def tally(self) -> dict[str, Any]:
        """The lives of all processes."""
        return total(self._tallies)

    @property
    def purchases(self) -> int:
        """Purchases made, creates of unknown outcome included."""
        return sum(self._purchases.values())

    @property
    def books(self) -> Account:
        """What the creates of all processes were to cost."""
        return sum_up(self._books.values())

    @property
    def spend(self) -> Decimal:
        """What they cost."""
        return sum(self._spend.values(), Decimal(0))
