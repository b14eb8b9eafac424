"""The command `assay init`: a service's repository gates itself from now on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from contracts.config import Settings
from contracts.errors import UsageError
from contracts.gate.doctor import diagnose
from contracts.gate.opening import open_target
from contracts.gate.request import make_request
from contracts.gate.run import Gate
from contracts.options import AskHost, Timeout
from contracts.starter.origin import requirement
from contracts.starter.texts import Known, settings_text, workflow_text

EPILOG: Final = (
    "Examples:\n\n"
    "assay init                                                    settings to fill in\n\n"
    "ASSAY_API_KEY=… assay init --url http://127.0.0.1:8080        profile, stock and keys are found out there\n\n"
    "No file is ever overwritten."
)
"""Text below the command's options."""

SETTINGS: Final = Path("assay.toml")
WORKFLOW: Final = Path(".github", "workflows", "contract.yml")

_INCONCLUSIVE: Final = 3


def init(
    *,
    url: Annotated[
        str | None,
        typer.Option(help="Base URL of the service while it runs; what can be found out there is not asked."),
    ] = None,
    allow_host: AskHost = None,
    timeout: Timeout = None,
    directory: Annotated[Path, typer.Option(help="Root of the service's repository.")] = Path(),
) -> int:
    """Write a commented assay.toml and a workflow into a service's repository; nothing is bought."""
    if not directory.is_dir():
        raise UsageError(f"--directory {str(directory)!r} is not a directory")
    places = [directory / SETTINGS, directory / WORKFLOW]
    for place in places:
        if place.exists() or place.is_symlink():
            raise UsageError(f"{place} is there already, and nothing is overwritten; move it away first")
    known = Known()
    if url is not None:
        found = _ask(url, allow_host, timeout)
        if isinstance(found, str):
            typer.echo(f"assay: {url} cannot be tested: {found}; start it, or leave --url out", err=True)
            return _INCONCLUSIVE
        known = found
    for place, text in zip(places, (settings_text(known), workflow_text(requirement())), strict=True):
        _write(place, text)
        typer.echo(f"wrote {place}")
    typer.echo(f"next: how the service is started, in {places[1]}; its keys, as secrets of the repository")
    return 0


def _ask(url: str, allow_host: list[str] | None, timeout: str | None) -> Known | str:
    """Return what a target tells of itself, or why it cannot be tested."""
    # As for the doctor: only requests that must be refused are sent, each of which a broken target could charge for.
    request = make_request(Settings(), url=url, profile="auto", allow_host=allow_host, timeout=timeout, max_purchases=1)
    with open_target(request) as target:
        found = diagnose(Gate(target, request.options, lambda _: None))
    if not found.reachable:
        return found.trouble
    return Known(
        url=url,
        profile=found.profile,
        in_stock=found.in_stock,
        other_owner=found.keys["other owner"] == "accepted",
        not_exercisable=found.not_exercisable,
    )


def _write(place: Path, text: str) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {place}: {error.strerror}") from None
