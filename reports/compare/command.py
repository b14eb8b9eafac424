"""The command `assay compare`: two runs beside each other."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from reports.compare.options import Seed, percentage
from reports.plaintext import plain
from reports.writing import write_document

EPILOG: Final = "Example: assay compare reports/runs/20260223T020000Z-load reports/runs/20260224T020000Z-load"
"""Text below the options of `assay compare`."""


def compare(
    baseline: Annotated[Path, typer.Argument(help="The run before: its directory, or its run.json.")],
    candidate: Annotated[Path, typer.Argument(help="The run after, of the same command.")],
    *,
    tolerance: Annotated[
        float | None,
        typer.Option(parser=percentage, metavar="PERCENT", help="Tolerated loss of latency or rate. Default 5%."),
    ] = None,
    failures: Annotated[
        float | None,
        typer.Option(
            "--failure-tolerance",
            parser=percentage,
            metavar="PERCENT",
            help="Tolerated growth of the share of failures, in percentage points. Default 0.1%.",
        ),
    ] = None,
    seed: Seed = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the comparison as Markdown too.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the comparison as JSON to standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show one line.")] = False,
) -> int:
    """Tell what became better or worse from one run to another: clauses, findings, and for load runs latency.

    Exit code 0 when nothing is worse, 1 when something is, 3 when nobody can tell.
    """
    # The statistics bring numpy and scipy, most of a second that no other command should wait for.
    from reports.compare.cells import DEFAULT, Tolerance  # noqa: PLC0415
    from reports.compare.change import EXIT_CODES  # noqa: PLC0415
    from reports.compare.comparison import compare as compared  # noqa: PLC0415
    from reports.compare.comparison import open_run  # noqa: PLC0415
    from reports.compare.document import document  # noqa: PLC0415
    from reports.compare.markdown import markdown as as_markdown  # noqa: PLC0415
    from reports.compare.terminal import render  # noqa: PLC0415

    tolerated = Tolerance(
        DEFAULT.ratio if tolerance is None else tolerance, DEFAULT.share if failures is None else failures
    )
    found = compared(open_run(baseline), open_run(candidate), tolerated, seed or 0)
    if as_json:
        sys.stdout.write(json.dumps(document(found), indent=2, allow_nan=False) + "\n")
    elif quiet:
        ascii_only = not (sys.stdout.encoding or "ascii").lower().startswith("utf")
        sys.stdout.write(plain(f"{found.change}: {'; '.join(found.reasons)}", ascii_only=ascii_only) + "\n")
    else:
        render(found, Console(highlight=False))
    if markdown is not None:
        write_document(markdown, as_markdown(found).encode("utf-8", "backslashreplace"))
    return EXIT_CODES[found.change]
