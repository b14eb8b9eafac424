"""Shrinking: the smallest generated request that still opens the same finding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from schemathesis import GenerationMode

from contracts.budget import BudgetSpentError
from contracts.gate import generator
from contracts.gate.allowance import Allowance
from contracts.gate.fuzz.source import Case, Source
from contracts.gate.fuzz.wireform import Request
from contracts.gate.generator import FailedAgainError, HaltError
from contracts.history import ApiOperation

REQUESTS_EACH: Final = 60
"""Requests that shrinking one example may cost."""

MOST: Final = 5
"""Examples shrunk in one run: a target with more causes than that has other worries."""

Retry = Callable[[Request], bool]
"""Sends a request and tells whether it hit the same finding again."""


class Shrinker:
    """Makes failing examples small by drawing them again and letting Hypothesis simplify them.

    Args:
        source: where requests come from.
        allowance: of purchases that shrinking may make.
        seed: by which the examples were drawn.
        count: how many were drawn of each strategy.
    """

    def __init__(self, source: Source, allowance: Allowance, seed: str, count: int) -> None:
        self._source = source
        self._allowance = allowance
        self._seed = seed
        self._count = count
        self._shrunk = 0

    def shrink(
        self,
        operation: ApiOperation,
        mode: GenerationMode,
        place: int,
        example: Request,
        aim: Callable[[Case], Request | None],
        retry: Retry,
    ) -> Request:
        """Return the smallest request found that still fails; the example itself where no smaller one did.

        Args:
            operation: which operation the example was made for.
            mode: whether it keeps or breaks the schema.
            place: which of the examples drawn it is, counted from 0.
            example: what was sent for it, and failed.
            aim: turns a case into a request to the same subject as the example's.
            retry: sends a request and tells whether it fails alike.
        """
        if self._shrunk >= MOST:
            return example
        self._shrunk += 1
        trial = _Trial(place, example, aim, retry, self._allowance)
        how = generator.settings(self._count, generator.SEARCH_AND_SHRINK)
        strategy = self._source.strategy(operation, mode)
        try:
            generator.run_to_end(lambda: generator.run(strategy, trial, how, self._seed))
        except HaltError as halt:
            if halt.reason is not None:
                raise halt.reason from None
        return trial.smallest


class _Trial:
    """Tries what Hypothesis makes of an example; the examples drawn before it are passed over.

    The same seed draws the same examples in the same order, as long as none before it fails.
    """

    def __init__(
        self,
        place: int,
        example: Request,
        aim: Callable[[Case], Request | None],
        retry: Retry,
        allowance: Allowance,
    ) -> None:
        self._left_out = place
        self._aim = aim
        self._retry = retry
        self._allowance = allowance
        self._tried: dict[Request, bool] = {example: True}
        self.smallest = example

    def __call__(self, case: Case) -> None:
        if self._left_out > 0:
            self._left_out -= 1
            return
        request = self._aim(case)
        if request is None:
            return
        if request not in self._tried:
            self._tried[request] = self._try(request)
        if self._tried[request]:
            raise FailedAgainError

    def _try(self, request: Request) -> bool:
        if len(self._tried) > REQUESTS_EACH:
            raise HaltError
        buys = request.method == "POST" and request.path.rstrip("/") == "/v1/purchases"
        if buys and not self._allowance.affords():
            raise HaltError
        try:
            again = self._retry(request)
        except BudgetSpentError:
            raise HaltError from None
        except Exception as error:
            raise HaltError(error) from error
        if again and request.size <= self.smallest.size:
            self.smallest = request
        return again
