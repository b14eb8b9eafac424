"""A gate run: the phases in order, what stopped them, and what each clause came to."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Final, Protocol

from contracts.baseline import Baseline
from contracts.budget import Budget, BudgetSpentError
from contracts.clauses import load_clauses
from contracts.finding import ClauseResult, Finding, Severity
from contracts.gate.company import look_for_company, trouble
from contracts.gate.fuzz import fuzz
from contracts.gate.levers import Levers, find_levers
from contracts.gate.lives import Lives
from contracts.gate.machine import live
from contracts.gate.owners import cross
from contracts.gate.pace import Pace, TimeSpentError
from contracts.gate.plan import Plan
from contracts.gate.races import Races
from contracts.gate.reasons import reasons
from contracts.gate.refusals import send_catalogue, send_extra_keys
from contracts.gate.session import Session, UnreachableError
from contracts.gate.settle import settle
from contracts.gate.survey import NoPurchasesApiError, Survey, detect_profile, survey
from contracts.gate.wire import DESYNCHRONISED, DesynchronisedError, ForeignAddressError, Wire
from contracts.history import OWNER, Operation
from contracts.interruption import interruption
from contracts.monitor import Setting
from contracts.oracle import make_oracle
from contracts.profiles import DEFAULT_PROFILE, get_profile
from contracts.record.result import Phase as PhaseRecord
from contracts.target import Target

AUTO: Final = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """What a gate run is asked to do.

    Attributes:
        profile: a profile's name, or ``auto`` to detect it.
        seed: of every random choice.
        plan: how much of each phase.
        seconds: time budget, None for the plan's.
        max_purchases: cap on purchases, None for the plan's.
        max_spend: cap on what they cost, None for none.
        timeout: seconds to wait for one answer.
        severities: configured severity by clause id.
        tolerances: configured tolerances by clause id.
        require: clauses required over the catalogue's.
        optional: clauses not required though the catalogue does.
        countries: the only ones to buy, every one in stock without any.
        baseline: accepted findings, None without any.
    """

    plan: Plan
    profile: str = DEFAULT_PROFILE
    seed: int = 0
    seconds: float | None = None
    max_purchases: int | None = None
    max_spend: Decimal | None = None
    timeout: float = 10.0
    severities: Mapping[str, Severity] = field(default_factory=dict)
    tolerances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    require: Sequence[str] = ()
    optional: Sequence[str] = ()
    countries: Sequence[str] = ()
    baseline: Baseline | None = None


class Listener(Protocol):
    """Who is told how a run goes, as it goes."""

    def phase(self, name: str, number: int, of: int) -> None:
        """Take note that a phase begins."""

    def step(self, label: str) -> None:
        """Take note of a step within the phase."""


class Silent:
    """A listener that shows nothing."""

    def phase(self, name: str, number: int, of: int) -> None:
        """Show nothing."""

    def step(self, label: str) -> None:
        """Show nothing."""


class Gate:
    """One run of the gate against one target.

    Args:
        target: where requests go.
        options: what to do.
        record: called with each operation, in order, after it was judged.
        listener: told how the run goes.
    """

    def __init__(
        self,
        target: Target,
        options: GateOptions,
        record: Callable[[Operation], None],
        listener: Listener | None = None,
    ) -> None:
        self.target = target
        self.options = options
        self.operations: list[Operation] = []
        self.troubles: list[str] = []
        self.phases: list[PhaseRecord] = []
        self.survey = Survey()
        self.profile_detected = False
        self._listener = listener or Silent()
        self._record = record
        self._wire = Wire(target, options.timeout)
        name = DEFAULT_PROFILE if options.profile == AUTO else options.profile
        plan = options.plan
        self.session = Session(
            target,
            self._wire,
            make_oracle(self._setting(name), options.severities),
            Budget(options.max_purchases if options.max_purchases is not None else plan.purchases, options.max_spend),
            Pace(options.seconds if options.seconds is not None else plan.seconds, sleep=interruption.sleep),
            get_profile(name),
            options.seed,
            self._keep,
        )
        self._levers: Levers | None = None
        self._lives: Lives | None = None
        self._stopped = False

    @property
    def lives(self) -> Lives:
        """The buyer of this run, once the survey is done."""
        if self._lives is None:
            self._levers = find_levers(self.target, self._wire)
            self._lives = Lives(self.session, self.survey, self.options.plan, self._levers, self.options.countries)
        return self._lives

    def run(self, enough: Callable[[], bool] = lambda: False) -> None:
        """Run every phase; afterwards ``results`` and ``findings`` tell what came of it.

        Args:
            enough: asked after each phase; True leaves out the rest.

        An interruption (KeyboardInterrupt) passes through; what was collected until then stays judged.
        """
        try:
            for number, (name, phase) in enumerate(PHASES, 1):
                self._listener.phase(name, number, len(PHASES))
                if not self.run_phase(name, phase) or enough():
                    break
                # Below a phase there are libraries that take an interruption for themselves.
                interruption.check()
        finally:
            self.finish()

    def run_phase(self, name: str, phase: Phase) -> bool:
        """Run one phase and record what it took.

        Returns:
            False when nothing more can be learnt from the target.
        """
        if self._stopped:
            return False
        began, requests = time.perf_counter(), self.session.counts.requests
        purchases = self.session.budget.purchases
        self.session.pace.limit = self.session.pace.seconds * LIMITS.get(name, 1.0)
        try:
            self.session.pace.check_overrun()
            for label in phase(self):
                self._listener.step(label)
        except BudgetSpentError as spent:
            self.session.note(f"{name} ended early: {spent}")
        except TimeSpentError as spent:
            self.session.note(f"{name} ended early: {spent}")
        except (NoPurchasesApiError, DesynchronisedError) as trouble:
            # What answered is not what was asked: nothing it said is a promise kept or broken.
            self._forget()
            self._stop(trouble)
        except (UnreachableError, ForeignAddressError) as trouble:
            self._stop(trouble)
        except Exception as error:  # noqa: BLE001 - a phase that crashes has tested nothing more; the others go on
            last = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__}: {str(error)[:4000]}"
            self.troubles.append(f"{name} crashed: {what} ({Path(last.filename).name}, line {last.lineno})")
        finally:
            self.phases.append(
                PhaseRecord(
                    name,
                    round(time.perf_counter() - began, 3),
                    self.session.counts.requests - requests,
                    self.session.budget.purchases - purchases,
                )
            )
        return not self._stopped

    def _forget(self) -> None:
        """Judge from now on by an oracle that has seen nothing."""
        self.session.oracle = make_oracle(self._setting(self.session.profile.name), self.options.severities)

    def _stop(self, trouble: Exception) -> None:
        self.troubles.append(str(trouble))
        self._stopped = True

    def finish(self) -> None:
        """Let the oracle judge what it held back, and close the connections; further calls do nothing."""
        self._wire.close()
        if self._wire.desynchronised and DESYNCHRONISED not in self.troubles:
            self._forget()
            self.troubles.append(DESYNCHRONISED)
        elif self._wire.unasked and not self._wire.desynchronised and UNASKED not in self.troubles:
            self.troubles.append(UNASKED)
        lost, counts = self.session.losses.trouble, self.session.counts
        if lost and lost not in self.troubles and not self._stopped:
            self.troubles.append(lost)
        if counts.unanswered:
            self.session.note(f"{counts.unanswered} of {counts.requests} requests had no whole answer")
        if self._wire.resent:
            self.session.note(
                f"{self._wire.resent} reads met a connection that the target had closed while idle, and were sent "
                "once more on a new one (RFC 9112, 9.3.1)"
            )
        self.session.oracle.finish()
        company = trouble(self.session)
        if company and company not in self.troubles and not self._stopped:
            self.troubles.append(company)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings so far, those that the baseline accepts as warnings."""
        found = self.session.oracle.findings
        return found if self.options.baseline is None else self.options.baseline.weigh(found)

    @property
    def results(self) -> tuple[ClauseResult, ...]:
        """The verdict on every clause of the gate."""
        require, optional = set(self.options.require), set(self.options.optional)
        catalogue = load_clauses()
        why = reasons(self.survey, self.session, self._levers is not None, self.troubles)
        found = self.session.oracle.results(mode="gate", reasons=why)
        judged = tuple(_require(result, catalogue[result.id].required, require, optional) for result in found)
        return judged if self.options.baseline is None else self.options.baseline.judge(judged, self.findings)

    def adopt_profile(self) -> bool:
        """Settle an ``auto`` profile from what was seen; judge again what was judged by another.

        Returns:
            Whether a purchase was seen that told the profile.
        """
        if self.options.profile != AUTO or self.profile_detected:
            return True
        name = detect_profile(self.operations)
        if name is None:
            return False
        self.profile_detected = True
        self.session.note(f"profile {name} was detected")
        if name != self.session.profile.name:
            self.session.rejudge(make_oracle(self._setting(name), self.options.severities), get_profile(name))
        return True

    def _setting(self, profile: str) -> Setting:
        keys = self.target.keys
        secrets = [key for key in (keys.owner, keys.other, keys.admin) if key]
        tolerances = {clause: dict(values) for clause, values in self.options.tolerances.items()}
        return Setting(profile=get_profile(profile), secrets=secrets, tolerances=tolerances)

    def _keep(self, operation: Operation) -> None:
        self.operations.append(operation)
        self._record(operation)


