"""Options that several commands share, each written once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from contracts.profiles import PROFILES

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,100}")


def whole_number(text: str) -> int:
    """Read an option's whole number in ASCII digits; typer's own message does not show what was given."""
    if not _WHOLE.fullmatch(str(text)):
        raise typer.BadParameter(f"{text!r} is not a whole number")
    return int(text)


def within(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of an option's whole number between two, both included."""

    def read(text: str) -> int:
        number = whole_number(text)
        if not least <= number <= most:
            raise typer.BadParameter(f"{text!r} is not between {least} and {most}")
        return number

    return read


def count(text: str) -> int:
    """Read an option's whole number from 0."""
    number = whole_number(text)
    if number < 0:
        raise typer.BadParameter(f"{text!r} is below 0")
    return number


def positive(text: str) -> int:
    """Read an option's whole number from 1."""
    number = whole_number(text)
    if number < 1:
        raise typer.BadParameter(f"{text!r} is below 1")
    return number


Url = Annotated[str | None, typer.Option(help="Base URL of the target; without it the embedded sandbox is tested.")]
ProfileName = Annotated[str | None, typer.Option(help=f"Contract version: {', '.join(PROFILES)} or auto.")]
Seed = Annotated[
    int | None,
    typer.Option(parser=whole_number, metavar="N", help="Seed of every random choice; it is printed. Default 0."),
]
Config = Annotated[Path | None, typer.Option(help="Settings file; default assay.toml, then pyproject.toml.")]
AllowHost = Annotated[
    list[str] | None, typer.Option(help="A host that is not loopback and may be tested; needs a cap as well.")
]
AskHost = Annotated[list[str] | None, typer.Option(help="A host that is not loopback and may be asked.")]
"""``AllowHost`` for a command that buys nothing, and needs no cap."""
MaxPurchases = Annotated[
    int | None, typer.Option(parser=count, metavar="N", help="Purchases the run may make at most.")
]
MaxSpend = Annotated[str | None, typer.Option(metavar="AMOUNT", help="What they may cost at most, such as 25.00.")]
Timeout = Annotated[str | None, typer.Option(metavar="DURATION", help="How long to wait for one answer. Default 10s.")]
CaFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Certificates to trust over TLS in place of the system's, in PEM form."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show one line, the verdict.")]
Json = Annotated[bool, typer.Option("--json", help="Write run.json to standard output.")]
