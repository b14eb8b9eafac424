"""The gate against a server that shares nothing with the sandbox: lawful in other ways, and then not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contracts.finding import ClauseVerdict, Severity
from contracts.gate.plan import PLANS
from contracts.gate.run import Gate, GateOptions
from contracts.target import Keys, admit
from tests.gate.plainshop import PlainShop, Refusal, plain_shop

OWNER_KEY, OTHER_KEY = "Ab1-owner-0123456789", "Cd2-other-9876543210"


def run(shop: PlainShop, *, other: bool = True, until: set[str] | None = None) -> Gate:
    """Put the gate before a shop; with ``until`` only up to the phase that found these clauses broken."""
    with plain_shop(shop) as url:
        gate = Gate(
            admit(url, Keys(OWNER_KEY, OTHER_KEY if other else None)),
            GateOptions(plan=PLANS["quick"], seconds=60.0),
            lambda _: None,
        )
        gate.run(lambda: until is not None and until <= errors(gate))
    return gate


def make(kind: type[PlainShop] = PlainShop) -> PlainShop:
    return kind({OWNER_KEY: "me", OTHER_KEY: "you"})


def errors(gate: Gate) -> set[str]:
    return {finding.clause for finding in gate.findings if finding.severity is Severity.ERROR}


@pytest.mark.parametrize("other", [True, False])
def test_lawful_in_other_ways_is_lawful(other: bool) -> None:
    gate = run(make(), other=other)
    assert [(f.clause, f.title, f.observed) for f in gate.findings if f.severity is Severity.ERROR] == []
    assert gate.troubles == []
    left = {r.id for r in gate.results if r.required and r.verdict is ClauseVerdict.NOT_EXERCISED}
    assert left == set()
    warnings = {finding.clause for finding in gate.findings}
    # Foreign ids answered with 403 and unknown ones with 404 can be told apart: worth a warning (AUTH-4).
    assert warnings <= {"WIRE-1", "INPUT-6", "AUTH-4"}


class Forgetful(PlainShop):
    """Gives every purchase a new password each time the code is shown in a list."""

    def page(self, owner: str, query: list[tuple[str, str]]) -> Any:
        page = super().page(owner, query)
        for place, item in enumerate(page["items"]):
            if item["verification"]:
                verification = {**item["verification"], "password": "another one"}
                page["items"][place] = {**item, "verification": verification}
        return page


class Generous(PlainShop):
    """Shows anybody's purchase to anybody."""

    def mine(self, owner: str, raw: str) -> Any:
        try:
            return super().mine(owner, raw)
        except Refusal as refusal:
            if refusal.status == 403:
                return self.purchases[int(raw)]
            raise


class Greedy(PlainShop):
    """Charges a create that it refuses for its country."""

    def create(self, owner: str, body: bytes) -> Any:
        try:
            return super().create(owner, body)
        except Refusal as refusal:
            if refusal.status == 404:
                self.balances[owner] -= Decimal("0.10")
            raise


class Hasty(PlainShop):
    """Moves a purchase that failed back to SUCCESS when its code is asked for once more."""

    def request_code(self, purchase: Any) -> Any:
        if purchase["status"] == "ERROR":
            purchase["status"] = "SUCCESS"
            verification = {"code": "00000", "password": "x", "received_at": "2099-01-01T00:00:00Z"}
            purchase["verification"] = verification
            done = {"status": "success", "attempt": 1, "max_attempts": 18, "next_attempt_at": None, "retry_after": None}
            return {"purchase": purchase, "code_request": done}
        return super().request_code(purchase)


class Newline(PlainShop):
    """Checks the country code with a pattern that lets a newline through, as ``re.match`` with ``$`` does."""

    def create(self, owner: str, body: bytes) -> Any:
        return super().create(owner, body.replace(rb'\n"', b'"'))


@pytest.mark.parametrize(
    ("kind", "clauses"),
    [
        (Forgetful, {"LIFE-3"}),
        (Generous, {"AUTH-4"}),
        (Greedy, {"INPUT-2"}),
        (Hasty, {"LIFE-9"}),
        (Newline, {"INPUT-1"}),
    ],
)
def test_what_is_unlawful_there_is_caught_there(kind: type[PlainShop], clauses: set[str]) -> None:
    assert clauses <= errors(run(make(kind), until=clauses))
