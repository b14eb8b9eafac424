"""What a load run measured second by second, read from ``seconds.jsonl`` into blocks of several seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from reports.errors import DocumentError
from reports.foreign import open_foreign

SECONDS: Final = "seconds.jsonl"
ALL: Final = "all"
"""Name of what holds every operation together."""

BLOCK_S: Final = 5
"""Shortest block. Seconds that follow each other are alike (a queue, a pause); blocks of several are much less so."""

MOST_BLOCKS: Final = 200
"""Beyond this, neighbouring blocks are merged; a soak of hours then fits into memory like a minute."""

MOST_COUNTS: Final = 6_000_000
"""Counts other than 0 of all blocks and operations together."""

MOST_CELLS: Final = 30_000_000
"""Counts, those of 0 included: blocks times buckets, of all operations together."""

_MOST_SECONDS: Final = 2_000_000
"""Seconds and phases told apart; a week has 600,000."""

_MAX_LINE: Final = 4 * 1024 * 1024
_MOST_LINES: Final = 20_000_000
_MOST_NAMES: Final = 200
_LONGEST_NAME: Final = 100
_LATEST_S: Final = 1_000_000
_LARGEST: Final = 2**53
_MAX_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Blocks:
    """What was measured of one operation, block by block.

    Attributes:
        requests: ended in each block, shape (n,).
        failures: among them, shape (n,).
        edges: upper bounds of the latency buckets in ms, rising, shape (m,).
        counts: answers by block and bucket, shape (n, m).
    """

    requests: NDArray[np.float64]
    failures: NDArray[np.float64]
    edges: NDArray[np.float64]
    counts: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run measured, its warm-up left out.

    Attributes:
        strata: which phase each block belongs to, shape (n,); blocks stand for each other within one alone.
        seconds: measured seconds in each block, shape (n,).
        operations: by name, ``all`` among them when anything was measured.
    """

    strata: NDArray[np.int64]
    seconds: NDArray[np.float64]
    operations: dict[str, Blocks]


