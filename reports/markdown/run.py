"""``report.md`` of a run, made from its ``run.json``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from reports.digest import costs, label_of, lasted, sentence, started, untested, worst_first
from reports.html.figures import told
from reports.markdown.text import code, prose
from reports.partial import Kept
from reports.plaintext import counted

MAX_FINDINGS: Final = 8
"""Findings told; each takes four lines, and nobody reads more in a comment."""

MAX_LINES: Final = 66

_MAX_REASONS: Final = 3
_MAX_GROUPS: Final = 4
_MAX_CLAUSES: Final = 12
_MAX_OBJECTIVES: Final = 6
_MAX_PARTS: Final = 5
_PART_WORDS: Final = {"kept": "kept", "broken": "broken", "inconclusive": "inconclusive", "left_out": "left out"}
_MARKS: Final = {"kept": "✅ Kept", "broken": "❌ Broken", "inconclusive": "⚠️ Inconclusive"}


def run_markdown(document: Mapping[str, Any], recorded: Kept | None = None) -> str:
    """Return a run in at most ``MAX_LINES`` lines of Markdown.

    Args:
        document: a valid ``run.json``.
        recorded: what a run has left that was cut short.
    """
    blocks = [
        _head(document, recorded),
        _parts(document),
        list(_findings(document)),
        list(_objectives(document.get("load"))),
        list(_untested(document)),
        list(_foot(document)),
    ]
    lines: list[str] = []
    for block in blocks:
        lines += [*block, ""] if block else []
    assert len(lines) <= MAX_LINES + 1, "every block is bounded"
    return "\n".join(lines[:-1]) + "\n"


def _head(document: Mapping[str, Any], recorded: Kept | None) -> list[str]:
    lines = [f"### {_MARKS[document['verdict']]}: {prose(sentence(document))}", ""]
    if document["partial"]:
        held = "" if recorded is None else f"; {recorded.told}"
        lines += [f"**Partial:** the run ended before its time{held}.", ""]
    facts = [
        f"assay {prose(document['command'], 20)} of {code(document['target'], 200)}",
        started(document),
        *([lasted(document["duration_s"])] if costs(document) else []),
        f"profile {prose(document['profile'], 40)}",
        f"seed {document['seed']}",
        *map(prose, costs(document)),
    ]
    lines.append(" · ".join(facts))
    reasons = document["reasons"]
    if document["verdict"] != "kept" and reasons:
        lines += ["", *(f"- {prose(reason)}" for reason in reasons[:_MAX_REASONS])]
        lines += [f"- {counted(len(reasons) - _MAX_REASONS, 'more reason')}"] if len(reasons) > _MAX_REASONS else []
    return lines


def _parts(document: Mapping[str, Any]) -> list[str]:
    """Return the parts of a verification, a line each."""
    return [
        f"- **{prose(part['name'], 20)}** {_PART_WORDS[part['verdict']]}: {prose(part['sentence'], 300)}"
        for part in document.get("parts", ())[:_MAX_PARTS]
    ]


def _findings(document: Mapping[str, Any]) -> Iterator[str]:
    findings = worst_first(document["findings"])
    if not findings:
        return
    tally = Counter(label_of(finding) for finding in findings)
    yield f"**What is broken** ({', '.join(_tally(tally))})"
    yield ""
    for finding in findings[:MAX_FINDINGS]:
        times = f" (× {finding['count']:,})" if finding["count"] > 1 else ""
        yield f"- **{prose(finding['clause'], 40)}** {label_of(finding)}: {prose(finding['title'], 200)}{times}"
        yield f"  - expected {prose(finding['expected'], 200)}"
        yield f"  - observed {code(finding['observed'], 240)}"
    if len(findings) > MAX_FINDINGS:
        yield f"- {counted(len(findings) - MAX_FINDINGS, 'more finding')} in report.html"


def _tally(counts: Mapping[str, int]) -> Iterator[str]:
    for label, count in counts.items():
        yield f"{count:,} accepted" if label == "accepted" else counted(count, label)


def _objectives(load: Mapping[str, Any] | None) -> Iterator[str]:
    if not load:
        return
    objectives = [entry for entry in load["objectives"] if isinstance(entry, Mapping)]
    ordered = sorted(objectives, key=lambda entry: entry.get("ok") is True)
    if load["saturated"]:
        yield f"**The generator was saturated.** {prose(load.get('saturation') or '')}".rstrip()
        yield ""
    whole = next((entry for entry in load["operations"] if isinstance(entry, Mapping)), {})
    latency = whole.get("latency_ms")
    if isinstance(latency, Mapping):
        figures = ", ".join(f"{name} {told(latency.get(name))} ms" for name in ("p50", "p90", "p99", "max"))
        yield f"{told(load['achieved_rate'])} journeys/s, {told(load.get('request_rate'))} requests/s: {figures}"
        yield ""
    if not ordered:
        return
    yield f"**Objectives** ({sum(entry.get('ok') is True for entry in ordered)} of {len(ordered)} met)"
    yield ""
    for entry in ordered[:_MAX_OBJECTIVES]:
        mark = "✅" if entry.get("ok") is True else "❌"
        unit = prose(entry.get("unit") or "", 10)
        seen = "not observed" if entry.get("observed") is None else f"observed {told(entry['observed'])} {unit}"
        yield f"- {mark} {code(entry.get('expr', ''), 120)}: {seen.rstrip()}"
    if len(ordered) > _MAX_OBJECTIVES:
        yield f"- {counted(len(ordered) - _MAX_OBJECTIVES, 'more objective')} in report.html"


def _untested(document: Mapping[str, Any]) -> Iterator[str]:
    groups = untested(document["clauses"])
    if not groups:
        return
    yield "**What was not tested** (\\* required)"
    yield ""
    for group in groups[:_MAX_GROUPS]:
        names = [prose(clause, 40) + ("\\*" if clause in group.required else "") for clause in group.clauses]
        more = f" and {len(names) - _MAX_CLAUSES} more" if len(names) > _MAX_CLAUSES else ""
        yield f"- {', '.join(names[:_MAX_CLAUSES])}{more}: {prose(group.reason, 200)}"
    if len(groups) > _MAX_GROUPS:
        yield f"- {counted(len(groups) - _MAX_GROUPS, 'more reason')} in report.html"


def _foot(document: Mapping[str, Any]) -> Iterator[str]:
    verdicts = Counter(clause["verdict"] for clause in document["clauses"])
    if verdicts:
        parts = (("kept", "kept"), ("broken", "broken"), ("not_exercised", "not tested"))
        told = ", ".join(f"{verdicts[name]} {words}" for name, words in parts if verdicts[name])
        yield f"{counted(sum(verdicts.values()), 'clause')}: {told}. Again: {code(document['rerun'], 400)}"
    else:
        yield f"Again: {code(document['rerun'], 400)}"
