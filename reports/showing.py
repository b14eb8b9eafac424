"""Showing a run that has just ended: in full, in one line, or as its document; and in the job summary."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from reports.markdown.summary import append_summary
from reports.terminal import render, render_quiet


def show_run(document: Mapping[str, Any], directory: Path | None, *, quiet: bool, as_json: bool) -> None:
    """Show a run on standard output, and append it to the job summary where there is one.

    Args:
        document: a valid ``run.json``.
        directory: where its documents are, None where they could not be written.
        quiet: one line.
        as_json: the document; it goes before ``quiet``.
    """
    if as_json:
        # Pure ASCII, so that no text of a target can trouble a terminal or a pipe.
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    elif quiet:
        ascii_only = not (sys.stdout.encoding or "ascii").lower().startswith("utf")
        sys.stdout.write(render_quiet(document, directory, ascii_only=ascii_only) + "\n")
    else:
        render(document, Console(highlight=False), run_dir=directory)
    if (trouble := append_summary(document)) is not None:
        sys.stderr.write(f"assay: {trouble}\n")