@dataclass(slots=True)
class _Tally:
    """Counts of one operation in one block."""

    requests: int = 0
    failures: int = 0
    latency: Counter[float] = field(default_factory=Counter)

    def add(self, other: _Tally) -> None:
        self.requests += other.requests
        self.failures += other.failures
        self.latency.update(other.latency)


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the file."""

    phase: str
    second: int
    measured: bool
    operation: str
    tally: _Tally


_Place = tuple[str, int]
"""Phase and number of a block."""


class _Gatherer:
    """Sums rows into blocks, twice as long ones whenever there are too many."""

    def __init__(self) -> None:
        self.length = BLOCK_S
        self.blocks: dict[_Place, dict[str, _Tally]] = {}
        self.phases: dict[int, set[str | None]] = {}
        self.names: set[str] = set()
        self.phase_names: set[str] = set()
        self.first, self.last = _LATEST_S, 0
        self._spans = self._counts = 0

    def add(self, row: _Row) -> None:
        """Take a row in.

        Raises:
            ValueError: with it the run has more than any.
        """
        self._add(row)
        for number, most, what in (
            (len(self.names), _MOST_NAMES, "operations"),
            (len(self.phase_names), _MOST_NAMES, "phases"),
            (self._spans, _MOST_SECONDS, "seconds"),
            (self._counts, MOST_COUNTS, "buckets"),
        ):
            if number > most:
                raise ValueError(f"more than {most} {what}")

    def _add(self, row: _Row) -> None:
        phases = self.phases.setdefault(row.second, set())
        before = len(phases)
        phases.add(row.phase if row.measured else None)
        self._spans += len(phases) - before
        self.first, self.last = min(self.first, row.second), max(self.last, row.second)
        while (self.last - self.first) // self.length > MOST_BLOCKS:
            self._merge()
        if not row.measured:
            return
        place = (row.phase, row.second // self.length)
        tally = self.blocks.setdefault(place, {}).setdefault(row.operation, _Tally())
        held = len(tally.latency)
        tally.add(row.tally)
        self._counts += len(tally.latency) - held
        self.names.add(row.operation)
        self.phase_names.add(row.phase)

    def _merge(self) -> None:
        self.length *= 2
        blocks, self.blocks = self.blocks, {}
        for (phase, number), tallies in blocks.items():
            for name, tally in tallies.items():
                self.blocks.setdefault((phase, number // 2), {}).setdefault(name, _Tally()).add(tally)
        self._counts = sum(len(tally.latency) for tallies in self.blocks.values() for tally in tallies.values())

    def _seconds(self) -> Counter[_Place]:
        """Return the measured seconds of each block.

        A second in which nothing ended has no row. It was measured all the same, and belongs to the phase of
        the second before it: a target that stood still for a while did nothing in all that time.
        """
        found: Counter[_Place] = Counter()
        for start, end in pairwise([*sorted(self.phases), self.last + 1]):
            for number in range(start // self.length, (end - 1) // self.length + 1):
                spent = min(end, (number + 1) * self.length) - max(start, number * self.length)
                found.update({(phase, number): spent for phase in self.phases[start] if phase is not None})
        return found

    def measured(self) -> Measured:
        """Return what was gathered.

        Raises:
            ValueError: it would take too much memory.
        """
        seconds = self._seconds()
        places = sorted(seconds)
        phases = sorted(self.phase_names)
        if self.names and ALL not in self.names:
            for tallies in self.blocks.values():
                whole = _Tally()
                for tally in tallies.values():
                    whole.add(tally)
                tallies[ALL] = whole
            self.names.add(ALL)
        edges: dict[str, set[float]] = {}
        for tallies in self.blocks.values():
            for name, tally in tallies.items():
                edges.setdefault(name, set()).update(tally.latency)
        if len(places) * sum(map(len, edges.values())) > MOST_CELLS:
            raise ValueError(f"more than {MOST_CELLS:,} blocks times buckets")
        return Measured(
            np.array([phases.index(phase) for phase, _ in places], dtype=np.int64),
            np.array([seconds[place] for place in places], dtype=np.float64),
            {name: self._operation(name, places) for name in sorted(self.names)},
        )

    def _operation(self, name: str, places: Sequence[_Place]) -> Blocks:
        tallies = [self.blocks.get(place, {}).get(name, _Tally()) for place in places]
        edges = sorted(set().union(*(tally.latency for tally in tallies)))
        column = {edge: number for number, edge in enumerate(edges)}
        counts = np.zeros((len(places), len(edges)))
        for row, tally in enumerate(tallies):
            for edge, count in tally.latency.items():
                counts[row, column[edge]] = count
        return Blocks(
            np.array([tally.requests for tally in tallies], dtype=np.float64),
            np.array([tally.failures for tally in tallies], dtype=np.float64),
            np.array(edges, dtype=np.float64),
            counts,
        )


def read_seconds(run_dir: Path) -> Measured:
    """Read what a load run measured, in blocks; a run that measured nothing has none.

    A last line that was cut when the run was killed is left out.

    Args:
        run_dir: the run directory.

    Raises:
        DocumentError: there is no such file, or a line is not what it should be, which is told by its number.
    """
    path = run_dir / SECONDS
    gatherer = _Gatherer()
    try:
        for number, line in _lines(path):
            try:
                gatherer.add(_row(line))
            except ValueError as error:
                raise DocumentError(f"line {number} of {path} is no second of a run: {str(error)[:200]}") from None
    except FileNotFoundError:
        raise DocumentError(f"{run_dir} holds no {SECONDS}: it cannot be compared second by second") from None
    except OSError as error:
        raise DocumentError(f"cannot read {path}: {error.strerror}") from None
    try:
        return gatherer.measured()
    except ValueError as error:
        raise DocumentError(f"{path} is beyond what a load run writes: {error}") from None


def pool(parts: Sequence[Measured]) -> Measured:
    """Return several runs as one, the phases of each apart.

    Args:
        parts: at least one run.
    """
    offsets = np.cumsum([0, *(1 + int(part.strata.max(initial=-1)) for part in parts[:-1])])
    names = sorted(set().union(*(part.operations for part in parts)))
    return Measured(
        np.concatenate([part.strata + offset for part, offset in zip(parts, offsets, strict=True)]),
        np.concatenate([part.seconds for part in parts]),
        {name: _joined(name, parts) for name in names},
    )


def _joined(name: str, parts: Sequence[Measured]) -> Blocks:
    nothing = np.zeros(0)
    found = [
        part.operations.get(name)
        or Blocks(np.zeros(part.seconds.size), np.zeros(part.seconds.size), nothing, np.zeros((part.seconds.size, 0)))
        for part in parts
    ]
    edges = np.unique(np.concatenate([blocks.edges for blocks in found]))
    counts = np.zeros((sum(blocks.requests.size for blocks in found), edges.size))
    start = 0
    for blocks in found:
        end = start + blocks.requests.size
        counts[start:end, np.searchsorted(edges, blocks.edges)] = blocks.counts
        start = end
    return Blocks(
        np.concatenate([blocks.requests for blocks in found]),
        np.concatenate([blocks.failures for blocks in found]),
        edges,
        counts,
    )


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Give the lines of a file that were written to their end, with their numbers from 1."""
    with open_foreign(path) as stream:
        for number in range(1, _MOST_LINES + 2):
            line = stream.readline(_MAX_LINE + 1)
            if len(line) > _MAX_LINE or number > _MOST_LINES:
                raise DocumentError(f"line {number} of {path} is beyond what a load run writes")
            if not line.endswith(b"\n"):
                return
            yield number, line


def _row(line: bytes) -> _Row:
    """Return what a line says.

    Raises:
        ValueError: the line is not what it should be.
    """
    row = orjson.loads(line)
    if not isinstance(row, dict):
        raise ValueError(f"{_shown(row)} is no object")
    measured = row.get("measured")
    if not isinstance(measured, bool):
        raise ValueError(f"measured is {_shown(measured)}, not true or false")
    second = _count(row.get("t"), "t", _LATEST_S)
    phase, name = (_name(row.get(key), key) for key in ("phase", "operation"))
    tally = _Tally(_count(row.get("requests"), "requests"), _count(row.get("failures"), "failures"))
    if tally.failures > tally.requests:
        raise ValueError(f"{tally.failures} failures in {tally.requests} requests")
    buckets = row.get("latency")
    if not isinstance(buckets, list):
        raise ValueError(f"latency is {_shown(buckets)}, not a list of buckets")
    for bucket in buckets:
        edge, count = _bucket(bucket)
        tally.latency[edge] += count
    return _Row(phase, second, measured, name, tally)


def _bucket(bucket: Any) -> tuple[float, int]:
    if not isinstance(bucket, list) or len(bucket) != 2:
        raise ValueError(f"{_shown(bucket)} is no pair of bucket and count")
    edge, count = bucket
    if isinstance(edge, bool) or not isinstance(edge, int | float) or not 0 < edge < _LARGEST:
        raise ValueError(f"a bucket's bound is {_shown(edge)}, not milliseconds above 0")
    return float(edge), _count(count, "the count of a bucket")


def _count(value: object, what: str, most: int = _LARGEST) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError(f"{what} is {_shown(value)}, not a whole number from 0 to {most}")
    return value


def _name(value: object, what: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise ValueError(f"{what} is {_shown(value)}, not a name of at most {_LONGEST_NAME} characters")
    return value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
