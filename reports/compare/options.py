"""Options of `assay compare` and `assay trend`, read so that a wrong value is told in one line."""

from __future__ import annotations

from typing import Annotated, Final

import typer

_MOST: Final = 1000.0


def percentage(text: str) -> float:
    """Read a percentage such as ``5%`` or ``0.1 %`` as a share.

    Raises:
        typer.BadParameter: it is none from 0 % to 1000 %.
    """
    number, sign, rest = text.strip().partition("%")
    try:
        value = float(number) if sign and not rest and number.isascii() else -1.0
    except ValueError:
        value = -1.0
    if not 0 <= value <= _MOST:
        raise typer.BadParameter(f"{text!r} is no percentage from 0% to {_MOST:.0f}%, such as 5%")
    return value / 100


def seed_number(text: str) -> int:
    """Read a seed, a whole number from 0.

    Raises:
        typer.BadParameter: it is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise typer.BadParameter(f"{text!r} is no whole number from 0")
    return int(text)


Seed = Annotated[
    int | None,
    typer.Option(parser=seed_number, metavar="N", help="Seed of every random choice; it is printed. Default 0."),
]
