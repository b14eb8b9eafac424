"""The command `assay prove`: seed every defect and show that the gate catches each."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from contracts.config import load_settings
from contracts.errors import UsageError
from contracts.gate.opening import GateRequest, open_target
from contracts.gate.plan import PLANS
from contracts.gate.request import make_request
from contracts.interruption import interruption
from contracts.options import AllowHost, Config, MaxPurchases, MaxSpend, Timeout, within
from contracts.profiles import DEFAULT_PROFILE, PROFILES
from contracts.prove.case import CONTROL, DEFECT, KINDS, VARIANT, Case, complaint
from contracts.prove.proof import LOST, Results, run_cases
from contracts.prove.record import EMBEDDED, ProofFacts, Record
from contracts.prove.selection import select
from contracts.prove.staging import Purse, Staging, prove_at
from contracts.prove.table import render_proof
from reports.pages import proof_pages
from reports.plaintext import plain
from reports.writing import write_document

EPILOG: Final = (
    "Examples:\n\n"
    "assay prove                                  everything, at full depth: hours of one core\n\n"
    "assay prove --depth quick --seeds 0,1,2      every defect and variant, three seeds\n\n"
    "assay prove 'other-owner-*' --brief          some of them, each no longer than it takes\n\n"
    "assay prove --kind mutant --depth quick      what the OpenAPI document promises, broken piece by piece\n\n"
    "assay prove --url https://staging.example --allow-host staging.example --max-spend 40.00 --depth quick\n\n"
    "With --url the defects stand in a loopback proxy before your own API, one gate after the other on the "
    "account of ASSAY_API_KEY; the caps hold for all gates together. A control with nothing seeded comes first: "
    "unless the gate keeps it, nothing can be shown. Defects alone are seeded unless names or --kind say otherwise, "
    "and --brief is always on.\n\n"
    "Exit codes: 0 every defect caught and every variant silent, 1 not so, 2 usage, 3 inconclusive (the bare target "
    "is not kept, or the cap was spent before all was shown), 130 interrupted."
)
"""Text below the command's options."""


def prove(
    names: Annotated[
        list[str] | None, typer.Argument(help="Defects, mutants and variants, or shell patterns; default all.")
    ] = None,
    *,
    url: Annotated[
        str | None, typer.Option(help="Base URL of your own API, to be seeded; default the embedded sandbox.")
    ] = None,
    depth: Annotated[str, typer.Option(help=f"Depth of every gate: {', '.join(PLANS)}.")] = "full",
    profile: Annotated[str, typer.Option(help=f"Contract version: {', '.join(PROFILES)}.")] = DEFAULT_PROFILE,
    seeds: Annotated[str, typer.Option(metavar="N,N,…", help="Seeds; every case is shown with each.")] = "0",
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Only this kind: {', '.join(KINDS)}; may be repeated. Default all, at depth quick without the "
            "mutants, which are several hundred at about a second each."
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            parser=within(1, 64), metavar="N", help="Gates at a time, at most 64; default one a core, with --url one."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Directory of the results; an earlier proof there is taken up again.")
    ] = None,
    brief: Annotated[
        bool,
        typer.Option(
            "--brief", help="End the gate of a defect with the phase that caught it: much quicker. Mutants always do."
        ),
    ] = False,
    max_purchases: MaxPurchases = None,
    max_spend: MaxSpend = None,
    allow_host: AllowHost = None,
    timeout: Timeout = None,
    config: Config = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show a line for every case.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write proof.json to standard output.")] = False,
) -> int:
    """Prove the gate: each seeded defect must be caught, each lawful variant must stay silent."""
    _check(url, depth, profile, kind, jobs, (max_purchases, max_spend, allow_host, timeout, config))
    request = None
    if url is not None:
        request = make_request(
            load_settings(config, Path.cwd()),
            url=url,
            profile=profile,
            depth=depth,
            max_purchases=max_purchases,
            max_spend=max_spend,
            allow_host=allow_host,
            timeout=timeout,
        )
    numbers = _seeds(seeds)
    wanted = kind or _default_kinds(depth, named=bool(names), at=url)
    cases = select(
        names or [],
        kinds=wanted,
        profile=profile,
        depth=depth,
        seeds=numbers,
        brief=brief or url is not None,
        target=url or "",
    )
    facts = ProofFacts(target=url or EMBEDDED, profile=profile, depth=depth, seeds=numbers)
    with interruption.shielded():
        if request is None:
            record = Record(out, facts, cases)
            _run(record, run_cases(record.todo, jobs or os.cpu_count() or 1), len(record.todo), quiet=as_json)
        else:
            record = _run_at(request, out, facts, cases, quiet=as_json)
        document = record.write(partial=False)
        for name, content in proof_pages(document).items():
            write_document(record.path / name, content)
    if as_json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    else:
        console = Console(highlight=False)
        render_proof(document, console, verbose=verbose)
        console.print(Text(f"written to {record.path}"))
    return int(document["exit_code"])


