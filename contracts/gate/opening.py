"""Opening a gate: target, run directory and listener put together, and everything closed and written after."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from contracts.baseline import write_baseline
from contracts.errors import UsageError
from contracts.finding import Severity
from contracts.gate.run import AUTO, Gate, GateOptions, Listener
from contracts.interruption import interruption
from contracts.profiles import DEFAULT_PROFILE
from contracts.record.masking import Masker
from contracts.record.result import RunFacts, build_run
from contracts.record.rundir import RunDirectory
from contracts.target import Keys, Target, admit, keys_from_environment
from fixtures.defects.catalogue import find
from fixtures.sandbox.server import SandboxProcess
from fixtures.sandbox.settings import Settings
from reports.rundocs import build

SANDBOX_FAILURE_RATE: Final = 0.1
SANDBOX_PENDING_RATE: Final = 0.1
"""Shares of code requests that the embedded sandbox fails or leaves waiting, so that runs meet both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRequest:
    """What a user asks of a gate.

    Attributes:
        options: what to do.
        url: base URL of the target, None for the embedded sandbox.
        allow_hosts: hosts beside loopback that may be tested.
        capped: whether the user gave a cap on purchases or spend.
        out: run directory, None for a fresh one below ``reports/runs``.
        rerun: the command line that runs this again.
        defects: seeded defects to put around the embedded sandbox.
        environment: where keys come from.
        baseline_file: where the baseline is written anew after the run, None to leave it as it is.
        har_all: whether ``exchanges.har`` holds every exchange, not only those of findings.
    """

    options: GateOptions
    url: str | None = None
    allow_hosts: Sequence[str] = ()
    capped: bool = False
    out: Path | None = None
    rerun: str = "assay gate"
    defects: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    baseline_file: Path | None = None
    har_all: bool = False


class OpenGate:
    """A gate with a place to write to.

    Args:
        gate: the run.
        directory: where its documents go.
        masker: knows its secrets.
        facts: what was known of it at the start.
        har_all: whether every exchange is archived.
    """

    def __init__(
        self, gate: Gate, directory: RunDirectory, masker: Masker, facts: RunFacts, *, har_all: bool = False
    ) -> None:
        self.gate = gate
        self.directory = directory
        self.document: dict[str, Any] = {}
        self.interrupted = False
        self.history_trouble: str | None = None
        self._masker = masker
        self._facts = facts
        self._har_all = har_all
        self._began = time.perf_counter()

    @property
    def exit_code(self) -> int:
        """The exit code of the written verdict."""
        return int(self.document["exit_code"])

    def mask(self, text: str) -> str:
        """Return a text with every secret of the run masked."""
        return self._masker.mask(text)

    def update_baseline(self, path: Path) -> list[str]:
        """Write a baseline that accepts the errors of this run; return what changed.

        Raises:
            UsageError: it cannot be written.
        """
        before = self.gate.options.baseline
        assert before is not None
        errors = {f["id"]: f["title"] for f in self.document["findings"] if f["severity"] == Severity.ERROR}
        after, changes = before.updated(errors, [f["id"] for f in self.document["findings"]], self.gate.results)
        write_baseline(path, after)
        return [f"{path} accepts {len(after.entries)} findings", *changes]

    def write(self) -> None:
        """Judge what was held back and write every document of the run."""
        gate = self.gate
        gate.finish()
        session = gate.session
        facts = RunFacts(
            command=self._facts.command,
            target=self._facts.target,
            profile=session.profile.name,
            seed=self._facts.seed,
            started=self._facts.started,
            rerun=self._facts.rerun,
            run_dir=self._facts.run_dir,
            duration_s=time.perf_counter() - self._began,
            purchases=session.budget.purchases,
            spend=session.budget.spend,
            spend_currency=gate.survey.currency or None,
            requests=session.counts.requests,
            notes=(*session.counts.notes, *session.oracle.notes, *self._remarks()),
            phases=tuple(gate.phases),
            interrupted=self.interrupted,
        )
        troubles = list(gate.troubles)
        troubles += ["the run was interrupted"] if self.interrupted else []
        troubles += [self.history_trouble] if self.history_trouble else []
        operations = {operation.index: operation for operation in gate.operations}
        self.document = build_run(
            facts,
            gate.results,
            gate.findings,
            operations,
            self._masker,
            troubles=troubles,
            baseline=gate.options.baseline,
        )
        self.directory.write_result(self.document)
        build(self.directory.path, har_all=self._har_all)

    def _remarks(self) -> list[str]:
        gate, baseline = self.gate, self.gate.options.baseline
        known = () if baseline is None else baseline.remarks([f.id for f in gate.findings], gate.results)
        return [*gate.session.target.keys.remarks, *known]


@contextlib.contextmanager
def open_target(request: GateRequest) -> Iterator[Target]:
    """Yield the target of a request: the one named, or the embedded sandbox while the context is open.

    Raises:
        UsageError: the target must not be tested, or its keys are missing.
    """
    if request.url is not None:
        keys = keys_from_environment(request.environment)
        yield admit(request.url, keys, allow_hosts=request.allow_hosts, capped=request.capped)
        return
    profile = DEFAULT_PROFILE if request.options.profile == AUTO else request.options.profile
    settings = Settings(
        profile=profile,
        seed=request.options.seed,
        failure_rate=SANDBOX_FAILURE_RATE,
        pending_rate=SANDBOX_PENDING_RATE,
    )
    for name in request.defects:
        try:
            find(name)
        except ValueError as error:
            raise UsageError(f"--defect: {error}") from None
    with contextlib.ExitStack() as stack:
        with interruption.opened():
            try:
                sandbox = stack.enter_context(SandboxProcess(settings, request.defects))
            except RuntimeError as error:
                # Why it did not start, it has said itself.
                raise UsageError(str(error)) from None
        keys = Keys(sandbox.owner_key, sandbox.other_key, sandbox.admin_key)
        yield Target(sandbox.url, sandbox.url, loopback=True, keys=keys, embedded=True)


@contextlib.contextmanager
def open_gate(request: GateRequest, listener: Listener | None = None) -> Iterator[OpenGate]:
    """Yield a gate that is ready to run; whatever happens, what it collected is written at the end.

    Args:
        request: what the user asks.
        listener: told how the run goes.

    Raises:
        UsageError: bad usage, found before anything is sent.
    """
    with open_target(request) as target, interruption.shielded():
        directory = RunDirectory.create("gate", request.out, datetime.now(UTC))
        masker = masker_of(target.keys)
        options = request.options
        profile = DEFAULT_PROFILE if options.profile == AUTO else options.profile
        facts = RunFacts(
            command="gate",
            target=target.url,
            profile=profile,
            seed=options.seed,
            started=datetime.now(UTC),
            rerun=request.rerun,
            run_dir=directory.path,
        )
        directory.write_started(facts)
        with directory.history(masker) as history:
            gate = Gate(target, options, history.write, listener)
            opened = OpenGate(gate, directory, masker, facts, har_all=request.har_all)
            try:
                yield opened
            except KeyboardInterrupt:
                opened.interrupted = True
            finally:
                history.close()
                opened.history_trouble = history.trouble
                opened.write()


def masker_of(keys: Keys) -> Masker:
    """Return a masker that knows the keys of a target."""
    known = {"owner": keys.owner, "other": keys.other, "admin": keys.admin}
    return Masker({label: key for label, key in known.items() if key})
