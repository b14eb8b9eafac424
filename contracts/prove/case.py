"""One case of a proof: what a gate is put before, what came of it, and whether that was right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.profiles import DEFAULT_PROFILE
from fixtures.defects.derived import Mutation

DEFECT: Final = "defect"
MUTANT: Final = "mutant"
VARIANT: Final = "variant"
CONTROL: Final = "control"

KINDS: Final = (CONTROL, DEFECT, MUTANT, VARIANT)
"""The kinds of case, in the order in which a proof goes through them."""

BARE: Final = "none"
"""Name of the target with nothing seeded."""

SEEDED: Final = frozenset({DEFECT, MUTANT})
"""Kinds that must be caught; the others must raise no alarm."""

CRASHED: Final = "crashed"
NOT_SHOWN: Final = "not_shown"
"""What stands for the gate's verdict when there is none."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be shown.

    Attributes:
        name: of the defect, mutant or variant; `BARE` for the control.
        kind: ``defect``, ``mutant``, ``variant`` or ``control``.
        clauses: for a defect or mutant, the clauses any of which rightly names it.
        warnings: for a variant, the clauses whose warnings may appear.
        lacks: operations that a variant takes away.
        profile: contract version of the target and the gate.
        depth: of the gate.
        seed: of the sandbox, the defect and the gate.
        brief: whether the gate ends with the phase that caught what is seeded, or found a control broken.
        family: clause family of a defect or mutant.
        statement: what a user of such an API would suffer; why a variant is lawful.
        needs: tags of `fixtures.defects.model.NEEDS`, without which it cannot show.
        mutation: what a mutant does.
        target: base URL of the API that is seeded, empty for the embedded sandbox.
    """

    name: str
    kind: str
    clauses: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    profile: str = DEFAULT_PROFILE
    depth: str = "full"
    seed: int = 0
    brief: bool = False
    family: str = ""
    statement: str = ""
    needs: tuple[str, ...] = ()
    mutation: Mutation | None = None
    target: str = ""

    @property
    def key(self) -> str:
        """What identifies the case when a proof is resumed."""
        plain = f"{self.kind}/{self.name}/{self.profile}/{self.depth}/{self.seed}" + ("/brief" if self.brief else "")
        return f"{plain}@{self.target}" if self.target else plain

    @property
    def seeded(self) -> bool:
        """Whether there is something to catch."""
        return self.kind in SEEDED


@dataclass(frozen=True, slots=True)
class Shown:
    """What came of a case.

    Attributes:
        key: the case's.
        name: the case's.
        kind: the case's.
        right: a defect was caught under a clause that names it; a variant or control raised no alarm.
        verdict: of the gate, `CRASHED` when it raised, `NOT_SHOWN` when there was none.
        caught_by: clauses of error findings, in the catalogue's order.
        warned_by: clauses of warnings only.
        missed: required clauses that were not exercised, and what kept the gate from them.
        seconds: of the whole gate.
        requests: of the whole gate.
        purchases: of the whole gate.
        catch_seconds: until the first error finding, None without one.
        catch_purchases: purchases made until then, likewise.
        note: the first finding's title, the first reason, or the exception that ended the case; nothing secret.
    """

    key: str
    name: str
    kind: str
    right: bool
    verdict: str
    caught_by: tuple[str, ...]
    warned_by: tuple[str, ...]
    missed: tuple[str, ...]
    seconds: float
    requests: int
    purchases: int
    catch_seconds: float | None
    catch_purchases: int | None
    note: str

    @property
    def wrong(self) -> bool:
        """Whether the case was shown, and the gate did wrong."""
        return not self.right and self.verdict != NOT_SHOWN


def without_gate(case: Case, verdict: str, note: str) -> Shown:
    """Return what came of a case whose gate has said nothing.

    Args:
        case: which one.
        verdict: `CRASHED` or `NOT_SHOWN`.
        note: why.
    """
    return Shown(case.key, case.name, case.kind, False, verdict, (), (), (), 0.0, 0, 0, None, None, note)


def is_right(case: Case, caught: Sequence[str], warned: Sequence[str], missed: Sequence[str]) -> bool:
    """Tell whether a gate did right by a case.

    A defect must be caught under a clause that names it. A variant must raise no error and no warning that
    it does not announce, and must leave no required clause untested unless it takes operations away.
    """
    if case.seeded:
        return bool(set(case.clauses) & set(caught))
    quiet = not caught and set(warned) <= set(case.warnings)
    return quiet and (not missed or bool(case.lacks))


def complaint(shown: Shown) -> str:
    """Tell in a few words what a gate did wrong."""
    if shown.verdict == CRASHED:
        return f"the gate crashed: {shown.note}"
    if shown.kind in SEEDED:
        return f"missed; found {', '.join(shown.caught_by) or 'nothing'}"
    if shown.caught_by:
        return f"false alarm: {', '.join(shown.caught_by)}: {shown.note}"
    if shown.missed:
        return f"left untested: {', '.join(shown.missed)}"
    return f"warnings it does not announce: {', '.join(shown.warned_by)}"
