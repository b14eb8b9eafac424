"""The command `assay prove`: seed every defect and show that the gate catches each."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from contracts.errors import UsageError
from contracts.gate.plan import PLANS
from contracts.profiles import DEFAULT_PROFILE, PROFILES
from contracts.prove.case import CONTROL, DEFECT, VARIANT, Case, Shown
from contracts.prove.proof import Summary, keep, load_shown, run_cases, summarise
from contracts.prove.selection import select

EPILOG: Final = (
    "Examples:\n\n"
    "assay prove                                  every defect and variant at full depth\n\n"
    "assay prove --depth quick --seeds 0,1,2      three seeds\n\n"
    "assay prove 'credentials-*' --kind defect    some of them\n\n"
    "Exit codes: 0 every defect caught and every variant silent, 1 not so, 2 usage."
)
"""Text below the command's options."""

RESULTS: Final = "proof.jsonl"


def prove(
    names: Annotated[
        list[str] | None, typer.Argument(help="Defects and variants, or shell patterns; default all.")
    ] = None,
    *,
    depth: Annotated[str, typer.Option(help=f"Depth of every gate: {', '.join(PLANS)}.")] = "full",
    profile: Annotated[str, typer.Option(help=f"Contract version: {', '.join(PROFILES)}.")] = DEFAULT_PROFILE,
    seeds: Annotated[str, typer.Option(metavar="N,N,…", help="Seeds; every case is shown with each.")] = "0",
    kind: Annotated[
        list[str] | None, typer.Option(help=f"Only this kind: {DEFECT}, {VARIANT} or {CONTROL}; may be repeated.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Gates at a time.")] = os.cpu_count() or 1,
    out: Annotated[
        Path | None, typer.Option(help="Directory of the results; an earlier proof there is taken up again.")
    ] = None,
    brief: Annotated[
        bool, typer.Option("--brief", help="End the gate of a defect with the phase that caught it: much quicker.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the results as JSON.")] = False,
) -> int:
    """Prove the gate: each seeded defect must be caught, each lawful variant must stay silent."""
    cases = _cases(names or [], depth, profile, seeds, kind, brief=brief)
    folder = out or Path("reports", "runs", f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-prove")
    shown = _run(cases, folder, jobs, quiet=as_json)
    summary = summarise(shown)
    if as_json:
        document = {"summary": asdict(summary), "cases": [asdict(one) for one in shown]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        _show(shown, summary, folder, Console(highlight=False))
    return 1 if summary.wrong else 0


def _cases(
    names: Sequence[str], depth: str, profile: str, seeds: str, kinds: Sequence[str] | None, *, brief: bool
) -> list[Case]:
    for option, value, known in (("--depth", depth, tuple(PLANS)), ("--profile", profile, PROFILES)):
        if value not in known:
            raise UsageError(f"{option} {value!r} is not one of {', '.join(known)}")
    for value in kinds or ():
        if value not in {DEFECT, VARIANT, CONTROL}:
            raise UsageError(f"--kind {value!r} is not one of {DEFECT}, {VARIANT}, {CONTROL}")
    try:
        numbers = [int(seed) for seed in seeds.split(",")]
    except ValueError:
        raise UsageError(f"--seeds {seeds!r} is not a list of whole numbers such as 0,1,2") from None
    wanted = kinds or (CONTROL, DEFECT, VARIANT)
    return select(names, kinds=wanted, profile=profile, depth=depth, seeds=numbers, brief=brief)


def _run(cases: Sequence[Case], folder: Path, jobs: int, *, quiet: bool) -> list[Shown]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot create {folder}: {error.strerror}") from None
    path = folder / RESULTS
    known = load_shown(path)
    todo = [case for case in cases if case.key not in known]
    console = Console(stderr=True, quiet=quiet, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("proof", total=len(cases), completed=len(cases) - len(todo))
        for one in run_cases(todo, jobs):
            keep(path, one)
            known[one.key] = one
            progress.update(task, advance=1, description=one.name[:30])
            if not console.is_terminal:
                console.print(Text(f"[{len(known)}/{len(cases)}] {one.name}"))
            if not one.right:
                console.print(Text(f"{one.kind} {one.name}: {_complaint(one)}", style="red"))
    return [known[case.key] for case in cases]


def _complaint(one: Shown) -> str:
    if one.verdict == "crashed":
        return f"the gate crashed: {one.note}"
    if one.kind == DEFECT:
        return f"missed; found {', '.join(one.caught_by) or 'nothing'}"
    if one.caught_by:
        return f"false alarm: {', '.join(one.caught_by)}: {one.note}"
    if one.missed:
        return f"left untested: {', '.join(one.missed)}"
    return f"warnings it does not announce: {', '.join(one.warned_by)}"


def _show(shown: Sequence[Shown], summary: Summary, folder: Path, console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "case", "caught by", "s", "purchases"):
        table.add_column(heading, no_wrap=heading != "caught by", overflow="fold")
    for one in shown:
        if one.kind != DEFECT:
            found = (
                _complaint(one)
                if not one.right
                else "silent" + (f" (warns {', '.join(one.warned_by)})" if one.warned_by else "")
            )
        else:
            found = ", ".join(one.caught_by) if one.right else _complaint(one)
        table.add_row(
            Text("ok" if one.right else "NOT", style="green" if one.right else "bold red"),
            one.name,
            Text(found),
            "" if one.catch_seconds is None else f"{one.catch_seconds:.1f}",
            "" if one.catch_purchases is None else str(one.catch_purchases),
        )
    console.print(table)
    console.print(
        f"\n{summary.caught} of {summary.defects} defects caught; "
        f"{summary.silent} of {summary.variants} variants and controls silent"
    )
    if summary.median_seconds is not None:
        console.print(f"median catch: {summary.median_seconds} s and {summary.median_purchases:g} purchases")
    console.print(Text(f"results: {folder / RESULTS}"))
