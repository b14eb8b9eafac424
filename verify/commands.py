"""The command lines of the parts that are processes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from contracts.target import KEY_VARIABLES, without_keys
from reports.markdown.summary import VARIABLE
from verify.caps import Caps
from verify.request import VerifyRequest

_GATE: Final = (sys.executable, "-P", "-m", "assay", "gate")
_LOAD: Final = (sys.executable, "-P", "-m", "load")


def gate_command(request: VerifyRequest, directory: Path) -> list[str]:
    """Return the command line of the gate.

    Args:
        request: what the user asks.
        directory: its run directory.
    """
    return [*_GATE, "--depth", request.depth, *_shared(request, request.caps, directory)]


def quick_command(request: VerifyRequest, url: str, directory: Path, caps: Caps) -> list[str]:
    """Return the command line of a quick gate whose answers are compared with another's.

    Args:
        request: what the user asks.
        url: base URL of one of the two releases.
        directory: its run directory.
        caps: what the parts before left.
    """
    return [*_GATE, "--depth", "quick", *_shared(replace(request, url=url), caps, directory)]


def load_command(request: VerifyRequest, directory: Path, caps: Caps) -> list[str]:
    """Return the command line of the load run.

    Args:
        request: what the user asks.
        directory: its run directory.
        caps: what the gate left.
    """
    label = ["--label", request.label] if request.label else []
    return [*_LOAD, request.plan, *label, *_shared(request, caps, directory)]


def environment_of_parts(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the processes: the job summary is the verification's to write, once.

    The keys of the release that still runs are for those that ask it.
    """
    own = without_keys(environment, but=KEY_VARIABLES.values())
    return {name: value for name, value in own.items() if name != VARIABLE}


def _shared(request: VerifyRequest, caps: Caps, directory: Path) -> list[str]:
    given = {
        "--url": request.url,
        "--profile": request.profile,
        "--seed": request.seed,
        "--timeout": request.timeout,
        "--config": request.config,
        "--max-purchases": caps.purchases,
        "--max-spend": None if caps.spend is None else f"{caps.spend:.2f}",
        "--out": directory,
    }
    options = [part for name, value in given.items() if value is not None for part in (name, str(value))]
    options += [part for host in request.allow_hosts for part in ("--allow-host", host)]
    options += [part for defect in request.defects for part in ("--defect", defect)]
    return [*options, *(["--quiet"] if request.quiet else [])]
