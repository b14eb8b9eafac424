"""What a user asks of a load run, put together from options, settings and defaults."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from contracts.config import AUTO, Settings, nearest, read_toml
from contracts.errors import UsageError
from contracts.profiles import DEFAULT_PROFILE, PROFILES
from contracts.units import parse_amount, parse_duration
from load.measure.figures import ALL
from load.plan.expression import parse_objective
from load.plan.plan import Plan
from load.plan.reading import overridden, parse_plan

SMOKE: Final = "smoke"
PLANS: Final = (SMOKE, "nightly", "prerelease")
"""Plans that come with assay, by the name under which the command takes them."""

MOST_PROCESSES: Final = 256

OF_FINDINGS: Final = "findings"
OF_ALL: Final = "all"
"""Which operations a run writes down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRequest:
    """What a user asks of a load run.

    Attributes:
        document: the plan as decoded, with the options that change it.
        source: how messages name it.
        plan: the same, checked.
        url: base URL of the target, None for the embedded sandbox.
        profile: a profile's name or ``auto``.
        seed: of every random choice.
        allow_hosts: hosts beside loopback that may be loaded.
        max_purchases: cap on purchases.
        max_spend: cap on what they cost.
        tolerances: by clause id and name, over the catalogue's.
        severities: by clause id, over the catalogue's.
        require: clauses without which the run is inconclusive.
        out: run directory, None for a fresh one below ``reports/runs``.
        processes: of this machine that send; 1 for this one alone.
        master: address to wait for workers of other machines on, None for none.
        expected: how many of those.
        locustfile: a user's own, whose users run in place of the plan's journeys.
        web: port of locust's web UI, None for none.
        metrics: port of the Prometheus endpoint, None for none.
        label: what the run is called in comparisons: a commit, a release.
        history: whether every answer is written down, not those of findings alone.
        defects: seeded defects to put around the embedded sandbox.
        rerun: the command line that runs this again.
        environment: where keys come from.
    """

    document: Mapping[str, Any]
    source: str
    plan: Plan
    url: str | None = None
    profile: str = DEFAULT_PROFILE
    seed: int = 0
    allow_hosts: Sequence[str] = ()
    max_purchases: int | None = None
    max_spend: Decimal | None = None
    tolerances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    severities: Mapping[str, str] = field(default_factory=dict)
    require: Sequence[str] = ()
    out: Path | None = None
    processes: int = 1
    master: tuple[str, int] | None = None
    expected: int = 0
    locustfile: Path | None = None
    web: int | None = None
    metrics: int | None = None
    label: str = ""
    history: bool = False
    defects: Sequence[str] = ()
    rerun: str = "assay load"
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    @property
    def capped(self) -> bool:
        """Whether the user gave a cap on purchases or spend."""
        return self.max_purchases is not None or self.max_spend is not None


