"""One attempt of a replay: a script played once from the beginning, judged on its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from contracts.budget import BudgetSpentError
from contracts.finding import Finding, Severity
from contracts.gate.pace import TimeSpentError
from contracts.gate.replay.player import Player, Scene
from contracts.gate.replay.steps import Script
from contracts.gate.session import Session


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of playing a script once.

    Attributes:
        script: as far as it was played; it ends with the step that showed the finding.
        shown: the finding, None where it did not show.
        others: every other finding of severity error.
        gaps: why the script was not played as it was recorded; empty when it was.
        overlapped: whether every volley had requests that truly overlapped.
        exercised: how often the clause was put to the test.
    """

    script: Script
    shown: Finding | None
    others: tuple[Finding, ...]
    gaps: tuple[str, ...]
    overlapped: bool
    exercised: int

    @property
    def whole(self) -> bool:
        """Whether the script was played as it was recorded, so that the finding would have shown."""
        return not self.gaps and self.overlapped


def attempt(session: Session, scene: Scene, script: Script, finding: str, clause: str, offset: int) -> Attempt:
    """Play a script once.

    Args:
        session: a fresh one, with an oracle of its own.
        scene: what is known of the target.
        script: what to send.
        finding: id of the finding that is looked for.
        clause: its clause.
        offset: what to add to the index of an operation to have its place in the history.

    Raises:
        UnreachableError: the target no longer answers.
    """
    player = Player(session, scene)
    oracle = session.oracle
    gaps: list[str] = []
    played = 0
    try:
        for _ in player.play(script):
            played += 1
            if any(found.id == finding for found in oracle.findings):
                break
    except (BudgetSpentError, TimeSpentError) as spent:
        gaps.append(str(spent))
    oracle.finish()
    findings = [_renumbered(found, offset) for found in oracle.findings]
    shown = next((found for found in findings if found.id == finding), None)
    others = tuple(found for found in findings if found.id != finding and found.severity is Severity.ERROR)
    return Attempt(
        script[:played], shown, others, (*gaps, *player.gaps), player.overlapped, oracle.exercised.get(clause, 0)
    )


def _renumbered(finding: Finding, offset: int) -> Finding:
    marks = tuple(replace(mark, index=mark.index + offset) for mark in finding.marks)
    return replace(finding, marks=marks)
