"""Fuzzing: schemathesis makes up requests from the contract's OpenAPI document, the session sends and judges them."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.gate.plan import Plan
from contracts.gate.session import Session
from contracts.gate.survey import Survey

__all__ = ["fuzz"]


def fuzz(session: Session, survey: Survey, plan: Plan) -> Iterator[str]:
    """Send generated requests to every operation that a target serves, yielding a label for each batch.

    Args:
        session: through which every request leaves.
        survey: what the target serves and sells.
        plan: how much to do.

    Raises:
        TimeSpentError: the time of this phase is over.
        UnreachableError: the target no longer answers.
    """
    # Schemathesis and Hypothesis take half a second to import, which every other command would wait for.
    from contracts.gate.fuzz.phase import Fuzzer  # noqa: PLC0415

    yield from Fuzzer(session, survey, plan).run()
