"""Calls and replies written out by hand, each with the times of its request and its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from contracts.history import Demand
from load.call import Call, Reply, Seen
from load.journeys.steps import REPEATED, account, create, list_page, profile, request_code, retrieve
from load.judge.forgetting import Limits
from load.judge.judge import Judge

KEY = "key-of-the-owner-0001"
BASE = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
CODE = {"code": "54321", "password": "secret-7", "received_at": "2026-01-05T12:30:00.000Z"}
OTHER_CODE = CODE | {"code": "98765"}
ASKED = {"status": "pending", "attempt": 1, "max_attempts": 18, "next_attempt_at": None, "retry_after": 10}
REFUSAL = {"error": {"message": "no"}}

assert REPEATED.demand is Demand.EITHER


def stamp(seconds: float) -> str:
    """Write a moment as the API does."""
    return (BASE + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def purchase(number: int, shown: str = "PENDING", /, **changes: Any) -> dict[str, Any]:
    """Return a purchase; one that is SUCCESS has credentials."""
    view = {
        "id": number,
        "country_code": "US",
        "display_name": {"ru": "США", "en": "United States"},
        "phone_number": f"+1202555{number:04d}",
        "price": {"amount": "1.50", "currency_code": "USD"},
        "status": shown,
        "purchase_type": "SINGLE",
        "verification": CODE if shown == "SUCCESS" else None,
        "created_at": stamp(number),
    }
    return view | changes


def reply(
    body: Any, sent: float, ended: float, status: int = 200, headers: tuple[tuple[str, str], ...] | None = None
) -> Reply:
    """Return a reply; a body that is not bytes is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    date = format_datetime(BASE + timedelta(seconds=ended), usegmt=True)
    told = (("date", date), ("content-type", "application/json")) if headers is None else headers
    return Reply(status, told, content, None, b"", sent, sent, ended)


@dataclass(slots=True)
class Scene:
    """Answers that one judge sees, in the order written: that in which they arrive."""

    profile: str = "2026-02"
    limits: Limits | None = None
    judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self.judge = Judge(self.profile, secrets=[KEY], limits=self.limits)

    def see(self, call: Call, *answer: Any, **more: Any) -> Seen:
        """Let an answer be seen."""
        return self.judge.see(call, reply(*answer, **more))

    def create(self, sent: float, ended: float, number: int = 1, *, view: Any = None, **more: Any) -> Seen:
        """Buy."""
        return self.see(create("US"), purchase(number, **(view or {})), sent, ended, **more)

    def retrieve(
        self, sent: float, ended: float, number: int = 1, shown: str = "PENDING", *, view: Any = None, **more: Any
    ) -> Seen:
        """Look at a purchase."""
        body = purchase(number, shown, **(view or {})) if more.get("status", 200) == 200 else REFUSAL
        return self.see(retrieve(number), body, sent, ended, **more)

    def code(
        self,
        sent: float,
        ended: float,
        number: int = 1,
        shown: str = "PENDING",
        *,
        view: Any = None,
        progress: Any = None,
        again: bool = False,
        **more: Any,
    ) -> Seen:
        """Ask for the credentials."""
        states = {"PENDING": "pending", "SUCCESS": "success"}
        request = ASKED | {"status": states.get(shown, "failed")} | (progress or {})
        body = {"purchase": purchase(number, shown, **(view or {})), "code_request": request}
        if more.get("status", 200) != 200:
            body = REFUSAL
        return self.see(request_code(number, REPEATED if again else None), body, sent, ended, **more)

    def list(self, sent: float, ended: float, items: list[Any], *, size: int = 20, page: int = 1, **asked: Any) -> Seen:
        """Look at a page; the numbers agree unless ``told`` changes them."""
        told = {"current_page": page, "total_pages": max(page, 1), "has_next": False} | asked.pop("told", {})
        return self.see(list_page(page, size, **asked), {"items": items, "pagination": told}, sent, ended)

    def account(self, sent: float, ended: float, **changes: Any) -> Seen:
        """Look at an offer."""
        offer = {
            "country_code": "US",
            "display_name": {"ru": "США", "en": "United States"},
            "price": {"amount": "1.50", "currency_code": "USD"},
            "discount": {"base_price": "1.50", "percent": 0},
            "available": True,
        }
        return self.see(account("US"), offer | changes, sent, ended)

    def balance(self, sent: float, ended: float, amount: Any = "10.00") -> Seen:
        """Look at the balance."""
        body = {"id": "1", "balance": {"amount": amount, "currency_code": "USD"}, "statistics": {"total_purchases": 1}}
        return self.see(profile(), body, sent, ended)

    def findings(self) -> set[tuple[str, str, str]]:
        """Return clause, cause and severity of everything found, LOAD-1 apart."""
        self.judge.finish()
        assert self.judge.crashes == {}
        return {(f.clause, f.cause, f.severity.value) for f in self.judge.docket.findings if f.clause != "LOAD-1"}

    def broken(self) -> set[str]:
        """Return the clauses that are broken by an error, LOAD-1 apart."""
        return {clause for clause, _, severity in self.findings() if severity == "error"}
