"""The result of a replay as ``run.json``: the verdict on one finding, and its steps in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contracts.clauses import load_clauses
from contracts.finding import ClauseResult, ClauseVerdict, Severity
from contracts.gate.replay.options import Outcome
from contracts.gate.replay.replay import Replay
from contracts.gate.replay.wording import lines_of
from contracts.record.masking import Masker
from contracts.record.result import RunFacts, build_run

VERDICTS: Final[Mapping[Outcome, ClauseVerdict]] = {
    Outcome.FAILS: ClauseVerdict.BROKEN,
    Outcome.DIFFERS: ClauseVerdict.BROKEN,
    Outcome.GONE: ClauseVerdict.KEPT,
    Outcome.UNPLAYED: ClauseVerdict.NOT_EXERCISED,
}


def document_of(
    replay: Replay, run: str, finding: Mapping[str, Any], facts: RunFacts, masker: Masker, *, interrupted: bool
) -> dict[str, Any]:
    """Return the document of a replay.

    Args:
        replay: what was done.
        run: the recorded run, as the user named it.
        finding: the finding, as that run's ``run.json`` has it.
        facts: what is known of the replay besides.
        masker: knows the secrets of the target.
        interrupted: whether the user ended it.
    """
    outcome = Outcome.UNPLAYED if interrupted and replay.shortest is None else replay.outcome
    clause = load_clauses()[finding["clause"]]
    shown = [] if replay.shortest is None or replay.shortest.shown is None else [replay.shortest.shown]
    findings = [*shown, *(replay.kin if outcome is Outcome.DIFFERS else ())]
    result = ClauseResult(
        clause.id,
        replay.options.severities.get(clause.id, Severity(clause.severity)),
        clause.basis,
        VERDICTS[outcome],
        replay.exercised,
        True,
        tuple(found.id for found in findings),
        "" if outcome is not Outcome.UNPLAYED else why_unplayed(replay, interrupted=interrupted),
    )
    troubles = [result.reason] if outcome is Outcome.UNPLAYED else []
    document = build_run(facts, [result], findings, replay.operations, masker, troubles=troubles)
    return document | {
        "reasons": [masker.mask(reason) for reason in reasons_of(replay, finding["id"], outcome, result.reason)],
        "replay": {
            "run": run,
            "finding": finding["id"],
            "outcome": outcome.value,
            "tries": len(replay.attempts),
            "steps": lines_of(replay.script),
            "shortest": None if replay.shortest is None else lines_of(replay.shortest.script),
        },
    }


def why_unplayed(replay: Replay, *, interrupted: bool) -> str:
    """Return why a finding could not be replayed."""
    reasons = ["it was interrupted"] if interrupted else []
    reasons += [*replay.troubles, *replay.gaps, *replay.untried]
    return "; ".join(dict.fromkeys(reasons)) or "no step could be sent"


def reasons_of(replay: Replay, name: str, outcome: Outcome, why: str) -> list[str]:
    """Return what came of a replay, in sentences."""
    wider = replay.widened
    tries = len(replay.attempts) - len(wider)
    if outcome is Outcome.FAILS:
        where = f"with {wider[-1]}" if wider else f"on try {tries}"
        reasons = [f"{name} {outcome.value}: it showed {where}"]
    elif outcome is Outcome.DIFFERS:
        reasons = [f"{name} {outcome.value}: {', '.join(found.id for found in replay.kin)}"]
    elif outcome is Outcome.GONE:
        often = "one try" if tries == 1 else f"{tries} tries"
        reasons = [
            f"{name} {outcome.value}: it did not show in {often}" + "".join(f", nor with {what}" for what in wider)
        ]
        reasons += [f"not tried: {what}" for what in replay.untried]
    else:
        reasons = [f"{name} {outcome.value}: {why}"]
    return reasons
