"""Opening a replay: the recorded run, the target, and a run directory for what is sent."""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contracts.clauses import load_clauses
from contracts.config import Settings
from contracts.errors import UsageError
from contracts.gate.opening import GateRequest, masker_of, open_target
from contracts.gate.replay.document import document_of
from contracts.gate.replay.options import ReplayOptions
from contracts.gate.replay.record import COMMAND, Recorded
from contracts.gate.replay.replay import Replay
from contracts.gate.request import make_request
from contracts.gate.run import Listener
from contracts.interruption import interruption
from contracts.profiles import PROFILES
from contracts.record.result import RunFacts
from contracts.record.rundir import RunDirectory
from contracts.target import Target, locate
from reports.rundocs import build


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """What a user asks of a replay.

    Attributes:
        recorded: the run.
        finding: one of its findings.
        gate: target, keys and run directory, as for a gate.
        options: what to do.
    """

    recorded: Recorded
    finding: Mapping[str, Any]
    gate: GateRequest
    options: ReplayOptions


@dataclass(slots=True)
class OpenReplay:
    """A replay with a place to write to.

    Attributes:
        replay: what is done.
        directory: where its documents go.
        mask: hides everything secret in a text.
        document: its result, once it is over.
    """

    replay: Replay
    directory: RunDirectory
    mask: Callable[[str], str]
    document: dict[str, Any]


def make_replay_request(
    recorded: Recorded,
    finding: Mapping[str, Any],
    settings: Settings,
    options: ReplayOptions,
    *,
    url: str | None,
    allow_host: list[str] | None,
    timeout: str | None,
    time: str | None,
    max_purchases: int | None,
    max_spend: str | None,
    out: Path | None,
) -> ReplayRequest:
    """Return the request: options first, then the recorded run, then the settings file.

    Args:
        recorded: the run.
        finding: one of its findings.
        settings: what the settings file says.
        options: what to do, as far as no other argument says it.
        url: base URL of another target than the recorded one.
        allow_host: hosts beside loopback.
        timeout: a duration.
        time: a duration, the time budget.
        max_purchases: cap on purchases.
        max_spend: an amount, the cap on what they cost.
        out: run directory.

    Raises:
        UsageError: a value is not of its form, or the record is of what this release does not know, or of another
            machine that the user did not name.
    """
    origin = recorded.origin
    _check(recorded, finding)
    if url is None and origin.url is not None and not locate(origin.url, "the recorded target").loopback:
        raise UsageError(
            f"{recorded.path} was run against {origin.url[:200]!r}; what a record names is not asked by itself: "
            "name the target with --url"
        )
    # Where and against what a gate runs by default says nothing of where this run was.
    rest = replace(settings, url=None, out=None, time=None, depth=None)
    gate = make_request(
        rest,
        url=origin.url if url is None else url,
        profile=origin.profile,
        seed=origin.seed,
        time=time,
        max_purchases=max_purchases,
        max_spend=max_spend,
        allow_host=allow_host,
        timeout=timeout,
        out=out,
        defects=origin.defects if url is None else (),
    )
    words = ["assay", COMMAND, str(recorded.path), finding["id"], *(["--url", url] if url else [])]
    given = gate.options
    return ReplayRequest(
        recorded,
        finding,
        replace(gate, rerun=shlex.join(words)),
        replace(
            options,
            seconds=given.seconds or options.seconds,
            max_purchases=given.max_purchases,
            max_spend=given.max_spend,
            timeout=given.timeout,
            severities=given.severities,
            tolerances=given.tolerances,
        ),
    )


def _check(recorded: Recorded, finding: Mapping[str, Any]) -> None:
    """Refuse a record that this release cannot judge again.

    Raises:
        UsageError: its profile, or the finding's clause, is not known.
    """
    profile = recorded.origin.profile
    if profile not in PROFILES:
        raise UsageError(f"{recorded.path} was judged by profile {profile[:60]!r}; known are {', '.join(PROFILES)}")
    if finding["clause"] not in load_clauses():
        raise UsageError(f"{recorded.path}: {finding['clause'][:60]!r} is no clause of this release")


@contextlib.contextmanager
def open_replay(request: ReplayRequest, listener: Listener | None = None) -> Iterator[OpenReplay]:
    """Yield a replay that is ready to run; whatever happens, what it collected is written at the end.

    Args:
        request: what the user asks.
        listener: told how it goes.

    Raises:
        UsageError: bad usage, found before anything is sent.
    """
    began = time.perf_counter()
    with contextlib.ExitStack() as targets:

        def renew() -> Target:
            return targets.enter_context(open_target(request.gate))

        target = renew()
        targets.enter_context(interruption.shielded())
        directory = RunDirectory.create(COMMAND, request.gate.out, datetime.now(UTC))
        masker = masker_of(target.keys)
        facts = RunFacts(
            command=COMMAND,
            target=target.url,
            profile=request.recorded.origin.profile,
            seed=request.recorded.origin.seed,
            started=datetime.now(UTC),
            rerun=request.gate.rerun,
            run_dir=directory.path,
        )
        directory.write_started(facts)
        interrupted = False
        with directory.history(masker) as history:
            replay = Replay(
                target,
                request.recorded,
                request.finding,
                request.options,
                history.write,
                listener,
                renew if target.embedded else None,
            )
            opened = OpenReplay(replay, directory, masker.mask, {})
            try:
                yield opened
            except KeyboardInterrupt:
                interrupted = True
            finally:
                history.close()
                notes = [*replay.notes, *([history.trouble] if history.trouble else [])]
                whole = replace(
                    facts,
                    duration_s=time.perf_counter() - began,
                    purchases=replay.budget.purchases,
                    spend=replay.budget.spend,
                    spend_currency=replay.survey.currency or None,
                    requests=len(replay.operations),
                    notes=tuple(notes),
                    interrupted=interrupted,
                )
                opened.document = document_of(
                    replay, str(request.recorded.path), request.finding, whole, masker, interrupted=interrupted
                )
                directory.write_result(opened.document)
                build(directory.path)
