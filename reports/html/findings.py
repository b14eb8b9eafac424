"""A finding of ``run.json`` made ready to be shown: what offends, who called what and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from reports.digest import label_of
from reports.html.page import render
from reports.html.text import marked, offending, pretty, shown
from reports.timeline import Bar, Layout, Span, lay_out

MAX_CALLS: Final = 60
"""Calls shown of one finding, the first and the last half."""

MAX_SAMPLES: Final = 10
MAX_CURLS: Final = 12
ROOM: Final = 3_800_000
"""Bytes of all findings; four fifths of them for those told in full, so that a page stays below 5 MB."""

_LONGEST: Final = 1e9
"""Seconds beyond which no run goes."""

_BODY: Final = 6_000
_CURL: Final = 10_000
_BAR_LABEL: Final = 9.0
"""Percent of the width that the label of a bar needs."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the evidence.

    Attributes:
        index: its position in the history.
        who: principal, and connection where the history tells it.
        what: method and path, else the API operation.
        answer: status, or why there is none.
        outcome: ok, fail, unknown, or gone when the run no longer held the call.
        offends: whether the observation names its status.
        began: seconds since the first call shown began.
        took: seconds.
        sent: the body sent, marked up; None without one.
        came: the body answered, marked up; None without one.
    """

    index: int
    who: str
    what: str
    answer: str
    outcome: str
    offends: bool
    began: float
    took: float
    sent: Markup | None
    came: Markup | None


@dataclass(frozen=True, slots=True)
class DrawnBar:
    """A bar of the drawing with its call, and where its label stands: after it, before it or nowhere."""

    call: Call
    bar: Bar
    label: str


@dataclass(frozen=True, slots=True)
class FindingsPart:
    """The findings section.

    Attributes:
        full: findings told in full, rendered.
        brief: findings told in brief, rendered.
        unshown: how many are in ``run.json`` alone.
    """

    full: tuple[Markup, ...]
    brief: tuple[Markup, ...]
    unshown: int


def tell_findings(
    findings: Sequence[Mapping[str, Any]], lanes: Mapping[int, str], *, rerun: str, room: int = ROOM
) -> FindingsPart:
    """Return findings rendered, as far as the page has room: first in full, then in brief, then not at all.

    Args:
        findings: of ``run.json``, worst first.
        lanes: index of a call to the connection that carried it.
        rerun: command line of the whole run, which needs no repeating.
        room: bytes that they may take.
    """
    full: list[Markup] = []
    brief: list[Markup] = []
    full_room, brief_room = room * 4 // 5, room // 5
    for number, finding in enumerate(findings, 1):
        if full_room > 0:
            html = render("finding.html", {"finding": _view(finding, lanes, rerun), "number": number})
            full_room -= len(html.encode())
            if full_room > 0:
                full.append(Markup(html))  # noqa: S704 - rendered by a template that escapes
                continue
        html = render("finding_brief.html", {"finding": finding, "label": label_of(finding), "number": number})
        brief_room -= len(html.encode())
        if brief_room < 0:
            break
        brief.append(Markup(html))  # noqa: S704 - rendered by a template that escapes
    return FindingsPart(tuple(full), tuple(brief), len(findings) - len(full) - len(brief))


def _view(finding: Mapping[str, Any], lanes: Mapping[int, str], rerun: str) -> dict[str, Any]:
    parts, values = offending(finding["expected"], finding["observed"])
    evidence = _ends(finding["evidence"], MAX_CALLS)
    began = min((_seconds(call["invoked"]) for call in evidence), default=0.0)
    calls = [_call(call, lanes, began, values) for call in evidence]
    told = max((number for number, call in enumerate(calls) if call.came and "<mark>" in call.came), default=-1)
    layout = lay_out([Span(call.who, call.began, call.began + call.took) for call in calls])
    return {
        **finding,
        "label": label_of(finding),
        "observed": marked(finding["observed"], parts),
        "samples": finding["samples"][:MAX_SAMPLES],
        "more_samples": max(0, len(finding["samples"]) - MAX_SAMPLES),
        "calls": calls,
        "open": told,
        "more_calls": len(finding["evidence"]) - len(evidence),
        "layout": layout,
        "lanes": _lanes(calls, layout),
        "bars": _labelled(calls, layout),
        "curls": [shown(line, _CURL) for line in _ends(finding["curl"], MAX_CURLS)],
        "more_curls": max(0, len(finding["curl"]) - MAX_CURLS),
        "replay": None if finding["replay"] == rerun else shown(finding["replay"], _CURL),
    }


def _call(call: Mapping[str, Any], lanes: Mapping[int, str], began: float, values: Sequence[str]) -> Call:
    lane = lanes.get(call["index"], "")
    # The gate's own lane is where it makes one call after the other: no news.
    who = f"{call['principal']} · {lane}" if lane not in {"", "gate"} else call["principal"]
    status = call["status"]
    return Call(
        index=call["index"],
        who=who,
        what=" ".join(part for part in (call["method"], call["path"]) if part) or call["operation"],
        answer=str(status or call["error"] or "no answer kept"),
        outcome=call["outcome"] or "gone",
        offends=str(status) in values,
        began=_seconds(call["invoked"]) - began,
        took=max(0.0, _seconds(call["returned"]) - _seconds(call["invoked"])),
        sent=_body(call["request"], ()),
        came=_body(call["response"], values),
    )


def _seconds(value: float) -> float:
    """Return a moment that can be reckoned with, whatever number a file holds."""
    return float(max(-_LONGEST, min(_LONGEST, value)))


def _body(body: str | None, values: Sequence[str]) -> Markup | None:
    return None if body is None else marked(pretty(body), values, _BODY, lines=True)


def _lanes(calls: Sequence[Call], layout: Layout) -> list[str]:
    """Return a label for each row; of a row with a single call it names that as well."""
    members: list[list[Call]] = [[] for _ in layout.rows]
    for call, bar in zip(calls, layout.bars, strict=True):
        members[bar.row].append(call)
    return [
        f"{lane}   #{row[0].index} → {row[0].answer}" if len(row) == 1 else lane
        for lane, row in zip(layout.rows, members, strict=True)
    ]


def _labelled(calls: Sequence[Call], layout: Layout) -> list[DrawnBar]:
    """Return the bars; where a row has several, those with room beside them get a label."""
    rows: dict[int, list[tuple[Bar, Call]]] = {}
    for call, bar in zip(calls, layout.bars, strict=True):
        rows.setdefault(bar.row, []).append((bar, call))
    made: list[DrawnBar] = []
    for row in rows.values():
        row.sort(key=lambda pair: pair[0].left)
        edge = 0.0
        for position, (bar, call) in enumerate(row):
            right = bar.left + bar.width
            limit = row[position + 1][0].left if position + 1 < len(row) else 100.0
            if len(row) == 1:
                label = ""
            elif limit - right >= _BAR_LABEL:
                label, right = "after", right + _BAR_LABEL
            else:
                label = "before" if bar.left - edge >= _BAR_LABEL else ""
            edge = right
            made.append(DrawnBar(call, bar, label))
    return made


def _ends(items: Sequence[Any], most: int) -> list[Any]:
    if len(items) <= most:
        return list(items)
    return [*items[: most // 2], *items[len(items) - most // 2 :]]
