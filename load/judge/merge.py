"""The merge: what all workers counted and found as one verdict, and identity across workers (LIFE-7)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from contracts.clauses import load_clauses
from contracts.finding import Finding, Severity, Violation
from contracts.history import OWNER, ApiOperation, Mark, Operation
from contracts.monitor import Monitor, Setting, violation
from contracts.oracle import Oracle
from contracts.profiles import get_profile
from contracts.record.line import from_line
from load.judge.crashes import Crashes
from load.judge.judge import shown_index
from load.judge.packed import PackedMap
from load.judge.sightings import Sightings, unpacked

MARGIN_S: Final = 2.0
"""By how much two clocks may differ after their shares were compared: the longest that a share may be under way
faster than another. Two purchases must be known to have stood together for longer than this."""


ANY_ANSWER: Final = frozenset({"AUTH-3", "LOAD-1", "LOAD-3"})
"""Clauses that an answer breaks to whatever request it belongs."""


class Merge:
    """Takes the shares of all workers, the only one of a run without workers included.

    Args:
        profile: name of the contract version.
        severities: configured severities by clause id.
        alone: True where one worker makes the whole run, which then holds its purchases against each other by itself.
    """

    def __init__(self, profile: str, severities: Mapping[str, Severity] | None = None, *, alone: bool = False) -> None:
        self._alone = alone
        self._setting = Setting(profile=get_profile(profile))
        self._severities = dict(severities or {})
        self._workers: dict[str, _Worker] = {}
        self._names: list[str] = []
        self._givers = PackedMap()
        self._sales = _Sales()
        self._twice: set[int] = set()
        self._sightings = Sightings()
        self._found: list[Violation] = []
        self._indices: dict[tuple[str, int], int] = {}
        self.operations: dict[int, Operation] = {}

    def take(self, name: str, share: Mapping[str, Any], now: float) -> None:
        """Take in a share.

        Args:
            name: of its worker.
            share: as ``Shares.take`` made it.
            now: when it arrived, seconds since the run began by the master's clock.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: it is no share; of its totals nothing is taken then.
        """
        told = _totals_of(share)
        worker = self._workers.get(name)
        if worker is None:
            worker = self._workers[name] = _Worker(len(self._names))
            self._names.append(name)
        worker.last = told
        worker.shift = min(worker.shift, now - share["now"])
        for line in share["evidence"]:
            operation = from_line(line)
            index = self._index(name, operation.index)
            self.operations[index] = replace(operation, index=index, lane=name)
        if self._alone:
            return
        self._take_ids(worker.number, array("Q", share["ids"]))
        for seen in unpacked(share["seen"]):
            if seen.number in self._twice:
                # Two purchases of one id differ, of course.
                continue
            first, differing = self._sightings.add(worker.number, seen)
            for aspect in differing:
                self._report_differing(aspect, seen.number, first, worker.number)
        stood = array("d", share["stood"])
        entries = zip(array("Q", share["phones"]), array("Q", share["owners"]), stood[::2], stood[1::2], strict=True)
        for phone, number, start, end in entries:
            sale = _Sale(worker.number, number, start + worker.shift, end + worker.shift)
            rival = self._sales.add(phone, sale)
            if rival is not None:
                self._report_phone(rival, sale)

    @property
    def answers(self) -> int:
        """How many answers all workers judged."""
        return sum(worker.last["answers"] for worker in self._workers.values())

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found so far, worst first."""
        return self.oracle().findings

    def forgetting(self, policy: str) -> str:
        """Tell the policy of forgetting, and how many purchases were forgotten.

        Args:
            policy: as ``Judge.policy`` has it.
        """
        forgotten = sum(worker.last["forgotten"] for worker in self._workers.values())
        known = sum(worker.last["known"] for worker in self._workers.values())
        return f"{policy} {forgotten:,} of {known:,} purchases were forgotten."

    def oracle(self, *, out_of_step: bool = False) -> Oracle:
        """Return an oracle that says what all workers found and counted together.

        Args:
            out_of_step: whether some answers may have been taken for those to other requests. Then only clauses that
                hold whatever was asked count as exercised or broken (``ANY_ANSWER``).
        """
        totals: dict[tuple[str, str], int] = {}
        crashes: dict[str, str] = {}
        for name, worker in self._workers.items():
            for clause, text in worker.last["crashes"].items():
                crashes.setdefault(clause, f"{text}, in {name}" if len(self._workers) > 1 else text)
            for told in worker.last["findings"]:
                key = (told["clause"], told["cause"])
                totals[key] = totals.get(key, 0) + told["count"]
        for own in self._found:
            totals[own.clause, own.cause] = totals.get((own.clause, own.cause), 0) + 1
        oracle = _Merged(totals, Crashes(self._setting, crashes), self._severities)
        for name, worker in self._workers.items():
            for clause, times in worker.last["exercised"].items():
                oracle.exercise(clause, 0 if out_of_step and clause not in ANY_ANSWER else times)
            for told in worker.last["findings"]:
                for found in () if out_of_step and told["clause"] not in ANY_ANSWER else self._violations(name, told):
                    oracle.violate(found)
        if not out_of_step:
            for clause in {clause for clause, _ in _DIFFERING.values()} if self._sightings.compared else ():
                oracle.exercise(clause, self._sightings.compared)
            for own in self._found:
                oracle.violate(own)
        oracle.finish()
        return oracle

    def _violations(self, name: str, told: Mapping[str, Any]) -> Iterable[Violation]:
        marks = tuple(
            Mark(self._index(name, index), principal, ApiOperation(operation), invoked, returned, name)
            for index, principal, operation, invoked, returned in told["marks"]
        )
        # A severity of the run's configuration comes back the same; a tolerance must stay one.
        severity = Severity(told["severity"])
        first = Violation(
            told["clause"], told["cause"], told["title"], told["expected"], told["observed"], marks, severity
        )
        yield first
        for sample in told["samples"]:
            yield replace(first, observed=sample)

    def _index(self, name: str, index: int) -> int:
        if self._alone:
            # One process's positions are those of the history that it may have written.
            return shown_index(index, self._workers[name].last["answers"])
        return self._indices.setdefault((name, index), len(self._indices) + 1)

    def _take_ids(self, worker: int, numbers: Iterable[int]) -> None:
        for number in numbers:
            giver = self._givers.get(number)
            if giver is None:
                self._givers.put(number, worker)
            elif giver != worker:
                # Twice in one worker is that worker's own finding.
                self._twice.add(number)
                self._report_id(number, giver, worker)

    def _report_id(self, number: int, one: int, other: int) -> None:
        self._report(
            "id-given-twice",
            "a create is answered with the id of an earlier purchase",
            "every create is answered with an id of its own",
            f"id {number}, given to creates of {self._names[one]} and {self._names[other]}",
        )

    def _report_phone(self, one: _Sale, other: _Sale) -> None:
        together = min(one.end, other.end) - max(one.start, other.start)
        self._report(
            "phone-sold-twice",
            "two purchases that both stand have one phone number",
            "no phone number is sold twice while both purchases stand",
            f"one number belongs to the purchases {one.number} of {self._names[one.worker]} and {other.number} of "
            f"{self._names[other.worker]}, which stood together for {together:.1f} s",
            *(self._mark(sale, kind) for sale in (one, other) for kind in (ApiOperation.CREATE, ApiOperation.RETRIEVE)),
        )

    def _report_differing(self, aspect: str, number: int, one: int, other: int) -> None:
        clause, what = _DIFFERING[aspect]
        self._found.append(
            violation(
                clause,
                f"{aspect}-differs-between-workers",
                f"two workers with one key were shown different values of one purchase: {what}",
                expected="what a purchase was sold with, and its credentials, are the same in every view",
                observed=f"purchase {number}: {what} differ between {self._names[one]} and {self._names[other]}",
            )
        )

    def _mark(self, sale: _Sale, kind: ApiOperation) -> Mark:
        moment = sale.start if kind is ApiOperation.CREATE else sale.end
        index = self._index(self._names[sale.worker], -len(self._indices) - 1)
        return Mark(index, OWNER, kind, moment, moment, self._names[sale.worker])

    def _report(self, cause: str, title: str, expected: str, observed: str, *marks: Mark) -> None:
        self._found.append(violation("LIFE-7", cause, title, *marks, expected=expected, observed=observed))


