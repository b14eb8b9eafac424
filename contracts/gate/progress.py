"""Progress: what a gate shows while it runs, in a terminal and in a log."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

EVERY: Final = 10.0
"""Seconds between two lines of one phase where output is not a terminal."""


class LiveProgress:
    """Shows the phase, its latest step and the time on standard error.

    In a terminal one line is redrawn; elsewhere each phase gets a plain line, and a long one more of them.

    Args:
        quiet: whether to show nothing at all.
        console: where to; standard error by default.
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, quiet=quiet, highlight=False)
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._spoken = 0.0
        self._phase = ""
        if self._console.is_terminal and not quiet:
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=16),
                TextColumn("{task.fields[step]}", style="dim"),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def phase(self, name: str, number: int, of: int) -> None:
        """Show that a phase begins."""
        self._phase = f"[{number}/{of}] {name}"
        if self._bar is None:
            self._say(self._phase)
            return
        if self._task is None:
            self._task = self._bar.add_task(self._phase, total=of, step="")
        self._bar.update(self._task, description=self._phase.replace("[", r"\["), completed=number - 1, step="")

    def step(self, label: str) -> None:
        """Show a step of the phase."""
        if self._bar is not None and self._task is not None:
            room = max(10, self._console.width - 60)
            self._bar.update(self._task, step=label[:room].replace("[", r"\["))
        elif time.monotonic() - self._spoken > EVERY:
            self._say(f"{self._phase}: {label}")

    def _say(self, text: str) -> None:
        self._spoken = time.monotonic()
        self._console.print(text, markup=False)
