"""The machinery of one process, put together for a run's orders, tells what went wrong beside the answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from gevent.event import Event

from contracts.history import ApiOperation
from contracts.target import Keys
from fixtures.hostile.catalogue import find
from fixtures.hostile.serving import HostileTarget
from load.call import Call, Reply
from load.clock import Clock
from load.machinery import Machinery
from load.measure.recorder import Recorder
from load.orders import Orders

LOOK = Call(ApiOperation.PROFILE, "GET", "/v1/profile")
BUY = Call(ApiOperation.CREATE, "POST", "/v1/purchases", b'{"country_code":"US"}')


def machinery(url: str, key: str = "key-of-the-owner-1") -> Machinery:
    orders = Orders(
        document={"plan": {"rate": "5/s", "timeout": "500ms"}},
        source="test",
        url=url,
        loopback=True,
        profile="2026-02",
        seed=0,
        identity="00" * 16,
        prices={"US": "0.50"},
    )
    plan = orders.plan()
    return Machinery(orders, plan, Keys(key), Clock(), Recorder(plan.timetable().phases))


def ask(one: Machinery, call: Call) -> Reply:
    replies: list[Reply] = []
    there = Event()

    def done(reply: Reply) -> None:
        replies.append(reply)
        there.set()

    one.pool.submit(one.encoder.encode(call), call, 0.0, done)
    assert there.wait(20)
    return replies[0]


@pytest.fixture
def nobody() -> Iterator[str]:
    """A URL at which nothing listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def test_why_requests_got_no_answer_is_counted_by_reason(nobody: str) -> None:
    one = machinery(nobody)
    assert [ask(one, LOOK).error, ask(one, BUY).error] == ["connect", "connect"]
    one.close()
    assert one.mishaps.unanswered == {"connect: Connection refused": 2}


def test_calls_cut_short_by_our_own_end_are_no_mishaps() -> None:
    with HostileTarget(find("swallows-requests")) as hostile:
        one = machinery(hostile.url, hostile.keys["ASSAY_API_KEY"])
        replies: list[Reply] = []
        one.pool.submit(one.encoder.encode(LOOK), LOOK, 0.0, replies.append)
        one.close()
    assert [reply.error for reply in replies] == ["closed"]
    assert one.mishaps.unanswered == {}


def test_what_is_no_http_is_a_finding_and_not_counted_twice() -> None:
    with HostileTarget(find("garbage")) as hostile:
        one = machinery(hostile.url, hostile.keys["ASSAY_API_KEY"])
        reply = ask(one, LOOK)
        one.judge.see(LOOK, reply)
        one.close()
    assert reply.error == "malformed"
    assert one.mishaps.unanswered == {}
    assert [finding.clause for finding in one.judge.docket.findings] == ["LOAD-1"]


def test_a_target_that_answers_twice_is_found_out_and_no_request_gets_anothers_answer() -> None:
    with HostileTarget(find("answers-twice-a-little-later")) as hostile:
        one = machinery(hostile.url, hostile.keys["ASSAY_API_KEY"])
        # A busy machine may bring the second answer after the next request; one of many comes in between.
        for number in range(100):
            call = BUY if number % 2 else LOOK
            assert one.judge.see(call, ask(one, call)).lawful
            if number >= 7 and one.judge.docket.findings:
                break
        one.close()
    assert {(finding.clause, finding.cause) for finding in one.judge.docket.findings} == {
        ("LOAD-1", "malformed-answer")
    }
