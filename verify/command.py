"""The command `assay verify`: one verdict for whoever signs a release."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from contracts.config import load_settings
from contracts.finding import Verdict
from contracts.options import (
    AllowHost,
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
from reports.compare.options import percentage
from reports.markdown.summary import append_summary
from reports.plaintext import counted, plain
from verify.request import VerifyRequest, make_verify_request
from verify.verdict import Decision

EPILOG: Final = (
    "Examples:\n\n"
    "assay verify                                         the embedded sandbox, under three minutes\n\n"
    "assay verify --url http://127.0.0.1:8080             your own API: gate, load, drift, comparison\n\n"
    "assay verify --url … --against reports/runs/20260223T101500Z-verify\n\n"
    "assay verify --url NEW --against-url OLD             the answers of both, compared by meaning\n\n"
    "assay verify --url … --accept                        a go is what the next release is compared with\n\n"
    "assay verify --url … --plan nightly --skip drift --max-purchases 500\n\n"
    "assay verify --accept-run reports/runs/20260223T101500Z-verify    runs nothing\n\n"
    "Exit codes: 0 go, 1 no-go, 2 usage, 3 cannot tell, 130 interrupted."
)
"""Text below the command's options."""

_STYLES: Final = {Verdict.KEPT: "bold green", Verdict.BROKEN: "bold red", Verdict.INCONCLUSIVE: "bold yellow"}


def verify(
    *,
    url: Url = None,
    profile: ProfileName = None,
    depth: Annotated[str | None, typer.Option(help="Of the gate: quick, full or deep. Default full.")] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            help="Of the load run: a TOML file, or a plan that comes with assay. Default prerelease, and on "
            "the embedded sandbox a steady minute."
        ),
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option(metavar="PART", help="Leave out gate, load, drift or compare; may be repeated.")
    ] = None,
    contract: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The OpenAPI document of the release; default what the target serves."),
    ] = None,
    against: Annotated[
        Path | None, typer.Option(metavar="RUN", help="The run to compare with; default the newest accepted one.")
    ] = None,
    against_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="The release that still runs: the same requests to both, answers compared by meaning."
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(parser=percentage, metavar="PERCENT", help="Tolerated loss of latency or rate. Default 20%."),
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Record a go as the run to compare the next with.")] = False,
    accept_run: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Instead: record that run so, and run nothing.")
    ] = None,
    label: Annotated[str, typer.Option(help="What the release is called: a commit, a version.")] = "",
    seed: Seed = None,
    max_purchases: MaxPurchases = None,
    max_spend: MaxSpend = None,
    allow_host: AllowHost = None,
    timeout: Timeout = None,
    ca_file: CaFile = None,
    out: Annotated[Path | None, typer.Option(help="Run directory; default reports/runs/<UTC time>-verify.")] = None,
    config: Config = None,
    quiet: Quiet = False,
    as_json: Json = False,
    defect: Annotated[
        list[str] | None, typer.Option(help="Put a seeded defect around the embedded sandbox; may be repeated.")
    ] = None,
) -> int:
    """Verify a release: gate, load, drift and comparison with the last accepted run, and one verdict.

    Keys come from the environment, as for `assay gate`. Purchases and spend are capped over all parts together: what
    the gate leaves is the load's.
    """
    # The statistics bring numpy and scipy, most of a second that no other command should wait for.
    from verify.run import Verification, record_accepted, show_line  # noqa: PLC0415

    if accept_run is not None:
        typer.echo(f"{accept_run} is recorded in {record_accepted(accept_run, datetime.now(UTC))}")
        return 0
    trust(ca_file)
    request = make_verify_request(
        load_settings(config, Path.cwd()),
        url=url,
        profile=profile,
        depth=depth,
        plan=plan,
        seed=seed,
        allow_host=allow_host,
        max_purchases=max_purchases,
        max_spend=max_spend,
        timeout=timeout,
        out=out,
        config=config,
        label=label,
        defects=defect or (),
        skip=skip or (),
        against=against,
        contract=contract,
        against_url=against_url,
        tolerance=tolerance,
        accept=accept,
        quiet=quiet or as_json,
    )
    verification = Verification(request, (lambda _: None) if request.quiet else show_line)
    code = verification.run()
    document, place = verification.document, verification.directory.path
    if as_json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    elif quiet:
        ascii_only = not (sys.stdout.encoding or "ascii").lower().startswith("utf")
        typer.echo(plain(f"{document['reasons'][0]} {place}", ascii_only=ascii_only))
    else:
        _show(document, verification.decision, place, Console(highlight=False))
    if (trouble := append_summary(document)) is not None:
        typer.echo(f"assay: {trouble}", err=True)
    if accept:
        _accept(request, verification.decision, place)
    return code


def _accept(request: VerifyRequest, decision: Decision, place: Path) -> None:
    from verify.run import record_accepted  # noqa: PLC0415 - see above

    if decision.exit_code:
        typer.echo(f"assay: not accepted, for it is no go; to accept it all the same: --accept-run {place}", err=True)
    else:
        file = record_accepted(place, datetime.now(UTC))
        if not request.quiet:
            typer.echo(f"accepted in {file}", err=True)


def _show(document: dict[str, Any], decision: Decision, place: Path, console: Console) -> None:
    ascii_only = not console.encoding.lower().startswith("utf")

    def shown(text: object, style: str = "") -> Text:
        return Text(plain(str(text), ascii_only=ascii_only), style=style)

    console.print(shown(decision.sentence, _STYLES[decision.verdict]))
    console.print()
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for part in document["parts"]:
        table.add_row(shown(part["name"]), shown(part["verdict"].replace("_", " ")), shown(part["sentence"]))
    console.print(table)
    console.print()
    told = (
        f"{counted(document['requests'], 'request')}, {counted(document['purchases'], 'purchase')}, "
        f"{document['spend']} {document['spend_currency'] or 'spent'}, seed {document['seed']}, "
        f"{document['duration_s']:,.1f} s"
    )
    console.print(shown(told, "dim"))
    console.print(shown(f"Written to {place}; each part's own report is below it", "dim"))
