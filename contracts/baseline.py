"""The baseline: findings that somebody has accepted for a while, each with a reason and an expiry."""

from __future__ import annotations

import contextlib
import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from contracts.clauses import load_clauses
from contracts.config import nearest, read_toml, refuse
from contracts.errors import UsageError
from contracts.finding import ClauseResult, ClauseVerdict, Finding, Severity

GRACE: Final = timedelta(days=30)
"""How long a finding is accepted that was written into a baseline and not yet looked at."""

UNEXPLAINED: Final = "to be explained"
"""The reason of such a finding, until somebody writes down a better one."""

_TABLE: Final = "accepted"
_KEYS: Final = ("finding", "clause", "title", "reason", "expires")
_FINDING: Final = re.compile(r"([A-Z]+-[1-9][0-9]*)-[0-9a-f]{6}")
_MOST: Final = 10_000
_HEAD: Final = (
    "# Findings that assay accepts for a while: they are reported and count as warnings.\n"
    "# After its date an entry counts no more. `assay gate --update-baseline` writes this file anew.\n"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted finding.

    Attributes:
        finding: its id.
        reason: why it is accepted.
        expires: the last day on which it is.
        title: what went wrong, for whoever reads the file.
    """

    finding: str
    reason: str
    expires: date
    title: str = ""

    @property
    def clause(self) -> str:
        """Id of the clause that is broken."""
        return self.finding.rpartition("-")[0]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accepted findings as they are on one day.

    Attributes:
        entries: in the order of the file.
        today: the day.
    """

    entries: tuple[Entry, ...]
    today: date

    def accepted(self, finding: str) -> Entry | None:
        """Return the entry of a finding, expired or not, None without one."""
        return next((entry for entry in self.entries if entry.finding == finding), None)

    def is_expired(self, entry: Entry) -> bool:
        """Tell whether an entry counts no more."""
        return entry.expires < self.today

    def weigh(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Return findings with the accepted ones as warnings, errors first."""
        weighed = [
            replace(finding, severity=Severity.WARNING) if self._covers(finding.id) else finding for finding in findings
        ]
        return tuple(sorted(weighed, key=lambda finding: finding.severity is not Severity.ERROR))

    def judge(self, results: Sequence[ClauseResult], findings: Sequence[Finding]) -> tuple[ClauseResult, ...]:
        """Return the verdicts on clauses with those that only accepted findings break as their exercise has it.

        Args:
            results: what the run says of each clause.
            findings: everything found, as ``weigh`` returns it.
        """
        broken = {finding.clause for finding in findings if finding.severity is Severity.ERROR}
        return tuple(
            result if result.verdict is not ClauseVerdict.BROKEN or result.id in broken else _as_exercised(result)
            for result in results
        )

    def remarks(self, findings: Collection[str], results: Sequence[ClauseResult]) -> Iterator[str]:
        """Yield what is to be said of entries that have expired or are no longer seen.

        Args:
            findings: ids of everything found.
            results: what the run says of each clause.
        """
        exercised = _exercised(results)
        for entry in self.entries:
            if entry.finding not in findings:
                seen = (
                    "is no longer seen" if entry.clause in exercised else "was not seen; its clause was not exercised"
                )
                yield f"baseline: {entry.finding} {seen}"
            elif self.is_expired(entry):
                yield f"baseline: the acceptance of {entry.finding} expired on {entry.expires}; it counts again"

    def updated(
        self, errors: Mapping[str, str], findings: Collection[str], results: Sequence[ClauseResult]
    ) -> tuple[Baseline, list[str]]:
        """Return the baseline that accepts the errors of a run, and what changes thereby.

        An entry whose finding is still there is kept as it is. One whose finding is gone is left out where the
        run put its clause to the test.

        Args:
            errors: title of each finding of severity error, by id.
            findings: ids of everything found.
            results: what the run says of each clause.
        """
        exercised = _exercised(results)
        kept = [e for e in self.entries if e.finding in findings or e.clause not in exercised]
        known = {entry.finding for entry in kept}
        new = [
            Entry(number, UNEXPLAINED, self.today + GRACE, title)
            for number, title in errors.items()
            if number not in known
        ]
        changes = [f"{entry.finding} accepted until {entry.expires}" for entry in new]
        changes += [f"{entry.finding} dropped: no longer seen" for entry in self.entries if entry not in kept]
        changes += [
            f"{entry.finding} kept: not seen, and its clause not exercised"
            for entry in kept
            if entry.finding not in findings
        ]
        changes += [
            f"{entry.finding} kept, though it expired on {entry.expires}"
            for entry in kept
            if entry.finding in findings and self.is_expired(entry)
        ]
        return replace(self, entries=(*kept, *new)), changes

    def _covers(self, finding: str) -> bool:
        entry = self.accepted(finding)
        return entry is not None and not self.is_expired(entry)


def load_baseline(path: Path, today: date, *, must_exist: bool) -> Baseline:
    """Read a baseline.

    Args:
        path: the file.
        today: the day on which entries are judged.
        must_exist: whether a missing file is a mistake, and not an empty baseline.

    Raises:
        UsageError: it cannot be read or holds what is no baseline.
    """
    try:
        if not must_exist and _is_missing(path):
            if not path.parent.is_dir():
                raise UsageError(f"cannot write {path}: there is no directory {path.parent}")
            return Baseline((), today)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    return Baseline(parse_baseline(read_toml(path), str(path)), today)


def _is_missing(path: Path) -> bool:
    # From Python 3.14 on Path.exists() says so of every path that cannot be looked at.
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return True
    return False


def parse_baseline(table: Mapping[str, Any], source: str) -> tuple[Entry, ...]:
    """Return the entries of a decoded baseline.

    Args:
        table: a TOML document.
        source: how messages name the file.

    Raises:
        UsageError: a key is unknown, or a value is not one it can have; the message shows it.
    """
    for name in table:
        if name != _TABLE:
            raise UsageError(f"{source}: unknown key {name[:60]!r}; {nearest(name, (_TABLE,))}")
    listed = table.get(_TABLE, [])
    if not isinstance(listed, list) or len(listed) > _MOST:
        refuse(f"{source}: {_TABLE}", listed, f"tables, each under [[{_TABLE}]]")
    entries = [_entry(entry, f"{source}: {_TABLE}[{place}]") for place, entry in enumerate(listed, 1)]
    twice, often = Counter(entry.finding for entry in entries).most_common(1)[0] if entries else ("", 0)
    if often > 1:
        raise UsageError(f"{source}: {twice} is accepted twice; take one of the entries out")
    return tuple(entries)


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline so that a reader finds the old one or the new one, never a part.

    Raises:
        UsageError: it cannot be written.
    """
    partial = _beside(path)
    try:
        # Made anew: one that lies there may be a link, and whoever has put it there decides where it leads.
        partial.unlink(missing_ok=True)
        with partial.open("x", encoding="utf-8") as file:
            file.write(render_baseline(baseline))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def check_writable(path: Path) -> None:
    """Find out before a run costs anything whether its baseline can be written after it.

    Raises:
        UsageError: it cannot.
    """
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a directory")
    partial = _beside(path)
    try:
        partial.unlink(missing_ok=True)
        partial.touch(exist_ok=False)
        partial.unlink()
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def render_baseline(baseline: Baseline) -> str:
    """Return a baseline as TOML."""
    return "\n".join([_HEAD, *map(_rendered, baseline.entries)])


def _rendered(entry: Entry) -> str:
    return (
        f"[[{_TABLE}]]\n"
        f"finding = {_quoted(entry.finding)}\n"
        f"clause = {_quoted(entry.clause)}\n"
        f"title = {_quoted(entry.title)}\n"
        f"reason = {_quoted(entry.reason)}\n"
        f"expires = {entry.expires.isoformat()}\n"
    )


def _entry(table: object, where: str) -> Entry:
    if not isinstance(table, dict):
        refuse(where, table, "a table")
    for name in table:
        if name not in _KEYS:
            raise UsageError(f"{where}: unknown key {name[:60]!r}; {nearest(name, _KEYS)}")
    for name in ("finding", "reason", "expires"):
        if name not in table:
            known = table.get("finding")
            raise UsageError(f"{where}" + (f" ({known[:60]})" if isinstance(known, str) else "") + f" has no {name}")
    finding = _text(table["finding"], f"{where}.finding", 'the id of a finding such as "LIFE-3-1f0c9a"')
    match = _FINDING.fullmatch(finding)
    if match is None or match.group(1) not in load_clauses():
        refuse(f"{where}.finding", finding, 'the id of a finding such as "LIFE-3-1f0c9a"')
    if table.get("clause", match.group(1)) != match.group(1):
        refuse(f"{where}.clause", table["clause"], f'"{match.group(1)}", the clause of {finding}')
    title = table.get("title", "")
    if not isinstance(title, str):
        refuse(f"{where}.title", title, "a text")
    reason = _text(table["reason"], f"{where}.reason", "why the finding is accepted, in words")
    expires = table["expires"]
    # A moment is a date to Python as well, and would expire at another hour in every zone.
    if type(expires) is not date:
        refuse(f"{where}.expires", expires, "a date such as 2026-12-31, without quotes")
    return Entry(finding, reason, expires, title)


def _text(value: object, where: str, expected: str) -> str:
    if not isinstance(value, str) or not value.strip():
        refuse(where, value, expected)
    return value


def _quoted(text: str) -> str:
    """Return a text as a basic string of TOML, everything escaped that may not stand in one."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in escaped) + '"'


def _exercised(results: Sequence[ClauseResult]) -> set[str]:
    """Return the clauses that a run put to the test; one that is broken was, however often."""
    return {result.id for result in results if result.verdict is not ClauseVerdict.NOT_EXERCISED}


def _as_exercised(result: ClauseResult) -> ClauseResult:
    """Return what a clause's result is without its errors."""
    least = load_clauses()[result.id].min_exercise
    if result.exercised >= least:
        return replace(result, verdict=ClauseVerdict.KEPT)
    reason = f"exercised {result.exercised} of at least {least} times: what was found is accepted"
    return replace(result, verdict=ClauseVerdict.NOT_EXERCISED, reason=reason)
