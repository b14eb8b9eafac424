"""An objection of schemathesis that became a finding, raised again where the same request is answered alike.

The clauses' own monitors are silent on such an answer, or there would be no such finding (see
``contracts.gate.fuzz.opinion``). What was generated is not in the record, and need not be: which answers the
check objects to, and the contract with it, can be told from the request and the status.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.finding import Violation, finding_id
from contracts.history import ApiOperation, Operation
from contracts.monitor import violation
from contracts.reading import Reading
from contracts.statuses import OUTAGES

_TITLE: Final = re.compile(r"a generated request was answered against the contract \((\w+)\)")


@dataclass(frozen=True, slots=True)
class Objection:
    """What schemathesis objected to.

    Attributes:
        clause: the clause that agreed.
        cause: of the finding.
        title: of the finding.
        expected: of the finding.
    """

    clause: str
    cause: str
    title: str
    expected: str

    def raised(self, recorded: Operation, operation: Operation, stock: Collection[str]) -> Violation | None:
        """Return the violation where a request is answered as it was when it was recorded.

        Args:
            recorded: the request and its answer as recorded.
            operation: the same request as it was answered now.
            stock: countries that can be bought.
        """
        before, now = Reading(recorded), Reading(operation)
        if recorded.status is None or operation.status is None or operation.status in OUTAGES:
            return None
        alike = recorded.status // 100 == operation.status // 100 and operation.status != 200
        # A request that must be refused is objected to for any success.
        alike = alike or (recorded.status // 100 == 2 and recorded.status == operation.status)
        if not alike or before.judgement.demand is not now.judgement.demand:
            return None
        if now.route.api_operation is ApiOperation.CREATE and operation.status < 500 and now.asked_country not in stock:
            return None
        return violation(
            self.clause,
            self.cause,
            self.title,
            operation.mark,
            expected=self.expected,
            observed=f"{operation.input.method} {operation.input.path} was answered with {operation.status}",
        )


def objection_of(finding: Mapping[str, Any]) -> Objection | None:
    """Return the objection that a recorded finding is, None for a finding of the clauses themselves."""
    match = _TITLE.fullmatch(finding["title"])
    if match is None:
        return None
    cause = f"schemathesis: {match.group(1)}"
    if finding_id(finding["clause"], cause) != finding["id"]:
        return None
    return Objection(finding["clause"], cause, finding["title"], finding["expected"])
