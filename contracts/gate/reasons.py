"""Why a clause was not exercised, and what would make it possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contracts.clauses import load_clauses
from contracts.gate.session import Session
from contracts.gate.survey import Survey
from contracts.history import OWNER, ApiOperation

OPERATION_OF: Final = {
    "create": ApiOperation.CREATE,
    "retrieve": ApiOperation.RETRIEVE,
    "list": ApiOperation.LIST,
    "request_code": ApiOperation.REQUEST_CODE,
    "refund": ApiOperation.REFUND,
    "accounts": ApiOperation.ACCOUNT,
    "profile": ApiOperation.PROFILE,
}
"""The operation behind each need of the catalogue that names one."""


def reasons(survey: Survey, session: Session, levered: bool, troubles: Sequence[str]) -> dict[str, str]:
    """Return, by clause id, the first need that the run could not meet.

    Args:
        survey: what the target serves.
        session: the run.
        levered: whether the target lets a test move its clock and provider.
        troubles: what stopped the run, worst first.
    """
    unmet = unmet_needs(survey, session, levered)
    early = next((note for note in session.counts.notes if "ended early" in note), None)
    found = {}
    for clause in load_clauses().values():
        why = next((unmet[need] for need in clause.needs if need in unmet), None)
        if troubles:
            found[clause.id] = troubles[0]
        elif why is not None:
            found[clause.id] = why
        elif early is not None:
            found[clause.id] = f"{early}; give it more with --time, --max-purchases or --max-spend"
    return found


def unmet_needs(survey: Survey, session: Session, levered: bool) -> dict[str, str]:
    """Return, by need of the catalogue, why the run so far could not meet it; met ones are left out."""
    needs = {need for clause in load_clauses().values() for need in clause.needs}
    return {need: why for need in sorted(needs) if (why := _unmet(need, survey, session, levered))}


def _unmet(need: str, survey: Survey, session: Session, levered: bool) -> str | None:
    """Return why a need was not met and what would meet it, None when it was."""
    operation = OPERATION_OF.get(need)
    if operation is not None:
        lacking = survey.lacking.get(operation)
        return None if lacking is None else f"the target does not serve {operation.value}: {lacking}"
    seen = {entry.status for entry in session.book.of(OWNER, ours=None)}
    hint = "a sandbox with ASSAY_ADMIN_KEY set can be made to show one" if not levered else ""
    if need == "second_key":
        if session.target.keys.other is None:
            return "it needs a second owner: set ASSAY_OTHER_API_KEY"
        return None if survey.other_known else survey.other_why
    if need == "success" and not any(e.credentials for e in session.book.of(OWNER, ours=None)):
        unserved = survey.lacking.get(ApiOperation.REQUEST_CODE)
        if unserved is not None:
            return f"no purchase reached SUCCESS: the target does not serve request_code: {unserved}"
        return "no purchase reached SUCCESS within the time budget; give the provider more with --time"
    if need == "error_status" and not seen & {"ERROR", "EXPIRED"}:
        return f"no purchase was in ERROR; {hint}".rstrip("; ")
    if need == "refund_status" and "REFUND" not in seen:
        return f"no purchase was in REFUND; {hint}".rstrip("; ")
    if need == "aged_purchase" and not levered:
        return "no PENDING purchase was 20 minutes old; run again later, or on a sandbox with ASSAY_ADMIN_KEY set"
    if need == "overlap":
        return "no requests truly overlapped in this run"
    return None
