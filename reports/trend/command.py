"""The command `assay trend`: many nights in order, and whether the newest are worse."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from reports.compare.options import Seed, percentage
from reports.errors import DocumentError
from reports.plaintext import plain
from reports.writing import write_document

EPILOG: Final = "Example: assay trend reports/runs --out reports/trend"
"""Text below the options of `assay trend`."""

_FEWEST: Final = 3
_MOST: Final = 30


def nights(text: str) -> int:
    """Read how many nights are the newest.

    Raises:
        typer.BadParameter: no whole number from 3 to 30; of fewer nights no rank test can be sure.
    """
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    if not _FEWEST <= number <= _MOST:
        raise typer.BadParameter(f"{text!r} is no number of nights from {_FEWEST} to {_MOST}")
    return number


def trend(
    directory: Annotated[Path, typer.Argument(help="Holds the nights' run directories, at any depth.")],
    *,
    newest: Annotated[
        int | None, typer.Option(parser=nights, metavar="N", help="Newest nights, which are judged. Default 7.")
    ] = None,
    effect: Annotated[
        float | None,
        typer.Option(
            "--min-effect",
            parser=percentage,
            metavar="PERCENT",
            help="Smallest change of a latency or rate that counts. Default 10%.",
        ),
    ] = None,
    seed: Seed = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write trend.json, trend.md and trend.html there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write trend.json to standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show one line.")] = False,
) -> int:
    """Judge the newest nights by those before them, and tell when the level changed.

    Exit code 0 when they are not worse, 1 when they are, 3 when there are too few nights to tell.
    """
    # The statistics bring numpy and scipy, most of a second that no other command should wait for.
    from reports.compare.change import EXIT_CODES  # noqa: PLC0415
    from reports.trend.document import document  # noqa: PLC0415
    from reports.trend.judging import DEFAULT, judge  # noqa: PLC0415
    from reports.trend.markdown import markdown  # noqa: PLC0415
    from reports.trend.nights import find_nights  # noqa: PLC0415
    from reports.trend.page import page  # noqa: PLC0415
    from reports.trend.terminal import render  # noqa: PLC0415

    least = DEFAULT.min_effect if effect is None else effect
    if not 0 < least < 1:
        raise DocumentError(f"--min-effect {least:.0%} is not between 0% and 100%")
    asked = replace(DEFAULT, newest=newest or DEFAULT.newest, min_effect=least, seed=seed or 0)
    found = judge(find_nights(directory), asked)
    text = json.dumps(document(found), indent=2, allow_nan=False) + "\n"
    if as_json:
        sys.stdout.write(text)
    elif quiet:
        ascii_only = not (sys.stdout.encoding or "ascii").lower().startswith("utf")
        sys.stdout.write(plain(f"{found.change}: {'; '.join(found.reasons)}", ascii_only=ascii_only) + "\n")
    else:
        render(found, Console(highlight=False))
    if out is not None:
        _make(out)
        write_document(out / "trend.json", text.encode())
        write_document(out / "trend.md", markdown(found).encode("utf-8", "backslashreplace"))
        write_document(out / "trend.html", page(found).encode("utf-8", "backslashreplace"))
    return EXIT_CODES[found.change]


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DocumentError(f"cannot make {directory}: {error.strerror}") from None
