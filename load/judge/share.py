"""What a worker tells the master: what it counted and found, masked, and compact proof of who was sold what."""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import Any, Final

from contracts.finding import Finding
from contracts.record.learning import strays_in
from contracts.record.line import to_line
from contracts.record.masking import Masker
from load.judge.judge import Judge
from load.judge.sightings import packed, sighting_of

SEED_BYTES: Final = 16
"""Length of the key of the hashes of phone numbers."""


class Shares:
    """Makes the shares of one worker, plain data that any serialiser takes.

    Counts and findings are totals since the start, so that a share which is lost is made good by the next; ids and
    sold numbers are those since the share before. Phone numbers leave the process as 64-bit keyed hashes only: of n
    numbers, two different ones have one hash with a probability below n²/2^65, 3 in 100 million for a million. Ids
    are sent as they are, and cannot be mistaken for each other.

    Args:
        judge: of this worker.
        masker: knows the run's keys, and learns the secrets of every operation that is shown.
        seed: of the hashes, the same for all workers of a run; ``SEED_BYTES`` bytes.
    """

    def __init__(self, judge: Judge, masker: Masker, seed: bytes) -> None:
        self._judge = judge
        self._masker = masker
        self._seed = seed
        self._shown: set[int] = set()

    def take(self, now: float, *, final: bool = False) -> dict[str, Any]:
        """Return what is new.

        Args:
            now: seconds since the run began, by this worker's clock.
            final: True for the last share, after ``Judge.finish``.
        """
        judge = self._judge
        judge.flush(now)
        sold = judge.take_sold(all_of_them=final)
        operations = []
        for index, operation in judge.evidence.items():
            if index not in self._shown:
                self._shown.add(index)
                self._masker.learn_from(operation)
                # Not every answer was searched for secrets, as the gate's are, and other workers saw others.
                for kind, value in strays_in(operation):
                    self._masker.learn(kind, value)
                operations.append(to_line(operation, self._masker))
        return {
            "now": now,
            "final": final,
            "answers": judge.answers,
            "forgotten": judge.forgotten,
            "known": judge.known,
            "ids": array("Q", judge.take_new_ids()).tobytes(),
            "phones": array("Q", [self._fingerprint(phone) for phone, _, _, _ in sold]).tobytes(),
            "owners": array("Q", [number for _, number, _, _ in sold]).tobytes(),
            "stood": array("d", [moment for _, _, start, end in sold for moment in (start, end)]).tobytes(),
            "seen": packed([sighting_of(*one, self._seed) for one in judge.take_seen()]),
            "exercised": {clause: times for clause, times in judge.docket.exercised.items() if times},
            "findings": [self._finding(finding) for finding in judge.docket.findings],
            "evidence": operations,
            "crashes": {clause: self._masker.mask(text) for clause, text in judge.crashes.items()},
        }

    def _fingerprint(self, phone: int) -> int:
        return int.from_bytes(blake2b(phone.to_bytes(8, "big"), digest_size=8, key=self._seed).digest(), "big")

    def _finding(self, finding: Finding) -> dict[str, Any]:
        mask = self._masker.mask
        return {
            "clause": finding.clause,
            "cause": finding.cause,
            "severity": finding.severity.value,
            "title": mask(finding.title),
            "expected": mask(finding.expected),
            "observed": mask(finding.observed),
            "count": finding.count,
            "samples": [mask(sample) for sample in finding.samples],
            "marks": [
                [mark.index, mark.principal, mark.api_operation.value, mark.invoked, mark.returned]
                for mark in finding.marks
            ],
        }
