"""The books add up: over processes, phases and seconds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from load.measure.figures import ALL
from load.measure.ledger import Ledger
from load.measure.second import Second
from load.plan.phase import Phase
from tests.load.measure.build import MAIN, PHASES, WARM, asked, closed, second


def ledger_of(*seconds: Second, before: int = 99) -> Ledger:
    ledger = Ledger(PHASES, asked)
    for each in seconds:
        ledger.add(each)
    list(closed(ledger, before))
    return ledger


def test_the_warm_up_is_in_the_timeline_and_nowhere_else() -> None:
    ledger = ledger_of(second(1, 900.0, phase=WARM), second(4, 5.0))
    figures = ledger.figures(13)
    assert figures.operations[ALL].requests == 1
    assert figures.operations[ALL].response.max == pytest.approx(0.005)
    assert [(row["t"], row["measured"], row["requests"]) for row in ledger.timeline] == [(1, False, 1), (4, True, 1)]
    assert ledger.requests == 2


def test_processes_are_added_up_within_a_second() -> None:
    ledger = ledger_of(second(4, 5.0), second(4, 7.0, 9.0), second(4, 1.0, operation="get_account"))
    assert [row["requests"] for row in ledger.timeline] == [4]
    operations = ledger.figures(13).operations
    assert {name: answers.requests for name, answers in operations.items()} == {
        ALL: 4,
        "create_purchase": 3,
        "get_account": 1,
    }


def test_seconds_are_closed_in_order_and_once() -> None:
    ledger = Ledger(PHASES, asked)
    for t in (5, 3, 4, 8):
        ledger.add(second(t, 5.0))
    assert [each.second.t for each in closed(ledger, 6)] == [3, 4, 5]
    assert list(closed(ledger, 6)) == []
    assert [each.second.t for each in closed(ledger, 99)] == [8]


def test_a_late_share_counts_in_the_oldest_open_second_without_its_levels() -> None:
    ledger = Ledger(PHASES, asked)
    ledger.add(second(4, 5.0))
    list(closed(ledger, 6))
    late = second(4, 7.0)
    late.in_flight = late.users = 50
    ledger.add(late)
    (joined,) = closed(ledger, 99)
    assert (joined.row["t"], joined.row["requests"], joined.row["in_flight"]) == (6, 1, 0)
    assert ledger.figures(13).operations[ALL].requests == 2


def test_a_closed_second_tells_its_measured_answers_alone() -> None:
    both = second(3, 900.0, phase=WARM)
    both.merge(second(3, 5.0))
    ledger = Ledger(PHASES, asked)
    ledger.add(both)
    (told,) = closed(ledger, 99)
    assert told.whole.requests == 1
    assert told.row["requests"] == 2


def test_findings_count_whenever_they_were_seen() -> None:
    early = second(1, phase=WARM)
    early.findings = 2
    assert ledger_of(early).figures(13).findings == 2


def test_rates_are_over_measured_time() -> None:
    busy = second(4, *[5.0] * 30)
    busy.pace_of(MAIN).arrivals, busy.pace_of(MAIN).dropped = 20, 5
    figures = ledger_of(busy).figures(8)
    assert (figures.seconds, figures.asked) == (5, 50)
    assert (figures.achieved_rate, figures.achieved_share, figures.dropped_share) == (3, 0.3, 0.25)
    assert figures.request_rate(ALL) == 6
    assert figures.request_rate("get_account") == 0


def test_before_anything_was_measured_there_is_no_rate() -> None:
    figures = ledger_of().figures(2)
    assert (figures.achieved_rate, figures.request_rate(ALL), figures.achieved_share) == (None, None, None)
    assert figures.answers("create_purchase") is None


def test_a_window_is_the_newest_measured_seconds() -> None:
    ledger = ledger_of(second(2, 9.0, phase=WARM), *(second(t, float(t)) for t in range(3, 13)), before=13)
    figures = ledger.window(4)
    assert (figures.seconds, figures.asked) == (4, 40)
    assert figures.operations[ALL].response.max == pytest.approx(0.012)
    assert figures.operations[ALL].requests == 4
    assert ledger.window(60).operations[ALL].requests == 10


def test_a_phase_has_its_own_figures_and_totals() -> None:
    late = second(13, 4.0, operation="get_account")
    late.pace_of(MAIN).arrivals = 90
    early = second(3, 700.0, phase=WARM)
    early.pace_of(WARM).arrivals = 400
    ledger = ledger_of(early, late)
    figures = ledger.phase_figures(MAIN, 13)
    assert (figures.seconds, figures.asked, figures.arrivals) == (10, 100, 90)
    assert set(figures.operations) == {ALL, "get_account"}
    assert ledger.phase_totals(WARM)[0].response.max == pytest.approx(0.7)
    assert ledger.phase_totals(7)[0].requests == 0


def test_phases_that_a_search_adds_are_counted() -> None:
    phases = [Phase("step 1", 0, 5, True, 10)]
    ledger = Ledger(phases, asked)
    ledger.add(second(1, 5.0, phase=0))
    list(closed(ledger, 5))
    phases.append(Phase("step 2", 5, 10, True, 20))
    ledger.add(second(6, 9.0, 9.0, phase=1))
    list(closed(ledger, 10))
    assert [ledger.phase_figures(index, 10).operations[ALL].requests for index in (0, 1)] == [1, 2]
    assert ledger.figures(10).operations[ALL].requests == 3


def test_between_two_steps_of_a_search_nothing_is_measured() -> None:
    phases = [Phase("step 1", 0, 5, True, 10), Phase("step 2", 7.5, 12, True, 20)]
    ledger = Ledger(phases, asked)
    for t in range(14):
        ledger.add(Second(t))
    list(closed(ledger, 14))
    assert [row["t"] for row in ledger.timeline if row["phase"] == "drain"] == [5, 6, 12, 13]
    assert ledger.window(60).seconds == 10


def test_only_recent_seconds_are_kept_whole() -> None:
    ledger = Ledger(PHASES, asked, recent=3)
    for t in range(3, 13):
        ledger.add(second(t, 5.0))
    list(closed(ledger, 13))
    newest = ledger.phase_figures(MAIN, 13)
    assert (newest.operations[ALL].requests, newest.seconds, newest.asked) == (3, 3, 30)
    assert ledger.figures(13).operations[ALL].requests == 10


def test_without_a_schedule_nothing_was_asked_for() -> None:
    ledger = Ledger(PHASES, lambda _start, _end: None)
    ledger.add(second(4, 5.0))
    list(closed(ledger, 99))
    assert ledger.figures(13).asked is None
    assert ledger.timeline[0]["asked"] is None


def test_closing_goes_in_small_steps() -> None:
    ledger = Ledger(PHASES, asked)
    both = second(4, 5.0)
    both.merge(second(4, 5.0, operation="get_account"))
    ledger.add(both)
    steps = list(ledger.closing(5))
    assert steps[:-1] == [None] * (len(steps) - 1)
    assert len(steps) >= 3
    assert steps[-1] is not None


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 1), st.floats(1, 5000)), max_size=40), st.integers(1, 4))
def test_no_request_is_lost_however_the_shares_come(events: list[tuple[int, int, float]], every: int) -> None:
    ledger = Ledger(PHASES, asked)
    for number, (t, phase, ms) in enumerate(events):
        ledger.add(second(t, ms, phase=phase))
        if number % every == 0:
            list(closed(ledger, t))
    list(closed(ledger, 99))
    assert sum(row["requests"] for row in ledger.timeline) == len(events) == ledger.requests
    assert ledger.figures(13).operations[ALL].requests == sum(1 for _, phase, _ in events if phase == MAIN)
    assert sum(ledger.phase_totals(phase)[0].requests for phase in (WARM, MAIN)) == len(events)
