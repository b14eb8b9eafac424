"""What a masked history cannot tell: of that, what the run itself found and said stands when it is judged again."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from contracts.clauses import load_clauses
from contracts.config import Settings
from contracts.finding import ClauseResult, ClauseVerdict, Finding, Severity

PHONES: Final[Mapping[str, str]] = {
    "SHAPE-6": "a history masks phone numbers: of its digits and its plus sign only the run itself could tell",
    "VALUE-2": "a history masks phone numbers: of their calling codes only the run itself could tell",
}
"""Clauses that look at phone numbers character by character; what the run itself found of them stands."""

SUMS: Final = frozenset({"LOAD-1"})
"""Clauses that count what others find: hidden as far as those are."""

_OF_THE_RUN: Final[Mapping[str, frozenset[str]]] = {"load": frozenset({"LOAD-2", "MONEY-1", "RACE-3"})}
"""By command, clauses that rest on what the run measured, on its looks at the account before and after, or on which
calls it meant as one race: no history tells."""

_PACKED: Final = re.compile(r"(?:code|password), encoded, in the ")
"""A secret found inside an encoded text (AUTH-4): its mask leaves pieces of the encoding that no longer fit."""


def as_told(result: ClauseResult, document: Mapping[str, Any]) -> ClauseResult:
    """Return the verdict on a clause, the run's own where a history tells nothing, or not all, of it.

    Args:
        result: as judged again; a finding of the run that stands counts already.
        document: the run's valid ``run.json``.
    """
    if result.id not in PHONES and result.id not in _of_the_run(document):
        return result
    before = next((clause for clause in document["clauses"] if clause["id"] == result.id), None)
    if before is not None and result.id not in PHONES:
        return replace(result, exercised=before["exercised"], verdict=_verdict(result, before), reason=before["reason"])
    if result.verdict is ClauseVerdict.BROKEN:
        return result
    if before is None:
        reason = PHONES.get(result.id, "only the run itself could tell")
        return replace(result, verdict=ClauseVerdict.NOT_EXERCISED, required=False, reason=reason)
    return replace(
        result, verdict=ClauseVerdict(before["verdict"]), exercised=before["exercised"], reason=before["reason"]
    )


def carried(
    document: Mapping[str, Any], settings: Settings, found: Collection[str], hidden: Collection[str]
) -> list[Finding]:
    """Return what the run itself found and the history does not show.

    Args:
        document: the run's valid ``run.json``.
        settings: of today; they give the severities.
        found: ids of the findings that the history does show.
        hidden: ids of those of which it may not tell (``hidden_in``).
    """
    return [
        Finding(
            finding["id"],
            finding["clause"],
            "",
            _severity(finding, settings),
            finding["title"],
            finding["expected"],
            finding["observed"],
            finding["count"],
            (),
        )
        for finding in document["findings"]
        if finding["id"] not in found and finding["id"] in hidden
    ]


def hidden_in(document: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids of the run's findings of which its history may not tell, or not all."""
    masked = {finding["id"] for finding in document["findings"] if _rests_on_secrets(finding)}
    own = _of_the_run(document) | (SUMS if masked else frozenset())
    return frozenset(masked | {finding["id"] for finding in document["findings"] if finding["clause"] in own})


def is_believed(document: Mapping[str, Any]) -> bool:
    """Tell whether a run took anything that was answered for the target's own word.

    One that found its target to be no Purchases API, or its answers not to be told apart (RFC 9112, section 6.3),
    judged nothing by them: no clause was exercised. Neither must whoever reads them again.
    """
    clauses = document["clauses"]
    return document["partial"] or not clauses or any(clause["exercised"] for clause in clauses)


def _of_the_run(document: Mapping[str, Any]) -> frozenset[str]:
    return _OF_THE_RUN.get(document["command"], frozenset())


def _verdict(result: ClauseResult, before: Mapping[str, Any]) -> ClauseVerdict:
    """Return the run's verdict, but for a clause whose findings today's settings make errors, or no longer make so."""
    told = ClauseVerdict(before["verdict"])
    if ClauseVerdict.BROKEN not in {told, result.verdict}:
        return told
    return ClauseVerdict.BROKEN if result.verdict is ClauseVerdict.BROKEN else ClauseVerdict.KEPT


def _severity(finding: Mapping[str, Any], settings: Settings) -> Severity:
    """Return the severity that today's settings give to a finding of the run."""
    # While it was accepted it was told as a warning, whatever its clause says.
    own = load_clauses()[finding["clause"]].severity if "accepted" in finding else finding["severity"]
    return Severity.WARNING if own == Severity.WARNING else settings.severity.get(finding["clause"], Severity.ERROR)


def _rests_on_secrets(finding: Mapping[str, Any]) -> bool:
    """Tell whether a finding may hang on how a secret is written: a mask shows no plus sign and fits no encoding."""
    texts = (finding["observed"], *finding["samples"])
    return finding["clause"] in PHONES or any("<phone:" in text or _PACKED.search(text) for text in texts)
