"""The command `assay explain`: what a clause means, why it is there, and what breaks it."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from contracts.clauses import Clause, load_clauses, load_families, nearest

_USAGE_ERROR = 2
_ALL = "all"
_WIDEST = 100  # columns; longer lines are hard to read


def explain(
    clause: Annotated[
        str,
        typer.Argument(help="A clause (LIFE-3), a family (LIFE), or all. Letter case does not matter."),
    ] = _ALL,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON for programs.")] = False,
) -> None:
    """Tell what a clause promises, why, how it is tested, what breaks it and what is lawful."""
    clauses = load_clauses()
    name = clause.strip().upper()
    if name in clauses:
        chosen = [clauses[name]]
    else:
        chosen = [entry for entry in clauses.values() if name in (entry.family, _ALL.upper())]
    if not chosen:
        typer.echo(f"assay: {_unknown(clause)}", err=True)
        raise typer.Exit(_USAGE_ERROR)
    if as_json:
        found = [dataclasses.asdict(entry) for entry in chosen]
        typer.echo(json.dumps(found[0] if name in clauses else found, indent=2))
    else:
        # Texts of the catalogue contain brackets, which are no markup; numbers in them need no colour.
        console = Console(highlight=False, markup=False)
        page = _page(chosen[0]) if name in clauses else _index(chosen)
        console.print(page, width=min(console.width, _WIDEST))


def _unknown(name: str) -> str:
    shown = repr(name[:40])
    suggestion = nearest(name)
    if suggestion:
        return f"unknown clause {shown}; did you mean {suggestion}?"
    return f"unknown clause {shown}; the families are {', '.join(load_families())}"


def _page(clause: Clause) -> RenderableType:
    rows = Table.grid(padding=(0, 2, 1, 0))
    rows.add_column(style="bold", no_wrap=True)
    rows.add_column(overflow="fold", ratio=1)
    for label, text in (
        ("promise", clause.promise),
        ("why", clause.why),
        ("tested", clause.tested),
        ("breaks it", clause.breaks),
        ("lawful", clause.lawful),
        ("needs", ", ".join(clause.needs) or "nothing in particular"),
        ("counts", _counts(clause)),
        *((("tolerance", _tolerance(clause)),) if clause.tolerance else ()),
    ):
        rows.add_row(Text(label), Text(text))
    heading = Text.assemble((clause.id, "bold cyan"), "  ", (clause.title, "bold"))
    standing = Text(f"{clause.severity} · {clause.basis} · {load_families()[clause.family]}", style="dim")
    return Group(heading, standing, Text(), rows)


def _counts(clause: Clause) -> str:
    commands = " and ".join(clause.modes)
    times = "once" if clause.min_exercise == 1 else f"{clause.min_exercise} times"
    duty = "; a gate that did not is inconclusive" if clause.required else ""
    return f"tested by {commands}; must be exercised {times} to count as kept{duty}"


def _tolerance(clause: Clause) -> str:
    return ", ".join(f"{name} = {number}" for name, number in clause.tolerance.items())


def _index(clauses: Sequence[Clause]) -> RenderableType:
    tables: list[RenderableType] = []
    for family, about in load_families().items():
        members = [clause for clause in clauses if clause.family == family]
        if not members:
            continue
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True, style="cyan", min_width=8)
        table.add_column(no_wrap=True, min_width=7)
        table.add_column(ratio=1)
        for clause in members:
            table.add_row(Text(clause.id), Text(clause.severity), Text(clause.title))
        tables += [*([Text()] if tables else []), Text(f"{family}: {about}", style="bold"), table]
    return Group(*tables)
