"""A trial: one gate against one target that has something seeded, and what came of it."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Final

from starlette.types import ASGIApp

from contracts.finding import ClauseVerdict, Severity
from contracts.gate.opening import masker_of
from contracts.gate.plan import PLANS
from contracts.gate.run import Gate, GateOptions
from contracts.history import Operation
from contracts.prove.case import CONTROL, CRASHED, VARIANT, Case, Shown, is_right, without_gate
from contracts.record.masking import Masker
from contracts.record.result import decide
from contracts.target import Keys, Target
from fixtures.defects.catalogue import wrap
from fixtures.defects.derived import mutating
from fixtures.defects.wrapper import enclose
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings

PATIENCE: Final = 120.0
"""Seconds every gate of a proof may take at least: several run at once, and what is shown is what a depth
finds, not how busy the machine is. How long each took is part of the result."""

TIMEOUT: Final = 5.0
"""Seconds to wait for one answer of the embedded sandbox."""

LONGEST_NOTE: Final = 300


class Trial:
    """A gate put before a case.

    Args:
        case: what is seeded.
        target: where the gate sends its requests.
        options: the gate's.

    Attributes:
        gate: the gate; it tells what it met once it was run.
    """

    def __init__(self, case: Case, target: Target, options: GateOptions) -> None:
        self.case = case
        self.gate = Gate(target, options, self._record)
        self._began = time.perf_counter()
        self._caught: tuple[float, int] | None = None

    @property
    def purchases(self) -> int:
        """How many purchases the gate made, creates of unknown outcome included."""
        return self.gate.session.budget.purchases

    @property
    def spend(self) -> Decimal:
        """What they cost."""
        return self.gate.session.budget.spend

    def run(self) -> Shown:
        """Run the gate; an exception of its own is an answer too, never a pass."""
        self._began = time.perf_counter()
        try:
            self.gate.run(self._enough)
            return self._told()
        except Exception as error:  # noqa: BLE001 - a gate that raises has not shown anything; the proof goes on
            text = f"{type(error).__name__}: {error}"
            return without_gate(self.case, CRASHED, self._masker().mask(text)[:LONGEST_NOTE])

    def _record(self, _: Operation) -> None:
        if self._caught is None and self.gate.session.oracle.broken:
            self._caught = (time.perf_counter() - self._began, self.purchases)

    def _enough(self) -> bool:
        """Tell whether a brief gate has seen enough: what was seeded, or a control that cannot be kept any more."""
        if not self.case.brief or self.case.kind == VARIANT:
            return False
        found = {f.clause for f in self.gate.findings if f.severity is Severity.ERROR}
        return bool(found if self.case.kind == CONTROL else found & set(self.case.clauses))

    def _told(self) -> Shown:
        gate, case = self.gate, self.case
        seconds = time.perf_counter() - self._began
        findings, results = gate.findings, gate.results
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        if errors and self._caught is None:
            self._caught = (seconds, self.purchases)
        caught_by = tuple(dict.fromkeys(finding.clause for finding in errors))
        warned = tuple(dict.fromkeys(f.clause for f in findings if f.severity is not Severity.ERROR))
        untested = (r.id for r in results if r.required and r.verdict is ClauseVerdict.NOT_EXERCISED)
        masker = self._masker()
        missed = (*untested, *map(masker.mask, gate.troubles))
        verdict, reasons = decide(results, findings, gate.troubles)
        return Shown(
            key=case.key,
            name=case.name,
            kind=case.kind,
            right=is_right(case, caught_by, warned, missed),
            verdict=verdict.value,
            caught_by=caught_by,
            warned_by=warned,
            missed=missed,
            seconds=round(seconds, 3),
            requests=gate.session.counts.requests,
            purchases=self.purchases,
            catch_seconds=round(self._caught[0], 3) if self._caught else None,
            catch_purchases=self._caught[1] if self._caught else None,
            note=masker.mask(f"{errors[0].title}: {errors[0].observed}" if errors else reasons[0])[:LONGEST_NOTE],
        )

    def _masker(self) -> Masker:
        """Return what hides the values in a text that nobody but their owner should read."""
        masker = masker_of(self.gate.target.keys)
        for operation in self.gate.operations:
            masker.learn_from(operation)
        return masker


def show(case: Case) -> Shown:
    """Run the gate of one case against a sandbox of its own."""
    settings = Settings(profile=case.profile, seed=case.seed, failure_rate=0.1, pending_rate=0.1)
    plan = PLANS[case.depth]
    options = GateOptions(
        plan=plan, profile=case.profile, seed=case.seed, seconds=max(plan.seconds, PATIENCE), timeout=TIMEOUT
    )
    try:
        with SandboxThread(settings, lambda app: seeded(app, case)) as sandbox:
            keys = Keys(sandbox.owner_key, sandbox.other_key, sandbox.admin_key)
            target = Target(sandbox.url, sandbox.url, loopback=True, keys=keys, embedded=True)
            return Trial(case, target, options).run()
    except Exception as error:  # noqa: BLE001 - likewise for a sandbox that does not start or stop
        return without_gate(case, CRASHED, f"{type(error).__name__}: {error}"[:LONGEST_NOTE])


def seeded(app: ASGIApp, case: Case) -> ASGIApp:
    """Put around a Purchases API what a case seeds; a control gets the bare wrapper."""
    if case.mutation is not None:
        return enclose(app, [mutating(case.mutation)])
    return wrap(app, [] if case.kind == CONTROL else [case.name], case.seed)
