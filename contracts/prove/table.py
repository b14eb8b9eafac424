"""A proof on the terminal: a line a clause family, then what is wrong and what was not shown."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.plaintext import plain

FAMILIES: Final = ("SHAPE", "VALUE", "INPUT", "AUTH", "LIFE", "LIST", "MONEY", "RACE", "LOAD", "WIRE")
"""Clause families in the order of the contract."""

_SEEDED: Final = frozenset({"defect", "mutant"})
_SOME: Final = 6
"""Names shown of cases that were not shown for one reason, unless all are asked for."""

Case = Mapping[str, Any]


def render_proof(document: Mapping[str, Any], console: Console, *, verbose: bool = False) -> None:
    """Write a proof to a terminal.

    Args:
        document: ``proof.json``.
        console: where to.
        verbose: whether every case gets a line.
    """
    cases = document["cases"]
    console.print(_by_family(cases))
    if verbose:
        console.print()
        console.print(_table("case", cases))
    wrong = [case for case in cases if case["right"] is False]
    if wrong:
        console.print(Text(f"\n{len(wrong)} wrong", style="bold red"))
        console.print(_table("case", wrong))
    _render_not_shown([case for case in cases if case["right"] is None], console, verbose=verbose)
    summary = document["summary"]
    if summary["median_seconds"] is not None:
        bought = summary["median_purchases"]
        purchases = "purchase" if bought == 1 else "purchases"
        console.print(f"\nmedian catch: {summary['median_seconds']} s and {bought:g} {purchases}")
    colour = {"kept": "green", "broken": "red"}.get(document["verdict"], "yellow")
    console.print(Text(f"{document['verdict']}: {'; '.join(document['reasons'])}", style=f"bold {colour}"))


def _by_family(cases: Sequence[Case]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("family", "defects caught", "mutants caught", "s", "purchases"):
        table.add_column(heading, justify="left" if heading == "family" else "right")
    families = {case["family"] for case in cases if case["kind"] in _SEEDED}
    for family in (*FAMILIES, *sorted(families.difference(FAMILIES))):
        if family in families and any(c["right"] is not None for c in cases if c["family"] == family):
            members = [case for case in cases if case["family"] == family]
            defects = [case for case in members if case["kind"] == "defect"]
            table.add_row(
                family,
                _share(defects),
                _share([case for case in members if case["kind"] == "mutant"]),
                _median([case["catch_seconds"] for case in defects if case["right"]], ".1f"),
                _median([case["catch_purchases"] for case in defects if case["right"]], "g"),
            )
    lawful = [case for case in cases if case["kind"] not in _SEEDED]
    if lawful:
        table.add_row("lawful", f"{_share(lawful)} silent" if any(c["right"] is not None for c in lawful) else "", "")
    return table


def _share(cases: Sequence[Case]) -> str:
    shown = [case for case in cases if case["right"] is not None]
    return f"{sum(case['right'] for case in shown)} of {len(shown)}" if shown else ""


def _median(values: Sequence[float | None], form: str) -> str:
    known = [value for value in values if value is not None]
    return format(statistics.median(known), form) if known else ""


def _table(title: str, cases: Sequence[Case]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("", title, "clauses", "caught by", "s", "purchases"):
        table.add_column(heading, no_wrap=heading == "", overflow="fold")
    marks = {True: ("ok", "green"), False: ("NOT", "bold red"), None: ("-", "yellow")}
    for case in cases:
        mark, style = marks[case["right"]]
        seconds, purchases = case["catch_seconds"], case["catch_purchases"]
        table.add_row(
            Text(mark, style=style),
            Text(case["name"]),
            Text(" ".join(case["clauses"])),
            Text(_outcome(case)),
            "" if seconds is None else f"{seconds:.1f}",
            "" if purchases is None else str(purchases),
        )
    return table


def _outcome(case: Case) -> str:
    caught = " ".join(case["caught_by"])
    if case["right"] and case["kind"] in _SEEDED:
        return caught
    if case["right"]:
        return "silent" + (f" (warns {' '.join(case['warned_by'])})" if case["warned_by"] else "")
    return f"{caught}: {_note(case)}" if caught else _note(case)


def _note(case: Case) -> str:
    """Return a case's note without what a terminal obeys: it may quote a target, or an earlier proof."""
    return plain(str(case["note"]))


def _render_not_shown(cases: Sequence[Case], console: Console, *, verbose: bool) -> None:
    if not cases:
        return
    console.print(Text(f"\n{len(cases)} not shown", style="bold yellow"))
    for why, members in groupby(sorted(cases, key=_note), key=_note):
        names = [case["name"] for case in members]
        told = ", ".join(names if verbose else names[:_SOME])
        more = "" if verbose or len(names) <= _SOME else f" and {len(names) - _SOME} more"
        console.print(Text(f"  {why}: {told}{more}"))
