"""What a comparison says, as a JSON document, as Markdown and for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contracts.drift.change import Change, is_breaking
from contracts.drift.rules import RULES, Rule, Severity

SCHEMA_VERSION: Final = 1

_STYLES: Final = {Severity.BREAKING: "bold red", Severity.WARNING: "yellow", Severity.INFO: "green"}
_HEADINGS: Final = {
    Severity.BREAKING: "Breaking",
    Severity.WARNING: "Warnings: break a strict reader, or whoever relied on it",
    Severity.INFO: "Compatible",
}
_MOST_PLACES: Final = 3


@dataclass(frozen=True, slots=True)
class Source:
    """One of the two that were compared: how the user named it, and what it says of itself."""

    name: str
    title: str
    version: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison with what it was of.

    Attributes:
        old: what consumers were built for.
        new: what they will meet, or met.
        changes: the differences, the worst first.
        facts: further members of the JSON document.
        notes: further lines for readers.
    """

    old: Source
    new: Source
    changes: Sequence[Change]
    facts: Mapping[str, Any]
    notes: Sequence[str] = ()

    @property
    def exit_code(self) -> int:
        """1 where something breaks, else 0."""
        return int(is_breaking(self.changes))


def document(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as a JSON document; ``drift.schema.json`` describes it."""
    return {
        "schema": SCHEMA_VERSION,
        "command": "drift",
        "verdict": "breaking" if comparison.exit_code else "compatible",
        "exit_code": comparison.exit_code,
        "old": _source(comparison.old),
        "new": _source(comparison.new),
        "counts": {str(severity): number for severity, number in _counts(comparison).items()},
        "changes": [_change(change) for change in comparison.changes],
        **comparison.facts,
    }


def markdown(comparison: Comparison) -> str:
    """Return a comparison as a Markdown page."""
    lines = [
        f"# Drift: {_mark(comparison.old.name)} to {_mark(comparison.new.name)}",
        "",
        f"**{_sentence(comparison)}**",
    ]
    lines += [line for note in comparison.notes for line in ("", _mark_text(note))]
    for severity, changes in _by_severity(comparison):
        lines += [
            "",
            f"## {_HEADINGS[severity]}",
            "",
            "| what | rule | before | after | where |",
            "|---|---|---|---|---|",
        ]
        for change in changes:
            cells = (
                _mark(change.subject),
                f"`{change.rule.id}`: {change.rule.title}",
                _mark(change.before),
                _mark(change.after),
                "<br>".join(_mark(line) for line in _where(change)),
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def render(comparison: Comparison, console: Console) -> None:
    """Show a comparison on a terminal."""
    ascii_only = not console.encoding.lower().startswith("utf")

    def shown(text: str, style: str = "") -> Text:
        return Text(plain(text, ascii_only=ascii_only), style=style)

    console.print(shown(f"{_told(comparison.old)} to {_told(comparison.new)}", "bold"))
    for severity, changes in _by_severity(comparison):
        console.print()
        console.print(shown(f"{_HEADINGS[severity]} ({len(changes)})", _STYLES[severity]))
        for rule, group in groupby(changes, key=lambda change: change.rule):
            heading = shown(f"{rule.title}: {rule.why}")
            heading.append_text(shown(f"  [{rule.id}]", "dim"))
            console.print(Padding(heading, (0, 0, 0, 2)))
            for change in group:
                console.print(Padding(_block(change, shown, "->" if ascii_only else "→"), (0, 0, 0, 4)))
    console.print()
    for note in comparison.notes:
        console.print(shown(note))
    console.print(shown(_sentence(comparison), _STYLES[Severity.BREAKING if comparison.exit_code else Severity.INFO]))


def render_rules(console: Console) -> None:
    """Show every rule on a terminal."""
    for severity in Severity:
        table = Table(box=None, pad_edge=False, title=_HEADINGS[severity], title_justify="left", title_style="bold")
        for heading in ("rule", "what happened", "what it means"):
            table.add_column(heading, no_wrap=heading == "rule", overflow="fold")
        for rule in _rules_of(severity):
            table.add_row(rule.id, rule.title, rule.why)
        console.print(table)
        console.print()


def one_line(comparison: Comparison) -> str:
    """Return a comparison as one line."""
    return plain(_sentence(comparison))


def plain(text: str, *, ascii_only: bool = False) -> str:
    """Return a text as one line without anything that a terminal would obey: a document is anybody's."""
    safe = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
    return safe.encode("ascii", "backslashreplace").decode("ascii") if ascii_only else safe


def _block(change: Change, shown: Callable[..., Text], arrow: str) -> Table:
    table = Table.grid()
    table.add_column(overflow="fold")
    line = shown(change.subject, "bold")
    if change.before and change.after:
        line.append_text(shown(f"  {change.before} {arrow} {change.after}"))
    elif change.before or change.after:
        line.append_text(shown(f"  {'was' if change.before else 'now'}: {change.before or change.after}"))
    table.add_row(line)
    for where in _where(change):
        table.add_row(shown(f"  {where}", "dim"))
    return table


def _where(change: Change) -> list[str]:
    places = [place for place in change.places if not change.subject.startswith(place)]
    lines = []
    if places:
        more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
        lines.append(f"in {', '.join(places[:_MOST_PLACES])}{more}")
    if change.count is not None:
        lines.append(f"seen {change.count:,} times")
    if change.examples:
        lines.append(f"such as {', '.join(change.examples)}")
    return lines


def _source(source: Source) -> dict[str, str]:
    return {"source": source.name, "title": source.title, "version": source.version}


def _change(change: Change) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "rule": change.rule.id,
        "severity": str(change.rule.severity),
        "kind": str(change.rule.kind),
        "side": str(change.rule.side),
        "subject": change.subject,
        "title": change.rule.title,
        "why": change.rule.why,
        "before": change.before,
        "after": change.after,
        "places": list(change.places),
    }
    if change.count is not None:
        entry |= {"count": change.count, "examples": list(change.examples)}
    return entry


