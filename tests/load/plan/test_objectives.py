"""Objectives held against figures."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from load.measure.figures import Figures
from load.plan.expression import Objective, parse_objective
from load.plan.objectives import Result, judge, limiting, missed_for_good, observe, unmeasured, violations
from tests.load.plan.build import answers, figures


def one(text: str, of: Figures) -> Result:
    return judge([parse_objective(text, "plan")], of)[0]


def aborting(text: str) -> list[Objective]:
    return [parse_objective(text, "plan", abort=True)]


HUNDRED = answers(range(1, 101), failures=2, backpressure=3, lag_ms=1000)


@pytest.mark.parametrize(
    ("text", "observed"),
    [
        ("p50 < 9s", 1050),
        ("service_p50 < 9s", 50),
        ("p99 < 9s", 1099),
        ("max < 9s", 1100),
        ("mean < 9s", 1050.5),
        ("service_mean < 9s", 50.5),
        ("service_max < 9s", 100),
        ("error_rate < 9%", 2),
        ("backpressure_rate < 9%", 3),
        ("request_rate > 1/s", 10),
        ("requests > 1", 100),
        ("achieved_rate > 1/s", 9),
        ("achieved_rate > 1%", 90),
        ("dropped < 9%", 5 / 0.95),
        ("dropped < 9", 5),
        ("findings < 9", 4),
        ("growth < 9%", 150),
    ],
)
def test_every_metric_is_observed_in_its_unit(text: str, observed: float) -> None:
    seen = replace(figures(HUNDRED, arrivals=95, dropped=5, findings=4), growth=1.5)
    assert observe(parse_objective(text, "plan"), seen) == pytest.approx(observed, rel=0.001)


def test_an_operation_is_observed_apart_from_the_rest() -> None:
    seen = figures(HUNDRED, create_purchase=answers([7] * 10), get_account=answers([900]))
    assert one("create_purchase service_p99 < 8ms", seen).ok
    assert not one("get_account service_p99 < 8ms", seen).ok


@pytest.mark.parametrize(
    ("text", "ok", "margin"),
    [
        ("service_max < 100ms", False, 0.0),
        ("service_max <= 100ms", True, 0.0),
        ("service_max < 125ms", True, 0.2),
        ("service_max < 80ms", False, -0.25),
        ("achieved_rate >= 10/s", True, 0.0),
        ("achieved_rate > 10/s", False, 0.0),
        ("achieved_rate >= 8/s", True, 0.25),
        ("achieved_rate >= 20/s", False, -0.5),
        ("findings <= 0", True, 0.0),
        ("dropped <= 0%", True, 0.0),
    ],
)
def test_the_margin_is_the_share_of_the_limit_that_is_left(text: str, ok: bool, margin: float) -> None:
    result = one(text, figures(HUNDRED))
    assert (result.ok, result.margin) == (ok, pytest.approx(margin, abs=1e-6))


def test_one_finding_misses_the_objective_of_none() -> None:
    result = one("findings <= 0", figures(HUNDRED, findings=1))
    assert (result.ok, result.observed, result.margin) == (False, 1, -1)


@pytest.mark.parametrize("text", ["p99 < 1s", "error_rate < 1%", "refund_purchase p99 < 1s"])
def test_what_was_never_measured_is_not_met_and_not_broken_either(text: str) -> None:
    result = one(text, figures())
    assert (result.ok, result.observed, result.margin) == (False, None, -1)
    assert violations([result]) == []
    assert unmeasured([result])[0].startswith(f"{result.objective.expr}: nothing was measured; no ")


def test_a_missed_objective_is_a_violation_of_the_clause_with_both_values() -> None:
    seen = figures(create_purchase=answers([300] * 10))
    (found,) = violations([one("create_purchase p99 < 250ms", seen), one("findings <= 0", seen)])
    assert (found.clause, found.cause) == ("LOAD-2", "create_purchase p99")
    assert found.title == "the objective for p99 of create_purchase was missed"
    assert (found.expected, found.observed) == ("create_purchase p99 < 250ms", "p99 was 300ms")


def test_a_result_goes_into_the_document_whole() -> None:
    assert one("findings <= 0", figures(HUNDRED)).part() == {
        "expr": "findings <= 0",
        "operation": "all",
        "metric": "findings",
        "limit": 0.0,
        "observed": 0.0,
        "unit": "",
        "ok": True,
        "margin": 0.0,
        "abort": False,
    }


def test_what_limits_is_told_in_a_few_words() -> None:
    seen = figures(HUNDRED)
    results = [one("error_rate < 1%", seen), one("p50 < 9s", seen), one("refund_purchase p50 < 9s", seen)]
    assert limiting(results) == "error_rate < 1% (2%); refund_purchase p50 < 9000ms (not measured)"


@settings(deadline=None)
@given(st.lists(st.floats(0.1, 5000), min_size=1, max_size=50), st.integers(1, 5000))
def test_an_objective_is_met_exactly_when_its_margin_is_not_negative(times: list[float], limit: int) -> None:
    result = one(f"p90 <= {limit}ms", figures(answers(times)))
    assert result.ok == (result.margin >= 0)


CALM = figures(answers([5] * 1000))
ROUGH = figures(answers([5] * 900 + [500] * 100, failures=100))


@pytest.mark.parametrize("text", ["p95 < 250ms", "error_rate < 1%", "mean < 20ms"])
def test_a_run_stops_when_the_window_and_the_whole_miss_by_enough(text: str) -> None:
    stopped = missed_for_good(aborting(text), ROUGH, ROUGH)
    assert stopped is not None
    assert stopped.objective.expr == text


@pytest.mark.parametrize("text", ["p95 < 250ms", "error_rate < 1%", "mean < 20ms"])
def test_a_run_goes_on_after_a_burst_that_is_over(text: str) -> None:
    assert missed_for_good(aborting(text), CALM, ROUGH) is None


@pytest.mark.parametrize("text", ["p95 < 250ms", "error_rate < 1%", "mean < 20ms"])
def test_a_run_goes_on_while_only_the_window_is_bad(text: str) -> None:
    assert missed_for_good(aborting(text), ROUGH, CALM) is None


def test_a_window_that_meets_the_objective_stops_nothing_however_many_fail_in_it() -> None:
    busy = figures(answers([5] * 4990 + [500] * 10, failures=10))
    for text in ("error_rate < 1%", "p99 < 250ms"):
        assert missed_for_good(aborting(text), busy, ROUGH) is None


@pytest.mark.parametrize(("bad", "stops"), [(9, False), (10, True)])
def test_it_takes_ten_bad_requests_to_stop(bad: int, stops: bool) -> None:
    seen = figures(answers([900] * bad + [5] * 40, failures=bad))
    for text in ("p50 < 1ms", "error_rate < 1%"):
        limit = text.replace("p50 < 1ms", "p90 < 500ms")
        assert (missed_for_good(aborting(limit), seen, seen) is not None) == stops


def test_an_objective_without_abort_never_stops_a_run() -> None:
    assert missed_for_good([parse_objective("p95 < 250ms", "plan")], ROUGH, ROUGH) is None


@pytest.mark.parametrize(
    ("text", "total"), [("findings <= 0", figures(findings=1)), ("dropped <= 3", figures(dropped=4))]
)
def test_a_count_that_only_grows_stops_at_once(text: str, total: Figures) -> None:
    assert missed_for_good(aborting(text), figures(), total) is not None


def test_a_maximum_that_was_exceeded_once_stops_at_once() -> None:
    assert missed_for_good(aborting("max < 1s"), CALM, figures(answers([5, 2000]))) is not None


@pytest.mark.parametrize(("seconds", "stops"), [(9, False), (10, True)])
def test_a_rate_is_given_ten_seconds(seconds: int, stops: bool) -> None:
    slow = figures(HUNDRED, seconds=seconds, arrivals=10)
    assert (missed_for_good(aborting("achieved_rate >= 50/s"), slow, slow) is not None) == stops


def test_a_number_of_requests_can_still_be_reached() -> None:
    assert missed_for_good(aborting("requests >= 10000"), HUNDRED_ONLY, HUNDRED_ONLY) is None


HUNDRED_ONLY = figures(HUNDRED)


@pytest.mark.parametrize(
    ("text", "bad"),
    [("dropped <= 1%", figures(dropped=20)), ("backpressure_rate < 1%", figures(answers([1] * 100, backpressure=20)))],
)
def test_drops_and_backpressure_stop_a_run_too(text: str, bad: Figures) -> None:
    assert missed_for_good(aborting(text), bad, bad) is not None
    assert missed_for_good(aborting(text), figures(answers([1])), bad) is None


def test_nothing_measured_yet_stops_nothing() -> None:
    assert missed_for_good(aborting("p99 < 1ms"), figures(), figures()) is None
