"""The command `assay replay`: a finding's steps sent again."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from contracts.config import load_settings
from contracts.gate.progress import LiveProgress
from contracts.gate.replay.opening import make_replay_request, open_replay
from contracts.gate.replay.options import RACE_TRIES, TRIES, ReplayOptions
from contracts.gate.replay.record import load_recorded
from contracts.gate.replay.telling import Teller, in_one_line
from contracts.options import AllowHost, CaFile, Config, Json, MaxPurchases, MaxSpend, Quiet, Timeout, within
from contracts.trust import trust

EPILOG: Final = (
    "Examples:\n\n"
    "assay replay reports/runs/20260223T101500Z-gate LIFE-3-1f0c9a\n\n"
    "assay replay reports/runs/20260223T101500Z-gate LIFE-3-1f0c9a --url http://127.0.0.1:8080\n\n"
    "Exit codes: 0 it does not fail any more, 1 it still fails, 2 usage, 3 it could not be replayed, 130 interrupted."
)
"""Text below the command's options."""


def replay(
    run: Annotated[Path, typer.Argument(help="A run directory, or its run.json.")],
    finding: Annotated[str, typer.Argument(help="Id of one of its findings, such as LIFE-3-1f0c9a.")],
    *,
    url: Annotated[
        str | None, typer.Option(help="Base URL of the target; without it the recorded one, if it is on this machine.")
    ] = None,
    tries: Annotated[
        int | None,
        typer.Option(
            parser=within(1, 100),
            metavar="N",
            help=f"Tries of steps that do not fail, at most 100. Default {TRIES}, of races {RACE_TRIES}.",
        ),
    ] = None,
    steps_only: Annotated[
        bool,
        typer.Option(
            "--steps-only", help="Leave it at the steps; else more of the run follows where they do not fail."
        ),
    ] = False,
    time: Annotated[str | None, typer.Option(metavar="DURATION", help="Time budget. Default 2m.")] = None,
    max_purchases: MaxPurchases = None,
    max_spend: MaxSpend = None,
    allow_host: AllowHost = None,
    timeout: Timeout = None,
    ca_file: CaFile = None,
    out: Annotated[Path | None, typer.Option(help="Run directory; default reports/runs/<UTC time>-replay.")] = None,
    config: Config = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> int:
    """Send the steps of a finding again, and tell whether it still fails.

    Purchases are made afresh, by the same principals; their keys come from the environment as for the gate.
    Steps that fail are made as short as the budget allows.
    """
    trust(ca_file)
    recorded = load_recorded(run)
    request = make_replay_request(
        recorded,
        recorded.finding(finding),
        load_settings(config, Path.cwd()),
        ReplayOptions(tries=tries, wider=not steps_only),
        url=url,
        allow_host=allow_host,
        timeout=timeout,
        time=time,
        max_purchases=max_purchases,
        max_spend=max_spend,
        out=out,
    )
    console = Console(highlight=False, quiet=quiet or as_json)
    teller = Teller(console)
    with LiveProgress(quiet=quiet or as_json) as progress, open_replay(request, progress) as opened:
        teller.before(opened.replay, str(recorded.path), request.finding)
        opened.replay.run()
    directory = str(opened.directory.path)
    if as_json:
        sys.stdout.write(json.dumps(opened.document, ensure_ascii=False, indent=2) + "\n")
    elif quiet:
        ascii_only = not (sys.stdout.encoding or "ascii").lower().startswith("utf")
        typer.echo(in_one_line(opened.document, directory, ascii_only=ascii_only))
    else:
        teller.after(opened.replay, opened.document, directory)
    return int(opened.document["exit_code"])