def _by_severity(comparison: Comparison) -> list[tuple[Severity, list[Change]]]:
    found = [
        (severity, [change for change in comparison.changes if change.rule.severity is severity])
        for severity in Severity
    ]
    return [(severity, changes) for severity, changes in found if changes]


def _counts(comparison: Comparison) -> dict[Severity, int]:
    return {severity: sum(change.rule.severity is severity for change in comparison.changes) for severity in Severity}


def _sentence(comparison: Comparison) -> str:
    counts = _counts(comparison)
    if not comparison.changes:
        return f"no drift from {comparison.old.name} to {comparison.new.name}"
    told = (
        f"{counts[Severity.BREAKING]} breaking, {_some(counts[Severity.WARNING], 'warning')}, "
        f"{_some(counts[Severity.INFO], 'compatible change')}"
    )
    seen = "observed" in comparison.facts
    if comparison.exit_code:
        verdict = "showed what breaks a consumer of" if seen else "breaks a consumer of"
    else:
        # A run proves nothing about what it did not see.
        verdict = "showed nothing that breaks a consumer of" if seen else "keeps what was promised by"
    return f"{comparison.new.name} {verdict} {comparison.old.name}: {told}"


def _some(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _told(source: Source) -> str:
    about = " ".join(filter(None, (source.title, source.version)))
    return source.name + (f" ({about})" if about and about != source.name else "")


def _mark(text: str) -> str:
    """Return a text as Markdown code that can stand in a table's cell."""
    if not text:
        return ""
    safe = plain(text).replace("|", "\\|").replace("<", "&lt;")
    fence = "`" * (max((len(run) for run in _ticks(safe)), default=0) + 1)
    pad = " " if safe.startswith("`") or safe.endswith("`") else ""
    # An entity is not read inside of code, so that only texts without one become code.
    return safe if "&lt;" in safe else f"{fence}{pad}{safe}{pad}{fence}"


def _mark_text(text: str) -> str:
    return plain(text).replace("<", "&lt;")


def _ticks(text: str) -> list[str]:
    found, run = [], ""
    for character in f"{text} ":
        if character == "`":
            run += character
        elif run:
            found.append(run)
            run = ""
    return found


def _rules_of(severity: Severity) -> list[Rule]:
    return [rule for rule in RULES.values() if rule.severity is severity]
