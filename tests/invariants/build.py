"""Histories written out by hand: one method an operation, each with the times of its request and its answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from contracts.finding import Violation
from contracts.history import OWNER, Aim, Answer, ApiOperation, Demand, Input, Operation
from contracts.invariants import INVARIANTS
from contracts.monitor import Setting
from contracts.oracle import Oracle
from contracts.profiles import get_profile
from contracts.routes import METHODS, PATHS
from tests.telling import well_told

FAMILIES = tuple(make for make in INVARIANTS if make.__name__ != "Ordering")
"""The invariants under test; the search for an order of operations has its tests in ``tests/linear``."""

BASE = datetime(2024, 11, 19, 7, 50, tzinfo=UTC)
"""What the server's clock shows at second 0 of every history."""

CODE = {"code": "54321", "password": "secret-7", "received_at": "2024-11-19T08:30:00.000Z"}
OTHER_CODE = {"code": "98765", "password": "secret-8", "received_at": "2024-11-19T08:31:00.000Z"}

FOREIGN_READ = Aim("AUTH-4", "another owner's purchase", Demand.EITHER)
FOREIGN_ACT = Aim("AUTH-5", "another owner's purchase", Demand.REFUSE)
UNKNOWN_ID = Aim("INPUT-8", "an id nobody was given", Demand.REFUSE)

REFUSAL = {"message": "no"}


