"""A proof in front of somebody's own API: one account, one cap for all gates, and nothing shown of a broken target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from contracts.budget import Budget
from contracts.finding import Verdict
from contracts.gate.run import Gate, GateOptions
from contracts.gate.wire import UntrustedError, Wire
from contracts.history import OWNER, ApiOperation, Input, Outcome
from contracts.prove.case import CRASHED, NOT_SHOWN, VARIANT, Case, Shown, without_gate
from contracts.prove.proof import Results
from contracts.prove.till import Till
from contracts.prove.trial import LONGEST_NOTE, PATIENCE, Trial, seeded
from contracts.target import Target
from fixtures.defects.model import NEEDS
from fixtures.defects.proxy import proxy
from fixtures.defects.serving import Served

_ALWAYS: Final = frozenset({"overlap", "own_date", "volume"})
"""Needs that the proxy and the gate meet by themselves, or that only a case selected by name has."""

_SPENT: Final = "the cap is spent"


class Purse:
    """What a whole proof may still buy.

    Args:
        purchases: how many, None without a cap on their number.
        spend: for how much, None without a cap on what they cost.

    Attributes:
        purchases: how many may still be bought.
        spend: for how much.
        made: purchases made so far.
        spent: what they cost.
    """

    def __init__(self, purchases: int | None, spend: Decimal | None) -> None:
        self.purchases = purchases
        self.spend = spend
        self.made = 0
        self.spent = Decimal(0)

    @property
    def empty(self) -> bool:
        """Whether nothing more can be bought."""
        return self.purchases == 0 or (self.spend is not None and self.spend <= 0)

    def caps(self, most: int) -> tuple[int, Decimal | None]:
        """Return the caps of one gate, which would make so many purchases at most by itself."""
        return (most if self.purchases is None else min(most, self.purchases), self.spend)

    def charge(self, purchases: int, spend: Decimal) -> None:
        """Take off what a gate has bought."""
        self.made += purchases
        self.spent += spend
        if self.purchases is not None:
            self.purchases = max(0, self.purchases - purchases)
        if self.spend is not None:
            self.spend = max(Decimal(0), self.spend - spend)


class Staging:
    """The user's own API, before which gates are put one after the other, each through a proxy.

    Args:
        target: the API, admitted by the rules of safety.
        options: of every gate, but for its seed and caps.
        purse: what all gates together may buy.
        control: the case with nothing seeded.

    Attributes:
        stopped: why no further gate may run, None while one may.
        met: the needs that the target meets, by the control.
        warned: clauses of which the bare target is warned.
    """

    def __init__(self, target: Target, options: GateOptions, purse: Purse, control: Case) -> None:
        self.target = target
        self.options = options
        self.purse = purse
        self.stopped: str | None = None
        self.met: frozenset[str] = _ALWAYS
        self.warned: tuple[str, ...] = ()
        self._control = control
        self._dearest = Decimal(0)
        self._till: Till

    def control(self) -> Shown:
        """Put the gate before the target with nothing seeded, and note what the target offers.

        Whatever it warns of is the target's own. Unless the target is kept nothing can be shown of the gate:
        a clause that is broken anyway would be named whatever is seeded.
        """
        if not self._answers():
            self.stopped = f"{self.target.url} does not answer"
            return without_gate(self._control, NOT_SHOWN, self.stopped)
        capped = self._capped
        trial, shown = self._try(self._control)
        if trial is not None and shown.verdict == Verdict.KEPT:
            self.met, self.warned = needs_met(trial.gate), shown.warned_by
            self._dearest = max((o.price for o in trial.gate.survey.in_stock if o.price), default=Decimal(0))
            return replace(shown, right=True)
        by = f" ({', '.join(shown.caught_by)})" if shown.caught_by else ""
        self.stopped = f"the target with nothing seeded is not kept but {shown.verdict}{by}: {shown.note}"
        if capped and not shown.caught_by:
            self.stopped = f"{_SPENT}; {self.stopped}"
        return _not_shown(shown, self.stopped)

    def show(self, case: Case) -> Shown:
        """Put the gate before one case, unless the target cannot show it or nothing is left to buy with."""
        if self.stopped is None and self.purse.empty:
            self.stopped = _SPENT
        if self.stopped is not None:
            return without_gate(case, NOT_SHOWN, self.stopped)
        unmet = [need for need in case.needs if need not in self.met]
        if unmet:
            return without_gate(case, NOT_SHOWN, _lacking(unmet))
        if case.kind == VARIANT:
            case = replace(case, warnings=(*case.warnings, *self.warned))
        capped = self._capped
        trial, shown = self._try(case)
        if shown.right or trial is None:
            return shown
        capped = capped and not (case.kind == VARIANT and shown.caught_by)
        why = self._excuse(case, trial, capped=capped or self._till.refused)
        return shown if why is None else _not_shown(shown, why)

    def _excuse(self, case: Case, trial: Trial, *, capped: bool) -> str | None:
        """Return why a case that went wrong tells nothing of the gate, None where it does.

        Before the gate is said to be wrong the control is repeated: by now the target may be gone, or the
        account have nothing left to buy with.
        """
        unmet = [need for need in case.needs if need not in needs_met(trial.gate)]
        if capped:
            self.stopped = _SPENT
        elif unmet:
            return _lacking(unmet)
        else:
            self.control()
        return self.stopped

    @property
    def _capped(self) -> bool:
        """Whether what is left may be less than a gate would buy by itself."""
        most = self.options.plan.purchases
        spend = self.purse.spend
        return self.purse.caps(most)[0] < most or (spend is not None and spend < most * self._dearest)

    def _try(self, case: Case) -> tuple[Trial | None, Shown]:
        plan = self.options.plan
        purchases, spend = self.purse.caps(plan.purchases)
        seconds = max(plan.seconds, self.options.seconds or 0, PATIENCE)
        options = replace(self.options, seed=case.seed, max_purchases=purchases, max_spend=spend, seconds=seconds)
        api = proxy(self.target.url, next(iter(self.target.addresses or ()), None))
        self._till = till = Till(api, Budget(self.purse.purchases, spend))
        try:
            with Served(seeded(till, case)) as served:
                before = Target(served.url, served.url, loopback=True, keys=self.target.keys)
                trial = Trial(case, before, options)
                try:
                    shown = trial.run()
                finally:
                    # An interrupted gate has bought as well, and so has a defect.
                    made, spent = till.budget.purchases, till.budget.spend
                    self.purse.charge(max(made, trial.purchases), max(spent, trial.spend))
                return trial, replace(shown, purchases=max(made, shown.purchases))
        except RuntimeError as error:
            return None, without_gate(case, CRASHED, str(error)[:LONGEST_NOTE])

    def _answers(self) -> bool:
        key = self.target.keys.of(OWNER) or ""
        with Wire(self.target, self.options.timeout) as wire:
            try:
                reply = wire.send(Input("GET", "/v1/profile", (), (("x-api-key", key),)))
            except UntrustedError:
                return False
        return reply.answer is not None


def prove_at(staging: Staging, cases: Sequence[Case]) -> Results:
    """Show cases one after the other, a control before them.

    Args:
        staging: where.
        cases: what to show beside the control.

    Yields:
        What came of the control, then of every case in order; those that could not be shown included.
    """
    yield staging.control()
    for case in cases:
        yield staging.show(case)


def needs_met(gate: Gate) -> frozenset[str]:
    """Return the needs of defects and variants that the target of a gate has met.

    Args:
        gate: one that was run.

    Returns:
        Tags of `fixtures.defects.model.NEEDS`.
    """
    book, survey = gate.session.book, gate.survey
    granted = any(
        operation.api_operation is ApiOperation.REFUND and operation.outcome is Outcome.OK
        for operation in gate.operations
    )
    met = {
        "accounts": survey.has(ApiOperation.ACCOUNT),
        "profile": survey.has(ApiOperation.PROFILE),
        "second_key": bool(survey.other_known),
        "error_status": bool(book.of(OWNER, statuses=["ERROR"], ours=None)),
        "refund_status": granted or bool(book.of(OWNER, statuses=["REFUND"], ours=None)),
        "aged_purchase": granted,
        "admin_stock": gate.target.keys.admin is not None,
    }
    return _ALWAYS | {need for need, there in met.items() if there}


def _not_shown(shown: Shown, why: str) -> Shown:
    """Return the result of a gate that tells nothing of the gate; what it has cost stays."""
    return replace(shown, right=False, verdict=NOT_SHOWN, note=why)


def _lacking(unmet: Sequence[str]) -> str:
    return "it shows only where " + ", and where ".join(NEEDS[need] for need in unmet)
