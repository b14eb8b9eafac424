"""What a user asks of a gate, put together from options, settings and defaults."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from contracts.baseline import load_baseline
from contracts.config import Settings
from contracts.errors import UsageError
from contracts.finding import Severity
from contracts.gate.opening import GateRequest
from contracts.gate.plan import PLANS
from contracts.gate.run import AUTO, GateOptions
from contracts.profiles import DEFAULT_PROFILE, PROFILES
from contracts.units import parse_amount, parse_duration

DEFAULT_TIMEOUT: Final = 10.0
"""Seconds to wait for one answer."""


def make_request(
    settings: Settings,
    *,
    url: str | None,
    profile: str | None,
    allow_host: list[str] | None,
    timeout: str | None,
    depth: str | None = None,
    seed: int | None = None,
    time: str | None = None,
    max_purchases: int | None = None,
    max_spend: str | None = None,
    out: Path | None = None,
    defects: Sequence[str] = (),
    baseline: Path | None = None,
    update_baseline: bool = False,
    har_all: bool = False,
    environment: Mapping[str, str] | None = None,
) -> GateRequest:
    """Return the request: options first, then the settings file, then the defaults.

    Args:
        settings: what the settings file says.
        url: base URL of the target.
        profile: a profile's name or ``auto``.
        allow_host: hosts beside loopback.
        timeout: a duration such as ``10s``.
        depth: a plan's name.
        seed: of every random choice.
        time: a duration, the time budget.
        max_purchases: cap on purchases.
        max_spend: an amount, the cap on what they cost.
        out: run directory.
        defects: names of seeded defects for the embedded sandbox.
        baseline: file of accepted findings.
        update_baseline: whether it is written anew after the run.
        har_all: whether every exchange is archived.
        environment: where keys come from, None for the process's own.

    Raises:
        UsageError: a value is not one of those known, or not of its form.
    """
    name = _one_of("--profile", _first(profile, settings.profile, DEFAULT_PROFILE), (*PROFILES, AUTO))
    depth = _one_of("--depth", _first(depth, settings.depth, "full"), tuple(PLANS))
    url = settings.url if url is None else url
    if url is not None and defects:
        raise UsageError("--defect goes around the embedded sandbox; it cannot be used with --url")
    purchases = max_purchases if max_purchases is not None else settings.max_purchases
    spend = _amount("--max-spend", max_spend) if max_spend is not None else settings.max_spend
    accepted = baseline or settings.baseline
    if update_baseline and accepted is None:
        raise UsageError("--update-baseline needs to know which file: add --baseline FILE")
    number = seed if seed is not None else (settings.seed or 0)
    options = GateOptions(
        plan=PLANS[depth],
        profile=name,
        seed=number,
        seconds=_duration("--time", time) if time is not None else settings.time,
        max_purchases=purchases,
        max_spend=spend,
        timeout=(_duration("--timeout", timeout) if timeout is not None else settings.timeout) or DEFAULT_TIMEOUT,
        severities={clause: Severity(value) for clause, value in settings.severity.items()},
        tolerances=settings.tolerance,
        require=settings.require,
        optional=settings.optional,
        countries=settings.countries,
        baseline=None
        if accepted is None
        else load_baseline(accepted, datetime.now(UTC).date(), must_exist=not update_baseline),
    )
    rerun = ["assay", "gate", *(["--url", url] if url else []), "--profile", name, "--depth", depth]
    rerun += ["--seed", str(number), *(part for defect in defects for part in ("--defect", defect))]
    rerun += [] if baseline is None else ["--baseline", str(baseline)]
    return GateRequest(
        options=options,
        url=url,
        allow_hosts=[*(allow_host or ()), *settings.allow_host],
        capped=purchases is not None or spend is not None,
        out=out or settings.out,
        rerun=shlex.join(rerun),
        defects=tuple(defects),
        environment=dict(os.environ if environment is None else environment),
        baseline_file=accepted if update_baseline else None,
        har_all=har_all,
    )


def _first(*values: str | None) -> str:
    """Return the first that was given; an empty one was given, and is a mistake."""
    return next(value for value in values if value is not None)


def _one_of(option: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise UsageError(f"{option} {value!r} is not one of {', '.join(known)}")
    return value


def _duration(option: str, text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _amount(option: str, text: str) -> Decimal:
    try:
        return parse_amount(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
