"""The drift of a release: the profile that it is held to, beside the contract that it says it serves."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from contracts.drift.change import Change
from contracts.drift.compare import compare
from contracts.drift.load import load_api
from contracts.drift.rules import Severity as Weight
from contracts.drift.tell import Comparison, Source, document, one_line
from contracts.drift.walk import Api
from contracts.errors import UsageError
from contracts.finding import Severity
from reports.writing import write_document
from verify.merge import Trouble
from verify.part import Name, Part, State, left_out

FILE: Final = "drift.json"

_MOST: Final = 20
"""Findings of the drift; drift.json has all."""


def find_drift(
    profile: str, served: str, directory: Path, *, allow_hosts: Collection[str], key: str | None, named: bool
) -> tuple[Part, list[Trouble]]:
    """Compare a profile with what a release serves, and write ``drift.json``.

    Args:
        profile: what consumers were built for.
        served: base URL of the target, or an OpenAPI file.
        directory: the run directory.
        allow_hosts: hosts beside loopback whose document may be read.
        key: the owner's API key, for targets that ask for one.
        named: whether the user named the document; one that was only looked for need not be there.

    Raises:
        DocumentError: it cannot be written.
    """
    old = load_api(profile)
    try:
        new = load_api(served, allow_hosts=allow_hosts, key=key)
    except UsageError as trouble:
        if named:
            return Part(name=Name.DRIFT, state=State.INCONCLUSIVE, sentence=str(trouble), exit_code=2), []
        return left_out(Name.DRIFT, f"{trouble}; or name the contract with --contract FILE"), []
    found = Comparison(_source(old), _source(new), compare(old, new), {})
    path = write_document(directory / FILE, (json.dumps(document(found), indent=2) + "\n").encode("ascii"))
    state = State.BROKEN if found.exit_code else State.KEPT
    part = Part(name=Name.DRIFT, state=state, sentence=one_line(found), exit_code=found.exit_code, document=path)
    return part, troubles(profile, found.changes)


def troubles(profile: str, changes: Sequence[Change]) -> list[Trouble]:
    """Return the findings of a drift: breaking changes are errors, doubtful ones warnings, others none."""
    weights = {Weight.BREAKING: Severity.ERROR, Weight.WARNING: Severity.WARNING}
    return [
        Trouble(
            cause=f"{change.rule.id}\n{change.subject}\n{change.before}\n{change.after}",
            severity=weights[change.rule.severity],
            title=f"{change.subject}: {change.rule.title}"[:300],
            expected=change.before or f"as profile {profile} has it",
            observed=change.after or change.rule.title,
        )
        for change in changes
        if change.rule.severity in weights
    ][:_MOST]


def _source(api: Api) -> Source:
    return Source(api.name, api.title, api.version)
