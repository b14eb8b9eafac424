"""A part of a verification: what one of its four questions came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final


class Name(StrEnum):
    """The parts, in the order in which they are told."""

    GATE = "gate"
    LOAD = "load"
    DRIFT = "drift"
    COMPARE = "compare"
    AGAINST = "against"


class State(StrEnum):
    """What a part came to; the first three are verdicts on a run, as in the design."""

    KEPT = "kept"
    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"
    LEFT_OUT = "left_out"


INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part.

    Attributes:
        name: which.
        state: what it came to.
        sentence: that in words, with what was found or why nothing was.
        exit_code: as its command ends, None where it was left out.
        document: its run directory or file, None where it left none.
        seconds: how long it took.
        interrupted: whether a signal ended it before its time.
    """

    name: Name
    state: State
    sentence: str
    exit_code: int | None = None
    document: Path | None = None
    seconds: float = 0.0
    interrupted: bool = False

    def as_json(self, below: Path) -> dict[str, Any]:
        """Return the part as ``run.json`` has it.

        Args:
            below: the run directory, from which the document is named.
        """
        document = self.document
        if document is not None and document.is_relative_to(below):
            document = document.relative_to(below)
        return {
            "name": self.name.value,
            "verdict": self.state.value,
            "exit_code": self.exit_code,
            "document": None if document is None else document.as_posix(),
            "seconds": round(self.seconds, 3),
            "sentence": self.sentence,
        }


def left_out(name: Name, why: str) -> Part:
    """Return a part that was not run.

    Args:
        name: which.
        why: as a reader is told.
    """
    return Part(name=name, state=State.LEFT_OUT, sentence=why)