def stamp(seconds: float) -> str:
    """Write a moment as the API does."""
    return (BASE + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def purchase(number: int, state: str = "PENDING", **changes: Any) -> dict[str, Any]:
    """Return a purchase as answers show it; SUCCESS has credentials, purchases are a second apart by id."""
    shown = {
        "id": number,
        "country_code": "US",
        "display_name": {"ru": "США", "en": "United States"},
        "phone_number": f"+1202555{number:04d}",
        "price": {"amount": "1.50", "currency_code": "USD"},
        "status": state,
        "purchase_type": "SINGLE",
        "verification": CODE if state == "SUCCESS" else None,
        "created_at": stamp(number),
    }
    return shown | changes


Finding = tuple[str, str, str]


class _Reading(Oracle):
    """An oracle whose findings are read."""

    def violate(self, violation: Violation) -> None:
        well_told([violation])
        super().violate(violation)


@dataclass(slots=True)
class History:
    """Operations in the order written; judged in the order in which their answers arrived."""

    operations: list[Operation] = field(default_factory=list)
    profile: str = "2026-02"
    shift: float = 0.0

    def call(
        self,
        kind: ApiOperation,
        invoked: float,
        returned: float,
        answer: Any = None,
        *,
        number: int | str = "",
        status: int | None = 200,
        principal: str = OWNER,
        body: bytes = b"",
        query: Sequence[tuple[str, str]] = (),
        headers: Sequence[tuple[str, str]] = (),
        lane: str = "",
        walk: str = "",
        aim: Aim | None = None,
        dated: bool = True,
        method: str = "",
    ) -> None:
        """Add any operation; without a status there was no answer."""
        path = PATHS[kind].replace("{id}", str(number)).replace("{country_code}", str(number))
        date = format_datetime(BASE + timedelta(seconds=returned + self.shift), usegmt=True)
        told = (("date", date),) if dated else ()
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.operations.append(
            Operation(
                index=len(self.operations),
                principal=principal,
                api_operation=kind,
                input=Input(method or METHODS[kind], path, tuple(query), (("content-type", "application/json"),), body),
                answer=None if status is None else Answer(status, (*told, *headers), content),
                invoked=invoked,
                returned=returned,
                error="timeout" if status is None else None,
                lane=lane,
                walk=walk,
                aim=aim,
            )
        )

    def create(
        self, invoked: float, returned: float, number: int = 1, *, country: str = "US", view: Any = None, **call: Any
    ) -> None:
        """Buy; with a status that is no success nothing is shown."""
        shown = purchase(number, **({"country_code": country} | (view or {})))
        body = json.dumps({"country_code": country}).encode()
        served = call.get("status", 200) == 200
        self.call(ApiOperation.CREATE, invoked, returned, shown if served else REFUSAL, **({"body": body} | call))

    def retrieve(
        self,
        invoked: float,
        returned: float,
        number: int = 1,
        shown: str = "PENDING",
        *,
        view: Any = None,
        **call: Any,
    ) -> None:
        """Read one purchase."""
        served = call.get("status", 200) == 200
        answer = purchase(number, shown, **(view or {})) if served else REFUSAL
        self.call(ApiOperation.RETRIEVE, invoked, returned, answer, **({"number": number} | call))

    def code(
        self,
        invoked: float,
        returned: float,
        number: int = 1,
        shown: str = "SUCCESS",
        *,
        view: Any = None,
        progress: Any = None,
        **call: Any,
    ) -> None:
        """Ask for the code; ``progress`` changes the code_request of the answer."""
        served = call.get("status", 200) == 200
        states = {"PENDING": "pending", "SUCCESS": "success"}
        request = {"status": states.get(shown, "failed"), "attempt": 1, "max_attempts": 18}
        request |= {"next_attempt_at": None, "retry_after": None}
        answer = {"purchase": purchase(number, shown, **(view or {})), "code_request": request | (progress or {})}
        self.call(
            ApiOperation.REQUEST_CODE, invoked, returned, answer if served else REFUSAL, **({"number": number} | call)
        )

    def refund(
        self,
        invoked: float,
        returned: float,
        number: int = 1,
        shown: str = "REFUND",
        *,
        amount: str = "1.50",
        view: Any = None,
        **call: Any,
    ) -> None:
        """Ask for the money back."""
        served = call.get("status", 200) == 200
        money = {"amount": {"amount": amount, "currency_code": "USD"}, "reason": "no code"}
        money |= {"refunded_at": stamp(returned + self.shift)}
        answer = {"purchase": purchase(number, shown, **(view or {})), "refund": money}
        self.call(ApiOperation.REFUND, invoked, returned, answer if served else REFUSAL, **({"number": number} | call))

    def list(
        self,
        invoked: float,
        returned: float,
        items: Sequence[Any] = (),
        *,
        page: int | None = 1,
        size: int | None = 50,
        total: Any = None,
        has_next: Any = None,
        current: Any = None,
        sort: str | None = None,
        only: str | None = None,
        **call: Any,
    ) -> None:
        """Read one page; items are purchases, or ids of PENDING ones; the numbers agree unless given."""
        rows = [purchase(item) if isinstance(item, int) else item for item in items]
        pages = (1 if rows else 0) if total is None else total
        number = page or 1
        told = {
            "current_page": number if current is None else current,
            "total_pages": pages,
            "has_next": number < pages if has_next is None else has_next,
        }
        asked = {"page": page, "page_size": size, "sort": sort, "status": only}
        query = [(key, str(value)) for key, value in asked.items() if value is not None]
        served = call.get("status", 200) == 200
        answer = {"items": rows, "pagination": told} if served else REFUSAL
        self.call(ApiOperation.LIST, invoked, returned, answer, **({"query": query} | call))

    def account(
        self,
        invoked: float,
        returned: float,
        country: str = "US",
        *,
        price: str = "1.50",
        base: Any = "1.50",
        percent: Any = 0,
        available: bool = True,
        currency: str = "USD",
        **call: Any,
    ) -> None:
        """Read the offer of a country."""
        answer = {
            "country_code": country,
            "price": {"amount": price, "currency_code": currency},
            "discount": {"base_price": base, "percent": percent},
            "available": available,
        }
        self.call(ApiOperation.ACCOUNT, invoked, returned, answer, **({"number": country} | call))

    def profile_look(self, invoked: float, returned: float, balance: str, **call: Any) -> None:
        """Read the balance."""
        answer = {"id": "1", "balance": {"amount": balance, "currency_code": "USD"}}
        self.call(ApiOperation.PROFILE, invoked, returned, answer, **call)

    def judged(self, **tolerances: dict[str, float]) -> Oracle:
        """Return an oracle that every invariant has reported to."""
        setting = Setting(profile=get_profile(self.profile), tolerances=dict(tolerances))
        oracle = _Reading([make(setting) for make in FAMILIES])
        for operation in sorted(self.operations, key=lambda operation: operation.returned):
            oracle.feed(operation)
        oracle.finish()
        assert not oracle._crashes, oracle._crashes
        return oracle

    def findings(self, **tolerances: dict[str, float]) -> set[Finding]:
        """Return clause, cause and severity of everything found."""
        return {(f.clause, f.cause, f.severity.value) for f in self.judged(**tolerances).findings}

    def verdict(self, **tolerances: dict[str, float]) -> tuple[set[Finding], dict[str, int]]:
        """Return everything found, and how often each clause was exercised."""
        oracle = self.judged(**tolerances)
        found = {(f.clause, f.cause, f.severity.value) for f in oracle.findings}
        return found, {clause: count for clause, count in oracle.exercised.items() if count}


def error(clause: str, cause: str) -> Finding:
    """Return a finding of severity error."""
    return (clause, cause, "error")


def warning(clause: str, cause: str) -> Finding:
    """Return a finding of severity warning."""
    return (clause, cause, "warning")
