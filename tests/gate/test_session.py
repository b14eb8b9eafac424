"""Every request leaves through the session: rate limits, redirects, money and lost answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from contracts.budget import Budget, BudgetSpentError
from contracts.gate.pace import Pace, TimeSpentError
from contracts.gate.session import MAX_UNREACHED, Session, UnreachableError
from contracts.gate.wire import Reply
from contracts.history import Answer, Input, Operation, Outcome
from contracts.oracle import Oracle
from contracts.profiles import get_profile
from contracts.target import Keys, Target

URL = "http://127.0.0.1:1"
JSON = ("content-type", "application/json")
PURCHASE = {
    "id": 7,
    "country_code": "US",
    "status": "PENDING",
    "price": {"amount": "1.50", "currency_code": "USD"},
    "verification": None,
    "created_at": "2026-01-01T00:00:00Z",
}


class FakeWire:
    """Answers from a script; time moves only when someone sleeps."""

    def __init__(self, script: Callable[[Input], Answer | None]) -> None:
        self.script = script
        self.sent: list[Input] = []
        self.now = 0.0
        self.within: list[float] = []
        self.clock_moved = False

    def send(self, sent: Input, within: float) -> Reply:
        self.sent.append(sent)
        self.within.append(within)
        answer = self.script(sent)
        return Reply(answer, None if answer else "timeout", self.now, self.now + 0.001)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def open_session(script: Callable[[Input], Answer | None], budget: Budget | None = None) -> tuple[Session, FakeWire]:
    wire = FakeWire(script)
    kept: list[Operation] = []
    session = Session(
        Target(URL, URL, loopback=True, keys=Keys("owner-key-1234", "other-key-1234")),
        wire,  # type: ignore[arg-type]  # a Wire by what it does
        Oracle([]),
        budget or Budget(),
        Pace(60.0, wire.clock, wire.sleep),
        get_profile("2026-02"),
        0,
        kept.append,
    )
    return session, wire


def ok(value: object = None) -> Answer:
    return Answer(200, (JSON,), json.dumps(value if value is not None else {}).encode())


def test_the_key_of_the_principal_is_shown_and_a_strangers_is_not() -> None:
    session, wire = open_session(lambda _: ok())
    session.call("GET", "/v1/profile")
    session.call("GET", "/v1/profile", principal="other")
    session.call("GET", "/v1/profile", principal="stranger:no key")
    keys = [dict(sent.headers).get("x-api-key") for sent in wire.sent]
    assert keys == ["owner-key-1234", "other-key-1234", None]


def test_a_rate_limit_is_waited_out_and_every_answer_recorded() -> None:
    answers = [Answer(429, (("Retry-After", "3"),)), Answer(429), ok(PURCHASE)]
    session, wire = open_session(lambda _: answers.pop(0))
    operation = session.call("POST", "/v1/purchases", body=b'{"country_code": "US"}')
    assert (operation.status, session.counts.requests, session.counts.refused_rate) == (200, 3, 2)
    assert wire.now == pytest.approx(3.5)
    assert session.budget.purchases == 1


def test_a_rate_limit_beyond_the_time_budget_ends_the_run_at_once() -> None:
    session, wire = open_session(lambda _: Answer(429, (("Retry-After", "31536000"),)))
    with pytest.raises(TimeSpentError):
        session.call("GET", "/v1/profile")
    assert wire.now == 0.0


def test_a_read_without_an_answer_is_sent_once_more_and_a_create_never() -> None:
    answers: list[Answer | None] = [None, ok()]
    session, wire = open_session(lambda _: answers.pop(0))
    assert session.call("GET", "/v1/profile").outcome is Outcome.OK
    answers[:] = [None]
    lost = session.call("POST", "/v1/purchases", body=b'{"country_code": "US"}')
    assert (lost.outcome, len(wire.sent), session.budget.purchases) == (Outcome.UNKNOWN, 3, 1)


def test_no_answer_is_waited_for_beyond_the_end_of_the_run() -> None:
    session, wire = open_session(lambda _: None)
    wire.now = 80.0
    assert session.call("GET", "/v1/profile").error == "timeout"
    assert wire.within == [10.0, 10.0]
    wire.now = 90.0
    assert session.call("GET", "/v1/profile").error == "timeout"
    assert wire.within[2:] == [0.0]


def test_our_clock_is_no_yardstick_for_one_that_was_moved() -> None:
    dated = Answer(200, (("Date", "Sun, 01 Mar 2026 12:00:00 GMT"),))
    answers = {"/dated": dated, "/undated": ok(), "/odd": Answer(200, (("date", "yesterday"),))}
    session, wire = open_session(lambda sent: answers[sent.path])
    assert all(session.call("GET", path).wall > 0 for path in answers)
    wire.clock_moved = True
    assert [session.call("GET", path).wall > 0 for path in answers] == [True, False, False]


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_keeps_method_body_and_key_and_is_remembered(status: int) -> None:
    def script(sent: Input) -> Answer:
        return ok() if sent.path.endswith("/") else Answer(status, (("Location", sent.path + "/?page=1"),))

    session, wire = open_session(script)
    first = session.call("POST", "/v1/purchases", body=b'{"country_code": "US"}')
    session.call("POST", "/v1/purchases", body=b'{"country_code": "US"}')
    assert first.status == 200
    assert [sent.path for sent in wire.sent] == ["/v1/purchases", "/v1/purchases/", "/v1/purchases/"]
    assert {(sent.method, sent.body, dict(sent.headers)["x-api-key"]) for sent in wire.sent} == {
        ("POST", b'{"country_code": "US"}', "owner-key-1234")
    }


@pytest.mark.parametrize(
    "location", ["https://127.0.0.1:1/v1/purchases/", "http://127.0.0.1:2/v1/x", "//evil.example/", "ftp://x/"]
)
def test_a_redirect_to_another_origin_is_not_followed(location: str) -> None:
    session, wire = open_session(lambda _: Answer(307, (("Location", location),)))
    assert session.call("GET", "/v1/profile").status == 307
    assert len(wire.sent) == 1
    assert "another origin" in session.counts.notes[0]


def test_a_redirect_loop_ends() -> None:
    def script(sent: Input) -> Answer:
        onward = "/v1/a" if sent.path != "/v1/a" else "/v1/b"
        return Answer(307, (("Location", onward),))

    session, wire = open_session(script)
    assert session.call("GET", "/v1/profile").status == 307
    assert len(wire.sent) <= 4


@pytest.mark.parametrize("status", [301, 302, 303])
def test_other_redirects_are_answers(status: int) -> None:
    session, wire = open_session(lambda _: Answer(status, (("Location", "/v1/purchases/"),)))
    assert session.call("POST", "/v1/purchases", body=b"{}").status == status
    assert len(wire.sent) == 1


def test_a_cap_is_enforced_before_the_request_leaves() -> None:
    session, wire = open_session(lambda _: ok(PURCHASE), Budget(2, Decimal(100)))
    for _ in range(2):
        session.call("POST", "/v1/purchases", body=b'{"country_code": "US"}')
    with pytest.raises(BudgetSpentError):
        session.call("POST", "/v1/purchases", body=b'{"country_code": "US"}')
    assert len(wire.sent) == 2
    assert session.budget.spend == Decimal("3.00")


def test_known_prices_are_held_against_a_cap_on_spend() -> None:
    session, wire = open_session(lambda _: ok(PURCHASE), Budget(None, Decimal("2.00")))
    session.prices["US"] = Decimal("1.50")
    session.call("POST", "/v1/purchases", body=b'{"country_code": "US"}')
    with pytest.raises(BudgetSpentError):
        session.call("POST", "/v1/purchases/", body=b'{"country_code": "US"}')
    assert len(wire.sent) == 1


def test_a_target_that_is_gone_ends_the_run() -> None:
    session, wire = open_session(lambda _: None)
    for _ in range(MAX_UNREACHED - 1):
        session.call("POST", "/v1/purchases/1/refund")
    with pytest.raises(UnreachableError, match="timeout"):
        session.call("POST", "/v1/purchases/1/refund")
    assert len(wire.sent) == MAX_UNREACHED


def test_operations_are_numbered_and_the_book_learns_from_them() -> None:
    session, _ = open_session(lambda _: ok(PURCHASE))
    numbers = [session.call("POST", "/v1/purchases", body=b'{"country_code": "US"}').index for _ in range(3)]
    assert numbers == [0, 1, 2]
    entry = session.book.get(7)
    assert entry is not None
    assert (entry.country, entry.price, entry.status, entry.ours) == ("US", Decimal("1.50"), "PENDING", True)


def test_choices_of_one_purpose_are_the_same_for_the_same_seed() -> None:
    session, _ = open_session(lambda _: ok())
    assert session.random("a").random() == session.random("a").random()
    assert session.random("a").random() != session.random("b").random()