Phase = Callable[[Gate], Iterator[str]]
"""A phase runs against a gate and yields a label for each step it has done."""


def _survey(gate: Gate) -> Iterator[str]:
    gate.survey = survey(gate.session, gate.options.countries)
    yield f"{len(gate.survey.offers)} countries, {len(gate.survey.in_stock)} in stock"
    if not gate.adopt_profile():
        gate.lives.buy()
        if not gate.adopt_profile():
            gate.session.note(f"no purchase was seen to detect the profile by; {DEFAULT_PROFILE} was taken")


def _lives(gate: Gate) -> Iterator[str]:
    lives, pace = gate.lives, gate.session.pace
    bought = lives.buy_every_country()
    yield f"{len(bought)} countries bought"
    for number, entry in enumerate(bought):
        if number >= FIRST_LIVES and pace.elapsed > pace.seconds * LIVES_SHARE:
            gate.session.note(f"the target is slow: {number} of {len(bought)} purchases were taken through their life")
            break
        lives.first_life(entry, number)
        yield f"purchase {number + 1} of {len(bought)}"
        if number == 0:
            # What is required comes early, so that a target too slow for the rest was at least asked for it.
            lives.first_lists()
            lives.slashes(entry)
        if number == FIRST_LIVES - 1:
            lives.ended_lives()
            yield "ended lives"
    if 0 < len(bought) < FIRST_LIVES:
        lives.ended_lives()
    for _ in range(2):
        lives.buy()