def make_load_request(
    settings: Settings,
    *,
    plan: str | None,
    url: str | None,
    profile: str | None,
    seed: int | None,
    allow_host: Sequence[str] | None,
    max_purchases: int | None,
    max_spend: str | None,
    out: Path | None,
    options: Mapping[str, object],
    processes: int = 1,
    master: str | None = None,
    expected: int = 0,
    locustfile: Path | None = None,
    web: int | None = None,
    metrics: int | None = None,
    label: str = "",
    history: str = OF_FINDINGS,
    defects: Sequence[str] = (),
    arguments: Sequence[str] = (),
) -> LoadRequest:
    """Return the request: options first, then the plan, then the settings file, then the defaults.

    Args:
        settings: what the settings file says.
        plan: a file, or the name of a plan that comes with assay; None for the smoke plan.
        url: base URL of the target.
        profile: a profile's name or ``auto``.
        seed: of every random choice.
        allow_host: hosts beside loopback.
        max_purchases: cap on purchases.
        max_spend: an amount, the cap on what they cost.
        out: run directory.
        options: settings of the plan's table ``plan`` that the command line gives; None for not given.
        processes: how many send on this machine.
        master: ``HOST:PORT`` to wait for workers on.
        expected: how many of those.
        locustfile: a user's own.
        web: port of locust's web UI.
        metrics: port of the Prometheus endpoint.
        label: what the run is called.
        history: ``all`` to write every answer down, ``findings`` to keep those of findings alone.
        defects: for the embedded sandbox.
        arguments: of the command line as it was given.

    Raises:
        UsageError: a value is not one of those known, or not of its form.
    """
    document, source = _document(plan)
    document = overridden(document, options)
    if locustfile is not None and plan is None:
        # What nobody asked for: the file may well call other operations than our own users.
        document = {**document, "objectives": list(filter(_is_of_all, document["objectives"]))}
    if locustfile is not None and not _by_users(document):
        raise UsageError("-f runs the users of a locustfile; say how many with --users N")
    if locustfile is not None and (processes > 1 or master is not None):
        other = "--master" if master is not None else f"--processes {processes}"
        raise UsageError(f"-f runs the users of a locustfile in one process; leave out {other}")
    given = ", ".join(f"--{option}" for option, value in options.items() if value is not None)
    checked = parse_plan(document, f"{source} with {given}" if given else source, default_name=Path(source).stem)
    name = next(value for value in (profile, settings.profile, DEFAULT_PROFILE) if value is not None)
    if name not in {*PROFILES, AUTO}:
        raise UsageError(f"--profile {name!r} is not one of {', '.join((*PROFILES, AUTO))}")
    url = settings.url if url is None else url
    if url is not None and defects:
        raise UsageError("--defect goes around the embedded sandbox; it cannot be used with --url")
    if locustfile is not None and not (_exists(locustfile) and locustfile.is_file()):
        raise UsageError(f"-f {locustfile} is not a file")
    number = next(value for value in (seed, checked.seed, settings.seed, 0) if value is not None)
    cap = max_purchases if max_purchases is not None else settings.max_purchases
    return LoadRequest(
        document=document,
        source=source,
        plan=checked,
        url=url,
        profile=name,
        seed=number,
        allow_hosts=[*(allow_host or ()), *settings.allow_host],
        max_purchases=cap,
        max_spend=_spend(max_spend) if max_spend is not None else settings.max_spend,
        tolerances=settings.tolerance,
        severities={clause: severity.value for clause, severity in settings.severity.items()},
        require=settings.require,
        out=out or settings.out,
        processes=processes,
        master=None if master is None else address(master, "--master"),
        expected=expected,
        locustfile=locustfile,
        web=web,
        metrics=metrics,
        label=label,
        history=_history(history, alone=processes == 1 and master is None),
        defects=tuple(defects),
        rerun=_rerun(arguments, number, seeded=seed is not None),
    )


def address(text: str, option: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``.

    Raises:
        UsageError: it is none.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65536:
        raise UsageError(f"{option} {text[:80]!r} is not HOST:PORT, such as 127.0.0.1:5557")
    return host.strip("[]"), int(port)


def duration_option(text: str | None, option: str) -> str | None:
    """Return a duration as the plan has it, checked so that the message names the option.

    Raises:
        UsageError: it is none.
    """
    if text is not None:
        try:
            parse_duration(text)
        except ValueError as error:
            raise UsageError(f"{option}: {error}") from None
    return text


def _document(plan: str | None) -> tuple[Mapping[str, Any], str]:
    name = plan or SMOKE
    path = Path(name)
    if name in PLANS and not path.is_file():
        return read_toml(Path(__file__).parent / f"{name}.toml"), f"{name}.toml"
    if "/" not in name and "." not in name and not _exists(path):
        raise UsageError(f"there is no plan {name[:80]!r}; {nearest(name, PLANS)}, or a file such as plan.toml")
    return read_toml(path), str(path)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # A name longer than the system has any.
        return False


def _is_of_all(objective: str) -> bool:
    return parse_objective(objective, "objectives").operation == ALL


def _by_users(document: Mapping[str, Any]) -> bool:
    table = document.get("plan")
    return isinstance(table, dict) and "users" in table


def _history(kept: str, *, alone: bool) -> bool:
    if kept not in {OF_FINDINGS, OF_ALL}:
        raise UsageError(f"--history {kept[:80]!r} is not {OF_FINDINGS} or {OF_ALL}")
    if kept == OF_ALL and not alone:
        raise UsageError("--history all is for one process: one history tells in which order answers arrived")
    return kept == OF_ALL


def _spend(text: str) -> Decimal:
    try:
        return parse_amount(text)
    except ValueError as error:
        raise UsageError(f"--max-spend: {error}") from None


def _rerun(arguments: Sequence[str], seed: int, *, seeded: bool) -> str:
    """Return the command line that runs this again, into a directory of its own and shown in full."""
    kept: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--out":
            next(rest, None)
        elif not argument.startswith("--out=") and argument not in {"--quiet", "-q", "--json"}:
            kept.append(argument)
    return shlex.join(["assay", "load", *kept, *([] if seeded else ["--seed", str(seed)])])
