"""The phase: batch after batch of generated requests, sent, judged, weighed twice, and shrunk where they fail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from schemathesis import GenerationMode

from contracts.asking import most_purchases
from contracts.budget import BudgetSpentError
from contracts.demand import judge
from contracts.gate import generator
from contracts.gate.allowance import Allowance
from contracts.gate.fuzz.aiming import Aiming
from contracts.gate.fuzz.opinion import SecondOpinion
from contracts.gate.fuzz.shrinking import Shrinker
from contracts.gate.fuzz.source import MODES, Case, Source
from contracts.gate.fuzz.wireform import Request
from contracts.gate.hits import Hits
from contracts.gate.plan import Plan
from contracts.gate.session import Session
from contracts.gate.shop import Shop
from contracts.gate.survey import Survey
from contracts.history import ApiOperation, Demand, Operation, Outcome

OPERATIONS: Final = tuple(operation for operation in ApiOperation if operation is not ApiOperation.OTHER)

TIME_SHARE: Final = 0.25
"""Share of the time budget that generated requests may take; a slow target gets fewer, evenly chosen."""

COVERAGE_FACTOR: Final = 4
"""Requests of the coverage phase per operation, as a multiple of the random ones per mode."""

COVERAGE_CASES: Final = 35
"""Requests that the coverage phase has for an operation on average."""

PURCHASE_SHARE: Final = 10
"""One purchase in so many of the plan's cap may be bought by generated requests."""

EXAMPLES_PART: Final = 0.3
COVERAGE_PART: Final = 0.6
"""Parts of the purchases that are spent when the examples, and the coverage phase, are through."""

ENOUGH_ACCEPTED: Final = 6
"""Accepted creates that had to be refused after which more would only cost money."""


