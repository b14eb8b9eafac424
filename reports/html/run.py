"""``report.html`` of a run, made from its ``run.json``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from reports.digest import costs, label_of, lasted, sentence, started, untested, worst_first
from reports.html.findings import ROOM, tell_findings
from reports.html.load import view_load
from reports.html.page import encode, render
from reports.html.text import shown, visible
from reports.partial import Kept

MAX_DIGEST: Final = 12
"""Findings named on the first screen."""

MAX_CLAUSES: Final = 300

MAX_PAGE: Final = 5_000_000
"""Bytes of a page; what else there is takes its room from the findings, of which run.json has all."""

_MAX_PROMISE: Final = 900
_MAX_REASONS: Final = 20
_MAX_GROUPS: Final = 40
_MAX_LINKS: Final = 5
_MAX_PARTS: Final = 20
_BESIDE: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]{0,200}")
"""A path below the run directory that can be a link as it is."""

_RUNS: Final = frozenset({"gate", "load"})
"""Parts whose document is a run directory with a page of its own."""


def run_page(
    document: Mapping[str, Any], *, lanes: Mapping[int, str] | None = None, recorded: Kept | None = None
) -> bytes:
    """Return the page of a run: UTF-8, self-contained, below 5 MB whatever the target said.

    Args:
        document: a valid ``run.json``.
        lanes: position of a call in the history to the connection that carried it, where that is known.
        recorded: what a run has left that was cut short.
    """
    findings = worst_first(document["findings"])
    numbers = {finding["id"]: number for number, finding in reversed(list(enumerate(findings, 1)))}
    load = view_load(document["load"]) if "load" in document else None
    # A verification says the first of them as its verdict.
    reasons = [reason for reason in document["reasons"] if reason != sentence(document)]
    clauses = [_clause(clause, numbers) for clause in document["clauses"][:MAX_CLAUSES]]
    values: dict[str, Any] = {
        "title": f"{document['verdict']}: {visible(document['target'], 100)}",
        "kind": document["command"],
        "source": "run.json",
        "sections": _sections(document, load is not None),
        "run": document,
        "sentence": sentence(document),
        "reasons": reasons[:_MAX_REASONS],
        "more_reasons": max(0, len(reasons) - _MAX_REASONS),
        "held": _held(recorded),
        "started": started(document),
        "lasted": lasted(document["duration_s"]),
        "costs": costs(document),
        "rerun": shown(document["rerun"], 4_000),
        "replay": document.get("replay"),
        "parts": [_part(part) for part in document.get("parts", ())[:_MAX_PARTS]],
        "digest": [
            {**finding, "label": label_of(finding), "number": number}
            for number, finding in enumerate(findings[:MAX_DIGEST], 1)
        ],
        "more_digest": max(0, len(findings) - MAX_DIGEST),
        "missed_objectives": [] if load is None else [entry for entry in load["objectives"] if not entry["ok"]][:20],
        "untested": untested(document["clauses"])[:_MAX_GROUPS],
        "findings": tell_findings(findings, lanes or {}, rerun=document["rerun"]),
        "clauses": clauses,
        "more_clauses": max(0, len(document["clauses"]) - MAX_CLAUSES),
        "families": [(name, name) for name in dict.fromkeys(clause["family"] for clause in clauses)],
        "tally": _tally(document["clauses"]),
        "load": load,
    }
    page = encode(render("run.html", values, charts=load is not None))
    if len(page) <= MAX_PAGE:
        return page
    room = max(0, ROOM - (len(page) - MAX_PAGE))
    values["findings"] = tell_findings(findings, lanes or {}, rerun=document["rerun"], room=room)
    return encode(render("run.html", values, charts=load is not None))


def _sections(document: Mapping[str, Any], load: bool) -> list[tuple[str, str, int | None]]:
    findings, clauses = document["findings"], document["clauses"]
    return [
        ("verdict", "Verdict", None),
        *([("parts", "Parts", len(document["parts"]))] if document.get("parts") else []),
        *([("load", "Load", None)] if load else []),
        *([("findings", "Findings", len(findings))] if findings else []),
        *([("clauses", "Clauses", len(clauses))] if clauses else []),
        *([("course", "Course", None)] if document["phases"] or document["notes"] else []),
    ]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part of a verification with the way to its own document."""
    named = part["document"] or ""
    link = named if _BESIDE.fullmatch(named) else ""
    return {**part, "link": f"{link}/report.html" if link and part["name"] in _RUNS else link}


def _held(recorded: Kept | None) -> str:
    return "" if recorded is None else f"; {recorded.told}"


def _clause(clause: Mapping[str, Any], numbers: Mapping[str, int]) -> dict[str, Any]:
    links = [(numbers[name], name) for name in clause["findings"] if name in numbers]
    promise = str(clause.get("promise", ""))
    return {
        **clause,
        "promise": promise if promise.isprintable() and len(promise) <= _MAX_PROMISE else "",
        "family": clause["id"].partition("-")[0],
        "links": links[:_MAX_LINKS],
        "more_links": max(0, len(links) - _MAX_LINKS),
    }


def _tally(clauses: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    counts = Counter(clause["verdict"] for clause in clauses)
    return [(verdict, counts[verdict]) for verdict in ("broken", "not_exercised", "kept") if counts[verdict]]
