"""The command `assay report`: a run's documents written again, and shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from reports.allure import write_allure
from reports.har import Exchanges
from reports.partial import kept
from reports.proof import holds_proof
from reports.proofcommand import report_proof
from reports.rundocs import build, load_run, write_run
from reports.terminal import render, render_quiet

EPILOG: Final = (
    "Examples:\n\n"
    "assay report reports/runs/20260223T101500Z-gate\n\n"
    "assay report RUN --recheck          judge its history again, by today's clauses\n\n"
    "assay report RUN --har all          every exchange, for a browser's developer tools\n\n"
    "assay report RUN --allure DIR       results for Allure\n\n"
    "Exit codes: 0 shown, 2 usage; with --recheck those of the run."
)
"""Text below the options of `assay report`."""

RECHECKED: Final = "recheck"
"""Directory inside a run's, where what it comes to when it is judged again is written to."""


Judge = Callable[[Path, Mapping[str, Any], Path | None], dict[str, Any]]
"""Judges a run's history again: run directory, its ``run.json``, settings file; returns the new ``run.json``."""


def make_report(judge: Judge) -> Callable[..., int]:
    """Return the command.

    Args:
        judge: what `--recheck` calls; the reports themselves know nothing of clauses.
    """

    def report(
        run: Annotated[Path, typer.Argument(help="A run directory, or its run.json; also the directory of a proof.")],
        *,
        recheck: Annotated[
            bool, typer.Option("--recheck", help="Judge the history again; the exit code is the new verdict's.")
        ] = False,
        config: Annotated[
            Path | None, typer.Option(help="Settings file for --recheck; default assay.toml, then pyproject.toml.")
        ] = None,
        har: Annotated[Exchanges, typer.Option(help="Which exchanges go into exchanges.har.")] = Exchanges.FINDINGS,
        allure: Annotated[
            Path | None, typer.Option(metavar="DIR", help="Also write Allure results to a directory.")
        ] = None,
        quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show one line, the verdict.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Write run.json to standard output.")] = False,
    ) -> int:
        """Show a run again, and write the documents that are derived from its run.json anew."""
        if holds_proof(run):
            report_proof(run, quiet=quiet, as_json=as_json)
            return 0
        document = load_run(run)
        history_of = run.parent if run.is_file() else run
        directory = history_of
        if recheck:
            document = judge(history_of, document, config)
            directory = history_of / RECHECKED
            write_run(directory, document)
        _show(document, directory, history_of, quiet=quiet, as_json=as_json)
        # Shown first: a run on a read-only disk can still be read.
        build(directory, har_all=har is Exchanges.ALL, history_of=history_of)
        if allure is not None:
            write_allure(document, allure)
        return int(document["exit_code"]) if recheck else 0

    return report


def _show(document: Mapping[str, Any], directory: Path, history_of: Path, *, quiet: bool, as_json: bool) -> None:
    if as_json:
        # Pure ASCII, so that no text of a target can trouble a terminal or a pipe.
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    elif quiet:
        ascii_only = not (sys.stdout.encoding or "ascii").lower().startswith("utf")
        sys.stdout.write(render_quiet(document, directory, ascii_only=ascii_only) + "\n")
    else:
        found = kept(history_of) if document["partial"] else None
        render(document, Console(highlight=False), run_dir=directory, recorded=found)