class Fuzzer:
    """Sends what schemathesis makes up.

    Args:
        session: through which every request leaves.
        survey: what the target serves and sells.
        plan: how much to do.
    """

    def __init__(self, session: Session, survey: Survey, plan: Plan) -> None:
        self._session = session
        self._plan = plan
        self._operations = [operation for operation in OPERATIONS if survey.has(operation)]
        self._shop = Shop(session)
        self._quotes = survey.has(ApiOperation.ACCOUNT)
        self._source = Source(session.profile.name)
        self._aiming = Aiming(session, survey)
        self._opinion = SecondOpinion(session, survey)
        self._hits = Hits(session.oracle)
        self._allowance = Allowance(session.budget, plan.purchases // PURCHASE_SHARE)
        self._seed = f"{session.seed}:fuzz"
        count = plan.fuzz_examples
        self._shrinking = Allowance(session.budget, plan.shrink_purchases)
        self._shrinker = Shrinker(self._source, self._shrinking, self._seed, count)
        self._sent: set[Request] = set()
        self._part = EXAMPLES_PART
        self._number = 0
        self._accepted = 0
        self._buying = True
        self._ratio = self._affordable()

    def run(self) -> Iterator[str]:
        """Send every batch, yielding its label once it is through.

        Raises:
            TimeSpentError: the time of this phase is over.
            UnreachableError: the target no longer answers.
        """
        with generator.contained():
            try:
                yield from self._batches()
            finally:
                self._opinion.note()

    def _batches(self) -> Iterator[str]:
        for operation in self._operations:
            self._send_all(operation, self._source.examples(operation))
            yield f"examples of {operation}"
        self._part = COVERAGE_PART
        for operation in self._operations:
            self._send_all(operation, self._source.coverage(operation, self._plan.fuzz_examples * COVERAGE_FACTOR))
            yield f"coverage of {operation}"
        self._part = 1.0
        for operation in self._operations:
            for mode in MODES:
                self._fuzz(operation, mode)
                yield f"{mode.value} fuzzing of {operation}"

    def _send_all(self, operation: ApiOperation, cases: list[Case]) -> None:
        for case in cases:
            if self._chosen():
                self._send(operation, case, self._number)

    def _fuzz(self, operation: ApiOperation, mode: GenerationMode) -> None:
        strategy = self._source.strategy(operation, mode)
        for place, case in enumerate(generator.draw(strategy, self._plan.fuzz_examples, self._seed)):
            if not self._chosen():
                continue
            number = self._number
            request, opened = self._send(operation, case, number)
            if request is not None and opened:
                self._shrink(operation, mode, place, number, request, opened[0])

    def _send(self, operation: ApiOperation, case: Case, number: int) -> tuple[Request | None, tuple[str, ...]]:
        """Send one case and weigh the answer.

        Returns:
            What was sent, None where the case was left out, and the ids of the findings that it opened.
        """
        request = self._aiming.aim(operation, case, number)
        if request is None or request in self._sent or not self._worth(request):
            return None, ()
        self._sent.add(request)
        try:
            with self._allowance.charged():
                sent = self._call(request)
        except BudgetSpentError as spent:
            self._session.note(f"fuzzing stopped buying: {spent}")
            self._buying = False
            return None, ()
        hit = self._hits.look()
        self._opinion.weigh(case, request, sent, judged=bool(hit.touched))
        # What the second opinion reported belongs to this request, not to the next.
        return request, (*hit.opened, *self._hits.look().opened)

    def _call(self, request: Request) -> Operation:
        """Send a request, a lawful create between two looks at its price, which may change at any time (VALUE-6)."""
        self._session.check_time()
        demand = _demand(request)
        country = request.country if demand is Demand.SERVE and self._quotes else None
        if country is not None:
            self._shop.account(country)
        sent = self._session.call(
            request.method,
            request.path,
            principal=request.principal,
            body=request.body,
            query=request.query,
            headers=request.headers,
            aim=request.aim,
        )
        if country is not None:
            self._shop.account(country)
        if demand is Demand.REFUSE and sent.outcome is not Outcome.FAIL:
            self._accepted += 1
        return sent

    def _worth(self, request: Request) -> bool:
        """Tell whether a request that may buy something is within its share of the purchases."""
        judged = _demand(request)
        if most_purchases(request.method, request.path, request.body) > 1:
            # One that is served by mistake would cost more than what it shows is worth.
            return False
        if judged is None:
            return True
        if not self._buying:
            return False
        if judged is Demand.REFUSE:
            return self._accepted < ENOUGH_ACCEPTED
        return self._allowance.affords(part=self._part)

    def _shrink(
        self, operation: ApiOperation, mode: GenerationMode, place: int, number: int, example: Request, finding: str
    ) -> None:
        """Note the smallest request that still fails as an example did."""

        def retry(request: Request) -> bool:
            with self._shrinking.charged():
                self._call(request)
            return finding in self._hits.look().errors

        def aim(case: Case) -> Request | None:
            return self._aiming.aim(operation, case, number)

        smallest = self._shrinker.shrink(operation, mode, place, example, aim, retry)
        self._session.note(f"{finding}: smallest request that still fails: {smallest}")

    def _chosen(self) -> bool:
        """Count one generated case and tell whether a slow target still gets it."""
        self._number += 1
        return int(self._number * self._ratio) != int((self._number - 1) * self._ratio)

    def _affordable(self) -> float:
        """Return which share (0..1) of the generated requests fits into the time."""
        pace = self._session.pace
        each = COVERAGE_CASES + self._plan.fuzz_examples * len(MODES)
        needed = each * len(self._operations) * pace.per_call
        given = min(pace.left, pace.seconds * TIME_SHARE)
        if needed <= given:
            return 1.0
        ratio = given / needed
        self._session.note(f"the target is too slow for every generated request: {ratio:.0%} of them were sent")
        return ratio


def _demand(request: Request) -> Demand | None:
    """Return what the contract demands for a create, None for other requests."""
    sent = request.input
    operation = Operation(0, request.principal, ApiOperation.CREATE, sent, None, 0.0, 0.0, aim=request.aim)
    buys = sent.method == "POST" and sent.path.rstrip("/") == "/v1/purchases"
    return judge(operation).demand if buys else None
