"""Objectives are read as they are written, and refused where they could not mean anything."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import UsageError
from load.plan.expression import Objective, build_objective, parse_objective


@pytest.mark.parametrize(
    ("text", "objective"),
    [
        ("create_purchase p99 < 250ms", Objective("create_purchase", "p99", "<", 250, "ms")),
        ("p99.9 <= 1s", Objective("all", "p99.9", "<=", 1000, "ms")),
        ("all p50 < 1.5ms", Objective("all", "p50", "<", 1.5, "ms")),
        ("  max<10s ", Objective("all", "max", "<", 10_000, "ms")),
        ("service_p95 < 80ms", Objective("all", "service_p95", "<", 80, "ms")),
        ("request_code mean < 80ms", Objective("request_code", "mean", "<", 80, "ms")),
        ("error_rate < 0.1%", Objective("all", "error_rate", "<", 0.1, "%")),
        ("refund_purchase backpressure_rate < 5%", Objective("refund_purchase", "backpressure_rate", "<", 5, "%")),
        ("achieved_rate >= 99%", Objective("all", "achieved_rate", ">=", 99, "%")),
        ("achieved_rate > 600/m", Objective("all", "achieved_rate", ">", 10, "/s")),
        ("get_account request_rate >= 5/s", Objective("get_account", "request_rate", ">=", 5, "/s")),
        ("requests >= 100", Objective("all", "requests", ">=", 100, "")),
        ("dropped <= 0", Objective("all", "dropped", "<=", 0, "")),
        ("dropped < 1%", Objective("all", "dropped", "<", 1, "%")),
        ("findings <= 0", Objective("all", "findings", "<=", 0, "")),
        ("p100 < 2s", Objective("all", "p100", "<", 2000, "ms")),
    ],
)
def test_an_objective_is_read_and_told_again(text: str, objective: Objective) -> None:
    assert parse_objective(text, "plan") == objective
    assert parse_objective(objective.expr, "plan") == objective


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected an objective such as"),
        ("p99", "is 'p99'; expected an objective such as"),
        ("p99 = 250ms", "expected an objective such as"),
        ("create_purchase p99 < ", "expected an objective such as"),
        ("create_purchse p99 < 250ms", "unknown operation 'create_purchse'; did you mean 'create_purchase'?"),
        ("error_rat < 1%", "unknown metric 'error_rat'; did you mean 'error_rate'?"),
        ("p999 < 1s", "unknown metric 'p999'; did you mean"),
        ("p99 < 250", "the limit of p99 is '250'; expected a limit such as 250ms"),
        ("p99 < 5%", "the limit of p99 is '5%'; expected a limit such as 250ms"),
        ("error_rate < 250ms", "the limit of error_rate is '250ms'; expected a limit such as 0.1%"),
        ("error_rate < 0.1", "expected a limit such as 0.1%"),
        ("achieved_rate > 5", "the limit of achieved_rate is '5'; expected a limit such as 0.1% or 200/s"),
        ("findings <= 0.5", "the limit of findings is '0.5'; expected a limit such as 0"),
        ("p99 > 250ms", "p99 > is no objective; write < or <="),
        ("achieved_rate < 5/s", "achieved_rate < is no objective; write > or >="),
        ("create_purchase findings <= 0", "findings is of the whole run, not of create_purchase"),
        ("findings < 0", "findings < 0 can never hold; write findings <= 0"),
    ],
)
def test_an_objective_that_means_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_objective(text, "plan.toml: objective 1")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("metric", "relation"), [("p99", "<="), ("error_rate", "<="), ("requests", ">=")])
def test_without_a_relation_the_limit_itself_is_allowed(metric: str, relation: str) -> None:
    limit = {"p99": "5ms", "error_rate": "1%", "requests": 5}[metric]
    assert build_objective("all", metric, None, limit, "plan", abort=True).relation == relation


@pytest.mark.parametrize(
    ("metric", "percent"), [("p50", 50.0), ("p99.9", 99.9), ("service_p95", 95.0), ("max", 100.0), ("mean", None)]
)
def test_a_latency_metric_tells_its_percentile(metric: str, percent: float | None) -> None:
    assert build_objective("all", metric, None, "1ms", "plan", abort=False).percent == percent


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    refusal = ""
    try:
        objective = parse_objective(text, "plan")
    except UsageError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert refusal.startswith("plan") or parse_objective(objective.expr, "plan") == objective
