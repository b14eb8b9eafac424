"""The nights below a directory: load runs in order of time, and which of them cannot be set beside the others."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reports.compare.circumstances import differences, setup
from reports.errors import DocumentError
from reports.plaintext import plain
from reports.rundocs import RESULT, load_run
from reports.trend.measures import Key, measures

MOST_NIGHTS: Final = 1000
"""Nights kept, the newest; three years of them."""

_MOST_RUNS: Final = 20_000
_MAX_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Night:
    """One load run.

    Attributes:
        path: its run directory, as found.
        started: UTC, as in run.json.
        label: the commit or name given to it, empty without one.
        setup: what was asked for, by name: plan, model, rate, profile, host.
        values: what was measured, by operation and measure.
    """

    path: Path
    started: str
    label: str
    setup: Mapping[str, str]
    values: Mapping[Key, float]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A run that the trend does without.

    Attributes:
        path: its run directory, as found.
        started: UTC, empty where its result cannot be read.
        reason: why, in a few words.
    """

    path: Path
    started: str
    reason: str


@dataclass(frozen=True, slots=True)
class Nights:
    """What was found below a directory.

    Attributes:
        nights: load runs of one setup, that of the newest, oldest first.
        left_out: load runs that cannot be set beside them, and results that cannot be read.
        others: runs of other commands, which have no nights.
    """

    nights: tuple[Night, ...]
    left_out: tuple[LeftOut, ...]
    others: int

    @property
    def missed_newest(self) -> LeftOut | None:
        """The newest run that was left out, when it comes after every night that was kept.

        A result that cannot be read has no time; run directories are named by theirs, so its path tells.
        """
        if not self.nights:
            return None
        newest = self.nights[-1]
        later = [
            run
            for run in self.left_out
            if (run.started > newest.started if run.started else str(run.path) > str(newest.path))
        ]
        return max(later, key=lambda run: str(run.path), default=None)


def find_nights(directory: Path) -> Nights:
    """Read the load runs below a directory.

    Args:
        directory: searched at any depth, links not followed.

    Raises:
        DocumentError: there is no such directory, or it holds more runs than a trend can read.
    """
    # Path.is_dir() raises where a name is too long.
    if not os.path.isdir(directory):  # noqa: PTH112
        raise DocumentError(f"{directory} is no directory; give the one that holds the nights' run directories")
    nights: list[Night] = []
    left_out: list[LeftOut] = []
    others = 0
    for path in _run_directories(directory):
        try:
            document = load_run(path)
        except DocumentError as error:
            left_out.append(LeftOut(path, "", str(error)))
            continue
        if document["command"] != "load" and "load" not in document:
            others += 1
            continue
        found = _night(path, document)
        if isinstance(found, Night):
            nights.append(found)
        else:
            left_out.append(found)
    nights.sort(key=lambda night: (night.started, str(night.path)))
    kept, strangers = _of_one_setup(nights)
    return Nights(tuple(kept[-MOST_NIGHTS:]), (*left_out, *strangers), others)


def _run_directories(directory: Path) -> Iterator[Path]:
    """Give every directory that holds a result, in order of its path."""
    found = 0
    for parent, below, files in os.walk(directory):
        below[:] = sorted(name for name in below if not name.startswith("."))
        if RESULT in files:
            found += 1
            if found > _MOST_RUNS:
                raise DocumentError(f"{directory} holds more than {_MOST_RUNS:,} runs; give a directory with fewer")
            yield Path(parent)


def _night(path: Path, document: Mapping[str, Any]) -> Night | LeftOut:
    """Return the night of a load run, or why it is none."""
    started = str(document["started"])
    load = document.get("load")
    if document["partial"] or load is None:
        return LeftOut(path, started, "it ended before its time")
    if load["saturated"]:
        return LeftOut(path, started, "its generator was saturated: it measured itself, not the target")
    try:
        values = measures(load)
    except DocumentError as error:
        return LeftOut(path, started, str(error))
    if not values:
        return LeftOut(path, started, "it measured no operation")
    label = plain(str(document.get("label", "")), _MAX_SHOWN)
    return Night(path, started, label, setup(document), values)


def _of_one_setup(nights: list[Night]) -> tuple[list[Night], list[LeftOut]]:
    """Split nights into those of the newest one's setup and the others, saying in what these differ."""
    kept: list[Night] = []
    strangers: list[LeftOut] = []
    for night in nights:
        other = differences(nights[-1].setup, night.setup)
        if other:
            told = ", ".join(f"{name} {theirs} instead of {wanted}" for name, (wanted, theirs) in other.items())
            strangers.append(LeftOut(night.path, night.started, told))
        else:
            kept.append(night)
    return kept, strangers
