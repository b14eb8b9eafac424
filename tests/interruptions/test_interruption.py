"""A signal strikes where nothing is lost by it, once, and never where Python would drop it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from contracts.gate.session import INTERRUPTED, Session
from contracts.history import Answer, Input, Operation, Outcome
from contracts.interruption import Interruption, end_with_parent, interruption
from tests.gate.test_session import PURCHASE, ok, open_session
from tests.interruptions.child import ROOT, environment

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def signals_are_given_back() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    interruption.asked = False


@pytest.fixture
def listening() -> Interruption:
    own = Interruption()
    own.listen()
    return own


@pytest.mark.parametrize("number", SIGNALS)
def test_outside_of_a_shield_a_signal_strikes_at_once(number: signal.Signals, listening: Interruption) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert listening.asked


def test_within_a_shield_it_waits_for_the_next_opened_place(listening: Interruption) -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), listening.shielded():  # noqa: PT012 - where it strikes is the point
        signal.raise_signal(signal.SIGTERM)
        reached.append("the end of what must not be cut")
        with listening.opened():
            reached.append("what waits")
    assert reached == ["the end of what must not be cut"]


def test_an_opened_place_is_struck_at_once(listening: Interruption) -> None:
    with pytest.raises(KeyboardInterrupt), listening.shielded(), listening.opened():
        signal.raise_signal(signal.SIGINT)


def test_what_tidies_up_is_not_struck_again(listening: Interruption) -> None:
    tidied = []
    with pytest.raises(KeyboardInterrupt), listening.shielded(), listening.opened():  # noqa: PT012 - likewise
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            tidied.append(True)
    assert tidied == [True]


def test_a_shield_without_an_opened_place_lets_the_work_end(listening: Interruption) -> None:
    with listening.shielded():
        signal.raise_signal(signal.SIGINT)
    assert listening.asked


def test_a_signal_in_a_finaliser_is_not_lost(listening: Interruption) -> None:
    class Finalised:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), listening.shielded():  # noqa: PT012 - likewise
        with listening.opened():
            one: Finalised | None = Finalised()
            assert one is not None
            one = None
        listening.check()


def test_the_threads_beside_the_main_one_are_left_alone(listening: Interruption) -> None:
    passed = []

    def work() -> None:
        with listening.shielded(), listening.opened():
            listening.check()
            passed.append(True)

    with listening.shielded():
        signal.raise_signal(signal.SIGINT)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert passed == [True]


def test_what_was_switched_off_stays_off() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    own = Interruption()
    own.listen()
    signal.raise_signal(signal.SIGHUP)
    assert not own.asked
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_after_the_verdict_signals_change_nothing(listening: Interruption) -> None:
    listening.deafen()
    for number in SIGNALS:
        signal.raise_signal(number)
    assert not listening.asked


def test_a_sleep_ends_with_a_signal(listening: Interruption) -> None:
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt), listening.shielded():
        listening.sleep(60.0)
    timer.join()


def interrupted_create(kept: list[Operation]) -> Session:
    def script(_: Input) -> Answer | None:
        signal.raise_signal(signal.SIGTERM)
        return ok(PURCHASE)

    session, _ = open_session(script)
    session._record = kept.append
    return session


def test_a_create_that_is_interrupted_is_recorded_and_counted_as_bought() -> None:
    interruption.listen()
    kept: list[Operation] = []
    session = interrupted_create(kept)
    with pytest.raises(KeyboardInterrupt), interruption.shielded():
        session.call("POST", "/v1/purchases", body=b'{"country_code": "US"}')
    assert [(one.outcome, one.error) for one in kept] == [(Outcome.UNKNOWN, INTERRUPTED)]
    assert (session.counts.requests, session.budget.purchases) == (1, 1)


def test_after_an_interruption_nothing_more_is_sent() -> None:
    interruption.listen()
    session, wire = open_session(lambda _: ok())
    with interruption.shielded():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            session.call("POST", "/v1/purchases", body=b'{"country_code": "US"}')
    assert (wire.sent, session.budget.purchases, session.counts.requests) == ([], 0, 0)


def test_an_operation_that_has_been_answered_is_kept_whole_before_the_signal_strikes() -> None:
    interruption.listen()
    kept: list[Operation] = []

    def record(operation: Operation) -> None:
        signal.raise_signal(signal.SIGINT)
        kept.append(operation)

    session, _ = open_session(lambda _: ok())
    session._record = record
    with interruption.shielded():
        assert session.call("GET", "/v1/profile").status == 200
        with pytest.raises(KeyboardInterrupt):
            session.call("GET", "/v1/profile")
    assert len(kept) == session.counts.requests == 1


STARTING = """
import os, signal
from contracts.starting import Starting
with Starting():
    os.kill(os.getpid(), signal.{name})
    print("it went on")
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_while_modules_are_read_ends_without_a_word(name: str) -> None:
    command = [sys.executable, "-c", STARTING.format(name=name)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


CHILD = """
import os, sys, time
from contracts.interruption import PARENT_VARIABLE, end_with_parent, interruption
interruption.listen()
end_with_parent()
assert PARENT_VARIABLE not in os.environ
print(os.getpid(), flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    print("ended", flush=True)
"""
PARENT = """
import os, subprocess, sys
from contracts.interruption import PARENT_VARIABLE
subprocess.Popen([sys.executable, "-c", sys.argv[1]], env={**os.environ, PARENT_VARIABLE: str(os.getpid())})
sys.stdin.read()
"""


def test_a_child_ends_with_a_parent_that_is_killed() -> None:
    command = [sys.executable, "-c", PARENT, CHILD]
    parent = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline().strip().isdigit()
        parent.kill()
        # The pipe is the child's as well: it ends when both have.
        assert parent.stdout.read() == b"ended\n"


def test_without_a_parent_that_was_named_nothing_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSAY_PARENT", raising=False)
    before = threading.active_count()
    end_with_parent()
    assert threading.active_count() == before
