"""Baseline and candidate loaded in turn, A B B A, beside a calibration that tells the machine from the release."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import typer
from rich.console import Console

from contracts.errors import UsageError
from contracts.target import KEY_VARIABLES, without_keys
from load.drive.purse import portion_of_spend
from reports.compare.calibration import calibrate
from reports.compare.cells import DEFAULT
from reports.compare.change import EXIT_CODES
from reports.compare.comparison import Comparison, open_run
from reports.compare.document import document
from reports.compare.interleave import BASELINE, compare_interleaved, turns
from reports.compare.markdown import markdown
from reports.compare.terminal import render
from reports.writing import write_document

CANDIDATE_KEY: Final = "ASSAY_CANDIDATE_API_KEY"
"""Environment variable of the candidate's key, where it is not the baseline's."""

_OWN: Final = ("--interleave", "--rounds", "--url", "--out", "--max-purchases", "--max-spend")
_FLAGS: Final = ("--json", "--quiet", "-q")
_ENDED: Final = frozenset({0, 1, 3})


@dataclass(frozen=True, slots=True, kw_only=True)
class Interleaving:
    """What is to run in turn.

    Attributes:
        baseline: URL of the release before.
        candidate: URL of the release after.
        rounds: pairs of runs; an even number.
        out: directory of the runs and of the comparison, None for a fresh one below ``reports/runs``.
        arguments: of `assay load`, as they were given.
        seed: of the resampling.
        max_purchases: cap on the purchases of all runs together, None for none.
        max_spend: cap on what they cost together, None for none.
    """

    baseline: str
    candidate: str
    rounds: int
    out: Path | None
    arguments: Sequence[str]
    seed: int
    max_purchases: int | None = None
    max_spend: Decimal | None = None


def interleave(asked: Interleaving, environment: Mapping[str, str], *, quiet: bool, as_json: bool) -> int:
    """Run loads in turn and compare them; return the exit code.

    Args:
        asked: what is to run.
        environment: where the keys are.
        quiet: show one line.
        as_json: write the comparison as JSON.

    Raises:
        UsageError: a run could not be begun, or the caps leave nothing for each.
        DocumentError: the number of rounds cannot be balanced, or a run left no result.
    """
    order = turns(asked.rounds)
    folder = asked.out or Path("reports", "runs", f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-interleave")
    rest = [*own_arguments(asked.arguments), *_caps(asked, len(order))]
    calibrations = [calibrate()]
    places = []
    for number, turn in enumerate(order, 1):
        place = folder / f"{number}-{turn}"
        url = asked.baseline if turn == BASELINE else asked.candidate
        if not quiet and not as_json:
            typer.echo(f"[{number}/{len(order)}] {turn}: {url}", err=True)
        _run(rest, url, place, _environment(environment, turn))
        calibrations.append(calibrate())
        places.append(place)
    found = compare_interleaved([open_run(place) for place in places], order, calibrations, DEFAULT, asked.seed)
    write_document(folder / "compare.json", (json.dumps(document(found), indent=2) + "\n").encode())
    write_document(folder / "compare.md", markdown(found).encode("utf-8", "backslashreplace"))
    _show(found, quiet=quiet, as_json=as_json)
    return EXIT_CODES[found.change]


def _caps(asked: Interleaving, runs: int) -> list[str]:
    """Return the caps of each run: equal parts, for runs that buy differently cannot be compared."""
    purchases = None if asked.max_purchases is None else asked.max_purchases // runs
    spend = portion_of_spend(asked.max_spend, runs)
    if purchases == 0 or spend == 0:
        raise UsageError(f"the cap leaves nothing for each of {runs} runs; raise it, or ask for fewer --rounds")
    given = {"--max-purchases": purchases, "--max-spend": spend}
    return [word for name, value in given.items() if value is not None for word in (name, str(value))]


def own_arguments(arguments: Sequence[str]) -> list[str]:
    """Return the arguments that every run is given: all but those that say what runs where."""
    kept: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, given, _ = argument.partition("=")
        if name in _OWN:
            if not given:
                next(rest, None)
        elif argument not in _FLAGS:
            kept.append(argument)
    return kept


def _environment(environment: Mapping[str, str], turn: str) -> dict[str, str]:
    mine = without_keys(environment, but=KEY_VARIABLES.values())
    other = environment.get(CANDIDATE_KEY, "")
    if other and turn != BASELINE:
        mine[KEY_VARIABLES["owner"]] = other
    return mine


def _run(arguments: Sequence[str], url: str, place: Path, environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-P", "-m", "load", *arguments, "--url", url, "--out", str(place), "--quiet"]
    done = subprocess.run(command, env=dict(environment), stdout=subprocess.DEVNULL, check=False)  # noqa: S603
    if done.returncode not in _ENDED:
        if done.returncode < 0 or done.returncode == 130:
            raise KeyboardInterrupt
        raise UsageError(f"the run against {url} could not be begun (exit code {done.returncode}); its line is above")


def _show(found: Comparison, *, quiet: bool, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(document(found), indent=2, allow_nan=False) + "\n")
    elif quiet:
        typer.echo(f"{found.change}: {'; '.join(found.reasons)}")
    else:
        render(found, Console(highlight=False))
