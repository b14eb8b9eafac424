"""The search: round after round of lives, each until one shows a finding that no round has explained yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import hypothesis
from hypothesis.stateful import run_state_machine_as_test

from contracts.finding import Severity
from contracts.gate import generator
from contracts.gate.allowance import Allowance
from contracts.gate.generator import HaltError
from contracts.gate.hits import Hits
from contracts.gate.lives import Lives
from contracts.gate.machine.rules import PURCHASES, LifeWriter, Means
from contracts.gate.machine.stage import Stage
from contracts.gate.machine.steps import Create
from contracts.gate.machine.trial import Trial
from contracts.gate.plan import Plan
from contracts.gate.session import Session
from contracts.gate.settle import statuses
from contracts.gate.survey import FIRST_COUNTRIES, Survey
from contracts.history import OWNER, ApiOperation

ROUND: Final = 10
"""Lives of one round; between rounds the run tells how far it is."""

EXPLAINED: Final = 8
"""Findings that are made short at most; a target with more has other worries."""

REQUESTS_PER_STEP: Final = 3
"""Requests of one step, about; what a life takes on a slow target is reckoned from it."""

TIME_SHARE: Final = 0.2
"""Share of the time budget that lives may take."""

ENDED: Final = ("SUCCESS", "ERROR", "REFUND", "EXPIRED")
OLD: Final = 6
"""Purchases of earlier phases, in each state that ends a life, that lives come back to."""


class Search:
    """Looks for lives that show findings.

    Args:
        session: through which every request leaves.
        survey: what the target serves and sells.
        plan: how much to do.
        lives: the buyer of this run.
    """

    def __init__(self, session: Session, survey: Survey, plan: Plan, lives: Lives) -> None:
        self._session = session
        self._survey = survey
        self._plan = plan
        self._stage = Stage(session, survey, lives)
        self._hits = Hits(session.oracle)
        self._known = {finding.id for finding in session.oracle.findings if finding.severity is Severity.ERROR}
        self._search = Allowance(session.budget, plan.machine_examples * PURCHASES)
        self._shrink = Allowance(session.budget, plan.shrink_purchases)
        self._explained = 0

    def run(self) -> Iterator[str]:
        """Live, yielding a label for each round.

        Raises:
            TimeSpentError: the time of this phase is over.
            UnreachableError: the target no longer answers.
        """
        ends = self._session.pace.elapsed + self._session.pace.seconds * TIME_SHARE
        left = self._plan.machine_examples
        number = 0
        with generator.contained():
            while left > 0:
                if self._session.pace.elapsed + self._takes() > ends:
                    self._session.note(f"the target is too slow for {left} of {self._plan.machine_examples} lives")
                    return
                trial = self._round(number, min(left, ROUND))
                number += 1
                left -= trial.lives if trial.finding is not None or trial.spent else min(left, ROUND)
                yield f"{self._plan.machine_examples - left} of {self._plan.machine_examples} lives"
                if trial.spent:
                    self._session.note(f"{left} of {self._plan.machine_examples} lives were left out to save purchases")
                    return

    def _round(self, number: int, lives: int) -> Trial:
        means = self._means()
        trial = Trial(self._stage, self._hits, self._known, self._search, self._shrink)

        # A function and not a class for each round: Hypothesis keeps every class of machines for ever, and with it the
        # run that it was made for. It takes any callable that returns a machine, though its annotation says less.
        @hypothesis.seed(f"{self._session.seed}:machine:{number}")
        def writer() -> LifeWriter:
            return LifeWriter(means, trial)

        # One more, for the first life that Hypothesis thinks of is the simplest and tells nothing.
        how = generator.settings(lives + 1, generator.SEARCH_AND_SHRINK, self._plan.machine_steps)
        try:
            generator.run_to_end(lambda: run_state_machine_as_test(writer, settings=how))  # type: ignore[arg-type]
        except HaltError as halt:
            if halt.reason is not None:
                raise halt.reason from None
        finally:
            self._explain(trial)
        return trial

    def _explain(self, trial: Trial) -> None:
        """Note the shortest life that shows a finding; what it shows needs no more explaining."""
        if trial.finding is None:
            return
        self._known.update(trial.shown)
        self._explained += 1
        story = "; ".join(map(str, trial.shortest))
        story += "" if any(isinstance(step, Create) for step in trial.shortest) else " (on purchases of before)"
        for finding in trial.shown:
            self._session.note(f"{finding}: shortest life that shows it: {story}")
        if self._explained >= EXPLAINED:
            self._known |= {finding.id for finding in self._session.oracle.findings}

    def _means(self) -> Means:
        """Return what lives of the next round are made of; it stays the same throughout the round."""
        survey, session = self._survey, self._session
        countries = tuple(offer.country for offer in survey.in_stock) or FIRST_COUNTRIES
        old = [
            (entry.id, entry.status) for status in ENDED for entry in session.book.of(OWNER, statuses=[status])[:OLD]
        ]
        return Means(
            countries=countries[:10],
            statuses=tuple(statuses(session.profile)),
            old=tuple(old),
            levers=() if self._stage.levers is None else ("failure", "pending", "refund"),
            other=session.target.keys.other is not None and survey.other_known is not False,
            retrieves=survey.has(ApiOperation.RETRIEVE),
            lists=survey.has(ApiOperation.LIST),
            codes=survey.has(ApiOperation.REQUEST_CODE),
            refunds=survey.has(ApiOperation.REFUND),
        )

    def _takes(self) -> float:
        """Return how many seconds one life takes on this target, about."""
        return self._plan.machine_steps * REQUESTS_PER_STEP * self._session.pace.per_call
