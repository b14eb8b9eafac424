"""How a load run shows itself while it goes on: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

LINE_EVERY: Final = 5
"""Seconds between two plain lines."""

_NARROW: Final = 60


@dataclass(frozen=True, slots=True)
class Frame:
    """What there is to show of a second.

    Attributes:
        row: as in run.json's ``load.timeline``.
        operations: as in run.json's ``load.operations``, so far.
        planned: seconds the whole run is to take, 0 when nobody knows.
    """

    row: Mapping[str, Any]
    operations: Sequence[Mapping[str, Any]]
    planned: float = 0.0


class View(Protocol):
    """Shows how a load run goes."""

    def show(self, frame: Frame) -> None:
        """Show the last second."""

    def say(self, text: str) -> None:
        """Show one line that stays."""

    def close(self) -> None:
        """Stop showing."""


class Silence:
    """Shows nothing."""

    def show(self, frame: Frame) -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Do nothing."""


class Lines:
    """Writes a plain line now and then: for logs and pipes.

    Args:
        console: where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next = 0.0

    def show(self, frame: Frame) -> None:
        """Write a line when one is due."""
        now = frame.row["t"]
        if now < self._next:
            return
        self._next = now + LINE_EVERY
        self._console.print(Text(in_one_line(frame)), soft_wrap=True)

    def say(self, text: str) -> None:
        """Write one line."""
        self._console.print(Text(text), soft_wrap=True)

    def close(self) -> None:
        """Do nothing: lines need no end."""


class Picture:
    """Draws a table anew every second.

    Args:
        console: a terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=4, transient=True, auto_refresh=False)
        self._live.start()

    def show(self, frame: Frame) -> None:
        """Draw the table."""
        self._live.update(picture(frame, self._console.width), refresh=True)

    def say(self, text: str) -> None:
        """Write a line above the table."""
        self._live.console.print(Text(text))

    def close(self) -> None:
        """Take the table away; the report takes its place."""
        self._live.stop()


def make_view(*, quiet: bool) -> View:
    """Return the view that suits where the output goes.

    Args:
        quiet: show nothing.
    """
    if quiet:
        return Silence()
    console = Console(stderr=True, highlight=False)
    return Picture(console) if console.is_terminal else Lines(console)


def in_one_line(frame: Frame) -> str:
    """Return the last second in one line."""
    row, planned = frame.row, frame.planned
    parts = [f"{_clock(row['t'])}" + (f"/{_clock(planned)}" if planned else "")]
    if row["phase"]:
        parts.append(str(row["phase"]))
    if row["asked"] is not None:
        parts.append(f"{row['achieved']:,.0f} of {row['asked']:,.0f} journeys/s")
    if row["users"]:
        parts.append(f"{row['users']:,} users")
    parts += [
        f"{row['requests']:,} requests/s",
        f"p50 {_ms(row['p50'])}, p99 {_ms(row['p99'])}",
        f"{row['failures']:,} failures",
        f"{row['findings']:,} findings",
        f"{row['in_flight']:,} in flight",
    ]
    return " · ".join(parts)


def picture(frame: Frame, width: int) -> Group:
    """Return the table of the last second.

    Args:
        frame: what there is to show.
        width: columns of the terminal; narrow ones get fewer of the table's.
    """
    row, planned = frame.row, frame.planned
    head = Text(in_one_line(frame), overflow="ellipsis", no_wrap=False)
    table = Table(box=None, pad_edge=False)
    # The one column that may wrap is the one that gives way where it is narrow; names are single words.
    table.add_column("operation", overflow="ellipsis")
    wide = width >= _NARROW
    names = ("requests", "failures", "p50", "p90", "p99", "max") if wide else ("requests", "p99")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for operation in frame.operations:
        latency = operation["latency_ms"]
        failures = Text(f"{operation['failures']:,}", style="red" if operation["failures"] else "")
        cells: dict[str, Text | str] = {
            "requests": f"{operation['requests']:,}",
            "failures": failures,
            **{name: _ms(latency[name]) for name in ("p50", "p90", "p99", "max")},
        }
        table.add_row(operation["name"], *(cells[name] for name in names))
    # A bar alone does not end its line.
    bar = Padding(ProgressBar(total=planned, completed=min(row["t"], planned), width=min(width, 60)) if planned else "")
    found = Text(f"{row['findings']:,} findings this second", style="bold red") if row["findings"] else Text("")
    return Group(head, bar, table, found)


def _ms(value: float | None) -> str:
    if value is None:
        return "-"
    if value >= 10_000:
        return f"{value / 1000:,.1f} s"
    return f"{value:.0f} ms" if value >= 100 else f"{value:.1f} ms"


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
