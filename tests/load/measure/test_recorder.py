"""Answers are counted in the second in which they end and the phase in which they were due."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.history import OWNER, STRANGER, ApiOperation
from load.measure.answers import Count
from load.measure.recorder import Gauges, Recorder, how_it_counts, phase_shares, split
from load.plan.phase import Phase
from tests.load.measure.build import CREATE, MAIN, PHASES, RETRIEVE, WARM, reply


def test_an_answer_counts_in_the_second_it_ends_and_the_phase_it_was_due() -> None:
    recorder = Recorder(PHASES)
    recorder.record(CREATE, reply(2.9, 3.1), lawful=True)
    recorder.record(CREATE, reply(3.05, 3.2), lawful=True)
    recorder.record(RETRIEVE, reply(3.0, 4.5), lawful=True)
    taken = recorder.take(5.0, Gauges())
    assert [second.t for second in taken] == [0, 1, 2, 3, 4]
    assert {key: answers.requests for key, answers in taken[3].answers.items()} == {
        (WARM, "create_purchase"): 1,
        (MAIN, "create_purchase"): 1,
    }
    assert list(taken[4].answers) == [(MAIN, "retrieve_purchase")]


def test_response_service_and_lag_are_told_apart() -> None:
    recorder = Recorder(PHASES)
    recorder.record(CREATE, reply(4.0, 4.5, sent=4.2), lawful=True)
    (second,) = recorder.take(5.0, Gauges())[4:]
    answers = second.answers[MAIN, "create_purchase"]
    assert round(answers.response.max, 6) == 0.5
    assert round(answers.service.max, 6) == 0.3
    assert round(second.pace[MAIN].lag.max, 6) == 0.2


def test_a_request_given_up_before_it_was_sent_spent_its_time_waiting() -> None:
    recorder = Recorder(PHASES)
    recorder.record(CREATE, reply(4.0, 4.5, sent=99.0, status=0, error="connect"), lawful=True)
    recorder.record(CREATE, reply(4.0, 4.5, sent=0.0, status=0, error="connect"), lawful=True)
    (second,) = recorder.take(5.0, Gauges())[4:]
    answers = second.answers[MAIN, "create_purchase"]
    assert sorted(answers.service.counts.values()) == [1, 1]
    assert round(answers.service.max, 6) == 0.5
    assert round(second.pace[MAIN].lag.max, 6) == 0.5
    assert answers.statuses == {"connect": 2}


def test_every_second_is_handed_on_once_and_in_order_the_empty_ones_too() -> None:
    recorder = Recorder(PHASES)
    recorder.record(CREATE, reply(4.0, 4.5), lawful=True)
    assert [second.t for second in recorder.take(2.1, Gauges())] == [0, 1]
    assert recorder.take(2.9, Gauges()) == []
    assert [second.t for second in recorder.take(5.1, Gauges())] == [2, 3, 4]
    assert [second.t for second in recorder.finish(6.5, Gauges())] == [5, 6]


def test_an_answer_told_after_its_second_was_handed_on_is_not_lost() -> None:
    recorder = Recorder(PHASES)
    recorder.take(5.0, Gauges())
    recorder.record(CREATE, reply(4.0, 4.9), lawful=True)
    (second,) = recorder.take(6.0, Gauges())
    assert (second.t, second.answers[MAIN, "create_purchase"].requests) == (5, 1)


def test_what_the_gauges_grew_by_counts_for_the_newest_second() -> None:
    recorder = Recorder(PHASES)
    recorder.take(4.0, Gauges(arrivals=10, dropped=1, findings=2, connections=4, reconnects=1, waited=3))
    grown = Gauges(
        arrivals=30, dropped=3, findings=2, connections=5, reconnects=3, waited=8, in_flight=7, users=9, cpu=0.5,
        loop_delay_ms=4.0,
    )  # fmt: skip
    (second,) = recorder.take(5.0, grown)
    assert (second.pace[MAIN].arrivals, second.pace[MAIN].dropped) == (20, 2)
    assert (second.findings, second.connections, second.reconnects, second.waited) == (0, 1, 2, 5)
    assert (second.in_flight, second.users, second.cpu, second.loop_delay_ms) == (7, 9, 0.5, 4.0)


def test_arrivals_of_the_warm_up_stay_there() -> None:
    recorder = Recorder(PHASES)
    (*_, last) = recorder.take(3.0, Gauges(arrivals=12))
    assert (last.t, last.pace[WARM].arrivals) == (2, 12)


def test_where_a_phase_ends_within_a_second_its_arrivals_are_shared_out() -> None:
    phases = [Phase("settling", 0, 2.7, False, 10), Phase("step", 2.7, 5.7, True, 10)]
    recorder = Recorder(phases)
    told = []
    for second in range(1, 7):
        come = round(10 * min(second, 5.7))
        told += recorder.take(float(second), Gauges(arrivals=come, dropped=0))
    settling = sum(second.pace[0].arrivals for second in told if 0 in second.pace)
    step = sum(second.pace[1].arrivals for second in told if 1 in second.pace)
    assert (settling, step) == (27, 30)


def test_a_jump_within_a_second_counts_by_the_rates_on_both_sides() -> None:
    phases = [Phase("low", 0, 0.5, True, 10), Phase("high", 0.5, 1.5, True, 90), Phase("idle", 1.5, 9, True, 0)]
    assert phase_shares(phases, 0) == {0: 0.1, 1: 0.9}
    assert phase_shares(phases, 1) == {1: 1.0, 2: 0.0}
    assert phase_shares(phases, 5) == {2: 1.0}
    assert phase_shares(phases, 50) == {2: 1.0}


@settings(deadline=None)
@given(st.integers(0, 10_000), st.lists(st.floats(0.01, 1), min_size=1, max_size=6))
def test_a_number_is_split_without_loss(number: int, weights: list[float]) -> None:
    shares = [weight / sum(weights) for weight in weights]
    parts = split(number, shares)
    assert sum(parts) == number
    assert all(abs(part - number * share) <= 1 for part, share in zip(parts, shares, strict=True))


def test_a_phase_that_is_added_later_is_found() -> None:
    phases = [Phase("step 1", 0, 5, True, 10)]
    recorder = Recorder(phases)
    recorder.record(CREATE, reply(4.9, 5.5), lawful=True)
    phases.append(Phase("step 2", 5, 10, True, 20))
    recorder.record(CREATE, reply(5.1, 5.6), lawful=True)
    (second,) = recorder.take(6.0, Gauges())[5:]
    assert {phase for phase, _ in second.answers} == {0, 1}


def test_handshakes_are_counted_where_they_ended() -> None:
    recorder = Recorder(PHASES)
    recorder.handshake(3.5, 0.01, 0.02)
    recorder.handshake(3.6, 0.03, None)
    second = recorder.take(4.0, Gauges())[3]
    assert (second.connect.count, second.tls.count) == (2, 1)


def test_what_fails_and_what_does_not() -> None:
    def counted(status: int, *, error: str | None = None, lawful: bool = True, wait: bool = False) -> Count:
        headers = (("retry-after", "1"),) if wait else ()
        return how_it_counts(reply(0, 1, status=status, error=error, headers=headers), lawful=lawful)

    assert counted(200) is Count.OK
    assert counted(409) is Count.OK
    assert counted(404) is Count.OK
    assert counted(500) is Count.FAILURE
    assert counted(200, lawful=False) is Count.FAILURE
    assert counted(0, error="timeout") is Count.FAILURE
    assert counted(429, wait=True) is Count.BACKPRESSURE
    assert counted(429) is Count.FAILURE
    assert counted(429, wait=True, lawful=False) is Count.FAILURE


@pytest.mark.parametrize(("principal", "failed"), [(OWNER, 1), (f"{STRANGER}:another key", 0)])
def test_a_key_that_was_taken_before_is_refused_by_a_failure_and_a_strangers_as_it_should_be(
    principal: str, failed: int
) -> None:
    recorder = Recorder(PHASES)
    recorder.record(replace(RETRIEVE, principal=principal), reply(0.1, 0.2, status=401), lawful=True)
    [second] = recorder.finish(0.5, Gauges())
    [answers] = second.answers.values()
    assert answers.failures == failed


def test_operations_are_counted_by_their_names() -> None:
    recorder = Recorder(PHASES)
    for call in (CREATE, RETRIEVE, CREATE):
        recorder.record(call, reply(3.5, 3.6), lawful=True)
    second = recorder.take(4.0, Gauges())[3]
    names = {operation: answers.requests for (_, operation), answers in second.answers.items()}
    assert names == {ApiOperation.CREATE.value: 2, ApiOperation.RETRIEVE.value: 1}
    assert all(type(name) is str for name in names)
