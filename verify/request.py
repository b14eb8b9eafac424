"""What a user asks of a verification, put together from options and settings, and checked before it begins."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from contracts.config import AUTO, Settings
from contracts.drift.load import load_api
from contracts.errors import UsageError
from contracts.gate.request import make_request as make_gate_request
from contracts.profiles import DEFAULT_PROFILE
from contracts.target import admit, keys_from_environment, locate
from fixtures.defects.catalogue import find
from load.request import make_load_request
from verify.caps import Caps
from verify.part import Name

DEPTH: Final = "full"
PLAN: Final = "prerelease"
TOLERANCE: Final = 0.2
"""Loss of latency or rate that does not matter between two releases, whose runs are days apart."""

FLOOR_MS: Final = 5.0
"""Growth of a latency, in milliseconds, that does not matter whatever its ratio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest:
    """What a user asks.

    Attributes:
        url: base URL of the target, None for the embedded sandbox, of which each part then has its own.
        profile: a profile's name or ``auto``.
        depth: of the gate.
        plan: of the load run: a file, or the name of one that comes with assay.
        seed: of every random choice.
        allow_hosts: hosts beside loopback that may be tested.
        caps: on purchases and spend, of all parts together.
        timeout: a duration, how long to wait for one answer; None for each part's own.
        out: run directory, None for a fresh one below ``reports/runs``.
        config: settings file, None to let every part look for it.
        label: what the release is called.
        defects: seeded defects to put around the embedded sandbox.
        skip: parts to leave out.
        against: the run to compare with, None for the newest accepted one.
        contract: an OpenAPI file to compare the profile with, None for the document that the target serves.
        against_url: base URL of the release that still runs, whose answers are compared; None for none.
        tolerance: loss of latency or rate that does not matter; 0.2 is 20 %.
        floor_ms: growth of a latency that does not matter.
        accept: whether the run is recorded as the one to compare with, should it come to a go.
        quiet: whether nothing but the verdict is shown.
        environment: where the keys are.
    """

    url: str | None = None
    profile: str = DEFAULT_PROFILE
    depth: str = DEPTH
    plan: str = PLAN
    seed: int = 0
    allow_hosts: Sequence[str] = ()
    caps: Caps = field(default_factory=Caps)
    timeout: str | None = None
    out: Path | None = None
    config: Path | None = None
    label: str = ""
    defects: Sequence[str] = ()
    skip: Collection[Name] = ()
    against: Path | None = None
    contract: str | None = None
    against_url: str | None = None
    tolerance: float = TOLERANCE
    floor_ms: float = FLOOR_MS
    accept: bool = False
    quiet: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)


def make_verify_request(
    settings: Settings,
    *,
    url: str | None = None,
    profile: str | None = None,
    depth: str | None = None,
    plan: str | None = None,
    seed: int | None = None,
    allow_host: list[str] | None = None,
    max_purchases: int | None = None,
    max_spend: str | None = None,
    timeout: str | None = None,
    out: Path | None = None,
    config: Path | None = None,
    label: str = "",
    defects: Sequence[str] = (),
    skip: Sequence[str] = (),
    against: Path | None = None,
    contract: str | None = None,
    against_url: str | None = None,
    tolerance: float | None = None,
    accept: bool = False,
    quiet: bool = False,
    environment: Mapping[str, str] | None = None,
) -> VerifyRequest:
    """Return the request, checked as its parts would: an hour of load is no time to find a mistyped option.

    The settings file's ``depth`` and ``out`` are those of the gate in front of a merge, and not looked at.

    Args:
        settings: what the settings file says.
        url: base URL of the target.
        profile: a profile's name or ``auto``.
        depth: of the gate, ``full`` by default.
        plan: of the load run; by default ``prerelease``, and on the embedded sandbox a steady minute.
        seed: of every random choice.
        allow_host: hosts beside loopback.
        max_purchases: cap on purchases, of all parts together.
        max_spend: an amount, the cap on what they cost.
        timeout: a duration.
        out: run directory.
        config: settings file.
        label: of the release.
        defects: for the embedded sandbox.
        skip: names of parts.
        against: a run.
        contract: an OpenAPI file.
        against_url: base URL of the release that still runs.
        tolerance: a share.
        accept: whether a go is recorded.
        quiet: whether only the verdict is shown.
        environment: None for the process's own.

    Raises:
        UsageError: a value is not one of those known, or not of its form.
    """
    environment = dict(os.environ) if environment is None else environment
    left = _parts(skip, beside=against_url is not None)
    url = settings.url if url is None else url
    gate = make_gate_request(
        settings, url=url, profile=profile, depth=depth or DEPTH, seed=seed, allow_host=allow_host, timeout=timeout,
        max_purchases=max_purchases, max_spend=max_spend, defects=defects,
    )  # fmt: skip
    if plan is None:
        plan = PLAN if url is not None else str(Path(__file__).with_name("embedded.toml"))
    load = make_load_request(
        settings, plan=plan, url=url, profile=profile, seed=seed, allow_host=allow_host, max_purchases=max_purchases,
        max_spend=max_spend, out=None, options={}, defects=defects,
    )  # fmt: skip
    _check(url, gate.allow_hosts, gate.capped, defects, environment)
    if against_url is not None:
        if url is None:
            raise UsageError(f"--against-url {against_url!r} is compared with another target; name that with --url")
        locate(against_url, "--against-url")
        _check(against_url, gate.allow_hosts, gate.capped, (), environment)
    elif Name.AGAINST in left:
        raise UsageError("--skip against leaves out what only --against-url asks for; name neither")
    if contract is not None:
        if Name.DRIFT in left:
            raise UsageError(f"--contract {contract!r} is for the drift, which --skip drift leaves out")
        load_api(contract, allow_hosts=gate.allow_hosts)
    if against is not None and Name.COMPARE in left:
        raise UsageError(f"--against {str(against)!r} is for the comparison, which --skip compare leaves out")
    return VerifyRequest(
        url=url,
        profile=gate.options.profile,
        depth=gate.options.plan.name,
        plan=plan,
        seed=gate.options.seed,
        allow_hosts=tuple(dict.fromkeys(gate.allow_hosts)),
        caps=Caps(load.max_purchases, load.max_spend),
        timeout=timeout,
        out=out,
        config=config,
        label=label,
        defects=tuple(defects),
        skip=left,
        against=against,
        contract=contract,
        against_url=against_url,
        tolerance=TOLERANCE if tolerance is None else tolerance,
        accept=accept,
        quiet=quiet,
        environment=environment,
    )


def profile_of(request: VerifyRequest, detected: str | None) -> str:
    """Return the profile's name: the one asked for, or the one that the gate detected, or the default."""
    return request.profile if request.profile != AUTO else detected or DEFAULT_PROFILE


def _parts(skip: Sequence[str], *, beside: bool) -> frozenset[Name]:
    for name in skip:
        if name not in set(Name):
            raise UsageError(f"--skip {name!r} is not one of {', '.join(Name)}")
    left = frozenset(Name(name) for name in skip)
    if left >= {Name.GATE, Name.LOAD, Name.DRIFT} and not beside:
        raise UsageError("--skip leaves nothing to verify; keep the gate, the load or the drift")
    return left


def _check(
    url: str | None, allow_hosts: Collection[str], capped: bool, defects: Sequence[str], environment: Mapping[str, str]
) -> None:
    if url is not None:
        admit(url, keys_from_environment(environment), allow_hosts=allow_hosts, capped=capped)
    for name in defects:
        try:
            find(name)
        except ValueError as error:
            raise UsageError(f"--defect: {error}") from None
