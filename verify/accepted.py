"""Which runs were accepted: the small file that says what the next release is compared with.

``accepted.json`` lies beside the runs, in ``reports/runs``, and travels with them:
``{"schema": 1, "accepted": [{"run", "when", "command", "verdict", "target", "profile", "label"}]}``, the newest last.
``run`` is a directory, relative to the file where it lies below it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from contracts.errors import UsageError
from contracts.foreign import open_foreign
from reports.compare.circumstances import host
from reports.writing import write_document

SCHEMA: Final = 1
RUNS: Final = Path("reports", "runs")
FILE: Final = "accepted.json"

_COMMANDS: Final = ("verify", "gate", "load")
_MAX_BYTES: Final = 4 * 1024 * 1024
_MOST: Final = 200
"""Entries kept, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A run that somebody accepted.

    Attributes:
        run: its directory, as the file has it.
        when: UTC, to the second.
        command: which one it was a run of.
        verdict: what it had come to.
        target: base URL it was of.
        profile: it was held to.
        label: of the release, empty without one.
    """

    run: str
    when: str
    command: str
    verdict: str
    target: str
    profile: str
    label: str = ""


def read_accepted(runs: Path) -> list[Accepted]:
    """Return the accepted runs, the oldest first; none where there is no file.

    Args:
        runs: the directory of the runs.

    Raises:
        UsageError: the file cannot be read, or holds something else.
    """
    path = runs / FILE
    try:
        with open_foreign(path, links=True) as stream:
            held = json.loads(stream.read(_MAX_BYTES))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is not JSON; mend it, or remove it and accept a run again") from None
    try:
        if held["schema"] != SCHEMA:
            raise ValueError
        entries = [Accepted(**entry) for entry in held["accepted"]]
        if not all(isinstance(value, str) for entry in entries for value in asdict(entry).values()):
            raise TypeError
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"{path} is no list of accepted runs; mend it, or remove it and accept a run again") from None
    return entries


def newest(entries: list[Accepted], runs: Path, *, target: str | None, profile: str | None) -> Path | None:
    """Return the directory of the newest accepted run that a release can be compared with, None without one.

    Args:
        entries: the oldest first.
        runs: the directory of the runs.
        target: base URL of the release; runs of another host are passed over, and for None nothing is.
        profile: the profile it is held to, None for any.
    """
    for entry in reversed(entries):
        same = target is None or host(entry.target) == host(target)
        directory = runs / entry.run
        if same and profile in {None, entry.profile} and _holds_run(directory):
            return directory
    return None


def _holds_run(directory: Path) -> bool:
    try:
        return (directory / "run.json").is_file()
    except OSError:
        # A name longer than the system has any, or a directory that is not ours to look into.
        return False


def accept(runs: Path, directory: Path, document: Mapping[str, Any], now: datetime) -> Path:
    """Record a run as the one to compare the next with; return the file.

    Args:
        runs: the directory of the runs, made where it is missing.
        directory: of the run.
        document: its ``run.json``.
        now: the time it is accepted.

    Raises:
        UsageError: it was cut short or is of a command that releases are not compared by; or the file cannot be read.
        DocumentError: the file cannot be written.
    """
    if document["command"] not in _COMMANDS:
        raise UsageError(f"{directory} is a run of assay {document['command']}; accept one of {', '.join(_COMMANDS)}")
    if document["partial"] or document["exit_code"] == 130:
        raise UsageError(f"{directory} ended before its time; accept a run that is whole")
    entries = read_accepted(runs)
    whole, base = directory.resolve(), runs.resolve()
    entry = Accepted(
        run=(whole.relative_to(base) if whole.is_relative_to(base) else whole).as_posix(),
        when=now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        **{name: str(document.get(name, "")) for name in ("command", "verdict", "target", "profile", "label")},
    )
    kept = [*(each for each in entries if each.run != entry.run), entry][-_MOST:]
    try:
        runs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot create {runs}: {error.strerror}") from None
    content = {"schema": SCHEMA, "accepted": [asdict(each) for each in kept]}
    return write_document(runs / FILE, (json.dumps(content, indent=2) + "\n").encode("ascii"))