_DIFFERING: Final = {
    "head": ("LIFE-5", "country, type, price, names or creation time"),
    "phone": ("LIFE-5", "phone numbers"),
    "proof": ("LIFE-3", "credentials"),
}
"""By aspect of a sighting, the clause that says that it never changes, and its name."""

_TOTALS: Final = ("answers", "forgotten", "known", "exercised", "findings", "crashes")


_TOLD: Final = ("clause", "cause", "title", "expected", "observed")


def _totals_of(share: Mapping[str, Any]) -> dict[str, Any]:
    """Return a share's totals; what cannot be read must not be found out when the verdict is due."""
    if not min(int(share["answers"]), int(share["forgotten"]), int(share["known"])) >= 0:
        raise ValueError("fewer than no answers or purchases")
    counted = [(clause, times) for clause, times in share["exercised"].items() if not isinstance(times, int)]
    named = {*share["exercised"], *share["crashes"], *(told["clause"] for told in share["findings"])}
    if counted or not named <= load_clauses().keys():
        raise ValueError(f"clauses that this release does not know: {sorted(map(str, named - load_clauses().keys()))}")
    for told in share["findings"]:
        Severity(told["severity"])
        texts = [*told["samples"], *map(told.get, _TOLD)]
        if int(told["count"]) < 1 or not all(isinstance(text, str) for text in texts):
            raise ValueError("a finding that is none")
        for index, _principal, operation, invoked, returned in told["marks"]:
            Mark(int(index), OWNER, ApiOperation(operation), float(invoked), float(returned), "")
    return {key: share[key] for key in _TOTALS}


