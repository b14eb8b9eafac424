"""A recorded run, as a replay reads it: its findings, its operations, and where it was run."""

from __future__ import annotations

import difflib
import json
import math
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count, pairwise
from pathlib import Path
from typing import Any, Final

from contracts.document import parse
from contracts.errors import UsageError
from contracts.foreign import open_foreign
from contracts.history import ApiOperation, Operation, Outcome
from contracts.invariants.values import epoch_of, server_clock
from contracts.reading import Reading, View
from contracts.record.historyfile import MAX_LINE
from contracts.record.line import from_line
from contracts.record.rundir import HISTORY
from reports.rundocs import load_run

COMMAND: Final = "replay"
"""The command under which a replay writes its own run."""

MOST_NAMED: Final = 12
"""Findings named where somebody asked for another one."""

MOST_OPERATIONS: Final = 50_000
MOST_BYTES: Final = 128 * 1024 * 1024
"""Of the longest history that is replayed, for all of it is held; a deep gate writes some thousands of operations."""

_BARE_MASK: Final = re.compile(rb'([:\[,]\s*)(<(?:key|code|password|phone):[^<>"]{1,80}>)(?=\s*[,\]}])')
"""A number that was masked: without quotes around it the body is no JSON any more."""


class UnreplayableError(Exception):
    """A finding cannot be sent again from what its run wrote down; the message says why."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run was run.

    Attributes:
        url: base URL of the target, None for the embedded sandbox.
        defects: seeded defects around the embedded sandbox.
        profile: contract version that judged.
        seed: of every random choice.
    """

    url: str | None
    defects: tuple[str, ...]
    profile: str
    seed: int


@dataclass(frozen=True)
class Recorded:
    """What a run wrote down.

    Attributes:
        path: the run directory, as the user named it.
        document: its ``run.json``.
        operations: its history in order, secrets masked.
        cut: by index, how many bytes a request's body had of which only the beginning was kept.
    """

    path: Path
    document: Mapping[str, Any]
    operations: Sequence[Operation]
    cut: Mapping[int, int]

    @cached_property
    def origin(self) -> Origin:
        """Where the run was run.

        Raises:
            UsageError: its result tells that in no way that could be read.
        """
        try:
            words = shlex.split(self.document["rerun"])
        except ValueError as error:
            raise UsageError(f"{self.path}/run.json: rerun {self.document['rerun'][:60]!r}: {error}") from None
        defects = tuple(value for word, value in pairwise(words) if word == "--defect")
        url = self.document["target"] if "--url" in words else None
        return Origin(url, defects, self.document["profile"], self.document["seed"])

    @cached_property
    def readings(self) -> Sequence[Reading]:
        """The operations decoded, masks where values stood."""
        return tuple(Reading(_legible(operation)) for operation in self.operations)

    @cached_property
    def births(self) -> Mapping[int, Reading]:
        """By id, the create that was answered with a purchase first."""
        found: dict[int, Reading] = {}
        for reading in self.readings:
            if reading.route.api_operation is ApiOperation.CREATE:
                for view in reading.views:
                    if view.id is not None:
                        found.setdefault(view.id, reading)
        return found

    @cached_property
    def seen(self) -> frozenset[int]:
        """Ids of every purchase that an answer showed."""
        return frozenset(view.id for reading in self.readings for view in reading.views if view.id is not None)

    @cached_property
    def found(self) -> frozenset[int]:
        """Ids of the purchases that were there before the run, as their dates tell."""
        clocks = (server_clock(operation.answer) for operation in self.operations)
        # A Date is cut to the second.
        began = next((clock - 1 for clock in clocks if clock is not None), math.inf)
        dates = ((view, _created(view)) for reading in self.readings for view in reading.views)
        return frozenset(
            view.id
            for view, date in dates
            if view.id is not None and view.id not in self.births and (date is None or date < began)
        )

    @cached_property
    def walks(self) -> Mapping[int, int]:
        """By the index of a page of a walk, the index of its first page; names of walks come again in a run."""
        began: dict[tuple[str, str], int] = {}
        found: dict[int, int] = {}
        for operation in self.operations:
            if operation.walk:
                key = (operation.principal, operation.walk)
                if key not in began or ("page", "1") in operation.input.query:
                    began[key] = operation.index
                found[operation.index] = began[key]
        return found

    def finding(self, name: str) -> Mapping[str, Any]:
        """Return a finding by its id.

        Raises:
            UsageError: the run has none of that id; the message names the nearest.
        """
        findings: dict[str, Mapping[str, Any]] = {finding["id"]: finding for finding in self.document["findings"]}
        if name in findings:
            return findings[name]
        if not findings:
            raise UsageError(f"{self.path} has no findings that could be replayed")
        shown = name if len(name) <= 60 else f"{name[:60]}…"
        near = difflib.get_close_matches(name.upper()[:60], [known.upper() for known in findings], 1, 0.75)
        close = next((known for known in findings if near and known.upper() == near[0]), None)
        if close is not None:
            raise UsageError(f"{self.path} has no finding {shown!r}; did you mean {close}?")
        known = [*findings][:MOST_NAMED]
        more = f" and {len(findings) - len(known)} more" if len(findings) > len(known) else ""
        raise UsageError(f"{self.path} has no finding {shown!r}; it has {', '.join(known)}{more}")


def _created(view: View) -> float | None:
    return epoch_of(view.data.get("created_at"))


def load_recorded(run: Path) -> Recorded:
    """Read a run directory.

    Args:
        run: the directory, or its ``run.json``.

    Raises:
        DocumentError: there is no ``run.json`` that could be read.
        UsageError: the run is a replay itself, or its history cannot be read.
    """
    document = load_run(run)
    directory = run.parent if run.is_file() else run
    if document["command"] == COMMAND:
        raise UsageError(f"{directory} is a replay itself; replay the run it was made of: {document['rerun']}")
    operations, cut = _read_history(directory / HISTORY)
    return Recorded(directory, document, operations, cut)


def _read_history(path: Path) -> tuple[tuple[Operation, ...], dict[int, int]]:
    operations: list[Operation] = []
    cut: dict[int, int] = {}
    size = 0
    try:
        with open_foreign(path, links=False) as lines:
            for number in count(1):
                line = lines.readline(MAX_LINE)
                # A killed run may have left its last line unfinished.
                if not line.endswith(b"\n"):
                    break
                size += len(line)
                if number > MOST_OPERATIONS or size > MOST_BYTES:
                    raise UsageError(
                        f"{path.parent} cannot be replayed: its history has more than {MOST_OPERATIONS:,} operations "
                        f"or {MOST_BYTES:,} bytes"
                    )
                operation, length = _operation(line, f"{path}: line {number}")
                operations.append(operation)
                if length is not None:
                    cut[operation.index] = length
    except FileNotFoundError:
        raise UsageError(f"{path.parent} cannot be replayed: it has no {path.name}") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    return tuple(operations), cut


def _operation(line: bytes, where: str) -> tuple[Operation, int | None]:
    try:
        fields = json.loads(line)
        return from_line(fields), fields.get("request_body_cut")
    except KeyError as error:
        raise UsageError(f"{where} is no operation: {error} is missing") from None
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UsageError(f"{where} is no operation: {str(error)[:200]}") from None


def _legible(operation: Operation) -> Operation:
    answer = operation.answer
    if answer is None or operation.outcome is not Outcome.OK or parse(answer.body).error is None:
        return operation
    body = _BARE_MASK.sub(rb'\1"\2"', answer.body)
    return operation if body == answer.body else replace(operation, answer=replace(answer, body=body))
