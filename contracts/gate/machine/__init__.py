"""The state machine: random lives of purchases through every operation, the failing ones made short."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.gate.lives import Lives
from contracts.gate.plan import Plan
from contracts.gate.session import Session
from contracts.gate.survey import Survey

__all__ = ["live"]


def live(session: Session, survey: Survey, plan: Plan, lives: Lives) -> Iterator[str]:
    """Live random lives, yielding a label for each round of them.

    Args:
        session: through which every request leaves.
        survey: what the target serves and sells.
        plan: how much to do.
        lives: the buyer of this run.

    Raises:
        TimeSpentError: the time of this phase is over.
        UnreachableError: the target no longer answers.
    """
    # Hypothesis takes a fifth of a second to import, which every other command would wait for.
    from contracts.gate.machine.search import Search  # noqa: PLC0415

    yield from Search(session, survey, plan, lives).run()
