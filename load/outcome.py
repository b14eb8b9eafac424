"""The outcome of a load run: findings, clauses, the numbers of run.json, and what keeps it from a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.clauses import load_clauses
from contracts.finding import ClauseResult, Finding, Violation
from contracts.history import Operation
from load.balance import CLAUSE as MONEY
from load.balance import Sum
from load.collect import Collector
from load.conduct import Conductor
from load.drive.life import End
from load.journeys import BUYING
from load.judge.merge import ANY_ANSWER
from load.measure.figures import Figures
from load.measure.outages import outages, remark
from load.measure.summary import measured_part
from load.measure.timeline import in_ms
from load.mishaps import exhausted, remarks
from load.plan.objectives import Result, judge, unmeasured, violations
from load.plan.plan import Plan
from load.plan.watch import Health, starved, watch
from load.request import LoadRequest
from load.schedule import Schedule
from load.staff import Worker

GATE_ONLY: Final = ("VALUE-6",)
"""Clauses that take more than answers at speed: an account of one's own."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        load: the part ``load`` of run.json.
        results: what the run says of each clause.
        findings: everything found, errors first.
        operations: evidence, by index.
        troubles: what keeps the run from a verdict.
        notes: remarks worth reading.
    """

    load: dict[str, Any]
    results: tuple[ClauseResult, ...]
    findings: tuple[Finding, ...]
    operations: Mapping[int, Operation]
    troubles: tuple[str, ...]
    notes: tuple[str, ...]


def conclude(
    request: LoadRequest,
    schedule: Schedule,
    conductor: Conductor,
    collector: Collector,
    workers: Mapping[str, Worker],
    balance: Sum,
) -> Outcome:
    """Draw the conclusions of a run that is over.

    Args:
        request: what was asked.
        schedule: as it stood at the end.
        conductor: who led it.
        collector: what was told.
        workers: who sent.
        balance: whether it adds up.
    """
    plan = request.plan
    until = conductor.until
    figures = collector.ledger.figures(until)
    results = _judged(plan, figures) if conductor.search is None else ()
    health = watch(conductor.samples)
    merge = collector.merge
    tally, mishaps = collector.tally, collector.mishaps
    out_of_step = mishaps.out_of_step > 0
    oracle = merge.oracle(out_of_step=out_of_step)
    spent = exhausted(mishaps)
    doubtful = not health.trusted or spent is not None or any(worker.state == "lost" for worker in workers.values())
    held = [result for result in results if not doubtful or _is_of_the_target_alone(result, figures)]
    for violation in violations(held):
        oracle.violate(violation)
    oracle.exercise("LOAD-2", sum(result.observed is not None for result in results))
    too_many = None if doubtful else _dropped_objective(plan, figures.dropped_share)
    if too_many is not None:
        oracle.violate(too_many)
        oracle.exercise("LOAD-2")
    if balance.violation is not None and not out_of_step:
        oracle.violate(balance.violation)
    oracle.exercise(MONEY, not balance.reason and not out_of_step)
    measured = measured_part(collector.ledger, schedule.phases, until, open_model=plan.open_model)
    load = {
        "model": "open" if plan.open_model else "closed",
        "shape": plan.shape,
        "plan": plan.name,
        "target_rate": _rounded(schedule.asked_rate(until)),
        "users": None if plan.open_model else round(plan.level),
        **measured,
        "closed_idle": mishaps.closed_idle,
        "stale": mishaps.stale,
        "unreadable": mishaps.unreadable,
        "unanswered": mishaps.unanswered,
        "saturated": not health.trusted,
        "saturation": health.reason,
        "objectives": [result.part() for result in results],
        "breakpoint": None if conductor.search is None else conductor.search.part(),
        "generator": _generator(request, collector, workers, conductor, figures.lag.percentile(99)),
        "journeys": _journeys(plan, tally),
        "forgetting": merge.forgetting(collector.policy),
    }
    troubles = [*([spent] if spent else []), *_troubles(plan, conductor, collector, workers, health, results)]
    troubles += [
        f"{result.objective.expr} was missed, which is no verdict on the target when the generator itself fails"
        for result in results
        if result not in held and not result.ok and result.observed is not None
    ]
    notes = [text for text in (starved(conductor.samples), _standing(plan, results)) if text]
    notes += [*filter(None, [remark(outages(collector.ledger.timeline))]), *remarks(mishaps), *oracle.notes]
    if out_of_step and (left_out := sorted({found.clause for found in merge.findings} - ANY_ANSWER)):
        notes.append(f"left out, as answers could not be told apart: findings of {', '.join(left_out)}")
    if conductor.search is not None:
        notes.insert(0, conductor.search.sentence())
    return Outcome(
        load,
        oracle.results(mode="load", reasons=_reasons(plan, balance, out_of_step=out_of_step)),
        oracle.findings,
        merge.operations,
        tuple(troubles),
        tuple(notes),
    )


def _is_of_the_target_alone(result: Result, figures: Figures) -> bool:
    """Tell whether a result stands though the generator was late, or lost a part of itself.

    What was answered unlawfully, or with a 5xx, was answered so. Times say nothing of the target then, and neither
    do requests without an answer, which may have timed out because nobody here had the time to read it.
    """
    metric = result.objective.metric
    if metric != "error_rate" or result.ok:
        return metric in {"error_rate", "findings"}
    answers = figures.answers(result.objective.operation)
    if answers is None:
        return False
    unanswered = sum(times for status, times in answers.statuses.items() if isinstance(status, str))
    return not result.objective.holds((answers.failures - unanswered) / answers.requests * 100)


def _judged(plan: Plan, figures: Figures) -> tuple[Result, ...]:
    """Judge the objectives; of the standing ones, which nobody asked for, those that could be measured."""
    stood = [result for result in judge(plan.standing, figures) if result.observed is not None]
    return (*judge(plan.objectives, figures), *stood)


def _standing(plan: Plan, results: Sequence[Result]) -> str:
    """Say which objectives are none of the plan's own."""
    held = [result.objective.expr for result in results if result.objective in plan.standing]
    if not held:
        return ""
    return f"held to without being named in the plan: {', '.join(held)}; a plan's own objective takes the place of each"


