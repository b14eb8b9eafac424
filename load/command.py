"""The command `assay load`: the same promises at speed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from contracts.config import load_settings
from contracts.errors import UsageError
from contracts.interruption import interruption
from contracts.options import (
    AllowHost,
    CaFile,
    Config,
    Json,
    MaxPurchases,
    MaxSpend,
    ProfileName,
    Quiet,
    Seed,
    Timeout,
    Url,
    count,
    positive,
)
from contracts.starting import hold_back
from contracts.target import admit, keys_from_environment, locate
from contracts.trust import trust
from load.request import MOST_PROCESSES, OF_FINDINGS, PLANS, LoadRequest, address, duration_option, make_load_request
from reports.showing import show_run

EPILOG: Final = (
    "Examples:\n\n"
    "assay load                                        the smoke plan on the embedded sandbox\n\n"
    "assay load nightly --url http://127.0.0.1:8080    a plan that comes with assay, on your own API\n\n"
    "assay load --rate 200/s --duration 1m             one rate held\n\n"
    "assay load --users 50 --duration 5m               users who wait for their answers\n\n"
    "assay load prerelease --processes 4               several processes\n\n"
    "assay load -f locustfile.py --users 20            your own locust users, every answer judged\n\n"
    "assay load --url OLD --interleave NEW             two releases in turn, A B B A, and compared\n\n"
    "assay load --worker 10.0.0.5:5557                 work for a master elsewhere\n\n"
    "Exit codes: 0 kept, 1 broken or an objective missed, 2 usage, 3 inconclusive, 130 interrupted."
)
"""Text below the command's options."""

_MOST_PORT: Final = 65535


def load(
    plan: Annotated[
        str | None, typer.Argument(help=f"A plan: a TOML file, or one that comes with assay: {', '.join(PLANS)}.")
    ] = None,
    *,
    url: Url = None,
    profile: ProfileName = None,
    rate: Annotated[
        str | None, typer.Option(metavar="RATE", help="Open model: journeys that arrive, such as 200/s or 12/m.")
    ] = None,
    users: Annotated[
        int | None, typer.Option(parser=positive, metavar="N", help="Closed model: users at a time.")
    ] = None,
    duration: Annotated[
        str | None, typer.Option(metavar="DURATION", help="How long it is measured, such as 30s or 1h.")
    ] = None,
    warmup: Annotated[
        str | None, typer.Option(metavar="DURATION", help="How long before that is not measured.")
    ] = None,
    shape: Annotated[
        str | None, typer.Option(help="steady, ramp, spike, stress or soak; stages and breakpoint are a plan's.")
    ] = None,
    arrival: Annotated[str | None, typer.Option(help="How journeys arrive: constant or poisson.")] = None,
    seed: Seed = None,
    max_purchases: MaxPurchases = None,
    max_spend: MaxSpend = None,
    allow_host: AllowHost = None,
    timeout: Timeout = None,
    ca_file: CaFile = None,
    out: Annotated[Path | None, typer.Option(help="Run directory; default reports/runs/<UTC time>-load.")] = None,
    config: Config = None,
    label: Annotated[str, typer.Option(help="What the run is called in comparisons: a commit, a release.")] = "",
    history: Annotated[
        str,
        typer.Option(
            metavar="findings|all",
            help="Operations written down: those of findings, or all, which slows the generator down.",
        ),
    ] = OF_FINDINGS,
    processes: Annotated[
        int, typer.Option(parser=positive, metavar="N", help="Processes of this machine that send.")
    ] = 1,
    master: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Wait here for workers of other machines.")
    ] = None,
    expect_workers: Annotated[int, typer.Option(parser=count, metavar="N", help="How many of them to wait for.")] = 0,
    worker: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Be a worker of the master there; it knows the plan.")
    ] = None,
    locustfile: Annotated[
        Path | None, typer.Option("--locustfile", "-f", help="Run the users of a locustfile of your own.")
    ] = None,
    web: Annotated[
        int | None, typer.Option(parser=positive, metavar="PORT", help="Show locust's web UI on this port.")
    ] = None,
    metrics: Annotated[
        int | None, typer.Option(parser=positive, metavar="PORT", help="Serve Prometheus metrics on this port.")
    ] = None,
    candidate: Annotated[
        str | None,
        typer.Option("--interleave", metavar="URL", help="Load --url and this one in turn (A B B A) and compare them."),
    ] = None,
    rounds: Annotated[
        int, typer.Option(parser=positive, metavar="N", help="Pairs of runs with --interleave; an even number.")
    ] = 2,
    quiet: Quiet = False,
    as_json: Json = False,
    defect: Annotated[
        list[str] | None, typer.Option(help="Put a seeded defect around the embedded sandbox; may be repeated.")
    ] = None,
) -> int:
    """Load a Purchases API and judge every answer: how much, how fast, and still correct?

    Keys come from the environment: ASSAY_API_KEY. Journeys that buy cost the owner real balance; purchases and
    spend are counted and capped before they are made, over all processes and workers.
    """
    trust(ca_file)
    if worker is not None:
        named = (("a plan", plan), ("--url", url), ("--master", master), ("--rate", rate), ("--users", users))
        if extra := [name for name, value in named if value is not None]:
            raise UsageError(f"--worker does what its master says; leave out {', '.join(extra)}")
        host, port = address(worker, "--worker")
        _in_a_fresh_interpreter()
        from load.worker import work  # noqa: PLC0415 - imports locust, which patches the interpreter

        return work(host, port, os.environ)
    for option, number, most in (
        ("--processes", processes, MOST_PROCESSES),
        ("--expect-workers", expect_workers, MOST_PROCESSES),
        ("--web", web or 0, _MOST_PORT),
        ("--metrics", metrics or 0, _MOST_PORT),
    ):
        if number > most:
            raise UsageError(f"{option} {number} is above {most}")
    if master is None and expect_workers:
        raise UsageError("--expect-workers says how many come from elsewhere; say where they find us with --master")
    if master is not None and not expect_workers and processes == 1:
        raise UsageError("--master waits for workers; say how many with --expect-workers N")
    options = {
        "rate": rate,
        "users": users,
        "duration": duration_option(duration, "--duration"),
        "warmup": duration_option(warmup, "--warmup"),
        "shape": shape,
        "arrival": arrival,
        "timeout": duration_option(timeout, "--timeout"),
    }
    request = make_load_request(
        load_settings(config, Path.cwd()),
        plan=plan,
        url=url,
        profile=profile,
        seed=seed,
        allow_host=allow_host,
        max_purchases=max_purchases,
        max_spend=max_spend,
        out=out,
        options=options,
        processes=processes,
        master=master,
        expected=expect_workers,
        locustfile=locustfile,
        web=web,
        metrics=metrics,
        label=label,
        history=history,
        defects=defect or (),
        arguments=_arguments(),
    )
    if candidate is not None:
        return _interleave(request, candidate, rounds, quiet=quiet, as_json=as_json)
    _in_a_fresh_interpreter()
    return _run(request, quiet=quiet, as_json=as_json)


