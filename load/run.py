"""A load run from request to documents: whatever happens, what was collected is written."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import gevent

from contracts.config import AUTO
from contracts.errors import UsageError
from contracts.finding import ClauseResult
from contracts.history import OWNER
from contracts.interruption import interruption
from contracts.profiles import DEFAULT_PROFILE
from contracts.record.masking import Masker
from contracts.record.result import Phase, RunFacts, build_run
from contracts.record.rundir import HISTORY, RunDirectory
from contracts.target import KEY_VARIABLES, Keys, Target, admit, keys_from_environment
from fixtures.sandbox.server import SandboxProcess
from fixtures.sandbox.settings import Settings, SettingsError
from load.balance import Look, Sum
from load.cast import Crew, Solo
from load.collect import Collector
from load.conduct import Conductor, Stopping
from load.judge.merge import Merge
from load.judge.share import SEED_BYTES
from load.locustfiles import LocustFiles
from load.measure.files import RunFiles
from load.metrics import serve_metrics
from load.orders import Orders
from load.outcome import Outcome, conclude
from load.preflight import Ground, NotReadyError, profile_of, survey
from load.request import LoadRequest
from load.rest import Rest
from load.schedule import Schedule
from load.staff import Worker
from load.version import own_version
from load.view import View
from reports.errors import DocumentError
from reports.rundocs import build

SANDBOX_BALANCE: Final = "9999999999.00"
"""What the owners of the embedded sandbox have: a load run is not about running out of money."""

ANY_PORT: Final = ("127.0.0.1", 0)

_REQUIRED: Final = frozenset({"LOAD-1"})
"""What every load run must have exercised; journeys decide the rest, and ``require`` adds to it."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that is over.

    Attributes:
        document: its run.json.
        directory: where its documents are.
        unwritten: why not all of them are there, empty where they are.
    """

    document: dict[str, Any]
    directory: RunDirectory
    unwritten: str = ""

    @property
    def exit_code(self) -> int:
        """The exit code of its verdict."""
        return int(self.document["exit_code"])


def run_load(request: LoadRequest, view: View) -> Finished:
    """Run a load run.

    Args:
        request: what the user asks.
        view: shows how it goes.

    Raises:
        UsageError: bad usage, found before anything is sent.
    """
    with contextlib.ExitStack() as opened:
        with interruption.opened():
            target = opened.enter_context(_open_target(request))
        directory = RunDirectory.create("load", request.out, datetime.now(UTC))
        run = _Run(request, target, directory, view)
        with _signals(run.stopping):
            return run.whole()


class _Run:
    """One run's parts, put together one after the other."""

    def __init__(self, request: LoadRequest, target: Target, directory: RunDirectory, view: View) -> None:
        self.request = request
        self.stopping = Stopping()
        self._target = target
        self._directory = directory
        self._view = view
        keys = target.keys
        known = {"owner": keys.owner, "other": keys.other, "admin": keys.admin}
        self._masker = Masker({label: key for label, key in known.items() if key})
        self._began = time.perf_counter()
        self._facts = RunFacts(
            command="load",
            target=target.url,
            profile=DEFAULT_PROFILE if request.profile == AUTO else request.profile,
            seed=request.seed,
            started=datetime.now(UTC),
            rerun=request.rerun,
        )

    def whole(self) -> Finished:
        """Survey, send, and write the documents."""
        self._directory.write_started(self._facts)
        plan = self.request.plan
        countries = list(plan.countries)
        try:
            ground = survey(self._target, plan.timeout, countries)
            if self.request.max_spend is not None:
                ground = _priced(ground, self._target.url)
        except NotReadyError as error:
            return self._write(None, [str(error)], (), None)
        self._facts = replace(self._facts, profile=profile_of(ground, self.request.profile))
        schedule = Schedule(plan)
        orders = self._orders(ground)
        rest = Rest(self._target, plan.timeout, orders.profile)
        before = rest.look() if self.request.locustfile is None else None
        merge = Merge(orders.profile, orders.severity_map(), alone=orders.workers == 1)
        with contextlib.ExitStack() as stack:
            files = self._files(schedule, stack)
            collector = Collector(schedule, merge, files)
            cast: Solo | Crew
            try:
                cast = self._cast(orders, collector)
            except (OSError, UsageError) as error:
                raise UsageError(str(error)) from None
            stack.callback(cast.close)
            extras = LocustFiles(cast.environment, self._directory.path, self._masker, web=self.request.web)
            stack.enter_context(extras)
            if self.request.metrics is not None:
                stack.enter_context(serve_metrics(self.request.metrics, collector))
            troubles: list[str] = []
            conductor = Conductor(
                plan, schedule, cast, collector, self._view, self.stopping, crew=isinstance(cast, Crew)
            )
            try:
                if isinstance(cast, Crew):
                    self._view.say(f"the master listens on {cast.address}; waiting for {orders.workers} workers")
                    cast.gather()
                conductor.run()
            except TimeoutError as error:
                troubles.append(str(error))
            except KeyboardInterrupt:
                self.stopping.asked.set()
            balance = self._settle(rest, before, collector, cast.workers)
            outcome = conclude(self.request, schedule, conductor, collector, cast.workers, balance)
            notes = (*self._target.keys.remarks, *outcome.notes)
            return self._write(outcome, [*troubles, *outcome.troubles], notes, ground, collector, cast.workers)

    def _settle(self, rest: Rest, before: Look | None, collector: Collector, workers: Mapping[str, Worker]) -> Sum:
        """Look whether the balance adds up, where all that was sent is known."""
        if self.request.locustfile is not None:
            return Sum(reason="what a locustfile's users buy is not added up")
        if self.stopping.asked.is_set() or any(worker.state != "finished" for worker in workers.values()):
            return Sum(reason="the run was cut short")
        if collector.refused or collector.crashes:
            return Sum(reason="not all that was bought is known")
        return rest.settle(before, collector.books, self.stopping.asked.is_set)

    def _orders(self, ground: Ground) -> Orders:
        request = self.request
        crew = request.processes > 1 or request.master is not None
        own = request.processes if request.processes > 1 or request.master is None else 0
        return Orders(
            document=request.document,
            source=request.source,
            url=self._target.url,
            loopback=self._target.loopback,
            addresses=self._target.addresses,
            profile=self._facts.profile,
            seed=request.seed,
            identity=secrets.token_hex(SEED_BYTES),
            prices={country: str(price) for country, price in ground.prices.items()},
            accounts=ground.accounts,
            max_purchases=request.max_purchases,
            max_spend=None if request.max_spend is None else str(request.max_spend),
            tolerances=request.tolerances,
            severities=request.severities,
            workers=own + request.expected if crew else 1,
            history=str(self._directory.path / HISTORY) if request.history else None,
        )

    def _cast(self, orders: Orders, collector: Collector) -> Solo | Crew:
        request = self.request
        keys = self._target.keys
        if request.locustfile is not None and request.url is None:
            # The file finds the sandbox's key where it finds that of a target.
            os.environ[KEY_VARIABLES[OWNER]] = keys.owner
        if request.processes == 1 and request.master is None:
            return Solo(orders, keys, collector.take, locustfile=request.locustfile)
        own = orders.workers - request.expected
        return Crew(orders, keys, collector.take, bind=request.master or ANY_PORT, own=own)

    def _files(self, schedule: Schedule, stack: contextlib.ExitStack) -> RunFiles:
        software = f"assay {own_version()}"
        try:
            return stack.enter_context(
                RunFiles(
                    self._directory.path,
                    schedule.phases,
                    started=self._facts.started.timestamp(),
                    software=software,
                )
            )
        except OSError as error:
            raise UsageError(f"cannot write to {self._directory.path}: {error.strerror}") from None

    def _write(
        self,
        outcome: Outcome | None,
        troubles: list[str],
        notes: tuple[str, ...],
        ground: Ground | None,
        collector: Collector | None = None,
        workers: Mapping[str, Worker] | None = None,  # noqa: ARG002
    ) -> Finished:
        self._view.close()
        interrupted = self.stopping.asked.is_set()
        # Not by the clock on the wall, which may be set back while the run lasts.
        duration = time.perf_counter() - self._began
        facts = replace(
            self._facts,
            duration_s=duration,
            interrupted=interrupted,
            purchases=collector.purchases if collector else 0,
            spend=collector.spend if collector else self._facts.spend,
            spend_currency=(ground.currency or None) if ground else None,
            requests=collector.ledger.requests if collector else 0,
            notes=notes,
            phases=_phases(outcome),
        )
        results = outcome.results if outcome else ()
        findings = outcome.findings if outcome else ()
        if interrupted and "the run was interrupted" not in troubles:
            troubles = [*troubles, "the run was interrupted"]
        document = build_run(
            facts,
            _required(results, self.request.require),
            findings,
            outcome.operations if outcome else {},
            self._masker,
            troubles=troubles,
            load=outcome.load if outcome else None,
        )
        if self.request.label:
            document["label"] = self._masker.mask(self.request.label)[:200]
        try:
            self._directory.write_result(document)
            build(self._directory.path)
        except (UsageError, DocumentError) as error:
            return Finished(document, self._directory, unwritten=str(error))
        return Finished(document, self._directory)


