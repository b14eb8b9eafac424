"""The answers of two releases to the same requests, compared by meaning: what a reader relies on, not the bytes.

Ids, times, phone numbers, codes, amounts and order differ between any two runs. What a reader relies on are the status
of an answer, its keys, the type of each value, and the format of each text.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from contracts.finding import Severity
from contracts.history import OWNER, ApiOperation, Demand, Operation
from verify.merge import Trouble

LEAST_TIMES: Final = 20
"""Answers of an operation in each run without which its latency is not compared."""

_LEAST_SEEN: Final = 3
"""Answers of a kind in each run without which a key that is missing says nothing."""

_MOST_SHAPES: Final = 2000
_DEEPEST: Final = 12
_FORMATS: Final = (
    ("a masked secret", re.compile(r"<(?:phone|code|password|key):[^>]*>")),
    ("a time with microseconds", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|\+00:00)")),
    ("a time with milliseconds", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|\+00:00)")),
    ("a time in seconds", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|\+00:00)")),
    ("an amount with cents", re.compile(r"-?\d+\.\d\d")),
    ("digits", re.compile(r"-?\d+")),
    ("two capitals", re.compile(r"[A-Z]{2}")),
    ("three capitals", re.compile(r"[A-Z]{3}")),
    ("a word in capitals", re.compile(r"[A-Z][A-Z0-9_]{3,}")),
    ("an empty text", re.compile(r"")),
)
_TEXT: Final = "a text"


@dataclass(frozen=True, slots=True)
class Situation:
    """What a request asks, whatever it is about: runs with one seed send the same ones.

    Attributes:
        operation: of the contract.
        method: HTTP method.
        principal: whose key it shows.
        meant: what is special about it, else empty.
        query: decoded pairs.
        body: as recorded.
        depends: whether its answer depends on the state of a purchase, which is another one every time.
    """

    operation: ApiOperation
    method: str
    principal: str
    meant: str
    query: tuple[tuple[str, str], ...]
    body: bytes
    depends: bool = False

    def __str__(self) -> str:
        special = self.meant or (f"body {self.body[:60]!r}" if self.body else "")
        query = "&".join(f"{name}={value}"[:40] for name, value in self.query)
        return ", ".join(filter(None, (f"{self.operation} ({self.method}) by {self.principal}", query, special)))


@dataclass(slots=True)
class Shape:
    """What answers of one operation and status look like.

    Attributes:
        seen: how many there were.
        present: in how many of them a path was.
        kinds: by path, the types and formats of its values.
    """

    seen: int = 0
    present: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, set[tuple[str, str]]] = field(default_factory=dict)


@dataclass(slots=True)
class Answers:
    """What one release answered.

    Attributes:
        statuses: by situation, the statuses that came.
        shapes: by operation and status.
        seconds: by operation, how long each served answer took.
    """

    statuses: dict[Situation, set[int]] = field(default_factory=dict)
    shapes: dict[tuple[ApiOperation, int], Shape] = field(default_factory=dict)
    seconds: dict[ApiOperation, list[float]] = field(default_factory=dict)


def gather(operations: Iterable[Operation]) -> Answers:
    """Return what the operations of a history say of a release; calls without an answer, and 429, say nothing."""
    answers = Answers()
    for operation in operations:
        status = operation.status
        if status is None or operation.answer is None or status == 429:
            continue
        sent = operation.input
        meant = "" if operation.aim is None else operation.aim.reason
        situation = Situation(
            operation.api_operation,
            sent.method,
            operation.principal,
            meant,
            tuple(sent.query),
            sent.body,
            depends=_depends(operation),
        )
        answers.statuses.setdefault(situation, set()).add(status)
        if 200 <= status < 300:
            answers.seconds.setdefault(operation.api_operation, []).append(operation.returned - operation.invoked)
        _look(answers.shapes.setdefault((operation.api_operation, status), Shape()), operation.answer.body)
    return answers


def differences(old: Answers, new: Answers, tolerance: float, floor_ms: float) -> list[Trouble]:
    """Return in what two releases differ, errors first.

    An error is what breaks a reader of the old one: another class of status for the same request, a key that is gone
    from what was always there, a value of another type. New keys, formats, other statuses of the same class, whatever
    a refusal looks like, and latency are warnings.

    Args:
        old: the release before.
        new: the release after.
        tolerance: growth of a latency that does not matter; 0.2 is 20 %.
        floor_ms: growth that does not matter whatever its ratio.
    """
    found = [*_statuses(old, new), *_shapes(old, new), *_latency(old, new, tolerance, floor_ms)]
    return sorted(found, key=lambda trouble: trouble.severity is not Severity.ERROR)


def _statuses(old: Answers, new: Answers) -> Iterator[Trouble]:
    for situation, before in old.statuses.items():
        after = new.statuses.get(situation)
        if after is None or before == after:
            continue
        failed = sorted(status for status in after if status >= 500)
        if failed and max(before) < 500:
            was, now = min(before), failed[0]
        elif situation.depends or len(before) > 1 or len(after) > 1:
            # Where one run saw several, the state of a purchase decided as well.
            continue
        else:
            (was,), (now,) = before, after
        graver = was // 100 != now // 100
        yield Trouble(
            cause=f"status of {situation}: {was} then {now}",
            severity=Severity.ERROR if graver else Severity.WARNING,
            title=f"{situation}: answered {was} before, {now} now"[:300],
            expected=f"status {was}",
            observed=f"status {now}",
        )


def _depends(operation: Operation) -> bool:
    if operation.api_operation not in {ApiOperation.REQUEST_CODE, ApiOperation.REFUND} or operation.principal != OWNER:
        return False
    return operation.aim is None or operation.aim.demand is not Demand.REFUSE


def _shapes(old: Answers, new: Answers) -> Iterator[Trouble]:
    for key, before in old.shapes.items():
        after = new.shapes.get(key)
        if after is None or min(before.seen, after.seen) < _LEAST_SEEN:
            continue
        operation, status = key
        where = f"{operation} {status}"
        grave = Severity.ERROR if status < 300 else Severity.WARNING
        for path, count in before.present.items():
            if count == before.seen and not after.present[path]:
                yield _differing(where, path, grave, "the key is gone", "always there", "in no answer")
        for path in after.present:
            if path not in before.present:
                yield _differing(where, path, Severity.WARNING, "the key is new", "in no answer", "there")
        for path, kinds in before.kinds.items():
            yield from _kinds(where, path, kinds, after.kinds.get(path, set()), grave)


def _kinds(
    where: str, path: str, before: set[tuple[str, str]], after: set[tuple[str, str]], grave: Severity
) -> Iterator[Trouble]:
    types = {type_ for type_, _ in before}
    for type_ in sorted({type_ for type_, _ in after} - types):
        # A value that was always null shows its type only now.
        severity = Severity.WARNING if types == {"null"} else grave
        yield _differing(where, path, severity, f"{type_} is new", " or ".join(sorted(types)), type_)
    formats = {form for type_, form in before if type_ == "string"}
    for form in sorted({form for type_, form in after if type_ == "string"} - formats):
        if formats and _TEXT not in formats:
            told = " or ".join(sorted(formats))
            yield _differing(where, path, Severity.WARNING, f"{form} is a new format", told, form)


def _latency(old: Answers, new: Answers, tolerance: float, floor_ms: float) -> Iterator[Trouble]:
    for operation, before in old.seconds.items():
        after = new.seconds.get(operation, [])
        if min(len(before), len(after)) < LEAST_TIMES:
            continue
        was, now = median(before) * 1000, median(after) * 1000
        if now - was >= floor_ms and now > was * (1 + tolerance):
            yield Trouble(
                cause=f"latency of {operation}",
                severity=Severity.WARNING,
                title=f"{operation}: the median answer takes longer",
                expected=f"{was:.1f} ms, within {tolerance:.0%}",
                observed=f"{now:.1f} ms ({now / was - 1:+.0%}, {len(before)} and {len(after)} answers, one after the "
                "other: a load run says more)",
            )


def _differing(where: str, path: str, severity: Severity, what: str, expected: str, observed: str) -> Trouble:
    return Trouble(
        cause=f"{where} {path} {what}",
        severity=severity,
        title=f"{where}: {path or 'the body'}: {what}",
        expected=expected,
        observed=observed,
    )


def _look(shape: Shape, body: bytes) -> None:
    shape.seen += 1
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        shape.kinds.setdefault("", set()).add(("no JSON", ""))
        return
    seen = set()
    for path, each in _walk(value, "", 0):
        if path not in shape.kinds and len(shape.kinds) >= _MOST_SHAPES:
            continue
        shape.kinds.setdefault(path, set()).add(_kind(each))
        seen.add(path)
    shape.present.update(seen)


def _walk(value: object, path: str, depth: int) -> Iterator[tuple[str, object]]:
    yield path, value
    if depth >= _DEEPEST:
        return
    if isinstance(value, Mapping):
        for name, child in value.items():
            yield from _walk(child, f"{path}.{name}" if path else str(name), depth + 1)
    elif isinstance(value, list):
        for child in value:
            yield from _walk(child, f"{path}[]", depth + 1)


def _kind(value: object) -> tuple[str, str]:
    if isinstance(value, str):
        return "string", next((name for name, pattern in _FORMATS if pattern.fullmatch(value)), _TEXT)
    names = {type(None): "null", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
    return names[type(value)], ""