def _run(request: LoadRequest, *, quiet: bool, as_json: bool) -> int:
    from load.run import run_load  # noqa: PLC0415 - imports locust, which patches the interpreter
    from load.view import make_view  # noqa: PLC0415 - beside it

    with interruption.shielded():
        finished = run_load(request, make_view(quiet=quiet or as_json))
        place = None if finished.unwritten else finished.directory.path
        show_run(finished.document, place, quiet=quiet, as_json=as_json)
    if finished.unwritten:
        # What was measured is at least told.
        raise UsageError(finished.unwritten)
    return finished.exit_code


def _interleave(request: LoadRequest, candidate: str, rounds: int, *, quiet: bool, as_json: bool) -> int:
    # The statistics bring numpy and scipy, most of a second that no other run should wait for.
    from load.interleave import Interleaving, interleave  # noqa: PLC0415

    if request.url is None:
        raise UsageError("--interleave compares two targets; name the baseline with --url")
    locate(candidate, "--interleave")
    for url in (request.url, candidate):
        # Before the first run buys anything.
        admit(url, keys_from_environment(request.environment), allow_hosts=request.allow_hosts, capped=request.capped)
    asked = Interleaving(
        baseline=request.url,
        candidate=candidate,
        rounds=rounds,
        out=request.out,
        arguments=_arguments(),
        seed=request.seed,
        max_purchases=request.max_purchases,
        max_spend=request.max_spend,
    )
    return interleave(asked, request.environment, quiet=quiet, as_json=as_json)


def _arguments() -> list[str]:
    return sys.argv[2:] if sys.argv[1:2] == ["load"] else sys.argv[1:]


def _in_a_fresh_interpreter() -> None:
    """Go on in ``python -m load``, unless this is it: locust patches sockets, threads and TLS, and must come first."""
    if "load.__main__" in sys.modules or getattr(sys.modules.get("__main__"), "__package__", None) == "load":
        return
    sys.stdout.flush()
    sys.stderr.flush()
    hold_back()
    os.execv(sys.executable, [sys.executable, "-P", "-m", "load", *_arguments()])  # noqa: S606 - ourselves
