"""``report.md`` of a proof, made from its ``proof.json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from reports.digest import lasted, started
from reports.markdown.text import code, prose
from reports.plaintext import counted
from reports.proof import proof_sentence, state_of, wrong_first

MAX_WRONG: Final = 20
_MAX_REASONS: Final = 3
_MARKS: Final = {"kept": "✅ Kept", "broken": "❌ Broken", "inconclusive": "⚠️ Inconclusive"}


def proof_markdown(document: Mapping[str, Any]) -> str:
    """Return a proof in at most 60 lines of Markdown.

    Args:
        document: a valid ``proof.json``.
    """
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    summary = document["summary"]
    yield f"### {_MARKS[document['verdict']]}: {prose(proof_sentence(document))}"
    yield ""
    if document["partial"]:
        yield "**Partial:** the proof ended before its time."
        yield ""
    facts = [
        f"assay prove against {code(document['target'], 200)}",
        started(document),
        lasted(document["duration_s"]),
        f"profile {prose(', '.join(document['profiles'][:5]), 100)}",
        f"depth {prose(document['depth'], 40)}",
    ]
    yield " · ".join(facts)
    if document["verdict"] != "kept" and document["reasons"]:
        yield ""
        for reason in document["reasons"][:_MAX_REASONS]:
            yield f"- {prose(reason)}"
    yield ""
    yield "| | shown | right |"
    yield "|---|---:|---:|"
    for name, shown, right in (
        ("defects", "defects", "caught"),
        ("mutants", "mutants", "caught_mutants"),
        ("lawful variants", "variants", "silent"),
    ):
        yield f"| {name} | {summary[shown]:,} | {summary[right]:,} |"
    if summary["not_shown"]:
        yield ""
        yield f"{counted(summary['not_shown'], 'case')} not shown."
    wrong = [case for case in wrong_first(document["cases"]) if state_of(case) in {"missed", "alarm"}]
    if not wrong:
        return
    yield ""
    yield "**What went wrong**"
    yield ""
    for case in wrong[:MAX_WRONG]:
        state = "missed" if state_of(case) == "missed" else "false alarm"
        clauses = prose(", ".join(case["clauses"][:6] or case["caught_by"][:6]), 120)
        yield f"- {state}: {code(case['name'], 120)} ({clauses}) {prose(case['statement'], 200)}"
    if len(wrong) > MAX_WRONG:
        yield f"- {counted(len(wrong) - MAX_WRONG, 'more case')} in report.html"
