"""One case of the proof: a gate against a sandbox with one seeded defect or one lawful variant."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp

from contracts.finding import ClauseVerdict, Severity
from contracts.gate.plan import PLANS
from contracts.gate.run import Gate, GateOptions
from contracts.history import Operation
from contracts.record.result import decide
from contracts.target import Keys, Target
from fixtures.defects.catalogue import wrap
from fixtures.sandbox.server import SandboxThread
from fixtures.sandbox.settings import Settings

DEFECT: Final = "defect"
VARIANT: Final = "variant"
CONTROL: Final = "control"

PATIENCE: Final = 120.0
"""Seconds every gate of a proof may take at least: several run at once, and what is shown is what a depth
finds, not how busy the machine is. How long each took is part of the result."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be shown.

    Attributes:
        name: of the defect or variant; ``none`` for the bare sandbox.
        kind: ``defect``, ``variant`` or ``control``.
        clauses: for a defect, the clauses any of which rightly names it.
        warnings: for a variant, the clauses whose warnings may appear.
        lacks: operations that a variant takes away.
        profile: contract version of the sandbox and the gate.
        depth: of the gate.
        seed: of the sandbox, the defect and the gate.
        brief: whether the gate of a defect ends with the phase that caught it.
    """

    name: str
    kind: str
    clauses: tuple[str, ...]
    warnings: tuple[str, ...]
    lacks: tuple[str, ...]
    profile: str
    depth: str
    seed: int
    brief: bool = False

    @property
    def key(self) -> str:
        """What identifies the case when a proof is resumed."""
        return f"{self.kind}/{self.name}/{self.profile}/{self.depth}/{self.seed}" + ("/brief" if self.brief else "")


@dataclass(frozen=True, slots=True)
class Shown:
    """What came of a case.

    Attributes:
        key: the case's.
        name: the case's.
        kind: the case's.
        right: a defect was caught under a clause that names it; a variant or control raised no alarm.
        verdict: of the gate.
        caught_by: clauses of error findings, in the catalogue's order.
        warned_by: clauses of warnings only.
        missed: required clauses that were not exercised, and what kept the gate from them.
        seconds: of the whole gate.
        requests: of the whole gate.
        purchases: of the whole gate.
        catch_seconds: until the first error finding, None without one.
        catch_purchases: purchases made until then, likewise.
        note: the first finding's title, the first reason, or the exception that ended the case.
    """

    key: str
    name: str
    kind: str
    right: bool
    verdict: str
    caught_by: tuple[str, ...]
    warned_by: tuple[str, ...]
    missed: tuple[str, ...]
    seconds: float
    requests: int
    purchases: int
    catch_seconds: float | None
    catch_purchases: int | None
    note: str


def show(case: Case) -> Shown:
    """Run the gate of one case; an exception is an answer too, never a pass."""
    try:
        return _show(case)
    except Exception as error:  # noqa: BLE001 - a gate that raises has not shown anything; the proof goes on
        return Shown(
            case.key, case.name, case.kind, False, "crashed", (), (), (), 0.0, 0, 0, None, None,
            f"{type(error).__name__}: {error}",
        )  # fmt: skip


def _show(case: Case) -> Shown:
    settings = Settings(profile=case.profile, seed=case.seed, failure_rate=0.1, pending_rate=0.1)

    def around(app: ASGIApp) -> ASGIApp:
        return wrap(app, [] if case.kind == CONTROL else [case.name], case.seed)

    with SandboxThread(settings, around) as sandbox:
        keys = Keys(sandbox.owner_key, sandbox.other_key, sandbox.admin_key)
        target = Target(sandbox.url, sandbox.url, loopback=True, keys=keys, embedded=True)
        return _gate(case, target)


def _gate(case: Case, target: Target) -> Shown:
    began = time.perf_counter()
    caught: list[tuple[float, int]] = []

    def record(_: Operation) -> None:
        if not caught and gate.session.oracle.broken:
            caught.append((time.perf_counter() - began, gate.session.budget.purchases))

    plan = PLANS[case.depth]
    seconds = max(plan.seconds, PATIENCE)
    options = GateOptions(plan=plan, profile=case.profile, seed=case.seed, seconds=seconds, timeout=5.0)
    gate = Gate(target, options, record)

    def enough() -> bool:
        found = {f.clause for f in gate.findings if f.severity is Severity.ERROR}
        return case.brief and case.kind == DEFECT and bool(found & set(case.clauses))

    gate.run(enough)
    seconds = time.perf_counter() - began
    findings, results = gate.findings, gate.results
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors and not caught:
        caught.append((seconds, gate.session.budget.purchases))
    caught_by = tuple(dict.fromkeys(finding.clause for finding in errors))
    warned = tuple(dict.fromkeys(f.clause for f in findings if f.severity is not Severity.ERROR))
    untested = (r.id for r in results if r.required and r.verdict is ClauseVerdict.NOT_EXERCISED)
    missed = (*untested, *gate.troubles)
    verdict, reasons = decide(results, findings, gate.troubles)
    note = f"{errors[0].title}: {errors[0].observed}"[:300] if errors else reasons[0]
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
        purchases=gate.session.budget.purchases,
        catch_seconds=round(caught[0][0], 3) if caught else None,
        catch_purchases=caught[0][1] if caught else None,
        note=note,
    )


def is_right(case: Case, caught: Sequence[str], warned: Sequence[str], missed: Sequence[str]) -> bool:
    """Tell whether a gate did right by a case.

    A defect must be caught under a clause that names it. A variant must raise no error and no warning that
    it does not announce, and must leave no required clause untested unless it takes operations away.
    """
    if case.kind == DEFECT:
        return bool(set(case.clauses) & set(caught))
    quiet = not caught and set(warned) <= set(case.warnings)
    return quiet and (not missed or bool(case.lacks))
