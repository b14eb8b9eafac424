"""Objectives held against figures: what was reached, by what margin, and whether to go on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.finding import Violation
from load.measure.answers import Answers
from load.measure.figures import ALL, Figures
from load.plan.expression import AT_LEAST, COUNT, PERCENT, Objective
from load.plan.quantities import tell_number

CLAUSE: Final = "LOAD-2"

ENOUGH: Final = 10
"""Requests beyond a limit, or seconds below a rate, that it takes to stop a run early."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an objective.

    Attributes:
        objective: as planned.
        observed: the metric, in the objective's unit; None where there was nothing to measure.
        ok: whether the objective was met. One that was never measured was not.
        margin: share of the limit that was left, negative when missed: 0.2 is 20 % below a highest value, or 20 %
            above a least one. Of a limit of 0 it is 0 when met, -1 when missed; -1 without a measurement.
    """

    objective: Objective
    observed: float | None
    ok: bool
    margin: float

    def part(self) -> dict[str, Any]:
        """Return its part of run.json's ``load.objectives``."""
        objective = self.objective
        return {
            "expr": objective.expr,
            "operation": objective.operation,
            "metric": objective.metric,
            "limit": objective.limit,
            "observed": None if self.observed is None else round(self.observed, 6),
            "unit": objective.unit,
            "ok": self.ok,
            "margin": round(self.margin, 6),
            "abort": objective.abort,
        }


def observe(objective: Objective, figures: Figures) -> float | None:
    """Return an objective's metric in its unit; None where there was nothing to measure."""
    percent = objective.unit == PERCENT
    match objective.metric:
        case "findings":
            return float(figures.findings)
        case "dropped":
            return figures.dropped_share * 100 if percent else float(figures.dropped)
        case "growth":
            return None if figures.growth is None else figures.growth * 100
        case "achieved_rate":
            share = figures.achieved_share
            return (None if share is None else share * 100) if percent else figures.achieved_rate
        case "request_rate":
            return figures.request_rate(objective.operation)
    answers = figures.answers(objective.operation)
    if objective.metric == "requests":
        return float(answers.requests if answers else 0)
    return None if answers is None else _of_answers(objective, answers)


def _of_answers(objective: Objective, answers: Answers) -> float | None:
    match objective.metric:
        case "error_rate":
            return answers.failures / answers.requests * 100
        case "backpressure_rate":
            return answers.backpressure / answers.requests * 100
    times = answers.service if objective.metric.startswith("service_") else answers.response
    percentile = objective.percent
    seconds = times.mean if percentile is None else times.percentile(percentile)
    return None if seconds is None else seconds * 1000


def judge(objectives: Iterable[Objective], figures: Figures) -> tuple[Result, ...]:
    """Return what became of each objective."""
    return tuple(_judge(objective, figures) for objective in objectives)


def _judge(objective: Objective, figures: Figures) -> Result:
    observed = observe(objective, figures)
    if observed is None:
        return Result(objective, None, ok=False, margin=-1.0)
    ok = objective.holds(observed)
    return Result(objective, observed, ok, _margin(objective, observed, ok=ok))


def _margin(objective: Objective, observed: float, *, ok: bool) -> float:
    if objective.limit == 0:
        return 0.0 if ok else -1.0
    left = (objective.limit - observed) / objective.limit
    return -left if objective.metric in AT_LEAST else left


def tell(value: float, unit: str) -> str:
    """Return a value with its unit: ``251.3ms``, ``0.2%``, ``3``."""
    return f"{tell_number(value)}{unit}"


def violations(results: Iterable[Result]) -> list[Violation]:
    """Return a violation of clause LOAD-2 for each objective that was measured and missed."""
    return [
        Violation(
            clause=CLAUSE,
            cause=f"{result.objective.operation} {result.objective.metric}",
            title=_title(result.objective),
            expected=result.objective.expr,
            observed=f"{result.objective.metric} was {tell(result.observed, result.objective.unit)}",
            marks=(),
        )
        for result in results
        if not result.ok and result.observed is not None
    ]


def _title(objective: Objective) -> str:
    whose = "" if objective.operation == ALL else f" of {objective.operation}"
    return f"the objective for {objective.metric}{whose} was missed"


def unmeasured(results: Iterable[Result]) -> list[str]:
    """Return a sentence for each objective that could not be measured, which leaves a run inconclusive."""
    return [
        f"{result.objective.expr}: nothing was measured; "
        + (
            "no request ended in measured time"
            if result.objective.operation == ALL
            else f"no journey of the plan called {result.objective.operation} in measured time"
        )
        for result in results
        if result.observed is None
    ]


def missed_for_good(objectives: Iterable[Objective], window: Figures, total: Figures) -> Result | None:
    """Return the first objective with ``abort`` that is missed beyond doubt, None to go on.

    A count that can only grow (``findings``, ``dropped`` as a number, ``max``) is missed for good the moment it is
    above its limit. Anything else must be missed both over all measured time and over the newest window, so that a
    burst at the start that is over does not stop a run, and by enough: ten requests beyond the limit, ten failed
    ones, ten dropped arrivals, or a window of ten seconds for a rate. ``requests`` can still be reached.

    Args:
        objectives: of the plan.
        window: figures of the newest measured seconds; ten are meant.
        total: figures of all measured time.
    """
    for objective in objectives:
        if not objective.abort:
            continue
        result = _judge(objective, total)
        if result.observed is None or result.ok or objective.metric == "requests":
            continue
        if _only_grows(objective) or (_misses(objective, window) and _enough(objective, window)):
            return result
    return None


def _only_grows(objective: Objective) -> bool:
    counted = objective.metric in {"findings", "dropped"} and objective.unit == COUNT
    return counted or objective.percent == 100


def _misses(objective: Objective, figures: Figures) -> bool:
    result = _judge(objective, figures)
    return result.observed is not None and not result.ok


def _enough(objective: Objective, window: Figures) -> bool:
    if objective.metric in AT_LEAST:
        return window.seconds >= ENOUGH
    if objective.metric == "dropped":
        return window.dropped >= ENOUGH
    answers = window.answers(objective.operation)
    if answers is None:
        return False
    match objective.metric:
        case "error_rate":
            return answers.failures >= ENOUGH
        case "backpressure_rate":
            return answers.backpressure >= ENOUGH
    times = answers.service if objective.metric.startswith("service_") else answers.response
    return times.above(objective.limit / 1000) >= ENOUGH


def limiting(results: Sequence[Result]) -> str:
    """Return what a set of results failed by, in a few words; empty when all were met."""
    missed = [result for result in results if not result.ok]
    return "; ".join(
        f"{result.objective.expr} ("
        + ("not measured" if result.observed is None else tell(result.observed, result.objective.unit))
        + ")"
        for result in missed
    )