def _priced(ground: Ground, url: str) -> Ground:
    """Return what can be bought under a cap on spend: where a price is shown that is one.

    Raises:
        NotReadyError: nowhere.
    """
    prices = {country: price for country, price in ground.prices.items() if price > 0}
    if not prices:
        raise NotReadyError(f"{url} shows no prices, so --max-spend cannot be kept; give --max-purchases alone")
    return replace(ground, prices=prices)


def _required(results: tuple[ClauseResult, ...], require: Any) -> list[ClauseResult]:
    wanted = _REQUIRED | set(require)
    return [replace(result, required=result.id in wanted) for result in results]


def _phases(outcome: Outcome | None) -> tuple[Phase, ...]:
    if outcome is None:
        return ()
    return tuple(
        Phase(part["name"], part["end_s"] - part["start_s"], part["requests"], 0) for part in outcome.load["phases"]
    )


@contextlib.contextmanager
def _open_target(request: LoadRequest) -> Iterator[Target]:
    """Yield the target named, or the embedded sandbox while the context is open."""
    if request.url is not None:
        keys = keys_from_environment(request.environment)
        yield admit(request.url, keys, allow_hosts=request.allow_hosts, capped=request.capped)
        return
    profile = DEFAULT_PROFILE if request.profile == AUTO else request.profile
    try:
        settings = Settings(profile=profile, seed=request.seed, balance=SANDBOX_BALANCE, failure_rate=0.02)
    except SettingsError as error:
        raise UsageError(str(error)) from None
    with contextlib.ExitStack() as stack:
        try:
            sandbox = stack.enter_context(SandboxProcess(settings, request.defects))
        except RuntimeError as error:
            # What went wrong, an unknown --defect for one, the sandbox has said itself.
            raise UsageError(str(error)) from None
        keys = Keys(sandbox.owner_key, sandbox.other_key, sandbox.admin_key)
        yield Target(sandbox.url, sandbox.url, loopback=True, keys=keys, embedded=True)


@contextlib.contextmanager
def _signals(stopping: Stopping) -> Iterator[None]:
    """Let the first signal end the run gracefully and the second at once; both report."""
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # What whoever started us has switched off stays so, as `nohup` does with SIGHUP.
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    watchers = [gevent.signal_handler(number, stopping.ask) for number in heard]
    if interruption.asked:
        stopping.ask()
    try:
        yield
    finally:
        for number, watcher in zip(heard, watchers, strict=True):
            watcher.cancel()
            # libev leaves the system's default behind, by which a signal would now end the process without its verdict.
            signal.signal(number, signal.getsignal(number))
