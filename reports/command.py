"""The command `assay report`: a run's documents written again, and shown."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from reports.errors import DocumentError
from reports.partial import recorded
from reports.rundocs import build, load_run
from reports.terminal import render, render_quiet

EPILOG: Final = "Example: assay report reports/runs/20260223T101500Z-gate"
"""Text below the options of `assay report`."""

_USAGE_ERROR: Final = 2


def report(
    run: Annotated[Path, typer.Argument(help="A run directory, or its run.json.")],
    *,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show one line, the verdict.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write run.json to standard output.")] = False,
) -> int:
    """Show a run again, and write the documents that are derived from its run.json anew."""
    try:
        document = load_run(run)
        directory = run.parent if run.is_file() else run
        if as_json:
            # Pure ASCII, so that no text of a target can trouble a terminal or a pipe.
            sys.stdout.write(json.dumps(document, indent=2) + "\n")
        elif quiet:
            ascii_only = not (sys.stdout.encoding or "ascii").lower().startswith("utf")
            sys.stdout.write(render_quiet(document, directory, ascii_only=ascii_only) + "\n")
        else:
            found = recorded(directory) if document["partial"] else None
            render(document, Console(highlight=False), run_dir=directory, recorded=found)
        # Shown first: a run on a read-only disk can still be read.
        build(run)
    except DocumentError as error:
        typer.echo(f"assay: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(_USAGE_ERROR) from None
    return 0
