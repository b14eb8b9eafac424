"""A release beside the one that still runs: the quick gate with one seed on both, and their answers compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from contracts.errors import UsageError
from contracts.finding import Severity
from contracts.history import OTHER, OWNER
from contracts.record.historyfile import read_history
from contracts.record.rundir import HISTORY
from contracts.target import KEY_VARIABLES
from reports.plaintext import counted
from reports.writing import write_document
from verify.answers import Answers, differences, gather
from verify.merge import Trouble
from verify.part import Name, Part, State

FILE: Final = "against.json"
SCHEMA: Final = 1

KEYS: Final = {OWNER: "ASSAY_AGAINST_API_KEY", OTHER: "ASSAY_AGAINST_OTHER_API_KEY", "admin": "ASSAY_AGAINST_ADMIN_KEY"}
"""Environment variables of the keys of the release that still runs, where they are not those of the new one."""

LEAST_COMMON: Final = 20
"""Requests that both were sent without which their answers say nothing."""

_MOST_TOLD: Final = 4
_MOST_FINDINGS: Final = 40


def environment_of_old(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a gate on the release that still runs, with its own keys where it has some."""
    own = {KEY_VARIABLES[role]: key for role, name in KEYS.items() if (key := environment.get(name))}
    return {**environment, **own}


def compare_answers(
    old: Path, new: Path, directory: Path, *, tolerance: float, floor_ms: float
) -> tuple[Part, list[Trouble]]:
    """Compare the histories of two gates with one seed, and write ``against.json``.

    Args:
        old: run directory of the gate on the release that still runs.
        new: the same on the release that is to be.
        directory: the run directory of the verification.
        tolerance: growth of a latency that does not matter; 0.2 is 20 %.
        floor_ms: growth that does not matter whatever its ratio.

    Raises:
        UsageError: a history cannot be read.
        DocumentError: the document cannot be written.
    """
    before, after = _answers(old), _answers(new)
    common = len(before.statuses.keys() & after.statuses.keys())
    found = differences(before, after, tolerance, floor_ms)
    content = {
        "schema": SCHEMA,
        "command": "against",
        "requests_in_common": common,
        "differences": [asdict(trouble) for trouble in found],
    }
    path = write_document(directory / FILE, (json.dumps(content, indent=2) + "\n").encode("ascii"))
    errors = [trouble for trouble in found if trouble.severity is Severity.ERROR]
    warnings = len(found) - len(errors)
    if errors:
        state, said = State.BROKEN, "; ".join([trouble.title for trouble in errors[:_MOST_TOLD]])
        more = f" and {len(errors) - _MOST_TOLD} more" if len(errors) > _MOST_TOLD else ""
        verb = "breaks" if len(errors) == 1 else "break"
        said = f"{counted(len(errors), 'difference')} {verb} a reader: {said}{more}"
    elif common < LEAST_COMMON:
        state, said = State.INCONCLUSIVE, f"only {counted(common, 'kind')} of requests got an answer from both"
    else:
        state, said = State.KEPT, f"{common} kinds of requests got answers that mean the same"
    said += f", {counted(warnings, 'difference')} beside that" if warnings else ""
    code = {State.KEPT: 0, State.BROKEN: 1, State.INCONCLUSIVE: 3}[state]
    return Part(name=Name.AGAINST, state=state, sentence=said, exit_code=code, document=path), found[:_MOST_FINDINGS]


def _answers(run: Path) -> Answers:
    path = run / HISTORY
    try:
        return gather(read_history(path))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(str(error)) from None
