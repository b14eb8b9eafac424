"""What a run that ended came to, read from its exit code and its ``run.json``."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from verify.part import INTERRUPTED, Name, Part, State

USAGE: Final = 2
_MOST_TITLES: Final = 4
_LONGEST: Final = 200


def read_part(
    name: Name, exit_code: int, document: Mapping[str, Any] | None, directory: Path, seconds: float, *, asked: bool
) -> Part:
    """Return the part that a run was.

    A run that says one thing and ends as another has crashed, which is never a pass.

    Args:
        name: which part.
        exit_code: of its process, negative where a signal ended it.
        document: its ``run.json``, None where it left none that can be read.
        directory: its run directory.
        seconds: how long it took.
        asked: whether a signal had asked it to end.
    """

    def part(state: State, sentence: str, *, interrupted: bool = False) -> Part:
        return Part(
            name=name,
            state=state,
            sentence=sentence,
            exit_code=exit_code,
            document=None if document is None else directory,
            seconds=seconds,
            interrupted=interrupted,
        )

    if exit_code == USAGE:
        return part(State.INCONCLUSIVE, "could not begin (exit code 2); its line on standard error says why")
    if exit_code == INTERRUPTED or (asked and exit_code < 0):
        broken = document is not None and document["verdict"] == State.BROKEN
        said = f", and had found what is broken: {_gist(document)}" if document is not None and broken else ""
        return part(State.BROKEN if broken else State.INCONCLUSIVE, f"was interrupted{said}", interrupted=True)
    if document is None:
        return part(State.INCONCLUSIVE, f"{_ended(exit_code)} and left no result")
    if document["partial"] or document["exit_code"] != exit_code:
        return part(State.INCONCLUSIVE, f"{_ended(exit_code)} before its result was whole")
    return part(State(document["verdict"]), _gist(document))


def _ended(exit_code: int) -> str:
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    try:
        return f"was ended by {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"was ended by signal {-exit_code}"


def _gist(document: Mapping[str, Any]) -> str:
    """Return why a run's verdict is what it is; of a broken one, what was found, by name."""
    reasons = "; ".join(document["reasons"]) or "no reason was written down"
    if document["verdict"] != State.BROKEN:
        return reasons
    errors = [finding for finding in document["findings"] if finding["severity"] == "error"]
    told = [f"{finding['clause']} {finding['title']} ({_cut(finding['observed'])})" for finding in errors]
    more = [f"{len(told) - _MOST_TITLES} more"] if len(told) > _MOST_TITLES else []
    return "; ".join([reasons, *told[:_MOST_TITLES], *more])


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