@dataclass(slots=True)
class _Worker:
    """What one worker told last.

    Attributes:
        number: from 0, in the order of first shares.
        last: its totals.
        shift: what to add to its clock to have the master's.
    """

    number: int
    last: dict[str, Any] = field(default_factory=dict)
    shift: float = float("inf")


@dataclass(frozen=True, slots=True)
class _Sale:
    """A phone number sold: by which worker, with which purchase, and between when and when that certainly stood."""

    worker: int
    number: int
    start: float
    end: float


class _Sales:
    """Every number sold, each with the purchases it was sold with."""

    def __init__(self) -> None:
        self._first = PackedMap()
        self._worker = array("I")
        self._number = array("Q")
        self._stood = array("d")
        self._further: dict[int, list[_Sale]] = {}

    def add(self, phone: int, sale: _Sale) -> _Sale | None:
        """Add a sale; returns one by another worker with which it contradicts (LIFE-7)."""
        row = self._first.get(phone)
        if row is None:
            self._first.put(phone, len(self._worker))
            self._worker.append(sale.worker)
            self._number.append(sale.number)
            self._stood.extend((sale.start, sale.end))
            return None
        first = _Sale(self._worker[row], self._number[row], self._stood[2 * row], self._stood[2 * row + 1])
        further = self._further.setdefault(phone, [])
        rival = next((other for other in (first, *further) if _clash(other, sale)), None)
        further.append(sale)
        return rival


def _clash(one: _Sale, other: _Sale) -> bool:
    if one.worker == other.worker or one.number == other.number:
        return False
    return min(one.end, other.end) - max(one.start, other.start) > MARGIN_S


class _Merged(Oracle):
    """An oracle that is told each finding once, and how often it was found."""

    def __init__(
        self, totals: Mapping[tuple[str, str], int], crashes: Monitor, severities: Mapping[str, Severity]
    ) -> None:
        super().__init__([crashes], clauses=load_clauses(), severities=severities)
        self._totals = totals

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings with their counts over all workers."""
        return tuple(
            replace(finding, count=self._totals.get((finding.clause, finding.cause), finding.count))
            for finding in super().findings
        )