def _check(
    url: str | None,
    depth: str,
    profile: str,
    kinds: Sequence[str] | None,
    jobs: int | None,
    of_targets: Sequence[object],
) -> None:
    for option, value, known in (("--depth", depth, tuple(PLANS)), ("--profile", profile, PROFILES)):
        if value not in known:
            raise UsageError(f"{option} {value!r} is not one of {', '.join(known)}")
    for value in kinds or ():
        if value not in KINDS:
            raise UsageError(f"--kind {value!r} is not one of {', '.join(KINDS)}")
    if url is None and any(value is not None for value in of_targets):
        raise UsageError(
            "--max-purchases, --max-spend, --allow-host, --timeout and --config belong to a proof with --url; "
            "the embedded sandbox costs nothing"
        )
    if url is not None and jobs is not None and jobs > 1:
        raise UsageError(f"--jobs {jobs} with --url: gates at once on one account would judge each other's purchases")


def _seeds(text: str) -> list[int]:
    try:
        return list(dict.fromkeys(int(seed) for seed in text.split(",")))
    except ValueError:
        raise UsageError(f"--seeds {text!r} is not a list of whole numbers such as 0,1,2") from None


def _default_kinds(depth: str, *, named: bool, at: str | None) -> Sequence[str]:
    if named:
        return KINDS
    if at is not None:
        return (DEFECT,)
    return KINDS if depth != "quick" else (CONTROL, DEFECT, VARIANT)


def _run_at(request: GateRequest, out: Path | None, facts: ProofFacts, cases: Sequence[Case], *, quiet: bool) -> Record:
    """Prove before the user's own API."""
    first = cases[0]
    control = replace(select([], kinds=[CONTROL], profile=first.profile, depth=first.depth)[0], seed=first.seed)
    control = replace(control, brief=first.brief, target=first.target)
    others = [case for case in cases if case.kind != CONTROL]
    with open_target(request) as target:
        record = Record(out, replace(facts, target=target.url), [control, *others])
        purse = Purse(request.options.max_purchases, request.options.max_spend)
        staging = Staging(target, request.options, purse, control)
        todo = [case for case in record.todo if case.kind != CONTROL]
        _run(record, prove_at(staging, todo), 1 + len(todo), quiet=quiet)
    record.stopped = staging.stopped
    if not quiet:
        typer.echo(f"purchases: {staging.purse.made} for {staging.purse.spent}", err=True)
    return record


def _run(record: Record, results: Results, coming: int, *, quiet: bool) -> None:
    """Take in results as they come, until the last or an interruption, which strikes between two of them.

    Before a target of the user's own it is the session of the gate that lets an interruption in.
    """
    console = Console(stderr=True, quiet=quiet, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    total = len(record.results)
    done = total - coming
    with (
        Progress(*columns, console=console, disable=not console.is_terminal) as progress,
        contextlib.closing(results) as stream,
    ):
        task = progress.add_task("proof", total=total, completed=done)
        try:
            for number, one in enumerate(stream, done + 1):
                record.add(one)
                if one.note == LOST:
                    record.stopped = LOST
                progress.update(task, completed=number, description=one.name[-30:])
                if not console.is_terminal:
                    console.print(Text(f"[{number}/{total}] {one.name}"))
                if one.wrong:
                    console.print(Text(f"{one.kind} {one.name}: {plain(complaint(one))}", style="red"))
        except KeyboardInterrupt:
            record.interrupted = True
