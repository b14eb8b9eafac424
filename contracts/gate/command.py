"""The commands `assay gate` and `assay doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from contracts.baseline import check_writable
from contracts.config import load_settings
from contracts.errors import UsageError
from contracts.gate.doctor import Diagnosis, diagnose
from contracts.gate.opening import GateRequest, OpenGate, open_gate, open_target
from contracts.gate.plan import PLANS
from contracts.gate.progress import LiveProgress
from contracts.gate.request import make_request
from contracts.gate.run import Gate
from contracts.interruption import interruption
from contracts.options import (
    AllowHost,
    AskHost,
    CaFile,
    Config,
    Json,
    MaxPurchases,
    MaxSpend,
    ProfileName,
    Quiet,
    Seed,
    Timeout,
    Url,
)
from contracts.trust import trust
from reports.errors import DocumentError
from reports.har import Exchanges
from reports.showing import show_run

GATE_EPILOG: Final = (
    "Examples:\n\n"
    "assay gate                                      the embedded sandbox, full depth\n\n"
    "assay gate --url http://127.0.0.1:8080          your own API; its key in ASSAY_API_KEY\n\n"
    "assay gate --depth quick --profile auto         in a pull request\n\n"
    "assay gate --url https://staging.example --allow-host staging.example --max-spend 40.00\n\n"
    "Exit codes: 0 kept, 1 broken, 2 usage, 3 inconclusive, 130 interrupted."
)
"""Text below the options of `assay gate`."""

DOCTOR_EPILOG: Final = (
    "Example: ASSAY_API_KEY=… assay doctor --url http://127.0.0.1:8080\n\n"
    "Exit codes: 0 it can be tested, 2 usage, 3 it cannot be reached, or is no Purchases API."
)
"""Text below the options of `assay doctor`."""


def gate(
    *,
    url: Url = None,
    profile: ProfileName = None,
    depth: Annotated[str | None, typer.Option(help=f"How much to try: {', '.join(PLANS)}. Default full.")] = None,
    seed: Seed = None,
    time: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Time budget, such as 90s or 10m; default by depth.")
    ] = None,
    max_purchases: MaxPurchases = None,
    max_spend: MaxSpend = None,
    allow_host: AllowHost = None,
    timeout: Timeout = None,
    ca_file: CaFile = None,
    out: Annotated[Path | None, typer.Option(help="Run directory; default reports/runs/<UTC time>-gate.")] = None,
    config: Config = None,
    quiet: Quiet = False,
    as_json: Json = False,
    defect: Annotated[
        list[str] | None, typer.Option(help="Put a seeded defect around the embedded sandbox; may be repeated.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Accepted findings, which count as warnings until they expire.")
    ] = None,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Write that file anew, with the errors of this run.")
    ] = False,
    har: Annotated[Exchanges, typer.Option(help="Which exchanges go into exchanges.har.")] = Exchanges.FINDINGS,
) -> int:
    """Hold a Purchases API to its contract: the gate in front of a merge.

    Keys come from the environment: ASSAY_API_KEY, ASSAY_OTHER_API_KEY for a second owner, ASSAY_ADMIN_KEY
    for a sandbox. Purchases cost the owner real balance; they are counted and capped before they are made.
    """
    trust(ca_file)
    settings = load_settings(config, Path.cwd())
    request = make_request(
        settings,
        url=url,
        profile=profile,
        depth=depth,
        seed=seed,
        time=time,
        max_purchases=max_purchases,
        max_spend=max_spend,
        allow_host=allow_host,
        timeout=timeout,
        out=out,
        defects=defect or (),
        baseline=baseline,
        update_baseline=update_baseline,
        har_all=har is Exchanges.ALL,
    )
    if request.baseline_file is not None:
        check_writable(request.baseline_file)
    with interruption.shielded():
        return _run(request, quiet=quiet, as_json=as_json)


def _run(request: GateRequest, *, quiet: bool, as_json: bool) -> int:
    opened: OpenGate | None = None
    try:
        with LiveProgress(quiet=quiet or as_json) as progress, open_gate(request, progress) as opened:
            opened.gate.run()
    except (UsageError, DocumentError):
        if opened is not None and opened.document:
            # The disk is full: what was found has cost money, and is at least told.
            show_run(opened.document, None, quiet=quiet, as_json=as_json)
        raise
    show_run(opened.document, opened.directory.path, quiet=quiet, as_json=as_json)
    if request.baseline_file is not None and not opened.interrupted:
        for line in opened.update_baseline(request.baseline_file):
            typer.echo(line, err=True)
    return opened.exit_code


def doctor(
    *,
    url: Url = None,
    profile: ProfileName = None,
    allow_host: AskHost = None,
    timeout: Timeout = None,
    ca_file: CaFile = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write what was found as JSON to standard output.")] = False,
) -> int:
    """Tell what a gate could exercise on a target, without buying anything."""
    trust(ca_file)
    settings = load_settings(config, Path.cwd())
    # Only requests that must be refused are sent, each of which a broken target could still charge for.
    request = make_request(settings, url=url, profile=profile, allow_host=allow_host, timeout=timeout, max_purchases=1)
    with open_target(request) as target:
        found = diagnose(Gate(target, request.options, lambda _: None))
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2))
    else:
        _show(found, Console(highlight=False))
    return 0 if found.reachable else 3


def _show(found: Diagnosis, console: Console) -> None:
    console.print(Text(found.target, style="bold"), f"· {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    if not found.reachable:
        console.print(Text(f"cannot be tested: {found.trouble}", style="red"))
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for role, state in found.keys.items():
        table.add_row(f"key of the {role}", state)
    table.add_row("profile", found.profile or "cannot be told before something was bought")
    for operation, state in found.operations.items():
        table.add_row(operation, Text(state))
    table.add_row("in stock", ", ".join(found.in_stock) or "nothing that accounts shows")
    table.add_row("balance", found.balance or "not served")
    table.add_row("levers", "clock and provider can be moved" if found.levers else "none (only a sandbox has them)")
    console.print(table)
    console.print()
    console.print(f"A gate could exercise {len(found.exercisable)} clauses.")
    by_reason: dict[str, list[str]] = {}
    for clause, why in found.not_exercisable.items():
        by_reason.setdefault(why, []).append(clause)
    for why, clauses in by_reason.items():
        console.print(Text(f"not {', '.join(clauses)}: {why}"))
