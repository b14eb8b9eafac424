"""The terminal report of a run, made from ``run.json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from reports.loadtable import objective_lines, operation_table, summary_lines
from reports.partial import Kept
from reports.plaintext import counted, plain

MAX_FINDINGS: Final = 20
"""Findings shown in full; more than that nobody reads in a terminal."""

MAX_SAMPLES: Final = 2
MAX_CALLS: Final = 8
"""Further values and calls shown of one finding."""

_LONG: Final = 600
_SHORT: Final = 160
_LONGEST_CURL: Final = 2000
_LABEL: Final = 10
_NARROW: Final = 60
"""Columns below which labels stand above their text instead of beside it."""

_SENTENCES: Final = {
    "kept": "Kept: the target keeps its contract, as far as it was put to the test.",
    "broken": "Broken: the target does not keep its contract.",
    "inconclusive": "Inconclusive: the target was not put to the whole test.",
}
_STYLES: Final = {
    "kept": "bold green",
    "broken": "bold red",
    "inconclusive": "bold yellow",
    "error": "bold red",
    "warning": "bold yellow",
}
_MARKS: Final = {"kept": "✓", "broken": "✗", "not_exercised": "–"}
_ASCII_MARKS: Final = {"kept": "+", "broken": "!", "not_exercised": "-"}
_MARK_STYLES: Final = {"kept": "green", "broken": "bold red", "not_exercised": "yellow"}


def render(
    document: Mapping[str, Any], console: Console, *, run_dir: Path | None = None, recorded: Kept | None = None
) -> None:
    """Show a run: the verdict first, then what to act on, then what was and was not tested.

    Args:
        document: a valid ``run.json``.
        console: where to; its width, colours and encoding are kept to.
        run_dir: where the run's documents are, None to leave that out.
        recorded: what a run has left that was cut short.
    """
    _Page(document, console).show(run_dir, recorded)


def render_quiet(document: Mapping[str, Any], run_dir: Path | None = None, *, ascii_only: bool = False) -> str:
    """Return a run in one line.

    Args:
        document: a valid ``run.json``.
        run_dir: where the run's documents are, None to leave that out.
        ascii_only: whether only ASCII can be shown.
    """
    costs = _costs(document) if document["requests"] or not document["partial"] else []
    parts = [f"{document['verdict']}: {_gist(document)}", *costs, f"seed {document['seed']}"]
    parts += [str(run_dir)] if run_dir is not None else []
    separator = " | " if ascii_only else " · "
    return separator.join(plain(part, ascii_only=ascii_only) for part in parts)


def _gist(document: Mapping[str, Any]) -> str:
    """Return why the verdict is what it is, in a few words."""
    findings = document["findings"]
    errors = [finding["clause"] for finding in findings if finding["severity"] == "error"]
    warnings = len(findings) - len(errors)
    also = [counted(warnings, "warning")] if warnings else []
    if document["verdict"] == "broken":
        named = f" ({', '.join(dict.fromkeys(errors))})" if errors else ""
        return ", ".join([counted(len(errors), "finding") + named, *also])
    if document["verdict"] == "kept":
        kept = sum(clause["verdict"] == "kept" for clause in document["clauses"])
        return ", ".join([counted(kept, "clause"), *also])
    reasons = document["reasons"] or ["no reason was written down"]
    more = f" (and {counted(len(reasons) - 1, 'more reason')})" if len(reasons) > 1 else ""
    return plain(reasons[0], _SHORT) + more


def _costs(document: Mapping[str, Any]) -> list[str]:
    return [
        counted(document["requests"], "request"),
        counted(document["purchases"], "purchase"),
        f"{document['spend']} {document['spend_currency'] or 'spent'}",
    ]


def _held(recorded: Kept | None) -> str:
    return "" if recorded is None else f"; {recorded.told}"


class _Page:
    """One report on one console."""

    def __init__(self, document: Mapping[str, Any], console: Console) -> None:
        self._document = document
        self._console = console
        self._ascii = not console.encoding.lower().startswith("utf")
        self._narrow = console.width < _NARROW

    def show(self, run_dir: Path | None, recorded: Kept | None) -> None:
        self._head(recorded)
        self._load()
        self._findings()
        self._not_exercised()
        self._clauses()
        if run_dir is not None:
            self._line()
            self._line(f"Written to {run_dir}", style="dim")

    def _load(self) -> None:
        load = self._document.get("load")
        if load is None:
            return
        self._line()
        for label, text in summary_lines(load):
            self._labelled(label, text)
        self._line()
        self._console.print(operation_table(load["operations"], self._console.width, ascii_only=self._ascii))
        marks = _ASCII_MARKS if self._ascii else _MARKS
        objectives = objective_lines(load["objectives"])
        if objectives:
            self._line()
            self._line("Objectives", style="bold")
        for ok, text in objectives:
            verdict = "kept" if ok else "broken"
            self._line(f"{marks[verdict]} {text}", style=_MARK_STYLES[verdict], indent=2)

    def _safe(self, text: str, limit: int | None = _LONG) -> str:
        return plain(text, limit, ascii_only=self._ascii)

    def _line(self, text: str = "", *, style: str = "", indent: int = 0) -> None:
        self._block("", Text(self._safe(text, None), style=style), indent)

    def _labelled(self, label: str, text: str | Text, *, indent: int = 0) -> None:
        """Show a label and its text, beside each other where there is room."""
        shown = text if isinstance(text, Text) else Text(self._safe(text))
        if not self._narrow:
            self._block(f"{label:<{_LABEL}}", shown, indent)
            return
        if label:
            self._line(label, style="dim", indent=indent)
        self._block("", shown, indent + 2)

    def _block(self, label: str, text: Text, indent: int) -> None:
        """Show a text wrapped to the right of a label, without the white space that tables pad lines with."""
        room = max(10, self._console.width - indent - cell_len(label))
        for number, line in enumerate(text.wrap(self._console, room, overflow="fold") or [Text()]):
            line.rstrip()
            before = " " * indent + (label if number == 0 else " " * cell_len(label))
            prefix = Text(before, style="dim" if before.strip() else "")
            whole = Text.assemble(prefix, line) if line.plain else Text(before.rstrip())
            self._console.print(whole, soft_wrap=True)

    def _head(self, recorded: Kept | None) -> None:
        document = self._document
        replay = document.get("replay")
        sentence = _SENTENCES[document["verdict"]] if replay is None else f"A replay of a finding of {replay['run']}."
        self._line(sentence, style=_STYLES[document["verdict"]])
        for reason in document["reasons"]:
            self._line(self._safe(reason), indent=2)
        if document["partial"]:
            self._line(f"The run ended before its time{_held(recorded)}.", indent=2)
        self._line()
        self._labelled("target", document["target"])
        self._labelled("profile", document["profile"])
        self._labelled("seed", str(document["seed"]))
        # A killed run wrote its result when it began: the zeros in it say nothing of what it cost.
        if document["requests"] or not document["partial"]:
            separator = ", " if self._ascii else " · "
            self._labelled("cost", separator.join([*_costs(document), f"{document['duration_s']:.1f} s"]))
        for note in document["notes"]:
            self._labelled("note", note)
        if cell_len(document["rerun"]) <= self._console.width - _LABEL:
            self._labelled("again", document["rerun"])
        else:
            self._command("again", document["rerun"], indent=0)

    def _findings(self) -> None:
        findings: Sequence[Mapping[str, Any]] = sorted(
            self._document["findings"], key=lambda finding: bool(finding["severity"] != "error")
        )
        for number, finding in enumerate(findings[:MAX_FINDINGS], 1):
            self._line()
            self._finding(number, finding)
        if len(findings) > MAX_FINDINGS:
            self._line()
            self._line(f"{counted(len(findings) - MAX_FINDINGS, 'more finding')} in run.json")

    def _finding(self, number: int, finding: Mapping[str, Any]) -> None:
        times = "" if finding["count"] == 1 else f" ({counted(finding['count'], 'time')})"
        accepted = finding.get("accepted")
        what = "accepted" if accepted is not None and not accepted["expired"] else finding["severity"]
        title = Text.assemble(
            (f"{what} {self._safe(finding['clause'])}", _STYLES[finding["severity"]]),
            f"  {self._safe(finding['title'])}{times}",
        )
        self._block(f"{number}. ", title, 0)
        if accepted is not None:
            self._labelled(*_acceptance(accepted), indent=3)
        self._labelled("expected", finding["expected"], indent=3)
        self._labelled("observed", Text(self._safe(finding["observed"]), style="bold"), indent=3)
        self._listed("also", [self._safe(sample, _SHORT) for sample in finding["samples"]], MAX_SAMPLES)
        self._listed("in", [self._call(call) for call in finding["evidence"]], MAX_CALLS)
        if finding["curl"]:
            self._command("try", finding["curl"][-1])
        if finding["replay"] != self._document["rerun"]:
            self._command("replay", finding["replay"])
        self._labelled("more", f"assay explain {finding['clause']}; {finding['id']} in run.json", indent=3)

    def _listed(self, label: str, texts: Sequence[str], most: int) -> None:
        """Show texts under one label; of many the first and the last, for a race involves dozens of calls."""
        shown = list(texts)
        if len(shown) > most:
            half = most // 2
            shown[half : len(shown) - half] = [f"({len(shown) - 2 * half} more in run.json)"]
        for position, text in enumerate(shown):
            self._labelled("" if position else label, text, indent=3)

    def _call(self, call: Mapping[str, Any]) -> str:
        what = " ".join(part for part in (call["method"], call["path"]) if part) or call["operation"]
        answer = call["status"] or call["error"] or "no answer kept"
        times = f"{call['invoked'] * 1000:,.0f}-{call['returned'] * 1000:,.0f} ms"
        return f"#{call['index']} {call['principal']} {self._safe(what, _SHORT)}: {answer}, {times}"

    def _command(self, label: str, command: str, indent: int = 3) -> None:
        """Show a command line unbroken, so that it can be copied."""
        if len(command) > _LONGEST_CURL:
            self._labelled(label, f"a command of {counted(len(command), 'character')}, in run.json", indent=indent)
            return
        self._line(label, style="dim", indent=indent)
        self._console.print(Text(self._safe(command, None)), soft_wrap=True)

    def _not_exercised(self) -> None:
        reasons: dict[str, list[str]] = {}
        for clause in self._document["clauses"]:
            if clause["verdict"] == "not_exercised":
                name = clause["id"] + ("*" if clause["required"] else "")
                reasons.setdefault(clause["reason"] or "no reason was written down", []).append(name)
        if not reasons:
            return
        self._line()
        self._line("Not exercised (* required)", style="bold")
        everything = len(self._document["clauses"])
        for reason, clauses in reasons.items():
            named = f"all {everything} clauses" if len(clauses) == everything > 1 else ", ".join(clauses)
            self._line(self._safe(f"{named}: {reason}"), indent=2)

    def _clauses(self) -> None:
        families: dict[str, list[Mapping[str, Any]]] = {}
        for clause in self._document["clauses"]:
            families.setdefault(clause["id"].partition("-")[0], []).append(clause)
        if not families:
            return
        marks = _ASCII_MARKS if self._ascii else _MARKS
        legend = "   ".join(f"{mark} {verdict.replace('_', ' ')}" for verdict, mark in marks.items())
        self._line()
        self._line("Clauses, each with how often it was exercised", style="bold")
        self._line(legend, style="dim")
        width = max(map(len, families)) + 1
        for family, clauses in families.items():
            self._block(f"{self._safe(family):<{width}}", Text("  ").join(self._cells(clauses, marks)), 0)

    def _cells(self, clauses: Sequence[Mapping[str, Any]], marks: Mapping[str, str]) -> Iterator[Text]:
        for clause in clauses:
            number = clause["id"].partition("-")[2]
            count = _short(clause["exercised"]) if clause["exercised"] or clause["verdict"] != "not_exercised" else ""
            yield Text.assemble((f"{number}{marks[clause['verdict']]}", _MARK_STYLES[clause["verdict"]]), count)


def _acceptance(accepted: Mapping[str, Any]) -> tuple[str, str]:
    """Return, as label and text, what the baseline says of a finding."""
    if accepted["expired"]:
        return "expired", f"accepted until {accepted['expires']}, counts again: {accepted['reason']}"
    return "accepted", f"until {accepted['expires']}: {accepted['reason']}"


def _short(number: int) -> str:
    """Return a count in at most four characters."""
    if number < 10_000:
        return str(number)
    return f"{number // 1000}k" if number < 1_000_000 else f"{number // 1_000_000}M"