def _dropped_objective(plan: Plan, share: float) -> Violation | None:
    if not plan.open_model or plan.search is not None or share <= plan.max_dropped:
        return None
    return Violation(
        clause="LOAD-2",
        cause="dropped arrivals",
        title="too many arrivals were never sent",
        expected=f"at most {plan.max_dropped:.2%} of the arrivals dropped (max_dropped of the plan)",
        observed=f"{share:.2%} were dropped: with {plan.max_in_flight} journeys under way they had no room",
        marks=(),
    )


def _troubles(
    plan: Plan,
    conductor: Conductor,
    collector: Collector,
    workers: Mapping[str, Worker],
    health: Health,
    results: Sequence[Result],
) -> list[str]:
    found = [conductor.ended_by] if conductor.ended_by and not conductor.ended_by.startswith("stopped early") else []
    found += [
        f"worker {worker.name} was lost: it {worker.why}" for worker in workers.values() if worker.state == "lost"
    ]
    found += [f"worker {name}: {text}" for name, text in collector.refused.items()]
    found += [f"{text} ({number} times)" for text, number in collector.crashes.items()]
    if collector.file_trouble:
        found.append(collector.file_trouble)
    if not health.trusted and not conductor.interrupted:
        found.append(health.reason)
    if conductor.search is not None and not conductor.search.finding:
        found.append(f"the breakpoint was not found: {conductor.search.sentence()}")
    if not conductor.interrupted:
        found += unmeasured(results)
    if BUYING & set(plan.journeys) and not collector.purchases and collector.ledger.requests:
        found.append("not one purchase was made: every create was refused, or no buyer got as far")
    return list(dict.fromkeys(text for text in found if text))


def _reasons(plan: Plan, balance: Sum, *, out_of_step: bool) -> dict[str, str]:
    """Say why clauses may have met no occasion: the journeys that would exercise them are not in the plan."""
    if out_of_step:
        return dict.fromkeys(load_clauses(), "answers could not be told apart")
    reasons = {MONEY: balance.reason}
    if not plan.asked:
        reasons["LOAD-2"] = "the plan has no objectives"
    reasons["LOAD-3"] = "the target never answered 429"
    reasons |= dict.fromkeys(GATE_ONLY, "a load run does not judge it; the gate does")
    reasons["RACE-1"] = "no two creates were under way at once"
    if "racers" not in plan.journeys:
        reasons["RACE-3"] = "no racers are in the plan"
    if "browser" not in plan.journeys:
        reasons |= dict.fromkeys(("LIST-2", "LIST-3", "LIST-4", "LIST-5", "WIRE-3"), "no browser is in the plan")
    return reasons


def _generator(
    request: LoadRequest,
    collector: Collector,
    workers: Mapping[str, Worker],
    conductor: Conductor,
    lag: float | None,
) -> dict[str, Any]:
    samples = conductor.samples
    return {
        "processes": request.processes if request.master is None else len(workers),
        "cpu_max": round(max((sample.cpu for sample in samples), default=0.0), 3),
        "lag_p99_ms": in_ms(lag),
        "loop_delay_max_ms": round(max((sample.loop_delay_ms for sample in samples), default=0.0), 3),
        "workers": [
            {"name": worker.name, "state": worker.state, "requests": collector.requests.get(worker.name, 0)}
            for worker in workers.values()
        ],
    }


def _journeys(plan: Plan, tally: Mapping[str, Any]) -> list[dict[str, Any]]:
    counts = tally["journeys"]
    return [
        {
            "name": name,
            "weight": weight,
            "started": counts.get(name, {}).get("started", 0),
            "finished": counts.get(name, {}).get(End.FINISHED.value, 0),
            "abandoned": counts.get(name, {}).get(End.ABANDONED.value, 0),
        }
        for name, weight in plan.journeys.items()
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
