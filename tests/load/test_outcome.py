"""What a run comes to: what breaks a clause, and what keeps it from a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.finding import ClauseVerdict, Severity
from load.balance import Look, Sum, add_up
from load.collect import Collector
from load.drive.books import Account
from load.judge.merge import Merge
from load.outcome import Outcome, conclude
from load.plan.breakpoint import BreakpointSearch
from load.plan.reading import parse_plan
from load.plan.watch import Sample
from load.request import LoadRequest
from load.schedule import Schedule
from load.staff import Worker
from tests.load.hands import Hand

SECONDS = 10
RATE = 10
HEALTHY = Sample(cpu=0.2, loop_delay_ms=1.0, lag_p99_ms=1.0, requests=RATE, asked=float(RATE), arrivals=RATE)
HOT = replace(HEALTHY, cpu=0.99)
PLAN: dict[str, Any] = {"plan": {"rate": f"{RATE}/s", "duration": f"{SECONDS}s"}}
POLLERS: dict[str, Any] = {**PLAN, "journeys": {"poller": 1}}
USERS: dict[str, Any] = {"plan": {"users": 3, "duration": f"{SECONDS}s"}}


def concluded(
    document: dict[str, Any] = PLAN,
    *,
    looks: int = SECONDS * RATE,
    takes: float = 0.01,
    slower_by: float = 0.0,
    failures: int = 0,
    failed_by: str | None = None,
    samples: Sequence[Sample] = (HEALTHY,) * SECONDS,
    workers: Sequence[Worker] = (Worker("local", "finished"),),
    ended_by: str = "",
    interrupted: bool = False,
    share: dict[str, Any] | None = None,
    balance: Sum = Sum(),  # noqa: B008 - frozen
    **attributes: Any,
) -> Outcome:
    """Conclude a run of looks spread evenly over its time, the first ones failed, each second slower than the last."""
    plan = parse_plan(document, "test")
    schedule = Schedule(plan)
    collector = Collector(schedule, Merge("2026-02", {}), None)
    hand = Hand(plan)
    for number in range(looks):
        failed = number < failures
        status = 200 if not failed else 500 if failed_by is None else 0
        lasts = takes + slower_by * (number * SECONDS // looks)
        hand.look(number * SECONDS / looks, status, lasts, failed_by if failed else None)
    told = {"purchases": 5, "spend": "2.50", "arrivals": SECONDS * RATE, **(share or {})}
    collector.take("local", hand.share(SECONDS + 2.0, **told))
    for name, value in attributes.items():
        setattr(collector, name, value)
    for _ in collector.close(SECONDS + 2):
        pass
    conductor: Any = SimpleNamespace(
        until=float(SECONDS),
        search=None if plan.search is None else BreakpointSearch(plan.search),
        samples=list(samples),
        ended_by=ended_by,
        interrupted=interrupted,
    )
    request = LoadRequest(document=document, source="test", plan=plan)
    return conclude(request, schedule, conductor, collector, {worker.name: worker for worker in workers}, balance)


def objectives(*expressions: str, of: dict[str, Any] = PLAN) -> dict[str, Any]:
    return {"objectives": list(expressions), **of}


def broken(outcome: Outcome) -> list[str]:
    return [finding.clause for finding in outcome.findings if finding.severity is Severity.ERROR]


def test_a_run_in_which_all_went_well_has_no_troubles() -> None:
    outcome = concluded(objectives("p99 < 50ms", "error_rate < 1%", "achieved_rate >= 95%"))
    assert outcome.troubles == ()
    assert outcome.findings == ()
    assert [objective["ok"] for objective in outcome.load["objectives"]] == [True, True, True, True]
    result = next(result for result in outcome.results if result.id == "LOAD-2")
    assert (result.verdict, result.exercised) == (ClauseVerdict.KEPT, 4)
    assert outcome.notes == (
        "held to without being named in the plan: growth <= 100%; a plan's own objective takes the place of each",
    )


def test_a_missed_objective_breaks_load_2_and_says_by_what() -> None:
    outcome = concluded(objectives("p99 < 50ms", "p50 < 60s"), takes=0.2)
    [finding] = outcome.findings
    assert (finding.clause, finding.severity, finding.expected) == ("LOAD-2", Severity.ERROR, "p99 < 50ms")
    assert float(finding.observed.removeprefix("p99 was ").removesuffix("ms")) == pytest.approx(200, rel=0.001)
    assert outcome.troubles == ()
    result = next(result for result in outcome.results if result.id == "LOAD-2")
    assert (result.verdict, result.exercised) == (ClauseVerdict.BROKEN, 4)


def test_a_saturated_generator_is_a_trouble_that_says_what_to_do() -> None:
    outcome = concluded(samples=(HOT,) * SECONDS)
    assert outcome.load["saturated"]
    assert "--processes" in outcome.load["saturation"]
    assert outcome.troubles == (outcome.load["saturation"],)


def test_one_hot_second_is_no_trouble() -> None:
    assert concluded(samples=(HOT, *[HEALTHY] * (SECONDS - 1))).troubles == ()


def test_a_latency_missed_by_a_saturated_generator_is_no_finding_against_the_target() -> None:
    outcome = concluded(objectives("p99 < 50ms"), takes=0.2, samples=(HOT,) * SECONDS)
    assert broken(outcome) == []
    assert [objective["ok"] for objective in outcome.load["objectives"]] == [False, True, True]
    assert len(outcome.troubles) == 2
    assert outcome.troubles[1].startswith("p99 < 50ms was missed, which is no verdict on the target")


def test_a_plan_without_objectives_does_not_keep_a_server_that_fails_every_second_request() -> None:
    outcome = concluded(failures=50)
    assert broken(outcome) == ["LOAD-2"]
    assert outcome.findings[0].observed == "error_rate was 50%"
    assert "error_rate <= 1%, growth <= 100%" in outcome.notes[0]


def test_a_plan_may_say_that_it_has_no_objectives() -> None:
    outcome = concluded(objectives(), failures=50)
    assert (broken(outcome), outcome.notes, outcome.load["objectives"]) == ([], (), [])


@pytest.mark.parametrize(("slower_by", "found"), [(0.05, ["LOAD-2"]), (0.005, [])])
def test_a_server_that_becomes_slower_with_every_request_is_not_kept(slower_by: float, found: list[str]) -> None:
    outcome = concluded(objectives("p99 < 60s"), slower_by=slower_by)
    assert broken(outcome) == found
    assert all("growth was" in finding.observed for finding in outcome.findings)


def test_a_run_too_short_to_grow_is_not_asked_whether_it_did() -> None:
    plan = {"plan": {"rate": "10/s", "duration": "9s"}}
    assert [objective["expr"] for objective in concluded(plan).load["objectives"]] == ["error_rate <= 1%"]


def test_requests_that_a_hot_generator_got_no_answer_to_are_no_finding_against_the_target() -> None:
    outcome = concluded(objectives("error_rate < 1%"), failures=20, failed_by="timeout", samples=(HOT,) * SECONDS)
    assert broken(outcome) == []
    assert any(trouble.startswith("error_rate < 1% was missed") for trouble in outcome.troubles)
    cool = concluded(objectives("error_rate < 1%"), failures=20, failed_by="timeout")
    assert broken(cool) == ["LOAD-2"]


def test_errors_of_the_target_count_however_the_generator_fares() -> None:
    outcome = concluded(objectives("error_rate < 1%"), failures=20, samples=(HOT,) * SECONDS)
    assert broken(outcome) == ["LOAD-2"]
    assert outcome.findings[0].observed == "error_rate was 20%"


LOST = Worker("host 7", "lost", why="was silent for 7 s")


def test_a_lost_worker_is_named_with_what_is_known_of_it() -> None:
    outcome = concluded(workers=(Worker("host 6", "finished"), LOST), requests={"host 6": 90, "host 7": 10})
    assert outcome.troubles == ("worker host 7 was lost: it was silent for 7 s",)
    assert outcome.load["generator"]["workers"] == [
        {"name": "host 6", "state": "finished", "requests": 90},
        {"name": "host 7", "state": "lost", "requests": 10},
    ]


def test_a_rate_missed_for_want_of_a_lost_worker_is_no_finding_against_the_target() -> None:
    missed = objectives("achieved_rate >= 95%", "error_rate < 1%")
    assert broken(concluded(missed, share={"arrivals": 60})) == ["LOAD-2"]
    outcome = concluded(missed, share={"arrivals": 60}, workers=(Worker("host 6", "finished"), LOST))
    assert broken(outcome) == []
    assert any(text.startswith("achieved_rate >= 95% was missed") for text in outcome.troubles)


def test_a_cap_that_ended_the_run_is_a_trouble_and_an_early_stop_is_none() -> None:
    spent = "the cap of 3 purchases is reached"
    assert concluded(ended_by=spent).troubles == (spent,)
    assert concluded(ended_by="stopped early: p99 < 50ms is missed for good").troubles == ()


def test_a_buyers_run_without_one_purchase_is_a_trouble() -> None:
    [trouble] = concluded(share={"purchases": 0}).troubles
    assert trouble.startswith("not one purchase was made")


def test_a_run_in_which_nothing_ended_says_so_once() -> None:
    idle = replace(HEALTHY, requests=0, lag_p99_ms=None)
    [trouble] = concluded(looks=0, samples=(idle,) * SECONDS, share={"purchases": 0}).troubles
    assert trouble.startswith("not one request ended")


def test_an_objective_that_nothing_measured_is_a_trouble_and_no_finding() -> None:
    outcome = concluded(objectives("list_purchases p99 < 50ms"))
    assert outcome.findings == ()
    [trouble] = outcome.troubles
    assert trouble.startswith("list_purchases p99 < 50ms: nothing was measured")
    assert "no journey of the plan called list_purchases" in trouble


def test_of_an_interrupted_run_neither_lateness_nor_gaps_are_told() -> None:
    outcome = concluded(
        objectives("list_purchases p99 < 50ms"),
        samples=(HOT,) * SECONDS,
        interrupted=True,
        ended_by="the run was interrupted",
    )
    assert outcome.troubles == ("the run was interrupted",)


def test_arrivals_dropped_above_the_plans_share_break_load_2() -> None:
    outcome = concluded(share={"arrivals": 100, "dropped": 2})
    [finding] = outcome.findings
    assert (finding.clause, finding.expected) == (
        "LOAD-2",
        "at most 1.00% of the arrivals dropped (max_dropped of the plan)",
    )
    assert finding.observed.startswith("2.00% were dropped")
    assert outcome.load["dropped"] == 2


@pytest.mark.parametrize(
    ("document", "dropped"), [(PLAN, 1), ({"plan": {**PLAN["plan"], "max_dropped": "5%"}}, 5), (USERS, 0)]
)
def test_drops_within_the_plans_share_break_nothing(document: dict[str, Any], dropped: int) -> None:
    assert broken(concluded(document, share={"arrivals": 100, "dropped": dropped})) == []


def test_drops_of_a_saturated_generator_are_not_held_against_the_target() -> None:
    assert broken(concluded(share={"arrivals": 100, "dropped": 50}, samples=(HOT,) * SECONDS)) == []


def test_what_cannot_be_read_crashed_or_could_not_be_written_is_told() -> None:
    outcome = concluded(
        refused={"host 6": "its judgements cannot be read: 'now'"},
        share={"crashes": {"journey buyer crashed: KeyError: 'id'": 3}},
        file_trouble="the seconds could not be written: No space left on device",
    )
    assert outcome.troubles == (
        "worker host 6: its judgements cannot be read: 'now'",
        "journey buyer crashed: KeyError: 'id' (3 times)",
        "the seconds could not be written: No space left on device",
    )


def test_a_breakpoint_that_was_not_found_is_a_trouble_and_its_search_a_note() -> None:
    document = {
        "plan": {"shape": "breakpoint"},
        "breakpoint": {"start": "10/s", "max": "200/s"},
        "objectives": ["p99 < 1ms"],
    }
    outcome = concluded(document)
    assert any(text.startswith("the breakpoint was not found") for text in outcome.troubles)
    assert outcome.load["breakpoint"] is not None
    assert outcome.notes
    assert broken(outcome) == [], "a search goes on to where objectives are missed"


def test_requests_that_waited_for_a_connection_are_a_note() -> None:
    outcome = concluded(samples=(replace(HEALTHY, waited=5),) * SECONDS)
    assert outcome.troubles == ()
    assert "max_connections" in outcome.notes[0]


def test_clauses_that_no_journey_meets_say_why() -> None:
    reasons = {result.id: result.reason for result in concluded({**POLLERS, "objectives": []}).results}
    assert "no browser is in the plan" in reasons["LIST-4"]
    assert "the plan has no objectives" in reasons["LOAD-2"]
    with_browser = concluded({**PLAN, "journeys": {"browser": 1, "buyer": 1}})
    assert all("no browser" not in result.reason for result in with_browser.results)


def test_the_figures_are_of_the_model_that_was_run() -> None:
    opened, closed = concluded().load, concluded(USERS).load
    assert (opened["model"], opened["target_rate"], opened["users"]) == ("open", 10.0, None)
    assert (closed["model"], closed["target_rate"], closed["users"]) == ("closed", None, 3)
    assert opened["journeys"] == [{"name": "buyer", "weight": 1.0, "started": 100, "finished": 5, "abandoned": 0}]
    assert opened["generator"]["cpu_max"] == 0.2
    assert opened["requests"] == SECONDS * RATE


def test_a_balance_that_adds_up_exercises_its_clause() -> None:
    [money] = [result for result in concluded().results if result.id == "MONEY-1"]
    assert (money.verdict, money.exercised) == (ClauseVerdict.KEPT, 1)


def test_a_balance_of_which_nothing_can_be_told_exercises_nothing_and_says_why() -> None:
    [money] = [r for r in concluded(balance=Sum(reason="nobody knows")).results if r.id == "MONEY-1"]
    assert (money.verdict, money.reason) == (ClauseVerdict.NOT_EXERCISED, "nobody knows")


def test_a_balance_that_does_not_add_up_breaks_money_1() -> None:
    paid = Account(asked=2, bought=2, spent=Decimal("1.00"), currencies=frozenset({"USD"}))
    balance = add_up(Look(Decimal(9), "USD", 0, 0), Look(Decimal(7), "USD", 2, 0), paid)
    outcome = concluded(balance=balance)
    assert [finding.clause for finding in outcome.findings] == ["MONEY-1"]
    assert outcome.findings[0].severity is Severity.ERROR