def _refusals(gate: Gate) -> Iterator[str]:
    if not gate.session.book.of(OWNER, statuses=["PENDING"]):
        gate.lives.buy()
    send_extra_keys(gate.session, gate.survey, gate.options.plan)
    for miss in send_catalogue(gate.session, gate.survey, gate.options.plan):
        yield miss.name


def _owners(gate: Gate) -> Iterator[str]:
    if gate.survey.other_known:
        yield from cross(gate.session, gate.lives)


def _fuzz(gate: Gate) -> Iterator[str]:
    yield from fuzz(gate.session, gate.survey, gate.options.plan)


def _machine(gate: Gate) -> Iterator[str]:
    yield from live(gate.session, gate.survey, gate.options.plan, gate.lives)


def _races(gate: Gate) -> Iterator[str]:
    yield from Races(gate.session, gate.survey, gate.lives, gate.options.timeout).run(gate.options.plan)


def _settle(gate: Gate) -> Iterator[str]:
    try:
        yield from settle(gate.session, gate.survey, gate.options.plan)
    except TimeSpentError:
        # What appeared must not be laid to the target for want of three seconds.
        look_for_company(gate.session, gate.operations, interruption.sleep)
        raise
    look_for_company(gate.session, gate.operations, interruption.sleep)


PHASES: Final[tuple[tuple[str, Phase], ...]] = (
    ("survey", _survey),
    ("lives", _lives),
    ("near misses", _refusals),
    ("two owners", _owners),
    ("fuzzing", _fuzz),
    ("state machine", _machine),
    ("races", _races),
    ("settling", _settle),
)
"""The phases in order: what is certain first, what is random after (design, "Gate")."""

UNASKED: Final = "the target sent bytes that no request had asked for (RFC 9112, 6.3); they were thrown away"
"""The trouble of a run that met them: no answer was another request's, and yet such a target keeps no promise."""

FIRST_LIVES: Final = 2
"""Purchases that are taken through their life however slow the target is."""

LIVES_SHARE: Final = 0.4
"""Share of the time budget after which no further purchase is taken through its life."""

LIMITS: Final[Mapping[str, float]] = {
    "near misses": 0.7,
    "two owners": 0.75,
    "fuzzing": 0.8,
    "state machine": 0.85,
    "races": 0.9,
}
"""Share of the time budget by which a phase must end, so that a slow target still gets those after it."""


def _require(result: ClauseResult, by_catalogue: bool, require: set[str], optional: set[str]) -> ClauseResult:
    crashed = result.required and not by_catalogue
    wanted = crashed or result.id in require or (by_catalogue and result.id not in optional)
    return replace(result, required=wanted)
